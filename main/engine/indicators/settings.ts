import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** The section "indicators" of the configuration: lists of what is known to be bad. */
export const indicatorSettings = {
  files: {
    type: 'list',
    default: [],
    pattern: /^\//,
    patternMeaning: 'an absolute path, such as /etc/holdfast/bad-domains.txt',
    reason:
      'Lists that are read beside those that "holdfast indicators import" took in; none, because which lists deserve trust is for the owner to say.',
  },
  maximumMebibytes: {
    type: 'number',
    default: 64,
    min: 1,
    max: 256,
    integer: true,
    unit: 'MiB',
    reason: 'Largest list that is read, as one text; a million domains are about 25 MiB.',
  },
  maximumEntries: {
    type: 'number',
    default: 2_000_000,
    min: 1_000,
    max: 10_000_000,
    integer: true,
    unit: 'indicators',
    reason: 'Most indicators of all lists together; each takes 24 to 48 bytes of memory.',
  },
} as const satisfies SettingTable;

export type IndicatorSettings = SettingValues<typeof indicatorSettings>;
