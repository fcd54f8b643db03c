#!/bin/sh
# access.sh SENSE REACH: a short run of SENSE (built with the sanitizers) while REACH reaches into processes of its own: it
# complains of nothing, sees that, and ends when asked to. Needs root and eBPF; says so and passes without.
set -eu
sense=$1
reach=$2
if [ "$(id -u)" != 0 ]; then
  echo "sense access run: skipped, needs root"
  exit 0
fi
folder=$(mktemp -d)
pid=
clean_up() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT INT TERM

"$sense" access >"$folder/out" 2>"$folder/err" </dev/null &
pid=$!
waited=0
# The greeting is the first that it writes.
while [ ! -s "$folder/out" ] && kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 50 ]; do
  sleep 0.1
  waited=$((waited + 1))
done
if [ ! -s "$folder/out" ]; then
  code=0
  wait "$pid" || code=$?
  pid=
  # 71 and 77: not to be had on this machine. Anything else is a fault, a sanitizer's word too.
  if [ "$code" = 71 ] || [ "$code" = 77 ]; then
    echo "sense access run: skipped: $(cat "$folder/err")"
    exit 0
  fi
  cat "$folder/err" >&2
  echo "sense access run: FAILED: ended with $code" >&2
  exit 1
fi
"$reach" attach >/dev/null
"$reach" seize >/dev/null
"$reach" traced-child >/dev/null
sleep 0.3
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
# The path of who did it and of the target are in each record.
seen=$(grep -a -o 'build/reach' "$folder/out" | wc -l)
if [ "$code" != 0 ] || [ "$seen" != 4 ] || [ -s "$folder/err" ]; then
  cat "$folder/err" >&2
  echo "sense access run: FAILED: exit code $code, $seen paths instead of 4" >&2
  exit 1
fi
echo "sense access run: 1 passed, 0 failed"
