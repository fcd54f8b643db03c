import type { SettingTable } from '../../runtime/settings.ts';

/** From when on an upload is theft: section `detect.exfiltration` of the configuration. */
export const exfiltrationSettings = {
  points: {
    type: 'number',
    default: 4,
    min: 1,
    max: 20,
    unit: 'points',
    reason:
      'Every sign of an upload that speaks for theft has points: no single one is enough but a secret that leaves, as an archive sent by a command-line program to a bare address is. One point less makes an alert of low severity.',
  },
  uploadKibibytes: {
    type: 'number',
    default: 8,
    min: 1,
    max: 1_000_000,
    unit: 'KiB',
    reason: 'Smaller uploads are forms and messages; secrets and the files of password thieves count at any size.',
  },
  unusualMebibytes: {
    type: 'number',
    default: 100,
    min: 1,
    max: 1_000_000,
    unit: 'MiB',
    reason:
      'What a host sends out within an hour is compared with its own hours before only when it is at least so much.',
  },
  unusualDeviations: {
    type: 'number',
    default: 8,
    min: 2,
    max: 100,
    unit: 'deviations',
    reason:
      'An hour is unusual when it is so many times the usual spread (median absolute deviation) above the median of the hours before.',
  },
  learnHours: {
    type: 'number',
    default: 24,
    min: 2,
    max: 168,
    integer: true,
    unit: 'h',
    reason: 'Hours of a host that must be known before one is called unusual: a day has its rhythm.',
  },
  hugeGibibytes: {
    type: 'number',
    default: 20,
    min: 0.1,
    max: 10_000,
    unit: 'GiB',
    reason:
      'Sent to one address within an hour, so much is told of at low severity even while the host is not yet known: a first backup does that too.',
  },
  ignoredDestinations: {
    type: 'list',
    default: [],
    pattern: /^[0-9a-f.:]{2,45}$/,
    patternMeaning: 'an IP address',
    reason: 'Addresses where data goes on purpose: the store of backups, a second site.',
  },
} as const satisfies SettingTable;
