#!/bin/sh
# Everything that the first machine with a GPU must tell, into one folder: usage: first_run.sh OUT [INTERFACE=FILE.cu ...]
# It needs this script and trainbudget-microbench beside it (or in MICROBENCH) with hardware_profiles/ and
# model_profiles/ where the program looks for them (or PROFILES); compute-sanitizer, trainbudget and nvcc add to it
# where they are found. OUT gets summary.txt, the measurements, and all that was said in first_run.tgz, which is renewed
# after every part.
# Where a machine is lent for minutes at a time: PARTS='verify|step' does these alone, and TOTAL_SECONDS=560 ends and
# keeps everything in that time. PART_SECONDS (450) ends any part and the first check, FULL_SECONDS (450) the full run,
# which keeps what it has, SANITIZER_SECONDS each sanitizer.
set -u

[ $# -ge 1 ] || { echo "usage: $0 OUT [INTERFACE=FILE.cu ...]" >&2; exit 2; }
began=$(date +%s)
out=${1%/}
shift
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
program=${MICROBENCH:-$here/trainbudget-microbench}
[ -x "$program" ] || { echo "first_run: no program at $program; say where it is with MICROBENCH" >&2; exit 2; }
mkdir -p "$out" || exit 2
said=$(mktemp -d) || exit 2
if [ -n "${PROFILES:-}" ]; then
  TRAINBUDGET_PROFILES=$PROFILES
  export TRAINBUDGET_PROFILES
fi
PATH=$PATH:/usr/local/cuda/bin
export PATH

# What was said until now; a reader never finds half of it.
keep() {
  tar -czf "$out/.first_run.tgz" -C "$said" . && mv "$out/.first_run.tgz" "$out/first_run.tgz"
}
child=
stop() {
  [ -z "$child" ] || kill -INT "$child" 2>/dev/null
  stopped=1
}
stopped=
trap stop INT TERM HUP
trap 'keep; rm -rf "$said"' EXIT

# Whether it starts, whether there is a GPU at all, and whether it finds what multiplies matrices.
if ! "$program" --version >"$said/version.txt" 2>&1; then
  cat "$said/version.txt" >&2
  echo "first_run: $program does not start here; the release preset builds one that needs no libraries" >&2
  exit 2
fi
wants() {
  [ -z "${PARTS:-}" ] || printf '%s\n' "$1" | grep -Exq "$PARTS"
}
limit=${PART_SECONDS:-450}
# within SECONDS: `seconds` is that, or what TOTAL_SECONDS leaves of it without the time to end it and keep what was said;
# false where that is too little to start anything.
within() {
  seconds=$1
  [ -n "${TOTAL_SECONDS:-}" ] || return 0
  left=$((TOTAL_SECONDS - ($(date +%s) - began) - 30))
  [ "$seconds" -le "$left" ] || seconds=$left
  [ "$left" -ge 10 ]
}
within "$limit" || seconds=10
timeout --foreground -k 20 -s INT "$seconds" \
  "$program" verify --filter '^residual$|^product gemm forward .*bf16$' >"$said/first.txt" 2>&1
code=$?
if [ "$code" != 0 ]; then
  cat "$said/first.txt" >&2
  [ "$code" != 2 ] || exit 2
  if grep -q 'no matrix products' "$said/first.txt" && { wants run-quick || wants step || wants run-full; }; then
    echo "first_run: without matrix products there is no profile: where is cuBLASLt?" >&2
    exit 2
  fi
fi
timeout --foreground 30 nvidia-smi -q >"$said/nvidia-smi.txt" 2>&1

[ -n "${PARTS:-}" ] || : >"$out/summary.txt"
note() {
  echo "$1" | tee -a "$out/summary.txt" >&2
}

failed=0
# As timeout ends and kills what takes too long.
if [ "$code" = 124 ] || [ "$code" = 137 ]; then
  failed=1
  note "         the first check was ended after $seconds s"
fi
# part NAME SECONDS COMMAND...: output to NAME.txt and NAME.err, one line to the summary and what is missing. After
# SECONDS, or what TOTAL_SECONDS leaves, it and what it started are interrupted, which a measurement survives (130),
# and 20 s later killed.
part() {
  name=$1
  [ -z "$stopped" ] || return 0
  wants "$name" || return 0
  if ! within "$2"; then
    failed=1
    note "         no time left for $name"
    return 0
  fi
  shift 2
  start=$(date +%s)
  # Not in the foreground: timeout then interrupts what the command started as well.
  timeout --preserve-status -k 20 -s INT "$seconds" "$@" >"$said/$name.txt" 2>"$said/$name.err" &
  child=$!
  wait "$child"
  code=$?
  # A signal to this script ends the wait before the command; 127: there was nothing left to wait for.
  while [ -n "$stopped" ]; do
    wait "$child"
    again=$?
    [ "$again" = 127 ] || code=$again
    kill -0 "$child" 2>/dev/null || break
  done
  child=
  [ "$code" = 0 ] || { [ "$name" = run-full ] && [ "$code" = 130 ]; } || failed=1
  {
    printf '%5d s  exit %3d  %s\n' "$(($(date +%s) - start))" "$code" "$name"
    grep '^note: ' "$said/$name.err" | sort | uniq -c | sort -rn | head -5
  } | tee -a "$out/summary.txt" >&2
  keep
}

# calibrate SUFFIX: the profile of one measurement, where there is one and trainbudget lies beside this script.
calibrate() {
  [ -x "$here/trainbudget" ] && [ -s "$out/measurement$1.json" ] || return 0
  part "calibrate$1" "$limit" "$here/trainbudget" calibrate --from "$out/measurement$1.json" -o "$out/profile$1.yaml"
}
part verify "$limit" "$program" verify
part run-quick "$limit" "$program" run --quick --out "$out/measurement-quick.json"
calibrate -quick
part step "$limit" "$program" step --model rwkv-7-1.5b --micro-batch 8 --sequence 4096 --out "$out/step.json"
for pair in "$@"; do
  interface=${pair%%=*}
  file=${pair#*=}
  part "kernel-$interface-$(basename -- "$file" .cu)" "$limit" "$program" kernel --source "$file" --interface "$interface"
done
part run-full "${FULL_SECONDS:-450}" "$program" run --full --out "$out/measurement.json"
calibrate ''
if command -v compute-sanitizer >/dev/null; then
  # Our kernels alone: the library of matrix products is not ours to mend. No initcheck: verify fills all memory.
  for tool in memcheck racecheck synccheck; do
    part "sanitizer-$tool" "${SANITIZER_SECONDS:-$limit}" compute-sanitizer --tool "$tool" --error-exitcode 3 \
      "$program" verify --filter '^(?!product)'
  done
else
  note '         no compute-sanitizer here: memcheck and racecheck are missing'
fi
echo "first_run: what was said is in $out/first_run.tgz" >&2
[ -z "$stopped" ] || exit 130
exit "$failed"
