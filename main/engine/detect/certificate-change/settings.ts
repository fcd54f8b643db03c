import type { SettingTable } from '../../runtime/settings.ts';

/** What a change of a certificate is judged by: section `detect.certificate-change` of the configuration. */
export const certificateChangeSettings = {
  rememberDays: {
    type: 'number',
    default: 30,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'A server that nobody reached for so long may have been set up anew since.',
  },
} as const satisfies SettingTable;
