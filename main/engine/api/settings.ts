import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** The settings of the engine's sockets. */
export const apiSettings = {
  viewGroup: {
    type: 'string',
    default: '',
    pattern: /^$|^[a-z_][a-z0-9_-]{0,31}\$?$/,
    patternMeaning: 'the name of a group, or nothing',
    reason:
      'Members of this group may see the state, the traffic and the alerts, and change nothing. Nobody but the ' +
      'user that runs Holdfast by default: who talks to whom is private.',
  },
  maxConnections: {
    type: 'number',
    default: 32,
    min: 1,
    max: 1024,
    integer: true,
    unit: 'connections',
    reason: 'Open connections to each socket; a window, a tray icon and some scripts need fewer than ten.',
  },
  maxCallsInFlight: {
    type: 'number',
    default: 16,
    min: 1,
    max: 256,
    integer: true,
    unit: 'calls',
    reason: 'Calls and streams of one connection at the same time; a window with every page open has about eight.',
  },
  callsPerSecond: {
    type: 'number',
    default: 100,
    min: 1,
    max: 10_000,
    unit: 'per second',
    reason:
      'Calls of one connection, ten times what a busy window makes; what comes faster waits. Twice as many may ' +
      'come at once.',
  },
  streamQueueItems: {
    type: 'number',
    default: 256,
    min: 1,
    max: 65_536,
    integer: true,
    unit: 'items',
    reason:
      'Items of a stream that wait for a reader that is slow; beyond it the oldest are left out, and the reader is ' +
      'told how many.',
  },
  slowReaderSeconds: {
    type: 'number',
    default: 30,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'A client that reads nothing for so long has hung and is disconnected.',
  },
  messageSeconds: {
    type: 'number',
    default: 10,
    min: 1,
    max: 600,
    unit: 's',
    reason: 'A message that was begun must be whole after so long; on a local socket it takes milliseconds.',
  },
  idleSeconds: {
    type: 'number',
    default: 600,
    min: 1,
    max: 86_400,
    unit: 's',
    reason: 'A connection that asks for nothing and watches nothing for so long is closed, to free its place.',
  },
} as const satisfies SettingTable;

export type ApiSettings = SettingValues<typeof apiSettings>;
