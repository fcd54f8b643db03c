import type { SettingTable, SettingValues } from '../../runtime/settings.ts';

/** The section "captures" of the configuration: captures that are given to the running engine. */
export const captureSettings = {
  maxMebibytes: {
    type: 'number',
    default: 2048,
    min: 1,
    max: 1_048_576,
    integer: true,
    unit: 'MiB',
    reason: 'Largest capture that is taken; 2 GiB is an hour of a busy office line, and larger ones are for "analyze".',
  },
  kept: {
    type: 'number',
    default: 20,
    min: 1,
    max: 500,
    integer: true,
    unit: 'captures',
    reason: 'Analysed captures that are kept with their alerts and flows; the oldest goes when another one comes.',
  },
  keptFlows: {
    type: 'number',
    default: 100_000,
    min: 0,
    max: 1_000_000,
    integer: true,
    unit: 'flows',
    reason: 'Flows of a capture that are kept for Hunt, some 60 MB of the database; alerts know of all flows.',
  },
} as const satisfies SettingTable;

export type CaptureSettings = SettingValues<typeof captureSettings>;
