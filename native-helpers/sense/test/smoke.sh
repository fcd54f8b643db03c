#!/bin/sh
# smoke.sh SENSE BLAST: a short run of SENSE (built with the sanitizers) in network namespaces of its own: packets
# arrive, an interface vanishes and comes back, and it ends when asked to. Needs root; says so and passes without.
set -eu
sense=$1
blast=$2
if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null 2>&1; then
  echo "sense smoke test: skipped, needs root and ip"
  exit 0
fi

near=hf-smoke-a-$$
far=hf-smoke-b-$$
folder=$(mktemp -d)
pid=
clean_up() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  ip netns del "$near" 2>/dev/null || true
  ip netns del "$far" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT INT TERM
if ! ip netns add "$near" 2>/dev/null; then
  echo "sense smoke test: skipped, no network namespaces here"
  exit 0
fi
ip netns add "$far"

join() {
  ip link add smoke0 netns "$near" type veth peer name smoke1 netns "$far"
  ip -n "$near" link set smoke0 up
  ip -n "$far" link set smoke1 up
  sleep 0.3
}

join
ip netns exec "$near" "$sense" capture --interface smoke0 --interface not-there --ring-mib 1 \
  >"$folder/out" 2>"$folder/err" &
pid=$!
sleep 0.5
ip netns exec "$far" "$blast" smoke1 1000 20000 >/dev/null
sleep 0.3
ip -n "$near" link del smoke0
sleep 0.3
join
ip netns exec "$far" "$blast" smoke1 1000 20000 >/dev/null
sleep 0.4
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=

# Frames start on a multiple of 8, and the generator's with hardware addresses that nothing else uses.
packets=$(od -An -v -tx1 -w8 "$folder/out" | grep -c '^ 02 00 00 00 66 02 02 00' || true)
if [ "$code" != 0 ] || [ "$packets" != 2000 ] || [ -s "$folder/err" ]; then
  echo "sense smoke test: FAILED: exit code $code, $packets of 2000 packets" >&2
  cat "$folder/err" >&2
  exit 1
fi
echo "sense smoke test: 1 passed, 0 failed"
