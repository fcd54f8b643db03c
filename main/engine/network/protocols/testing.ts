/** Support for tests of parsers: conversations without a network, real captures, and damaged messages. */
import type { Fact } from '../../../../contract/facts.ts';
import { type FlowView, PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../../contract/traffic.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { Packet } from '../decode/packet.ts';
import { flowSettings } from '../flow-settings.ts';
import { readTraffic } from '../read-traffic.ts';
import { TrafficEngine } from '../traffic-engine.ts';
import { joinBytes, NO_BYTES } from './bytes.ts';
import { FactCollector, type FlowFacts } from './fact-collector.ts';
import type { ProtocolDefinition } from './protocol.ts';

export type Side = 'initiator' | 'responder';

export interface FeedOptions {
  /** See PROTOCOL in contract/traffic.ts; the first transport of the definition by default. */
  readonly transport?: number;
  readonly initiatorPort?: number;
  /** The first usual port of the definition by default. */
  readonly responderPort?: number;
  /** Most bytes of a TCP segment: 1 hands every byte over by itself. */
  readonly segmentBytes?: number;
  /** Other protocols that may be told or become. */
  readonly others?: readonly ProtocolDefinition[];
  /** Sequence number of the first byte of either side. */
  readonly firstSequence?: number;
  /** TCP: so many bytes of the same side are lost by the capture before the part of this number. */
  readonly missing?: readonly (readonly [part: number, bytes: number])[];
  /** TCP: without a handshake, as where the capture began later; who speaks first then counts as the initiator. */
  readonly isMetInTheMiddle?: boolean;
  /** Whether the flow ends after the last bytes; true by default. */
  readonly ends?: boolean;
}

const FEED_INITIATOR = 0x0a000001;
const FEED_RESPONDER = 0x0a000002;
const FEED_START_US = 1_700_000_000_000_000;

/**
 * What a protocol makes of a conversation: TCP bytes in order, or one UDP datagram (or ICMP message, from its type
 * on) after the other, through the flow table and the inspector. Over TCP there is a handshake, so that the responder
 * may speak first; otherwise who speaks first is the initiator. The first fact is that of the protocol being told.
 */
export function feed(
  definition: ProtocolDefinition,
  exchange: readonly (readonly [Side, Uint8Array])[],
  options: FeedOptions = {},
): Fact[] {
  const facts: Fact[] = [];
  const engine = new TrafficEngine({
    settings: { ...defaultsOf(flowSettings), flowCapacity: 64, conversationCapacity: 64 },
    observers: [{ fact: (_flow: FlowView, fact: Fact) => facts.push(fact) }],
    protocols: [definition, ...(options.others ?? [])],
  });
  const feeder = new Feeder(engine, definition, options);
  const missing = new Map(options.missing);
  for (const [part, [side, bytes]] of exchange.entries()) {
    feeder.lose(side, missing.get(part) ?? 0);
    feeder.send(side, bytes);
  }
  if (options.ends !== false) engine.finish();
  return facts;
}

/** Packs bytes into packets of one conversation. */
class Feeder {
  readonly #engine: TrafficEngine;
  readonly #transport: number;
  readonly #ports: readonly [number, number];
  readonly #segmentBytes: number;
  readonly #sequences: [number, number];
  #timeUs = FEED_START_US;

  constructor(engine: TrafficEngine, definition: ProtocolDefinition, options: FeedOptions) {
    this.#engine = engine;
    this.#transport = options.transport ?? definition.transports[0];
    this.#ports = [options.initiatorPort ?? 40_000, options.responderPort ?? definition.ports[0] ?? 9_999];
    this.#segmentBytes = options.segmentBytes ?? Number.POSITIVE_INFINITY;
    const first = options.firstSequence ?? 1_000;
    this.#sequences = [first, first];
    if (this.#transport === PROTOCOL.tcp && !options.isMetInTheMiddle) this.#handshake(first);
  }

  #handshake(first: number): void {
    this.#sequences[0] = (first - 1) | 0;
    this.#sequences[1] = (first - 1) | 0;
    this.#packet(0, NO_BYTES, TCP_FLAG.syn);
    this.#sequences[0] = first;
    this.#packet(1, NO_BYTES, TCP_FLAG.syn | TCP_FLAG.ack);
    this.#sequences[1] = first;
  }

  lose(side: Side, bytes: number): void {
    this.#sequences[side === 'initiator' ? 0 : 1] += bytes;
  }

  send(side: Side, bytes: Uint8Array): void {
    const step = this.#transport === PROTOCOL.tcp ? Math.min(this.#segmentBytes, 60_000) : bytes.length;
    let at = 0;
    do {
      this.#packet(side === 'initiator' ? 0 : 1, bytes.slice(at, at + step));
      at += step;
    } while (at < bytes.length);
  }

  #packet(side: 0 | 1, bytes: Uint8Array, flags: number = TCP_FLAG.psh | TCP_FLAG.ack): void {
    const packet = this.#engine.packet;
    const isIcmp = this.#transport === PROTOCOL.icmp || this.#transport === PROTOCOL.icmpv6;
    Object.assign(packet, new Packet());
    packet.kind = PACKET_KIND.ip;
    packet.timeUs = this.#timeUs += 1_000;
    packet.ipVersion = 4;
    packet.protocol = this.#transport;
    [packet.source2, packet.source3] = [0xffff, side === 0 ? FEED_INITIATOR : FEED_RESPONDER];
    [packet.destination2, packet.destination3] = [0xffff, side === 0 ? FEED_RESPONDER : FEED_INITIATOR];
    packet.sourcePort = isIcmp ? (bytes[0] ?? 0) : this.#ports[side];
    packet.destinationPort = isIcmp ? (bytes[1] ?? 0) : this.#ports[1 - side];
    packet.bytes = bytes;
    packet.transportHeaderBytes = isIcmp ? Math.min(8, bytes.length) : 0;
    packet.payloadStart = packet.transportHeaderBytes;
    packet.payloadEnd = bytes.length;
    packet.payloadBytes = bytes.length - packet.payloadStart;
    packet.wireBytes = 54 + bytes.length;
    packet.sequence = this.#sequences[side];
    packet.acknowledgment = this.#sequences[1 - side];
    packet.tcpFlags = this.#transport === PROTOCOL.tcp ? flags : 0;
    this.#sequences[side] = (this.#sequences[side] + bytes.length) | 0;
    this.#engine.deliver(packet.wireBytes);
  }
}

/** What each flow of a capture says, in the order in which the flows began. Flows without a fact are among them. */
export async function inspectCapture(path: string, protocols?: readonly ProtocolDefinition[]): Promise<FlowFacts[]> {
  const collector = new FactCollector();
  const engine = new TrafficEngine({
    settings: { ...defaultsOf(flowSettings), flowCapacity: 65_536, conversationCapacity: 32_768 },
    observers: [collector],
    ...(protocols ? { protocols } : {}),
  });
  await readTraffic(path, engine);
  engine.finish();
  return [...collector.flows()];
}

/** A small generator of numbers in [0, 2^32) (xorshift32): the same seed gives the same numbers. */
export function numbersFrom(seed: number): () => number {
  let state = (seed | 0) === 0 ? 0x9e3779b9 | 0 : seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Lengths and counts that parsers get wrong. */
const NASTY_BYTES = [0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff];

/**
 * Damaged copies of a message, the same for the same seed: bits flipped, bytes set to what lengths get wrong, cut
 * short, parts doubled, left out or moved.
 */
export function* mutations(bytes: Uint8Array, seed: number, count = 100): Generator<Uint8Array> {
  const next = numbersFrom(seed);
  for (let n = 0; n < count; n++) {
    // Not `slice`: that of a Buffer shares its memory.
    let damaged: Uint8Array = Uint8Array.from(bytes);
    const changes = 1 + (next() % 4);
    for (let i = 0; i < changes && damaged.length > 0; i++) damaged = damage(damaged, next);
    yield damaged;
  }
}

/** No message grows beyond this by doubling its parts. */
const MAX_MUTATION_BYTES = 60_000;

function damage(bytes: Uint8Array, next: () => number): Uint8Array {
  const at = next() % bytes.length;
  const length = 1 + (next() % Math.min(64, bytes.length - at));
  switch (next() % 7) {
    case 0:
      bytes[at] ^= 1 << (next() % 8);
      return bytes;
    case 1:
      bytes[at] = NASTY_BYTES[next() % NASTY_BYTES.length];
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      for (let i = at; i < at + length; i++) bytes[i] = next() & 0xff;
      return bytes;
    case 4:
      if (bytes.length + length > MAX_MUTATION_BYTES) return bytes;
      return joinBytes(bytes.subarray(0, at + length), bytes.subarray(at));
    case 5:
      return joinBytes(bytes.subarray(0, at), bytes.subarray(at + length));
    default:
      bytes.copyWithin(next() % bytes.length, at, at + length);
      return bytes;
  }
}
