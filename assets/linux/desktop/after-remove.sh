#!/bin/sh
# After removal of the desktop package. Settings and data go with a purge, which rpm does not know.

# The headless package, or a service from a checkout, has the same settings, data and unit; a masked unit is no file.
is_alone=yes
for unit in /etc/systemd/system /usr/lib/systemd/system; do
  if [ -f "$unit/holdfast.service" ]; then is_alone=no; fi
done

case $1 in
  remove | purge | 0)
    rm -f '/usr/bin/${executable}'
    # Links of ours; the headless package has a folder there, and a link into it.
    if [ -L /usr/lib/holdfast ]; then rm -f /usr/bin/holdfast /usr/lib/holdfast; fi
    for profile in holdfast '${executable}'; do
      if [ -e "/etc/apparmor.d/$profile" ] && command -v apparmor_parser >/dev/null; then
        apparmor_parser -R "/etc/apparmor.d/$profile" >/dev/null 2>&1 || true
      fi
    done
    rm -f '/etc/apparmor.d/${executable}'
    if [ $is_alone = yes ]; then rm -rf /var/cache/holdfast /run/holdfast; fi
    if [ -d /run/systemd/system ]; then systemctl --system daemon-reload || true; fi
    ;;
esac
if [ "$1" = purge ] && [ $is_alone = yes ]; then rm -rf /etc/holdfast /var/lib/holdfast; fi
