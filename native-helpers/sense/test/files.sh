#!/bin/sh
# files.sh SENSE: a short run of SENSE (built with the sanitizers) over a file system of its own in a mount namespace of its
# own: it sees what happens, asks before a program starts, complains of nothing, and ends when asked to. Needs root; says
# so and passes without.
set -eu
if [ "$(id -u)" != 0 ]; then
  echo "sense file test: skipped, needs root"
  exit 0
fi
if [ "${2:-}" != inside ]; then
  if ! unshare --mount true 2>/dev/null; then
    echo "sense file test: skipped, no mount namespaces here"
    exit 0
  fi
  exec unshare --mount --propagation private sh "$0" "$1" inside
fi
sense=$(realpath "$1")
folder=$(mktemp -d)
pid=
clean_up() {
  cd /
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  umount "$folder/mount" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT INT TERM
mkdir "$folder/mount"
mount -t tmpfs tmpfs "$folder/mount"

fail() {
  cat "$folder/err" >&2
  echo "sense file test: FAILED: $1" >&2
  exit 1
}

# start MODE [OPTION...]: leaves its number in `pid`, once it has greeted.
start() {
  mode=$1
  shift
  # The shell in the background empties the file in its own time: what the one before said must not be taken for a greeting.
  : >"$folder/out"
  "$sense" "$mode" --only "$folder/mount" "$@" >"$folder/out" 2>"$folder/err" <"$folder/answers" &
  pid=$!
  waited=0
  while [ ! -s "$folder/out" ] && kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  if [ ! -s "$folder/out" ]; then
    code=0
    wait "$pid" || code=$?
    pid=
    # 71 and 77: not to be had on this machine. Anything else is a fault, a sanitizer's word too.
    if [ "$code" = 71 ] || [ "$code" = 77 ]; then
      echo "sense file test: $mode skipped: $(cat "$folder/err")"
      return 1
    fi
    fail "$mode ended with $code"
  fi
}

stop() {
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  pid=
  [ "$code" = 0 ] || fail "$1 ended with $code"
  [ ! -s "$folder/err" ] || fail "$1 complained"
}

seen() {
  tr '\0' '\n' <"$folder/out" | grep -c "$1" || true
}

# await METHOD WORD: until WORD was told of. A path is told as it is when it is told, so each step waits for the one before.
await() {
  waited=0
  while [ "$(seen "$2")" = 0 ]; do
    waited=$((waited + 1))
    [ "$waited" -le 100 ] || fail "files by $1 did not see $2"
    sleep 0.1
  done
}

passed=0
: >"$folder/answers"
for method in best basic; do
  if start files --method "$method" --exclude "$folder/mount/hidden"; then
    cd "$folder/mount"
    mkdir tree hidden
    for i in 1 2 3 4 5 6 7 8 9; do seq 9999 >"tree/file-$i"; done
    await "$method" tree/file-9
    chmod 600 tree/file-1
    mv tree/file-1 "tree/renamed-$method"
    await "$method" "tree/renamed-$method"
    mv tree branch
    echo x >branch/late
    await "$method" branch/late
    echo x >hidden/nothing
    ln -s /elsewhere link
    await "$method" /elsewhere
    rm -r branch hidden link
    cd "$folder"
    sleep 0.6
    stop "files by $method"
    [ "$(seen hidden/nothing)" = 0 ] || fail "files by $method told what was excluded"
    passed=$((passed + 1))
  fi
done

# Nobody answers: programs wait for the deadline, and start.
mkfifo "$folder/silence"
sleep 60 >"$folder/silence" &
silence=$!
rm -f "$folder/answers"
ln -s "$folder/silence" "$folder/answers"
cp /bin/true "$folder/mount/program"
if start verdicts --deadline-ms 20; then
  sleep 0.3
  sh -c "$folder/mount/program && $folder/mount/program" || fail "a program without a verdict did not start"
  [ "$(seen mount/program)" != 0 ] || fail "nobody was asked"
  # The end of the answers is the end of the questions.
  kill "$silence"
  code=0
  wait "$pid" || code=$?
  pid=
  [ "$code" = 74 ] || fail "verdicts ended with $code when nobody could answer any more"
  "$folder/mount/program" || fail "a program did not start after the end"
  passed=$((passed + 1))
else
  kill "$silence"
fi
echo "sense file test: $passed passed, 0 failed"
