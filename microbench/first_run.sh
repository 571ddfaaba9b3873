#!/bin/sh
# Everything that the first machine with a GPU must tell, into one folder: usage: first_run.sh OUT [INTERFACE=FILE.cu ...]
# It needs this script and trainbudget-microbench beside it (or in MICROBENCH) with hardware_profiles/ and
# model_profiles/ where the program looks for them (or PROFILES); compute-sanitizer, trainbudget and nvcc add to it
# where they are found. PART_SECONDS (450) ends any part, FULL_SECONDS (450) the full run, which keeps what it has: ten minutes hold either.
# PARTS='verify|step' does these alone and adds to what OUT has, where a machine is lent for minutes at a time.
set -u

[ $# -ge 1 ] || { echo "usage: $0 OUT [INTERFACE=FILE.cu ...]" >&2; exit 2; }
out=${1%/}
shift
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
program=${MICROBENCH:-$here/trainbudget-microbench}
[ -x "$program" ] || { echo "first_run: no program at $program; say where it is with MICROBENCH" >&2; exit 2; }
mkdir -p "$out" || exit 2
if [ -n "${PROFILES:-}" ]; then
  TRAINBUDGET_PROFILES=$PROFILES
  export TRAINBUDGET_PROFILES
fi
PATH=$PATH:/usr/local/cuda/bin
export PATH

# Whether it starts, and whether there is a GPU at all.
if ! "$program" --version >"$out/version.txt" 2>&1; then
  cat "$out/version.txt" >&2
  echo "first_run: $program does not start here; the release preset builds one that needs no libraries" >&2
  exit 2
fi
if ! "$program" verify --filter '^residual$' >"$out/first.txt" 2>&1; then
  cat "$out/first.txt" >&2
  grep -q 'no CUDA device' "$out/first.txt" && exit 2
fi
nvidia-smi -q >"$out/nvidia-smi.txt" 2>&1

[ -n "${PARTS:-}" ] || : >"$out/summary.txt"
failed=0
# part NAME SECONDS COMMAND...: output to NAME.txt and NAME.err, one line to the summary and what is missing. After
# SECONDS it is interrupted, which a measurement survives (130), and a minute later killed.
part() {
  name=$1
  seconds=$2
  shift 2
  [ -z "${PARTS:-}" ] || printf '%s\n' "$name" | grep -Exq "$PARTS" || return 0
  began=$(date +%s)
  timeout --foreground --preserve-status -k 60 -s INT "$seconds" "$@" >"$out/$name.txt" 2>"$out/$name.err"
  code=$?
  [ "$code" = 0 ] || { [ "$name" = run-full ] && [ "$code" = 130 ]; } || failed=1
  {
    printf '%5d s  exit %3d  %s\n' "$(($(date +%s) - began))" "$code" "$name"
    grep '^note: ' "$out/$name.err" | sort | uniq -c | sort -rn | head -5
  } | tee -a "$out/summary.txt" >&2
}

limit=${PART_SECONDS:-450}
part verify "$limit" "$program" verify
if command -v compute-sanitizer >/dev/null; then
  # Our kernels alone: the library of matrix products is not ours to mend.
  for tool in memcheck racecheck initcheck synccheck; do
    part "sanitizer-$tool" "$limit" compute-sanitizer --tool "$tool" --error-exitcode 3 \
      "$program" verify --filter '^(?!product)'
  done
else
  echo '         no compute-sanitizer here: memcheck and racecheck are missing' | tee -a "$out/summary.txt" >&2
fi
part run-quick "$limit" "$program" run --quick --out "$out/measurement-quick.json"
part step "$limit" "$program" step --model rwkv-7-1.5b --micro-batch 8 --sequence 4096 --out "$out/step.json"
for pair in "$@"; do
  interface=${pair%%=*}
  part "kernel-$interface" "$limit" "$program" kernel --source "${pair#*=}" --interface "$interface"
done
part run-full "${FULL_SECONDS:-450}" "$program" run --full --out "$out/measurement.json"
if [ -x "$here/trainbudget" ]; then
  part calibrate "$limit" "$here/trainbudget" calibrate --from "$out/measurement.json" -o "$out/profile.yaml"
fi
tar -cf "$out.tar" -C "$(dirname -- "$out")" "$(basename -- "$out")" && echo "first_run: all of it is in $out.tar" >&2
exit "$failed"
