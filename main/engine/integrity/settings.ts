import type { SettingTable } from '../runtime/settings.ts';

/** The section "integrity" of the configuration. */
export const integritySettings = {
  paths: {
    type: 'list',
    default: [
      '/etc',
      '/boot',
      '/usr/bin',
      '/usr/sbin',
      '/usr/libexec',
      '/usr/lib/binfmt.d',
      '/usr/lib/dracut',
      '/usr/lib/environment.d',
      '/usr/lib/kernel',
      '/usr/lib/modprobe.d',
      '/usr/lib/modules-load.d',
      '/usr/lib/sysctl.d',
      '/usr/lib/systemd',
      '/usr/lib/security',
      '/usr/lib64/security',
      '/usr/lib/x86_64-linux-gnu/security',
      '/usr/lib/aarch64-linux-gnu/security',
      '/usr/lib/udev',
      '/usr/local/bin',
      '/usr/local/sbin',
      '/usr/local/lib',
      '/usr/share/dbus-1',
      '/usr/share/initramfs-tools',
      '/usr/share/polkit-1',
      '/var/spool/cron',
      '/root/.bashrc',
      '/root/.config/autostart',
      '/root/.config/systemd',
      '/root/.gitconfig',
      '/root/.profile',
      '/root/.ssh',
    ],
    minimumItems: 1,
    pattern: /^\/[^\0]{0,4094}$/,
    patternMeaning: 'an absolute path',
    reason:
      'Files and folders that the integrity baseline covers: configuration, programs, what starts the system and who ' +
      'may log in. Folders that are not there are passed over. Kernel modules (/lib/modules) and libraries change with ' +
      'every update and are many; add them where that matters.',
  },
  exclude: {
    type: 'list',
    default: [
      '/etc/.updated',
      '/etc/adjtime',
      '/etc/cups/subscriptions.conf',
      '/etc/cups/subscriptions.conf.O',
      '/etc/lvm/archive',
      '/etc/lvm/backup',
      '/etc/mtab',
      '/etc/resolv.conf',
    ],
    pattern: /^\/[^\0]{0,4094}$/,
    patternMeaning: 'an absolute path',
    reason:
      'Paths, with everything below them, that the baseline leaves out because the system itself changes them often.',
  },
  threads: {
    type: 'number',
    default: 2,
    min: 1,
    max: 16,
    integer: true,
    unit: 'threads',
    reason: 'Threads that read and hash, at a low priority. Two keep a fast disk busy without slowing other work.',
  },
} as const satisfies SettingTable;
