import type { SettingTable, SettingValues } from '../runtime/settings.ts';

export const FLOOD_SETTINGS = {
  manySources: {
    type: 'number',
    default: 50,
    min: 2,
    max: 100_000,
    integer: true,
    unit: 'hosts',
    reason:
      'From this many senders on, the lower of the two rates counts: a single client may go astray, fifty that send unasked at once are no accident.',
  },
  manySourcesPerSecond: {
    type: 'number',
    default: 200,
    min: 20,
    max: 1_000_000,
    unit: 'packets/s',
    reason:
      'Unanswered packets per second from many senders that make a flood. A workstation that has just left a file-sharing network still gets tens of them.',
  },
  fewSourcesPerSecond: {
    type: 'number',
    default: 500,
    min: 20,
    max: 1_000_000,
    unit: 'packets/s',
    reason:
      'Unanswered packets per second from one or few senders that make a flood. A program that retries as fast as it can against a closed port stays under it.',
  },
  oneConversationPerSecond: {
    type: 'number',
    default: 5000,
    min: 100,
    max: 10_000_000,
    unit: 'packets/s',
    reason:
      'Packets per second of a conversation in which only one side speaks. A camera that sends 20 Mbit/s of video without waiting for an answer makes 2,000.',
  },
  echoRequestsPerSecond: {
    type: 'number',
    default: 1000,
    min: 20,
    max: 1_000_000,
    unit: 'packets/s',
    reason:
      'Pings per second from few senders. Monitoring sends a few, `ping -i 0.002` makes 500 while someone tests a cable.',
  },
  reflectors: {
    type: 'number',
    default: 10,
    min: 2,
    max: 100_000,
    integer: true,
    unit: 'hosts',
    reason: 'Servers that send unasked answers at once. One or two may be slow or broken, ten are being abused.',
  },
  scanPortShare: {
    type: 'number',
    default: 0.25,
    min: 0.01,
    max: 1,
    reason:
      'Few senders that name a new port with more than this share of their packets look for open ports; a flood hits the same ones over and over.',
  },
  quietSeconds: {
    type: 'number',
    default: 300,
    min: 10,
    max: 86_400,
    unit: 's',
    reason: 'After this long without flood packets the flood is over, and another one is a new flood.',
  },
} as const satisfies SettingTable;

export type FloodSettings = SettingValues<typeof FLOOD_SETTINGS>;
