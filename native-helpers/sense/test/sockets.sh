#!/bin/sh
# sockets.sh SENSE STORM: a short run of SENSE (built with the sanitizers) beside STORM, which makes connections in a
# network namespace of its own, by every method that there is: it complains of nothing, finds who makes connections, and
# ends when asked to. Needs root; says so and passes without.
set -eu
sense=$1
storm=$2
count=300
if [ "$(id -u)" != 0 ]; then
  echo "sense socket run: skipped, needs root"
  exit 0
fi
folder=$(mktemp -d)
pid=
clean_up() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT INT TERM

passed=0
for method in ebpf lists; do
  "$sense" sockets --method "$method" >"$folder/out" 2>"$folder/err" </dev/null &
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
      echo "sense socket run: $method skipped: $(cat "$folder/err")"
      continue
    fi
    cat "$folder/err" >&2
    echo "sense socket run: FAILED: $method ended with $code" >&2
    exit 1
  fi
  "$storm" "$count" >/dev/null
  sleep 0.4
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  pid=
  # The path of who connected is in the record.
  seen=$(grep -a -o 'build/storm' "$folder/out" | wc -l)
  least=$([ "$method" = ebpf ] && echo "$count" || echo 0)
  if [ "$code" != 0 ] || [ "$seen" -lt "$least" ] || [ -s "$folder/err" ]; then
    cat "$folder/err" >&2
    echo "sense socket run: FAILED: $method, exit code $code, $seen records of $count connections" >&2
    exit 1
  fi
  passed=$((passed + 1))
done
echo "sense socket run: $passed passed, 0 failed"
