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
      '/usr/lib/systemd',
      '/usr/lib/security',
      '/usr/lib/x86_64-linux-gnu/security',
      '/usr/lib/aarch64-linux-gnu/security',
      '/usr/lib/udev',
      '/usr/local/bin',
      '/usr/local/sbin',
      '/usr/local/lib',
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
