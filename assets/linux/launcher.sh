#!/bin/sh
# Starts Holdfast on the Node beside it, from wherever a link to this file is called.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
case $self in
  */*) folder=${self%/*} ;;
  *) folder=. ;;
esac
# A small young generation: Holdfast looks at gigabytes of traffic, and keeps little of it.
exec "$folder/node" --max-semi-space-size=2 "$folder/dist/engine/holdfast.js" "$@"
