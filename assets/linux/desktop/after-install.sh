#!/bin/sh
# After installing or upgrading the desktop package (deb and rpm). electron-builder fills in the names in braces.
app='/opt/${sanitizedProductName}'
command='/usr/bin/${executable}'

ln -sf "$app/"'${executable}' "$command"
# Where the engine of either package is found, by its unit and by whoever types "holdfast".
ln -sfn "$app/resources/engine" /usr/lib/holdfast
ln -sf ../lib/holdfast/holdfast /usr/bin/holdfast

# Chromium's sandbox: by user namespaces, else by a helper that is root's.
if [ -L /proc/self/ns/user ] && unshare --user true 2>/dev/null; then
  chmod 0755 "$app/chrome-sandbox" || true
else
  chmod 4755 "$app/chrome-sandbox" || true
fi

# Ubuntu 24 and later give user namespaces only to programs with a profile; older AppArmor does not understand it.
if command -v apparmor_parser >/dev/null && [ -d /sys/module/apparmor ]; then
  if apparmor_parser --skip-kernel-load "$app/resources/apparmor-profile" >/dev/null 2>&1; then
    cp -f "$app/resources/apparmor-profile" '/etc/apparmor.d/${executable}'
    apparmor_parser -r -T -W '/etc/apparmor.d/${executable}' || true
  fi
  apparmor_parser -r -T -W /etc/apparmor.d/holdfast || true
fi

if command -v update-desktop-database >/dev/null; then update-desktop-database /usr/share/applications || true; fi

# The headless package keeps the unit from starting when it is removed.
if command -v deb-systemd-helper >/dev/null; then deb-systemd-helper unmask holdfast.service >/dev/null || true; fi

# The app offers to install the service; here one that is there, of either package, goes on with the new version.
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload || true
  if systemctl --quiet is-enabled holdfast.service; then action=restart; else action=try-restart; fi
  systemctl "$action" holdfast.service || true
fi
