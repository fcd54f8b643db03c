import type { SettingTable } from '../../runtime/settings.ts';

/** From when on names that do not exist are a program's guesses: section `detect.generated-domains`. */
export const generatedDomainsSettings = {
  generatedNames: {
    type: 'number',
    default: 10,
    min: 3,
    max: 10_000,
    integer: true,
    unit: 'domains',
    reason:
      'So many different domains within windowMinutes that do not exist and look as if letters were drawn by lot. Mistyped and dead domains look like words; a person meets a handful in a day.',
  },
  missingNames: {
    type: 'number',
    default: 60,
    min: 10,
    max: 10_000,
    integer: true,
    unit: 'domains',
    reason:
      'So many different domains within windowMinutes that do not exist, whatever they look like, when next to none of those asked for do: some programs put words together.',
  },
  windowMinutes: {
    type: 'number',
    default: 30,
    min: 1,
    max: 1440,
    unit: 'min',
    reason:
      'Long enough for a program that tries a few domains and sleeps, short enough that dead links of a day do not add up.',
  },
} as const satisfies SettingTable;
