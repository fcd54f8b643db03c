import type { SettingTable } from '../../runtime/settings.ts';

/** From when on pings are a tunnel: section `detect.icmp-tunnel` of the configuration. */
export const icmpTunnelSettings = {
  unequalReplies: {
    type: 'number',
    default: 5,
    min: 2,
    max: 10_000,
    integer: true,
    unit: 'replies',
    reason:
      'So many replies that do not bring back what was sent are a conversation. An operating system copies the data of a ping into its reply (RFC 792); it may cut it short, but never changes it.',
  },
  nestedPackets: {
    type: 'number',
    default: 5,
    min: 2,
    max: 10_000,
    integer: true,
    unit: 'packets',
    reason: 'So many pings that carry a whole IP packet each are a tunnel: no program pings with such data.',
  },
  changingSizes: {
    type: 'number',
    default: 6,
    min: 2,
    max: 10_000,
    integer: true,
    unit: 'changes',
    reason:
      'A run of a ping program keeps one size, and one that looks for the largest packet fills each with a pattern. Data of another size from one ping to the next, so often, is a conversation.',
  },
  changingPayloads: {
    type: 'number',
    default: 24,
    min: 5,
    max: 10_000,
    integer: true,
    unit: 'payloads',
    reason:
      'So many pings between two hosts whose data differs each time carry something. Ping programs repeat one pattern behind the time of sending; where all are small and of one size, ten times as many are asked for.',
  },
  forgetMinutes: {
    type: 'number',
    default: 60,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'After so long without a ping between two hosts, counting begins anew.',
  },
} as const satisfies SettingTable;
