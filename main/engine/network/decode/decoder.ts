import { LINK_TYPE, PACKET_KIND, type PacketKind } from '../../../../contract/traffic.ts';
import { arp } from './arp.ts';
import { capwapData } from './capwap.ts';
import { COUNT, type DecodeCounters, REASON, snapshotCounters } from './counters.ts';
import { Cursor, type Dissector, FIRST_LAYER, LAYER, type LayerName, type Step } from './cursor.ts';
import { type FragmentLimits, Fragments } from './fragments.ts';
import { authenticationHeader, ipv4, ipv6, rawIp } from './ip.ts';
import { bsdLoopback, ethernet, linuxCooked, linuxCooked2, llc, mpls, vlan } from './link.ts';
import type { Packet } from './packet.ts';
import { ppp, pppoe, serialHdlc } from './ppp.ts';
import { etherIp, geneve, gre, gtpUser, teredo, vxlan, vxlanGpe } from './tunnels.ts';
import { avs, ieee80211, ieee80211Swapped, perPacketInformation, prism, radiotap } from './wifi.ts';

export type { DecodeCounters } from './counters.ts';

export interface DecoderLimits extends FragmentLimits {
  /** How many tunnels inside one another are unwrapped. The next one stays as the packet that carries it. */
  readonly maxTunnelDepth: number;
}

export const DEFAULT_DECODER_LIMITS: DecoderLimits = {
  // Real nesting ends at three or four (VXLAN over IPsec over GTP); more is made to exhaust decoders.
  maxTunnelDepth: 8,
  fragmentMemoryBytes: 8 * 1024 * 1024,
  // What Linux waits for the rest of a datagram (net.ipv4.ipfrag_time).
  fragmentTimeoutMs: 30_000,
  // As many as there are memory blocks: a datagram holds at least one.
  maxFragmentDatagrams: 4096,
};

/** Link types beyond those of the contract; the numbers are those of https://www.tcpdump.org/linktypes.html. */
const MORE_LINK_TYPES = {
  /** OpenBSD's raw IP as it is written in files. */
  rawIpOpenBsd: 14,
  ciscoHdlc: 104,
  prism: 119,
  avs: 163,
  perPacketInformation: 192,
} as const;

/** Link type → the layer that its frames begin with. */
const LINK_LAYERS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [LINK_TYPE.bsdLoopback, LAYER.bsdLoopback],
  [LINK_TYPE.openBsdLoopback, LAYER.bsdLoopback],
  [LINK_TYPE.ethernet, LAYER.ethernet],
  [LINK_TYPE.ppp, LAYER.ppp],
  [LINK_TYPE.pppHdlc, LAYER.serialHdlc],
  [MORE_LINK_TYPES.ciscoHdlc, LAYER.serialHdlc],
  [LINK_TYPE.pppoe, LAYER.pppoe],
  [LINK_TYPE.rawIp, LAYER.rawIp],
  [LINK_TYPE.rawIpAlternative, LAYER.rawIp],
  [MORE_LINK_TYPES.rawIpOpenBsd, LAYER.rawIp],
  [LINK_TYPE.ipv4, LAYER.ipv4],
  [LINK_TYPE.ipv6, LAYER.ipv6],
  [LINK_TYPE.linuxCooked, LAYER.linuxCooked],
  [LINK_TYPE.linuxCooked2, LAYER.linuxCooked2],
  [LINK_TYPE.ieee80211, LAYER.ieee80211],
  [LINK_TYPE.ieee80211Radiotap, LAYER.radiotap],
  [MORE_LINK_TYPES.prism, LAYER.prism],
  [MORE_LINK_TYPES.avs, LAYER.avs],
  [MORE_LINK_TYPES.perPacketInformation, LAYER.perPacketInformation],
]);

/** Headers in one frame. Real ones have fewer than thirty, even with tunnels in tunnels. */
const MAX_LAYERS = 64;
/** Different link types that are counted by number: a capture has as many as it has interfaces. */
const MAX_COUNTED_LINK_TYPES = 256;

const COUNT_IP = COUNT.ipFrames;
/** PACKET_KIND → slot of its counter. */
const KIND_COUNTERS: readonly number[] = [
  COUNT.otherFrames,
  COUNT.arpFrames,
  COUNT.ipFrames,
  COUNT.fragmentFrames,
  COUNT.malformedFrames,
];

/**
 * Turns frames into packets, one at a time, into one reused `packet`.
 *
 * Ethernet with IP and TCP, UDP or ICMP takes a straight path; everything else goes through a loop over a table of
 * dissectors. No frame makes it throw, read outside of the frame, or allocate; fragments go to memory of fixed size.
 */
export class Decoder {
  readonly packet: Packet;
  readonly #cursor: Cursor;
  readonly #counts: Float64Array;
  readonly #fragments: Fragments;
  readonly #dissectors: readonly (Dissector | undefined)[];
  readonly #unsupportedLinkTypes = new Map<number, number>();

  constructor(limits: Partial<DecoderLimits> = {}) {
    const all = { ...DEFAULT_DECODER_LIMITS, ...limits };
    const fragments = new Fragments(all);
    this.#cursor = new Cursor(all.maxTunnelDepth);
    this.packet = this.#cursor.packet;
    this.#counts = this.#cursor.counts;
    this.#fragments = fragments;
    this.#dissectors = dissectorTable(fragments);
  }

  /**
   * Decodes one frame into `packet`.
   *
   * @param bytes holds the frame; `packet.bytes` is this array afterwards, or the decoder's own with a reassembled
   *   datagram (valid until the next call)
   * @param start offset of the frame's first byte
   * @param capturedBytes bytes present; what would lie beyond the end of `bytes` counts as not captured
   * @param wireBytes bytes that the frame had on the wire
   * @param timeUs microseconds since the epoch; fragments age by it
   * @param linkType number of the link type as captures have it
   * @returns what the frame is; the addresses, ports and lengths in `packet` mean something for `arp`, `ip` and
   *   `fragment` only
   */
  decode(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    wireBytes: number,
    timeUs: number,
    linkType: number,
  ): PacketKind {
    const cursor = this.#cursor;
    const packet = this.packet;
    const claimedEnd = start + (wireBytes > capturedBytes ? wireBytes : capturedBytes);
    const end = start + capturedBytes;
    cursor.bytes = bytes;
    cursor.offset = start;
    cursor.end = end < bytes.length ? end : bytes.length;
    cursor.claimedEnd = claimedEnd;
    cursor.tunnelDepth = 0;
    cursor.tunnelLimit = cursor.maxTunnelDepth;
    packet.bytes = bytes;
    packet.timeUs = timeUs;
    packet.wireBytes = wireBytes;
    packet.tunnel = 0;

    let step: Step;
    if (linkType === LINK_TYPE.ethernet) {
      step = ethernet(cursor);
      if (step === LAYER.vlan) step = vlan(cursor);
      if (step === LAYER.ipv4) step = ipv4(cursor, this.#fragments);
      else if (step === LAYER.ipv6) step = ipv6(cursor, this.#fragments);
    } else {
      packet.vlan = 0;
      packet.clearMacs();
      step = LINK_LAYERS.get(linkType) ?? this.#unsupported(linkType);
    }
    if (step !== PACKET_KIND.ip) return this.#finish(step);
    this.#counts[COUNT_IP]++;
    packet.kind = PACKET_KIND.ip;
    return PACKET_KIND.ip;
  }

  /** What was counted since the decoder was made. */
  counters(): DecodeCounters {
    return snapshotCounters(this.#counts, this.#unsupportedLinkTypes);
  }

  /** Walks the rest of the layers and settles what the frame is. */
  #finish(first: Step): PacketKind {
    const cursor = this.#cursor;
    const packet = this.packet;
    const counts = this.#counts;
    let step = this.#walk(first);
    if (cursor.tunnelDepth > 0) {
      counts[COUNT.tunnelsEntered] += cursor.tunnelDepth;
      if (cursor.isCarrierKept && (step === PACKET_KIND.malformed || step === PACKET_KIND.other)) {
        // The packet that carries the unreadable thing is a fact, so that is what is reported.
        counts[COUNT.tunnelsUnreadable]++;
        step = this.#walk(cursor.backToCarrier());
      }
    }
    counts[KIND_COUNTERS[step]]++;
    if (step === PACKET_KIND.malformed) counts[cursor.reason]++;
    if (step === PACKET_KIND.malformed || step === PACKET_KIND.other) packet.clearNetwork();
    packet.kind = step as PacketKind;
    return packet.kind;
  }

  #walk(first: Step): Step {
    const cursor = this.#cursor;
    let step = first;
    for (let layers = 0; step >= FIRST_LAYER; layers++) {
      const dissector = this.#dissectors[step];
      if (layers === MAX_LAYERS || dissector === undefined) return cursor.fail(REASON.tooManyLayers);
      step = dissector(cursor);
    }
    return step;
  }

  #unsupported(linkType: number): Step {
    const counted = this.#unsupportedLinkTypes;
    if (counted.has(linkType) || counted.size < MAX_COUNTED_LINK_TYPES) {
      counted.set(linkType, (counted.get(linkType) ?? 0) + 1);
    }
    return PACKET_KIND.other;
  }
}

/** LAYER → its dissector. */
function dissectorTable(fragments: Fragments): readonly (Dissector | undefined)[] {
  const byName: Readonly<Record<LayerName, Dissector>> = {
    ethernet,
    vlan,
    llc,
    mpls,
    pppoe,
    ppp,
    serialHdlc,
    linuxCooked,
    linuxCooked2,
    bsdLoopback,
    rawIp,
    ipv4: (cursor) => ipv4(cursor, fragments),
    ipv6: (cursor) => ipv6(cursor, fragments),
    arp,
    ieee80211,
    radiotap,
    prism,
    avs,
    perPacketInformation,
    authenticationHeader,
    gre,
    etherIp,
    vxlan,
    vxlanGpe,
    geneve,
    teredo,
    gtpUser,
    capwapData,
    ieee80211Swapped,
  };
  const table: (Dissector | undefined)[] = [];
  for (const name of Object.keys(byName) as LayerName[]) table[LAYER[name]] = byName[name];
  return Array.from(table);
}
