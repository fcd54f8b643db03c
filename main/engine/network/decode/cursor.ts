import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { COUNTER_SLOTS, REASON } from './counters.ts';
import { Packet } from './packet.ts';

/**
 * What comes next in a frame. Every dissector moves the cursor behind its header and returns one of these,
 * or a PACKET_KIND when the frame is done. The decoder's loop calls the next dissector, so that no nesting of
 * headers, however hostile, costs stack.
 */
export const LAYER = {
  ethernet: 8,
  vlan: 9,
  llc: 10,
  mpls: 11,
  pppoe: 12,
  ppp: 13,
  linuxCooked: 14,
  linuxCooked2: 15,
  bsdLoopback: 16,
  rawIp: 17,
  ipv4: 18,
  ipv6: 19,
  arp: 20,
  ieee80211: 21,
  radiotap: 22,
  prism: 23,
  avs: 24,
  perPacketInformation: 25,
  gre: 26,
  vxlan: 27,
  vxlanGpe: 28,
  geneve: 29,
  teredo: 30,
  gtpUser: 31,
  etherIp: 32,
  authenticationHeader: 33,
  serialHdlc: 34,
} as const;

/** Values below are a PACKET_KIND: the frame is decoded. From here on they are a LAYER. */
export const FIRST_LAYER = LAYER.ethernet;

/** A LAYER to go on with, or a PACKET_KIND to end with. */
export type Step = number;

/** Moves the cursor over one header. Never throws, reads only `bytes[offset..end)`. */
export type Dissector = (cursor: Cursor) => Step;

/**
 * Where the decoder stands in a frame: `bytes[offset..end)` is what was captured of the current layer, and
 * `claimedEnd` (never before `end`) is where the layer ends by the lengths that its headers claim.
 */
export class Cursor {
  readonly packet = new Packet();
  /** See counters.ts for the slots. */
  readonly counts = new Float64Array(COUNTER_SLOTS);
  bytes: Uint8Array = this.packet.bytes;
  offset = 0;
  end = 0;
  claimedEnd = 0;
  /** Slot of the reason, when a dissector returned `malformed`. */
  reason = 0;
  /** How many tunnels the cursor is inside, and how many it may enter. */
  tunnelDepth = 0;
  tunnelLimit = 0;

  /** Bounds of the innermost IP packet, to come back to when the tunnel inside turns out to be unreadable. */
  ipStart = 0;
  ipEnd = 0;
  ipClaimedEnd = 0;

  fail(reason: number): Step {
    this.reason = reason;
    return PACKET_KIND.malformed;
  }

  /** Goes on with `layer` at `offset`. */
  at(offset: number, layer: Step): Step {
    if (offset > this.end) return this.fail(REASON.linkHeaderCut);
    this.offset = offset;
    return layer;
  }

  /** Narrows the current layer to `claimedBytes` from `offset` on, as a header below claims. */
  narrow(offset: number, claimedBytes: number): void {
    const claimedEnd = offset + claimedBytes;
    if (claimedEnd < this.claimedEnd) this.claimedEnd = claimedEnd;
    if (claimedEnd < this.end) this.end = claimedEnd;
  }
}
