import type { SettingTable } from '../../runtime/settings.ts';

/** From when on a server or router is one too many: section `detect.rogue-server` of the configuration. */
export const rogueServerSettings = {
  aliveMinutes: {
    type: 'number',
    default: 60,
    min: 1,
    max: 10_080,
    unit: 'min',
    reason:
      'A server or router that was heard within this time still works here, and another with other contents is one too many. Later it may have been replaced.',
  },
  redirects: {
    type: 'number',
    default: 10,
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'destinations',
    reason:
      'A router may say once that another router is nearer to a network. So many different outside destinations by way of a device that is no router are a diversion.',
  },
} as const satisfies SettingTable;
