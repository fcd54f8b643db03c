import { LINK_TYPE, PACKET_KIND, type PacketKind } from '../../../../contract/traffic.ts';
import { COUNT, type DecodeCounters, REASON, snapshotCounters } from './counters.ts';
import { Cursor, FIRST_LAYER, LAYER, type Step } from './cursor.ts';
import { Fragments } from './fragments.ts';
import { ipv4, ipv6, rawIp } from './ip.ts';
import { ethernet, vlan } from './link.ts';
import type { Packet } from './packet.ts';

export type { DecodeCounters } from './counters.ts';

/** Link type → the layer that its frames begin with. */
const FIRST_LAYER_OF: Readonly<Record<number, Step>> = {
  [LINK_TYPE.ethernet]: LAYER.ethernet,
  [LINK_TYPE.rawIp]: LAYER.rawIp,
};

const IP_FRAMES = COUNT.ipFrames;
/** Headers in one frame. Real ones have fewer than twenty even with tunnels in tunnels. */
const MAX_LAYERS = 64;

/** Turns frames into packets, one at a time, into one reused `packet`. */
export class Decoder {
  readonly packet: Packet;
  readonly #cursor = new Cursor();
  readonly #counts = this.#cursor.counts;
  readonly #fragments = new Fragments();
  readonly #unsupportedLinkTypes = new Map<number, number>();

  constructor() {
    this.packet = this.#cursor.packet;
  }

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
    const end = start + capturedBytes;
    cursor.bytes = bytes;
    cursor.offset = start;
    cursor.end = end;
    cursor.claimedEnd = wireBytes > capturedBytes ? start + wireBytes : end;
    cursor.tunnelDepth = 0;
    cursor.tunnelLimit = 8;
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
      step = FIRST_LAYER_OF[linkType] ?? PACKET_KIND.other;
      packet.vlan = 0;
      packet.clearMacs();
    }
    if (step === PACKET_KIND.ip) {
      this.#counts[IP_FRAMES]++;
      packet.kind = PACKET_KIND.ip;
      return PACKET_KIND.ip;
    }
    return this.#finish(step);
  }

  counters(): DecodeCounters {
    return snapshotCounters(this.#cursor.counts, this.#unsupportedLinkTypes);
  }

  #finish(first: Step): PacketKind {
    const cursor = this.#cursor;
    let step = first;
    for (let layers = 0; step >= FIRST_LAYER; layers++) {
      if (layers === MAX_LAYERS) step = cursor.fail(REASON.tooManyLayers);
      else if (step === LAYER.rawIp) step = rawIp(cursor);
      else if (step === LAYER.ipv4) step = ipv4(cursor, this.#fragments);
      else if (step === LAYER.ipv6) step = ipv6(cursor, this.#fragments);
      else step = PACKET_KIND.other;
    }
    this.packet.kind = step as PacketKind;
    return this.packet.kind;
  }
}
