import type { SettingTable, SettingValues } from '../../runtime/settings.ts';

/** Which new files are looked at with rules in YARA while the engine runs. */
export const scanSettings = {
  enabled: {
    type: 'boolean',
    default: true,
    reason:
      'Whether new and changed programs and scripts, and programs that are run for the first time, are looked at with ' +
      'rules in YARA and lists of hashes.',
  },
  places: {
    type: 'list',
    default: ['/'],
    pattern: /^\/[^\p{Cc}]{0,4000}$/u,
    patternMeaning: 'an absolute path',
    reason:
      'Folders below which new and changed files are looked at. What package managers install is left out, and what is ' +
      'run is looked at wherever it is.',
  },
  largestMebibytes: {
    type: 'number',
    default: 32,
    min: 1,
    max: 1_024,
    integer: true,
    unit: 'MiB',
    reason:
      'How much of a file is looked at. Most harmful programs have some megabytes; a larger number makes larger files ' +
      'cost more memory and time.',
  },
} as const satisfies SettingTable;

export type ScanSettings = SettingValues<typeof scanSettings>;
