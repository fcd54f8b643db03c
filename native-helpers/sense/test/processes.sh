#!/bin/sh
# processes.sh SENSE SWARM: a short run of SENSE (built with the sanitizers) beside a swarm of processes, by every method
# that there is: it finds their arguments, complains of nothing, and ends when asked to. Needs root; says so and passes
# without.
set -eu
sense=$1
swarm=$2
count=300
if [ "$(id -u)" != 0 ]; then
  echo "sense process test: skipped, needs root"
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
for method in ebpf connector; do
  "$sense" processes --method "$method" >"$folder/out" 2>"$folder/err" </dev/null &
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
      echo "sense process test: $method skipped: $(cat "$folder/err")"
      continue
    fi
    cat "$folder/err" >&2
    echo "sense process test: FAILED: $method ended with $code" >&2
    exit 1
  fi
  "$swarm" "$count" "smoke-$method" >/dev/null
  # Every method must see what lives half a second; what lives a millisecond is certain with eBPF only.
  sh -c 'sleep 0.5' "slow-$method"
  sleep 0.2
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  pid=
  seen=$(tr '\0' '\n' <"$folder/out" | grep -c "^smoke-$method\$" || true)
  slow=$(tr '\0' '\n' <"$folder/out" | grep -c "^slow-$method\$" || true)
  least=$([ "$method" = ebpf ] && echo "$count" || echo 0)
  if [ "$code" != 0 ] || [ "$seen" -lt "$least" ] || [ "$slow" = 0 ] || [ -s "$folder/err" ]; then
    cat "$folder/err" >&2
    echo "sense process test: FAILED: $method, exit code $code, $seen of $count processes, $slow of 1 slow one" >&2
    exit 1
  fi
  passed=$((passed + 1))
done
echo "sense process test: $passed passed, 0 failed"
