#!/bin/sh
# Starts Holdfast on the Node beside it, from wherever a link to this file is called.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
case $self in
  */*) folder=${self%/*} ;;
  *) folder=. ;;
esac
# Holdfast looks at gigabytes of traffic, and keeps little of it: a small young generation, a way to tidy up, and buffers
# that go back to the system at once (mallopt(3)).
export MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=131072
exec "$folder/node" --max-semi-space-size=2 --expose-gc "$folder/dist/engine/holdfast.js" "$@"
