#!/bin/sh
# audit.sh SENSE SWARM AUDITING: SENSE (built with the sanitizers) reads the audit system beside a swarm of processes.
#
# Audit has no namespaces: where auditing is off it is switched on for the machine, for some seconds and only where no
# audit daemon runs, and a rule of sense's own is there meanwhile. Both are undone, whatever happens. Needs root; says so
# and passes without.
set -eu
sense=$1
swarm=$2
auditing=$3
count=300
if [ "$(id -u)" != 0 ]; then
  echo "sense audit test: skipped, needs root"
  exit 0
fi
if ! state=$("$auditing" 2>/dev/null); then
  echo "sense audit test: skipped, the audit system does not answer here"
  exit 0
fi
# enabled failure pid rate_limit backlog_limit lost rules ours
set -- $state
enabled=$1
if [ "$3" != 0 ] || [ "$7" != 0 ] || [ "$enabled" = 2 ]; then
  echo "sense audit test: skipped, an audit daemon runs here, or rules are set or locked"
  exit 0
fi
folder=$(mktemp -d)
pid=
ours() {
  "$auditing" | cut -d ' ' -f 8
}
# The guard outlives sense by a moment.
wait_for_ours() {
  waited=0
  while [ "$(ours)" != "$1" ] && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  [ "$(ours)" = "$1" ]
}
clean_up() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  wait_for_ours 0 || echo "sense audit test: a rule of ours was left behind" >&2
  [ "$enabled" = 1 ] || "$auditing" off
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
[ "$enabled" = 1 ] || "$auditing" on

fail() {
  cat "$folder/err" >&2
  echo "sense audit test: FAILED: $1" >&2
  exit 1
}
start() {
  # What the last run wrote is not this one's greeting.
  rm -f "$folder/out"
  "$sense" processes --method audit --audit-rule "$1" >"$folder/out" 2>"$folder/err" </dev/null &
  pid=$!
  waited=0
  while [ ! -s "$folder/out" ] && kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
}

# Without leave there is no rule.
start never
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 71 ] && [ "$(ours)" = 0 ] || fail "without leave it ended with $code, and $(ours) rules of ours"

start allowed
[ -s "$folder/out" ] || fail "it does not begin"
[ "$(ours)" = 1 ] || fail "$(ours) rules of ours while it runs"
"$swarm" "$count" audited >/dev/null
sleep 1
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
seen=$(tr '\0' '\n' <"$folder/out" | grep -c '^audited$' || true)
# The swarm itself has the word too.
[ "$code" = 0 ] && [ "$seen" = $((count + 1)) ] && [ ! -s "$folder/err" ] || fail "code $code, $seen of $((count + 1))"
wait_for_ours 0 || fail "the rule was left behind at the end"

# Ended in a way that lets it do nothing more.
start allowed
[ "$(ours)" = 1 ] || fail "no rule at the second start"
kill -s KILL "$pid"
wait "$pid" 2>/dev/null || true
pid=
wait_for_ours 0 || fail "the rule was left behind after a crash"
echo "sense audit test: 3 passed, 0 failed"
