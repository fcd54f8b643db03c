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
  beforeRun: {
    type: 'boolean',
    default: false,
    reason:
      'Whether programs and scripts that are not of the system are looked at before they run, and kept from running where ' +
      'a rule that is on calls them harmful (medium or more) or a list knows them. Whoever starts one for the first time ' +
      'waits for it a moment. Off by default: a wrong rule would keep somebody from working.',
  },
  beforeRunMs: {
    type: 'number',
    default: 500,
    min: 20,
    max: 5_000,
    integer: true,
    unit: 'ms',
    reason:
      'How long the start of a program waits for that at most. What takes longer runs, and is looked at afterwards.',
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
