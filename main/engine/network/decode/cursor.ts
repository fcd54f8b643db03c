import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { COUNT, COUNTER_SLOTS, REASON } from './counters.ts';
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
  serialHdlc: 14,
  linuxCooked: 15,
  linuxCooked2: 16,
  bsdLoopback: 17,
  rawIp: 18,
  ipv4: 19,
  ipv6: 20,
  arp: 21,
  ieee80211: 22,
  radiotap: 23,
  prism: 24,
  avs: 25,
  perPacketInformation: 26,
  authenticationHeader: 27,
  gre: 28,
  etherIp: 29,
  vxlan: 30,
  vxlanGpe: 31,
  geneve: 32,
  teredo: 33,
  gtpUser: 34,
  capwapData: 35,
  ieee80211Swapped: 36,
} as const;
export type LayerName = keyof typeof LAYER;

/** Values below are a PACKET_KIND: the frame is decoded. From here on they are a LAYER. */
export const FIRST_LAYER = LAYER.ethernet;

/** A LAYER to go on with, or a PACKET_KIND to end with. */
export type Step = number;

/** Moves the cursor over one header. Never throws, reads only `bytes[offset..end)`. */
export type Dissector = (cursor: Cursor) => Step;

/**
 * Kinds of tunnels, for `packet.tunnel`. Only ids that both directions share go into that number: a VXLAN or Geneve
 * network, a GRE key, an NVGRE subnet. GTP's TEIDs and PPTP's call ids are chosen by the receiving side, so that they
 * would tear a conversation in two; the sessions of ERSPAN may differ per direction, too.
 */
export const TUNNEL_KIND = {
  ipInIp: 1,
  gre: 2,
  erspan: 3,
  etherIp: 4,
  mpls: 5,
  vxlan: 6,
  geneve: 7,
  teredo: 8,
  gtpUser: 9,
  nvgre: 10,
  capwap: 11,
} as const;

/**
 * Where the decoder stands in a frame: `bytes[offset..end)` is what was captured of the current layer, and
 * `claimedEnd` (never before `end`) is where the layer ends by the lengths that its headers claim.
 */
export class Cursor {
  readonly maxTunnelDepth: number;
  readonly packet = new Packet();
  /** See counters.ts for the slots. */
  readonly counts = new Float64Array(COUNTER_SLOTS);
  bytes: Uint8Array = this.packet.bytes;
  offset = 0;
  end = 0;
  claimedEnd = 0;
  /** Slot of the reason, when a dissector returned `malformed`. */
  reason = 0;

  /** Bounds of the innermost IP packet. */
  ipStart = 0;
  ipEnd = 0;
  ipClaimedEnd = 0;

  /** How many tunnels the cursor is inside, and how many it may enter. */
  tunnelDepth = 0;
  tunnelLimit = 0;
  /** The carrier below can still be gone back to: no reassembly has reused its memory. */
  isCarrierKept = false;
  /** The innermost IP packet with a tunnel in it, to come back to when that turns out to be unreadable. */
  #carrierBytes: Uint8Array = this.bytes;
  #carrierStart = 0;
  #carrierEnd = 0;
  #carrierClaimedEnd = 0;
  #carrierVlan = 0;
  #carrierTunnel = 0;
  #carrierSourceMacHigh = 0;
  #carrierSourceMacLow = 0;
  #carrierDestinationMacHigh = 0;
  #carrierDestinationMacLow = 0;

  /** @param maxTunnelDepth how many tunnels inside one another may be entered */
  constructor(maxTunnelDepth: number) {
    this.maxTunnelDepth = maxTunnelDepth;
  }

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

  /** Narrows the current layer to `claimedBytes` from `offset` on, as a header claims. */
  narrow(offset: number, claimedBytes: number): void {
    const claimedEnd = offset + claimedBytes;
    if (claimedEnd < this.claimedEnd) this.claimedEnd = claimedEnd;
    if (claimedEnd < this.end) this.end = claimedEnd;
  }

  /** Goes on with `layer` in exactly these bounds. */
  within(start: number, end: number, claimedEnd: number, layer: Step): Step {
    this.offset = start < end ? start : end;
    this.end = end;
    this.claimedEnd = claimedEnd;
    return layer;
  }

  /** Steps into what may be a tunnel, unless there were too many already: then the packet stays as it is. */
  enterTunnel(start: number, end: number, claimedEnd: number, layer: Step): Step {
    if (this.tunnelDepth >= this.tunnelLimit) {
      // On the way back to a carrier the limit is lowered on purpose, and that is counted already.
      if (this.tunnelLimit === this.maxTunnelDepth) this.counts[COUNT.tunnelsTooDeep]++;
      return PACKET_KIND.ip;
    }
    const packet = this.packet;
    this.tunnelDepth++;
    this.isCarrierKept = true;
    this.#carrierBytes = this.bytes;
    this.#carrierStart = this.ipStart;
    this.#carrierEnd = this.ipEnd;
    this.#carrierClaimedEnd = this.ipClaimedEnd;
    this.#carrierVlan = packet.vlan;
    this.#carrierTunnel = packet.tunnel;
    this.#carrierSourceMacHigh = packet.sourceMacHigh;
    this.#carrierSourceMacLow = packet.sourceMacLow;
    this.#carrierDestinationMacHigh = packet.destinationMacHigh;
    this.#carrierDestinationMacLow = packet.destinationMacLow;
    return this.within(start, end, claimedEnd, layer);
  }

  /** Mixes a tunnel's kind and id into `packet.tunnel`, which already tells the tunnels around it apart. */
  nameTunnel(kind: number, id: number): void {
    const packet = this.packet;
    const mixed = Math.imul(packet.tunnel ^ Math.imul(id + 1, 0x9e3779b1) ^ (kind << 24), 0x85ebca6b);
    // 0 is for packets outside of any tunnel.
    packet.tunnel = mixed ^ (mixed >>> 15) || kind;
  }

  /** It is no tunnel after all: the packet around it, untouched so far, is the result. */
  notATunnel(): Step {
    this.tunnelDepth--;
    return PACKET_KIND.ip;
  }

  /**
   * Goes back to the packet around the innermost tunnel, to be decoded again with the tunnel left wrapped. Only after
   * `enterTunnel`, and not after a reassembly, which may have overwritten the carrier's bytes.
   */
  backToCarrier(): Step {
    const packet = this.packet;
    this.tunnelDepth--;
    this.tunnelLimit = this.tunnelDepth;
    this.bytes = this.#carrierBytes;
    packet.bytes = this.#carrierBytes;
    packet.vlan = this.#carrierVlan;
    packet.tunnel = this.#carrierTunnel;
    packet.sourceMacHigh = this.#carrierSourceMacHigh;
    packet.sourceMacLow = this.#carrierSourceMacLow;
    packet.destinationMacHigh = this.#carrierDestinationMacHigh;
    packet.destinationMacLow = this.#carrierDestinationMacLow;
    return this.within(this.#carrierStart, this.#carrierEnd, this.#carrierClaimedEnd, LAYER.rawIp);
  }
}
