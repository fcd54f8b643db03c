import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** The section "store" of the configuration. */
export const storeSettings = {
  commitMs: {
    type: 'number',
    default: 500,
    min: 10,
    max: 10_000,
    integer: true,
    unit: 'ms',
    reason: 'Rows are committed to disk together this often; half a second keeps a power cut under one second lost.',
  },
  batchRows: {
    type: 'number',
    default: 2000,
    min: 100,
    max: 50_000,
    integer: true,
    unit: 'rows',
    reason:
      'Most rows of a kind in one commit, so that a busy moment blocks the engine for some ten milliseconds only.',
  },
  queueRows: {
    type: 'number',
    default: 20_000,
    min: 1000,
    max: 500_000,
    integer: true,
    unit: 'rows',
    reason: 'Flows that wait in memory while the disk is full or slow, about 20 MB; beyond that the oldest are lost.',
  },
  queueEvents: {
    type: 'number',
    default: 30_000,
    min: 1000,
    max: 500_000,
    integer: true,
    unit: 'rows',
    reason:
      'Events of the host that wait in memory while the disk is full or slow, some seconds of a storm and 30 MB; ' +
      'beyond that the oldest are lost and counted.',
  },
  busyMs: {
    type: 'number',
    default: 200,
    min: 0,
    max: 5000,
    integer: true,
    unit: 'ms',
    reason: 'How long a commit waits for another process that locks the database; longer would stall the watching.',
  },
  flowDays: {
    type: 'number',
    default: 7,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'Flows are kept this long; a week covers "what did it talk to before the alert" without filling a disk.',
  },
  eventDays: {
    type: 'number',
    default: 7,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'Events of the host are kept this long, as flows are: to see what led to an alert.',
  },
  maximumEvents: {
    type: 'number',
    default: 4_000_000,
    min: 10_000,
    max: 1_000_000_000,
    integer: true,
    unit: 'events',
    reason: 'Most events of the host that are kept, some 600 MB; beyond that the oldest go, and flows keep their room.',
  },
  trafficDays: {
    type: 'number',
    default: 31,
    min: 1,
    max: 366,
    unit: 'd',
    reason: 'Traffic by the minute and the bytes of hosts by the hour are kept this long: a month, to compare weeks.',
  },
  hostDays: {
    type: 'number',
    default: 365,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'A host is remembered this long after it was last heard of; one that is back after a year is new again.',
  },
  hostCapacity: {
    type: 'number',
    default: 50_000,
    min: 100,
    max: 1_000_000,
    integer: true,
    unit: 'hosts',
    reason:
      'Most hosts remembered, some 10 MB; beyond that those not heard of for longest go. Hosts that never proved to ' +
      'be there, such as the forged senders of a flood, get a tenth of the room and only displace each other.',
  },
  maximumMegabytes: {
    type: 'number',
    default: 1024,
    min: 16,
    max: 1_048_576,
    unit: 'MB',
    reason:
      'Beyond this size the oldest events go, then flows, findings and alerts; 1 GB holds well over a million flows.',
  },
  findingDays: {
    type: 'number',
    default: 90,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'Single findings are kept this long; after a quarter only the alert that they led to matters.',
  },
  alertDays: {
    type: 'number',
    default: 365,
    min: 1,
    max: 3650,
    unit: 'd',
    reason: 'Alerts are kept this long after they were last updated; intrusions are often noticed months later.',
  },
  anomalyDays: {
    type: 'number',
    default: 90,
    min: 1,
    max: 3650,
    unit: 'd',
    reason:
      'What was found unusual, shown or not, is kept this long, at most 50,000 of them: enough to choose how many ' +
      'anomaly alerts a day are wanted.',
  },
  journalDays: {
    type: 'number',
    default: 730,
    min: 30,
    max: 3650,
    unit: 'd',
    reason: 'The audit journal is kept this long; longer than alerts, so that it tells what was done about each.',
  },
} as const satisfies SettingTable;

export type StoreSettings = SettingValues<typeof storeSettings>;
