import type { SettingTable } from '../../runtime/settings.ts';

/** From when on claims of addresses are spoofing: section `detect.arp-spoofing` of the configuration. */
export const arpSpoofingSettings = {
  unaskedReplies: {
    type: 'number',
    default: 3,
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'replies',
    reason:
      'So many answers that nobody asked for, about an address that another device has, are poisoning: the tools repeat them every few seconds. A take-over by a second router announces itself a few times, and then the first is silent.',
  },
  contestedAddresses: {
    type: 'number',
    default: 3,
    min: 2,
    max: 1000,
    integer: true,
    unit: 'addresses',
    reason:
      'Whoever answers for so many addresses of different devices that are there themselves stands in for them. One address used twice is a mistake.',
  },
  forgetMinutes: {
    type: 'number',
    default: 10,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'A device that was silent for so long may have given its address to another.',
  },
} as const satisfies SettingTable;
