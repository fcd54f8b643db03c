#!/bin/sh
# sense xattrs: attributes in order, none, and paths that are not there. $1 is sense.
set -eu
sense=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf x >"$folder/plain"
printf x >"$folder/marked"
ln -s marked "$folder/link"
expected='

!
!'
if command -v setcap >/dev/null && setcap cap_net_raw+ep "$folder/marked" 2>/dev/null; then
  expected='
73656375726974792e6361706162696c697479=0100000200200000000000000000000000000000
!
!'
fi
long=$(printf '%05000d' 0)
got=$(printf '%s\0' "$folder/plain" "$folder/marked" "$folder/none" "/$long" | "$sense" xattrs)
[ "$got" = "$expected" ] || { printf 'sense xattrs said:\n%s\n' "$got" >&2; exit 1; }
# A link is not what it leads to.
[ -z "$(printf '%s\0' "$folder/link" | "$sense" xattrs)" ] || { echo 'sense xattrs followed a link' >&2; exit 1; }
# What is not ended is no path; nobody who reads ends it.
[ -z "$(printf '%s' "$folder/marked" | "$sense" xattrs)" ] || { echo 'sense xattrs took half a path' >&2; exit 1; }
