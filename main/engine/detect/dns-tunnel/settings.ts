import type { SettingTable } from '../../runtime/settings.ts';

/** From when on look-ups of names are a tunnel: section `detect.dns-tunnel` of the configuration. */
export const dnsTunnelSettings = {
  carriedBytes: {
    type: 'number',
    default: 1_000,
    min: 100,
    max: 1_000_000,
    unit: 'B',
    reason:
      'So much data in names below one domain within about ten minutes is a transfer. The hashed host names of a busy web page carry about a hundred bytes.',
  },
  slowCarriedBytes: {
    type: 'number',
    default: 4_000,
    min: 200,
    max: 10_000_000,
    unit: 'B',
    reason:
      'So much data in names below one domain within forgetHours is a slow transfer. Research over a large body of real look-ups found 4 kB a day to be what ordinary domains stay under.',
  },
  longNames: {
    type: 'number',
    default: 10,
    min: 3,
    max: 10_000,
    integer: true,
    unit: 'names',
    reason:
      'So many different names below one domain that each carry 30 B or more are a transfer: host names that people or delivery networks give are shorter.',
  },
  dialogueNames: {
    type: 'number',
    default: 12,
    min: 4,
    max: 10_000,
    integer: true,
    unit: 'names',
    reason:
      'So many different names that carry data and ask for records that carry data back (TXT, MX, CNAME, SRV) are a conversation. Programs ask for such records by fixed names.',
  },
  unusualTypeNames: {
    type: 'number',
    default: 6,
    min: 2,
    max: 10_000,
    integer: true,
    unit: 'names',
    reason:
      'So many different names asked for a record type that nothing else uses (NULL, private types) are a tunnel. It takes its first few look-ups to find out what gets through.',
  },
  answerBytes: {
    type: 'number',
    default: 3_000,
    min: 500,
    max: 10_000_000,
    unit: 'B',
    reason:
      'So much data in texts and other free records below one domain, under ever new names, is a transfer. The longest ordinary text records, for mail, come under a few fixed names.',
  },
  forgetHours: {
    type: 'number',
    default: 24,
    min: 1,
    max: 168,
    unit: 'h',
    reason: 'Data in names is added up for so long: a patient thief sends a few look-ups an hour.',
  },
  ordinaryDomains: {
    type: 'list',
    default: [],
    pattern: /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){1,9}$/,
    patternMeaning: 'a domain name in lower case',
    reason:
      'Domains that carry data in names on purpose here, beside the well-known services that are built in. Look-ups below them count for a twentieth; record types that nothing else uses still count in full.',
  },
} as const satisfies SettingTable;
