import type { SettingTable } from '../runtime/settings.ts';

/** Words that stand for more than one interface; they stand alone in the list. */
export const AUTOMATIC_INTERFACES = 'auto';
export const ALL_INTERFACES = 'all';

/** The settings of live capture. */
export const sensorSettings = {
  interfaces: {
    type: 'list',
    default: [AUTOMATIC_INTERFACES],
    minimumItems: 1,
    soleItems: [AUTOMATIC_INTERFACES, ALL_INTERFACES],
    // What the kernel takes as the name of an interface (dev_valid_name).
    pattern: /^(?!\.{1,2}$)[^/:\s]{1,15}$/,
    patternMeaning: 'the name of an interface (at most 15 characters), or "auto" or "all" alone',
    reason:
      'Which network interfaces to watch. "auto" takes every one that is switched on and carries traffic of its own: ' +
      'cable, wireless, mobile and tunnels (VPN), also when they appear later. It leaves out bridges, bonds and the ' +
      'host side of containers, because their packets are seen on another interface already, and loopback, because ' +
      'its packets never leave the machine. "all" takes those as well.',
  },
  snapBytes: {
    type: 'number',
    default: 65_535,
    min: 64,
    max: 65_535,
    integer: true,
    unit: 'B',
    reason: 'How much of every packet is looked at. Everything by default: what an attack says is in the payload.',
  },
  ringMebibytes: {
    type: 'number',
    default: 16,
    min: 1,
    max: 1_024,
    integer: true,
    unit: 'MiB',
    reason:
      'Memory for packets that wait to be looked at. The kernel holds it all the time for each of the first four ' +
      'interfaces, and half for any more; up to eight times as much is taken while the engine is late. 16 MiB hold some ' +
      'tenths of a second of small packets at 500,000 a second; more helps when Health tells of lost packets.',
  },
  promiscuous: {
    type: 'boolean',
    default: false,
    reason:
      'Whether to look at packets for other machines as well. Off: Holdfast protects this computer. On makes sense ' +
      'where a switch mirrors its traffic to this interface.',
  },
} as const satisfies SettingTable;
