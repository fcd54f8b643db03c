import type { SettingTable } from '../../runtime/settings.ts';

/** From when on requests are an attack: section `detect.web-attack` of the configuration. */
export const webAttackSettings = {
  likelyRequests: {
    type: 'number',
    default: 3,
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'requests',
    reason:
      'So many requests that are hardly anything but an attack make an alert of medium severity; fewer make one of low severity. One alone may be a program with strange input.',
  },
  weakRequests: {
    type: 'number',
    default: 25,
    min: 2,
    max: 100_000,
    integer: true,
    unit: 'requests',
    reason:
      'So many requests with signs that each have harmless explanations (a lone quote, a path with two steps up) are told of at low severity. Fewer are not.',
  },
  refusedRequests: {
    type: 'number',
    default: 20,
    min: 1,
    max: 100_000,
    integer: true,
    unit: 'requests',
    reason:
      'Attacks that the server turned down every time are of low severity up to so many: every server on the internet gets some each day. More come from somebody who keeps at it.',
  },
  sensitivePages: {
    type: 'number',
    default: 12,
    min: 3,
    max: 64,
    integer: true,
    unit: 'pages',
    reason:
      'Asking for so many different pages that scanners look for (configurations, backups, consoles), none of which is there, within scanMinutes is a search for weak pages. A person meets one or two of them.',
  },
  missingPages: {
    type: 'number',
    default: 120,
    min: 20,
    max: 256,
    integer: true,
    unit: 'pages',
    reason:
      'Asking for so many different folders and pages at the top of a site that are not there, within scanMinutes, is going through a list of words. Broken links are fewer, and lie deeper.',
  },
  scanMinutes: {
    type: 'number',
    default: 10,
    min: 1,
    max: 1_440,
    unit: 'min',
    reason: 'A search is counted together over so long. Longer finds slower ones, and collects more broken links.',
  },
  callbackSeconds: {
    type: 'number',
    default: 300,
    min: 5,
    max: 86_400,
    unit: 's',
    reason:
      'A computer that calls the address in a lookup (Log4Shell) within so long was taken in by it. Logs are mostly written at once, some in batches.',
  },
  forgetMinutes: {
    type: 'number',
    default: 60,
    min: 1,
    max: 10_080,
    unit: 'min',
    reason: 'After so long without another request of one attacker to one server, counting begins anew.',
  },
} as const satisfies SettingTable;
