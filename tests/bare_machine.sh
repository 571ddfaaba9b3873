#!/bin/sh
# Runs both README commands on a bare Debian: a fresh chroot that holds nothing but this checkout.
#   tests/bare_machine.sh [FOLDER]     needs root and debootstrap; FOLDER (default: a new one in /tmp) keeps the system
# MIRROR and SUITE may name another Debian mirror and release.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
chroot=${1:-$(mktemp -d /tmp/trainbudget-bare-XXXXXX)}
mirror=${MIRROR:-http://deb.debian.org/debian}
suite=${SUITE:-bookworm}

if [ ! -x "$chroot/usr/bin/apt-get" ]; then
  debootstrap --variant=minbase "$suite" "$chroot" "$mirror"
fi
rm -rf "$chroot/trainbudget"
mkdir -p "$chroot/trainbudget"
(cd "$root" && tar --exclude=./.git --exclude=./build -cf - .) | tar -xf - -C "$chroot/trainbudget"
cp /etc/resolv.conf "$chroot/etc/resolv.conf"
# The network of this machine may go through an apt proxy.
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
  [ ! -f "$file" ] || cp "$file" "$chroot/etc/apt/apt.conf.d/"
done

mounted=''
clean_up() { for place in $mounted; do umount "$place"; done; }
trap clean_up EXIT
for place in proc dev; do
  mount --bind "/$place" "$chroot/$place"
  mounted="$chroot/$place $mounted"
done

run() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$chroot" "$@"; }
run /trainbudget/dev run
run /trainbudget/dev test
echo "both README commands pass on a bare $suite in $chroot"
