import type { SettingTable } from '../../runtime/settings.ts';

/** From when on answers about names are poisoning: section `detect.name-poisoning` of the configuration. */
export const namePoisoningSettings = {
  names: {
    type: 'number',
    default: 3,
    min: 2,
    max: 1000,
    integer: true,
    unit: 'names',
    reason:
      'A computer answers for its own name, seldom for a second. Whoever says "that is me" to so many different names asked for by LLMNR or NetBIOS poses as all of them.',
  },
  multicastDnsNames: {
    type: 'number',
    default: 12,
    min: 2,
    max: 1000,
    integer: true,
    unit: 'names',
    reason: 'The same for mDNS, where a home server may go by a name for each of its services.',
  },
  forgetMinutes: {
    type: 'number',
    default: 120,
    min: 1,
    max: 10_080,
    unit: 'min',
    reason: 'Names are counted together for so long: few are asked for in this way, and those mostly once.',
  },
} as const satisfies SettingTable;
