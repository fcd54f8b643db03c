#!/bin/sh
# After removal of the desktop package. Settings and data go with a purge, which rpm does not know.
case $1 in
  remove | purge | 0)
    rm -f '/usr/bin/${executable}' /usr/bin/holdfast /usr/lib/holdfast
    for profile in holdfast '${executable}'; do
      if [ -e "/etc/apparmor.d/$profile" ] && command -v apparmor_parser >/dev/null; then
        apparmor_parser -R "/etc/apparmor.d/$profile" >/dev/null 2>&1 || true
      fi
    done
    rm -f '/etc/apparmor.d/${executable}'
    rm -rf /var/cache/holdfast /run/holdfast
    if [ -d /run/systemd/system ]; then systemctl --system daemon-reload || true; fi
    ;;
esac
if [ "$1" = purge ]; then rm -rf /etc/holdfast /var/lib/holdfast; fi
