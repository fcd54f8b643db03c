import type { SettingTable, SettingValues } from '../runtime/settings.ts';

export const CONNECTION_FLOOD_SETTINGS = {
  connectionsPerSecond: {
    type: 'number',
    default: 100,
    min: 5,
    max: 1_000_000,
    unit: 'connections/s',
    reason:
      'Connections per second, all alike, that one client opens to one port of a server, and keeps opening. A browser opens tens, once; a program that opens one per request makes tens per second.',
  },
  variedConnectionsPerSecond: {
    type: 'number',
    default: 1000,
    min: 10,
    max: 1_000_000,
    unit: 'connections/s',
    reason:
      'The same where the connections differ in size, as those that a proxy passes on for many people do, or where they are logins, which are somebody guessing passwords.',
  },
  requestsPerSecond: {
    type: 'number',
    default: 300,
    min: 10,
    max: 10_000_000,
    unit: 'requests/s',
    reason:
      'Requests per second for one and the same page, from one client, kept up. A page of a hundred pictures asks for different ones and is done within a second or two.',
  },
  variedRequestsPerSecond: {
    type: 'number',
    default: 3000,
    min: 10,
    max: 10_000_000,
    unit: 'requests/s',
    reason:
      'The same where the requests are for different things or hand data in: package managers fetch hundreds of files per second from a near server, programs call an interface as often.',
  },
  groupFactor: {
    type: 'number',
    default: 3,
    min: 1,
    max: 1000,
    reason:
      'Several clients together must exceed the limits of one by this factor: three busy programs at one server are ordinary, and one alone that exceeds its limit is told anyway.',
  },
  sustainedSeconds: {
    type: 'number',
    default: 5,
    min: 2,
    max: 30,
    integer: true,
    unit: 's',
    reason: 'How long a rate must last. The burst in which a page loads or a build fetches its parts is shorter.',
  },
  heldSeconds: {
    type: 'number',
    default: 10,
    min: 2,
    max: 45,
    integer: true,
    unit: 's',
    reason:
      'An open connection counts as held back after this time without a complete exchange. Most requests are on their way within a second, and slow attacks send a few bytes every ten or fifteen.',
  },
  slowConnections: {
    type: 'number',
    default: 40,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'connections',
    reason:
      'Connections of one client held open at once by requests that never become complete, or by windows too small to take the answer. Browsers keep at most six to a server and complete what they ask; attack tools begin with 50.',
  },
  idleConnections: {
    type: 'number',
    default: 400,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'connections',
    reason:
      'Connections of one client opened within a minute and held open without an exchange, when nothing else speaks for an attack. Log collectors and requests that wait for a slow server stay under it.',
  },
  pooledConnections: {
    type: 'number',
    default: 2000,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'connections',
    reason:
      'The same for connections that have been used once and then fell silent. Pools of databases and proxies hold hundreds.',
  },
  quietSeconds: {
    type: 'number',
    default: 300,
    min: 10,
    max: 86_400,
    unit: 's',
    reason: 'After this long without it the flood is over, and another one is a new flood.',
  },
} as const satisfies SettingTable;

export type ConnectionFloodSettings = SettingValues<typeof CONNECTION_FLOOD_SETTINGS>;
