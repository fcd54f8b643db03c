#!/bin/sh
# Starts Holdfast on the Node beside it, from wherever a link to this file is called.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
case $self in
  */*) folder=${self%/*} ;;
  *) folder=. ;;
esac
exec "$folder/node" "$folder/dist/engine/holdfast.js" "$@"
