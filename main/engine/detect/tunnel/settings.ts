import type { SettingTable } from '../../runtime/settings.ts';

/** From when on one protocol inside of another is told of: section `detect.tunnel` of the configuration. */
export const tunnelSettings = {
  dnsPortKibibytes: {
    type: 'number',
    default: 16,
    min: 1,
    max: 1_000_000,
    unit: 'KiB',
    reason:
      'So much both ways together in one conversation on the port of look-ups that holds no look-ups. Encrypted look-ups stay below it in each of their short conversations.',
  },
  sshKibibytes: {
    type: 'number',
    default: 512,
    min: 10,
    max: 10_000_000,
    unit: 'KiB',
    reason:
      'An SSH session on a port of the web that moves so much in each direction carries other connections. Typing moves less, and a copy of files moves much one way only.',
  },
  connectPorts: {
    type: 'list',
    default: [],
    pattern: /^\d{1,5}$/,
    patternMeaning: 'a port number',
    reason: 'Ports that programs may ask a web proxy for, beside those of the web, mail and messages.',
  },
} as const satisfies SettingTable;
