import type { SettingTable } from '../runtime/settings.ts';

/** From when on failed logins are password guessing: section `detect.brute-force` of the configuration. */
export const bruteForceSettings = {
  failedLogins: {
    type: 'number',
    default: 10,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'logins',
    reason:
      'So many failed logins from one address within about two minutes are guessing. A person who forgot a password gives up or asks after five.',
  },
  slowFailedLogins: {
    type: 'number',
    default: 20,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'logins',
    reason:
      'So many failed logins at any pace are guessing, as long as the pauses are shorter than forgetMinutes. A program with an old password reaches it too, which somebody should know.',
  },
  alikeSessions: {
    type: 'number',
    default: 12,
    min: 4,
    max: 100_000,
    integer: true,
    unit: 'sessions',
    reason:
      'Where logins are encrypted: so many short sessions of the same size within about two minutes are guessing. Scripts and backups make fewer, and theirs differ in size or carry more.',
  },
  slowAlikeSessions: {
    type: 'number',
    default: 30,
    min: 4,
    max: 100_000,
    integer: true,
    unit: 'sessions',
    reason:
      'So many short sessions of the same size at any pace are slow guessing, where people and not programs log in. More than failed logins, because a session only looks like one.',
  },
  manyHosts: {
    type: 'number',
    default: 8,
    min: 3,
    max: 8192,
    integer: true,
    unit: 'hosts',
    reason:
      'Failed logins at one service from so many hosts within about ten minutes come from one attack, when they are manyHostsFailedLogins at least and few logins work. Sessions that only look like failed logins count half.',
  },
  manyHostsFailedLogins: {
    type: 'number',
    default: 24,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'logins',
    reason: 'How often those hosts must fail together: three times each, where each alone could be a person who errs.',
  },
  sprayedNames: {
    type: 'number',
    default: 12,
    min: 3,
    max: 256,
    integer: true,
    unit: 'names',
    reason:
      'Failed logins of one computer under so many different names are password spraying at any pace, when few of the names work. A person has a handful of names; behind a shared computer most who err get in afterwards.',
  },
  sprayHours: {
    type: 'number',
    default: 6,
    min: 0.25,
    max: 168,
    unit: 'h',
    reason:
      'After so long without another failed login, counting names begins anew. Patient sprayers try one password per name and wait for hours, so as not to lock accounts.',
  },
  forgetMinutes: {
    type: 'number',
    default: 15,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'After so long without another try, counting begins anew.',
  },
} as const satisfies SettingTable;
