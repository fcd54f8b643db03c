#!/bin/sh
# Before removal of the desktop package. An upgrade stops nothing: deb says "upgrade", rpm counts what is left.
case $1 in
  remove | 0) ;;
  *) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then systemctl disable --now holdfast.service || true; fi
# The service's stop hook does this too; here for engines that ran without systemd.
/usr/lib/holdfast/holdfast service restore-network || true
