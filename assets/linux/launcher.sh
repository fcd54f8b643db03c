#!/bin/sh
# Starts Holdfast on the Node beside it, from wherever a link to this file is called.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
case $self in
  */*) folder=${self%/*} ;;
  *) folder=. ;;
esac
# Holdfast looks at gigabytes of traffic, and keeps little of it: a small young generation, a way to tidy up, and buffers
# that go back to the system at once (mallopt(3)). Who analyses a capture waits for it: there a larger young generation
# saves a twentieth of the work for 25 MB. No signal opens a debugger, with which every user could do what Holdfast may.
young=2
[ "$1" = analyze ] && young=8
export MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=131072
exec "$folder/node" --disable-sigusr1 --max-semi-space-size=$young --expose-gc "$folder/dist/engine/holdfast.js" "$@"
