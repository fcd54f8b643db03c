import type { SettingTable } from '../../runtime/settings.ts';

/** From when on regular calls are worth telling: section `detect.beaconing` of the configuration. */
export const beaconingSettings = {
  leastCalls: {
    type: 'number',
    default: 8,
    min: 6,
    max: 200,
    integer: true,
    unit: 'calls',
    reason: 'With fewer calls a rhythm is as likely chance. Even eight must be nearly as regular as a clock.',
  },
  leastSeconds: {
    type: 'number',
    default: 60,
    min: 5,
    max: 86_400,
    unit: 's',
    reason: 'Calls must go on for so long. Scripts and pages that ask a few times in quick succession are over sooner.',
  },
  leastScore: {
    type: 'number',
    default: 0.68,
    min: 0.3,
    max: 1,
    reason:
      'How much like a clock calls must be, from 0 to 1. Calls by chance reach 0.5; a beacon whose pauses vary by 20 % reaches 0.9, by 50 % 0.75.',
  },
  lowSuspicion: {
    type: 'number',
    default: 1.5,
    min: 0,
    max: 10,
    unit: 'points',
    reason:
      'Regular calls alone are what updates, mail and monitoring do. They are told, mildly, when so much besides speaks against them: an address without a name is 1 point, an odd program half a point.',
  },
  mediumSuspicion: {
    type: 'number',
    default: 2,
    min: 0,
    max: 10,
    unit: 'points',
    reason:
      'From so much suspicion on somebody should look, if one sign among it is a whole point: ordinary programs show several small signs, or a large one, not both.',
  },
  crowdHosts: {
    type: 'number',
    default: 3,
    min: 2,
    max: 8,
    integer: true,
    unit: 'hosts',
    reason: 'A name that so many hosts of the network call is a service that people use, which takes a point away.',
  },
} as const satisfies SettingTable;
