/**
 * Traffic of our own making, for machines without a collection of real captures: the same on every run. It
 * exercises decoding and flows like ordinary traffic does; it is not a measure of detection.
 */
import { type PcapWriter, writePcap } from './pcap-file.ts';

const TCP = 6;
const UDP = 17;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const FLAG = { fin: 1, syn: 2, psh: 8, ack: 16 } as const;
const SEGMENT_BYTES = 1_460;
const BEGIN_US = 1_700_000_000_000_000;
/** Conversations that are open at the same time: a small office. */
const CONCURRENT = 2_000;
/** Mean time between two packets of the whole capture: about 1,400 packets/s, as in the real one. */
const MEAN_GAP_US = 700;
/** One conversation in so many is a question and an answer of DNS. */
const DNS_EVERY = 3;
/** Longest TCP conversation in segments; the mean is half of it, as many packets per flow as in real captures. */
const MOST_SEGMENTS = 60;
const CLIENTS = 250;
const SERVERS = 5_000;
const FLOOD_GAP_US = 5;
const FLOOD_VICTIM = 0x0a00_0001;

/** mulberry32, a small generator of pseudo-random numbers: floats from 0 to below 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Segment {
  readonly fromClient: boolean;
  readonly flags: number;
  readonly payloadBytes: number;
}

interface Conversation {
  readonly client: number;
  readonly server: number;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly protocol: number;
  readonly segments: readonly Segment[];
  next: number;
  /** Next sequence numbers of client and server. */
  readonly sequence: [number, number];
}

/** Ordinary traffic: web over TCP and DNS over UDP, 250 clients and 5,000 servers, interleaved. */
export function generateMixed(path: string, packets: number): void {
  const random = seeded(7);
  const frames = new FrameBuilder();
  const open = Array.from({ length: CONCURRENT }, () => makeConversation(random));
  writePcap(path, (writer) => {
    let timeUs = BEGIN_US;
    while (writer.packets < packets) {
      const place = Math.floor(random() * CONCURRENT);
      timeUs += Math.floor(random() * 2 * MEAN_GAP_US);
      if (!sendNext(open[place], frames, writer, timeUs)) open[place] = makeConversation(random);
    }
  });
}

/** A flood of SYNs, each from another spoofed address: as many flows as packets. */
export function generateFlood(path: string, packets: number): void {
  const random = seeded(11);
  const frames = new FrameBuilder();
  writePcap(path, (writer) => {
    for (let i = 0; i < packets; i++) {
      const source = (Math.floor(random() * 2 ** 32) | 0x0100_0000) >>> 0;
      const frame = frames.tcp(source, FLOOD_VICTIM, 1024 + (i % 60_000), 80, i, 0, FLAG.syn, 0);
      writer.write(BEGIN_US + i * FLOOD_GAP_US, frame);
    }
  });
}

function makeConversation(random: () => number): Conversation {
  const isDns = Math.floor(random() * DNS_EVERY) === 0;
  return {
    client: 0x0a01_0000 + 1 + Math.floor(random() * CLIENTS),
    server: isDns ? 0x0a01_00fe : 0x5db8_0000 + Math.floor(random() * SERVERS),
    clientPort: 32_768 + Math.floor(random() * 28_000),
    serverPort: isDns ? 53 : 443,
    protocol: isDns ? UDP : TCP,
    segments: isDns ? dnsSegments(random) : webSegments(random),
    next: 0,
    sequence: [Math.floor(random() * 2 ** 31), Math.floor(random() * 2 ** 31)],
  };
}

function dnsSegments(random: () => number): Segment[] {
  return [
    { fromClient: true, flags: 0, payloadBytes: 30 + Math.floor(random() * 30) },
    { fromClient: false, flags: 0, payloadBytes: 60 + Math.floor(random() * 300) },
  ];
}

function webSegments(random: () => number): Segment[] {
  const data = Array.from({ length: 1 + Math.floor(random() * MOST_SEGMENTS) }, (): Segment => {
    const fromClient = random() < 0.35;
    const isAcknowledgement = random() < 0.3;
    const payloadBytes = isAcknowledgement ? 0 : fromClient ? Math.floor(random() * 400) : SEGMENT_BYTES;
    return { fromClient, flags: payloadBytes > 0 ? FLAG.psh | FLAG.ack : FLAG.ack, payloadBytes };
  });
  const control = (fromClient: boolean, flags: number): Segment => ({ fromClient, flags, payloadBytes: 0 });
  return [
    control(true, FLAG.syn),
    control(false, FLAG.syn | FLAG.ack),
    control(true, FLAG.ack),
    ...data,
    control(true, FLAG.fin | FLAG.ack),
    control(false, FLAG.fin | FLAG.ack),
    control(true, FLAG.ack),
  ];
}

/** Writes the next packet; false when the conversation has none left. */
function sendNext(conversation: Conversation, frames: FrameBuilder, writer: PcapWriter, timeUs: number): boolean {
  const segment = conversation.segments[conversation.next++];
  if (segment === undefined) return false;
  const { client, server, clientPort, serverPort, protocol, sequence } = conversation;
  const { fromClient, flags, payloadBytes } = segment;
  const [from, to, fromPort, toPort] = fromClient
    ? [client, server, clientPort, serverPort]
    : [server, client, serverPort, clientPort];
  if (protocol === UDP) {
    writer.write(timeUs, frames.udp(from, to, fromPort, toPort, payloadBytes));
    return true;
  }
  const [own, other] = fromClient ? ([0, 1] as const) : ([1, 0] as const);
  const acknowledged = flags & FLAG.ack ? sequence[other] : 0;
  writer.write(timeUs, frames.tcp(from, to, fromPort, toPort, sequence[own], acknowledged, flags, payloadBytes));
  sequence[own] += payloadBytes + (flags & (FLAG.syn | FLAG.fin) ? 1 : 0);
  return true;
}

/** Builds frames in one buffer: each is valid until the next. */
class FrameBuilder {
  readonly #bytes = Buffer.alloc(ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES + SEGMENT_BYTES);
  #identification = 0;

  constructor() {
    this.#bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    // Payload that is neither text nor constant.
    const random = seeded(3);
    for (let at = ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES; at < this.#bytes.length; at++) {
      this.#bytes[at] = Math.floor(random() * 256);
    }
  }

  tcp(
    from: number,
    to: number,
    fromPort: number,
    toPort: number,
    sequence: number,
    acknowledged: number,
    flags: number,
    payloadBytes: number,
  ): Uint8Array {
    const at = this.#ip(from, to, TCP, TCP_BYTES + payloadBytes);
    const bytes = this.#bytes;
    bytes.writeUInt16BE(fromPort, at);
    bytes.writeUInt16BE(toPort, at + 2);
    bytes.writeUInt32BE(sequence >>> 0, at + 4);
    bytes.writeUInt32BE(acknowledged >>> 0, at + 8);
    bytes[at + 12] = (TCP_BYTES / 4) << 4;
    bytes[at + 13] = flags;
    bytes.writeUInt16BE(64_240, at + 14);
    bytes.writeUInt32BE(0, at + 16);
    return bytes.subarray(0, at + TCP_BYTES + payloadBytes);
  }

  udp(from: number, to: number, fromPort: number, toPort: number, payloadBytes: number): Uint8Array {
    const at = this.#ip(from, to, UDP, UDP_BYTES + payloadBytes);
    const bytes = this.#bytes;
    bytes.writeUInt16BE(fromPort, at);
    bytes.writeUInt16BE(toPort, at + 2);
    bytes.writeUInt16BE(UDP_BYTES + payloadBytes, at + 4);
    bytes.writeUInt16BE(0, at + 6);
    return bytes.subarray(0, at + UDP_BYTES + payloadBytes);
  }

  /** Gives the offset of the transport header. */
  #ip(from: number, to: number, protocol: number, transportBytes: number): number {
    const at = ETHERNET_BYTES;
    const bytes = this.#bytes;
    bytes[at] = 0x45;
    bytes[at + 1] = 0;
    bytes.writeUInt16BE(IPV4_BYTES + transportBytes, at + 2);
    bytes.writeUInt16BE(this.#identification++ & 0xffff, at + 4);
    bytes.writeUInt16BE(0, at + 6);
    bytes[at + 8] = 64;
    bytes[at + 9] = protocol;
    bytes.writeUInt16BE(0, at + 10);
    bytes.writeUInt32BE(from, at + 12);
    bytes.writeUInt32BE(to, at + 16);
    return at + IPV4_BYTES;
  }
}
