import type { SettingTable } from '../runtime/settings.ts';

/** From when on tries in vain are a port scan: section `detect.port-scan` of the configuration. */
export const portScanSettings = {
  portsOfOneHost: {
    type: 'number',
    default: 12,
    min: 3,
    max: 65_535,
    integer: true,
    unit: 'ports',
    reason:
      'So many ports of one host tried in vain within about two minutes are a scan. Programs know their port: more than three or four are not seen in ordinary use, and the shortest list of common scanners has 100.',
  },
  slowPortsOfOneHost: {
    type: 'number',
    default: 24,
    min: 3,
    max: 65_535,
    integer: true,
    unit: 'ports',
    reason:
      'So many ports of one host tried in vain at any pace are a scan, as long as the pauses are shorter than forgetMinutes. Twice the quick number, because chance has more time.',
  },
  hostsOfOneSubnet: {
    type: 'number',
    default: 20,
    min: 4,
    max: 65_535,
    integer: true,
    unit: 'hosts',
    reason:
      'The same port tried in vain on so many neighbouring hosts is a scan. Programs reach for a few neighbours by name; nobody needs twenty that are not there.',
  },
  hostsOfManySubnets: {
    type: 'number',
    default: 100,
    min: 10,
    max: 65_535,
    integer: true,
    unit: 'hosts',
    reason:
      'The same port tried in vain on so many hosts all over the Internet is a scan. Higher than for neighbours, because peer-to-peer programs and a browser behind a broken connection also reach for many hosts in vain.',
  },
  blockPairs: {
    type: 'number',
    default: 48,
    min: 12,
    max: 65_535,
    integer: true,
    unit: 'ports',
    reason:
      'So many (host, port) pairs tried in vain, several ports on each of several hosts, are a scan even when no host and no port alone stands out.',
  },
  answerWaitSeconds: {
    type: 'number',
    default: 1,
    min: 0.2,
    max: 30,
    unit: 's',
    reason:
      'A first packet without an answer for so long was sent in vain. Round trips stay under a second nearly everywhere; an answer that comes later still counts.',
  },
  forgetMinutes: {
    type: 'number',
    default: 30,
    min: 1,
    max: 1440,
    unit: 'min',
    reason:
      'After so long without anything new, counting begins anew. Long enough for scanners that wait five minutes between two packets (nmap -T0).',
  },
} as const satisfies SettingTable;
