import type { SettingTable } from '../../runtime/settings.ts';

/** From when on signs add up to command and control: section `detect.remote-control` of the configuration. */
export const remoteControlSettings = {
  points: {
    type: 'number',
    default: 6,
    min: 3,
    max: 100,
    integer: true,
    unit: 'points',
    reason:
      'Signs between two hosts are added up: 1 or 2 points for what ordinary software also does, 3 to 10 for what it hardly ever does. From here on it is told at low severity, if one of the latter is among them.',
  },
  mediumPoints: {
    type: 'number',
    default: 10,
    min: 3,
    max: 100,
    integer: true,
    unit: 'points',
    reason: 'Two or three strong signs with some weak ones: somebody should look at it. Ordinary software stays below.',
  },
  highPoints: {
    type: 'number',
    default: 15,
    min: 3,
    max: 100,
    integer: true,
    unit: 'points',
    reason: 'So many signs together are no accident.',
  },
} as const satisfies SettingTable;
