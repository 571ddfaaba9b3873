#!/bin/sh
# Proves the README on a bare machine: a minimal Debian or Ubuntu that holds nothing but this checkout, without git.
#   sudo tests/bare_machine.sh [SUITE [MIRROR]]     bookworm, http://deb.debian.org/debian
# Needs root, debootstrap and a network. The bare system is made once and kept as
# ${TRAINBUDGET_BARE_CACHE:-/var/tmp/trainbudget-bare}/SUITE.tar; each run starts from a fresh copy of it.
set -eu

suite=${1:-bookworm}
mirror=${2:-http://deb.debian.org/debian}
cache=${TRAINBUDGET_BARE_CACHE:-/var/tmp/trainbudget-bare}
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
say() { printf '\n=== %s\n' "$*"; }

[ "$(id -u)" = 0 ] || { echo 'bare_machine.sh: must be root, for debootstrap and chroot' >&2; exit 2; }
command -v debootstrap >/dev/null || { echo 'bare_machine.sh: needs the package debootstrap' >&2; exit 2; }

machine=$(mktemp -d)
clean_up() {
  umount "$machine/dev/pts" "$machine/proc" 2>/dev/null || true
  rm -rf --one-file-system "$machine"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ ! -f "$cache/$suite.tar" ]; then
  say "making a bare $suite from $mirror"
  mkdir -p "$cache" "$machine/base"
  debootstrap --variant=minbase "$suite" "$machine/base" "$mirror"
  tar -C "$machine/base" -cf "$cache/$suite.tar.new" .
  mv "$cache/$suite.tar.new" "$cache/$suite.tar"
  rm -rf --one-file-system "$machine/base"
fi
tar -C "$machine" -xf "$cache/$suite.tar"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
# The network of this machine may go through an apt proxy.
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
  [ ! -f "$file" ] || cp "$file" "$machine/etc/apt/apt.conf.d/"
done
mount -t proc proc "$machine/proc"
mount -t devpts devpts "$machine/dev/pts" # as on any machine: a test opens a terminal

# The checkout as a stranger has it from an archive: no history, nothing built.
mkdir "$machine/trainbudget"
tar -C "$source" --exclude=./.git --exclude=./build -cf - . | tar -C "$machine/trainbudget" -xf -

inside() { chroot "$machine" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" </dev/null; }
for tool in git cmake g++ sudo; do
  if inside sh -c "command -v $tool" >/dev/null; then
    echo "bare_machine.sh: this is not a bare machine, it has $tool" >&2
    exit 1
  fi
done

say './dev run'
inside /trainbudget/dev run
say './dev test'
inside /trainbudget/dev test
say "both commands succeeded on a bare $suite"
