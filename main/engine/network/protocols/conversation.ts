import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { type FlowView, type PacketView, PROTOCOL, TCP_FLAG } from '../../../../contract/traffic.ts';
import type { ExpectedConnection } from './expected.ts';
import {
  MAX_UNTAKEN_BYTES,
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  type Unstamped,
  VERDICT,
} from './protocol.ts';
import { Stream, type StreamReader } from './stream.ts';

/** A flow with where its conversation begins. */
export interface InspectedFlow extends FlowView {
  /** TCP: sequence number of the initiator's first byte (signed 32-bit), NaN where no handshake told. */
  readonly initiatorStart: number;
  readonly responderStart: number;
}

/** Who hears what a conversation says. */
export interface Listener {
  fact(fact: Fact): void;
  /** The protocol that the conversation begins in is told. */
  told(protocol: ProtocolId): void;
  /** Another connection between the same two is announced. */
  expected(connection: ExpectedConnection, timeUs: number): void;
}

/** Protocols of one transport. */
export interface Candidates {
  readonly all: readonly ProtocolDefinition[];
  /** Those that are usual on a port. */
  readonly byPort: ReadonlyMap<number, readonly ProtocolDefinition[]>;
}

/** Bytes of one side after which a protocol that none has recognised stays unknown. */
const MAX_OPENING_BYTES = 4_096;
/** Datagrams after which the same holds. */
const MAX_OPENING_MESSAGES = 4;
/** Of a datagram that nobody recognised so much is kept for the next look: no path carries larger ones unbroken. */
const MAX_KEPT_MESSAGE_BYTES = 1_500;
/** A conversation changes its protocol a few times at the most: SOCKS, then HTTP, then TLS. */
const MAX_SWITCHES = 4;
const EMPTY = new Uint8Array(0);
const NOBODY: readonly ProtocolDefinition[] = [];

/** Padding of a frame of 60 bytes, behind the headers of Ethernet, IP and TCP. */
const MAX_PADDING_BYTES = 6;

interface Doubtful {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** One conversation that is being looked into. */
export class Conversation implements ParserContext {
  readonly transport: number;
  readonly initiatorPort: number;
  readonly responderPort: number;
  readonly #hasBeginning: boolean;
  readonly #all: readonly ProtocolDefinition[];
  /** Those of the responder's port: they are asked first, and mostly it is one of them. */
  readonly #usual: readonly ProtocolDefinition[];
  readonly #byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  readonly #bytesPerSide: number;
  readonly #listener: Listener;
  readonly #expected: ExpectedConnection | undefined;
  /** Those that may still be it; empty once the protocol is known. */
  #candidates: readonly ProtocolDefinition[];
  #protocol: ProtocolDefinition | undefined;
  #parser: Parser | undefined;
  /** TCP only. */
  readonly #streams: readonly [Stream, Stream] | undefined;
  readonly #readers: readonly [StreamReader, StreamReader] | undefined;
  /** Of each side: the latest bytes that may be none. */
  readonly #doubtful: [Doubtful | undefined, Doubtful | undefined] = [undefined, undefined];
  /** UDP and ICMP while the protocol is unknown: the latest datagram of each side. */
  #messages: [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  #messageCount = 0;
  #messageBytes = 0;
  #isFinished = false;
  /** Asked for by the parser; null for whatever the bytes tell. */
  #next: ProtocolId | null | undefined;
  #switches = 0;
  #timeUs = 0;
  #fromInitiator = true;
  isBroken = false;

  constructor(
    flow: InspectedFlow,
    candidates: Candidates,
    byId: ReadonlyMap<ProtocolId, ProtocolDefinition>,
    bytesPerSide: number,
    listener: Listener,
    expected?: ExpectedConnection,
  ) {
    this.initiatorPort = flow.initiatorPort;
    this.responderPort = flow.responderPort;
    this.transport = flow.protocol;
    this.#all = candidates.all;
    this.#usual = candidates.byPort.get(flow.responderPort) ?? NOBODY;
    this.#candidates = candidates.all;
    this.#byId = byId;
    this.#bytesPerSide = bytesPerSide;
    this.#listener = listener;
    this.#expected = expected;
    this.#hasBeginning = true;
    if (flow.protocol === PROTOCOL.tcp) {
      const { initiatorStart, responderStart } = flow;
      this.#hasBeginning = !Number.isNaN(initiatorStart) || !Number.isNaN(responderStart);
      this.#streams = [streamFrom(initiatorStart), streamFrom(responderStart)];
      this.#readers = [this.#readerOf(0), this.#readerOf(1)];
    }
  }

  get heldBytes(): number {
    if (this.#streams === undefined) return this.#messages[0].length + this.#messages[1].length;
    return this.#streams[0].heldBytes + this.#streams[1].heldBytes;
  }

  /** False: nothing more is wanted. */
  take(packet: PacketView, fromInitiator: boolean): boolean {
    this.#timeUs = packet.timeUs;
    if (this.#streams === undefined) this.#takeMessage(messageOf(packet), fromInitiator);
    else this.#takeSegment(packet, fromInitiator ? 0 : 1);
    return !this.#isFinished;
  }

  /** Nothing more comes, or nothing more is wanted. */
  end(): void {
    if (!this.#isFinished && this.#streams !== undefined && this.#readers !== undefined) {
      this.#streams[0].flush(this.#readers[0]);
      this.#streams[1].flush(this.#readers[1]);
    }
    this.#isFinished = true;
    if (!this.isBroken) this.#guard(() => this.#parser?.end?.());
    this.#parser = undefined;
    this.#streams?.[0].release();
    this.#streams?.[1].release();
  }

  tell(fact: Unstamped<Fact>, fromInitiator = this.#fromInitiator): void {
    // Given away by the parser: to write to it costs a fraction of a copy.
    const stamped = fact as Unstamped<Fact> & { timeUs: number; fromInitiator: boolean };
    stamped.timeUs = this.#timeUs;
    stamped.fromInitiator = fromInitiator;
    this.#listener.fact(stamped);
  }

  become(protocol?: ProtocolId): void {
    this.#next = protocol ?? null;
  }

  expect(connection: ExpectedConnection): void {
    this.#listener.expected(connection, this.#timeUs);
  }

  get expectedFile(): ExpectedConnection['file'] | undefined {
    return this.#expected?.file;
  }

  finish(): void {
    this.#isFinished = true;
  }

  #takeSegment(packet: PacketView, side: 0 | 1): void {
    const streams = this.#streams as readonly [Stream, Stream];
    const readers = this.#readers as readonly [StreamReader, StreamReader];
    const other = side === 0 ? 1 : 0;
    // What this side confirms of the other can no longer be missing there, only in the capture.
    if (packet.tcpFlags & TCP_FLAG.ack) streams[other].confirmed(packet.acknowledgment, readers[other]);
    if (streams[side].deliveredBytes < this.#bytesPerSide || this.#protocol?.isEndless) {
      const bytes = packet.bytes.subarray(packet.payloadStart, packet.payloadEnd);
      // A SYN has a number of its own, before the bytes that it may bring (RFC 7413).
      const sequence = packet.tcpFlags & TCP_FLAG.syn ? (packet.sequence + 1) | 0 : packet.sequence;
      this.#judgeDoubtful(side, sequence);
      if (isPaddingMaybe(packet, bytes)) {
        this.#doubtful[side] ??= { sequence, bytes: bytes.slice() };
        return;
      }
      streams[side].push(sequence, bytes, packet.payloadBytes - bytes.length, readers[side]);
    } else if (streams[other].deliveredBytes >= this.#bytesPerSide) {
      this.#isFinished = true;
    }
    while (this.#next !== undefined && !this.isBroken) this.#switchProtocol();
  }

  /** What follows says whether doubtful bytes were any: another segment in their place shows that they were not. */
  #judgeDoubtful(side: 0 | 1, sequence: number): void {
    const doubtful = this.#doubtful[side];
    if (doubtful === undefined || this.#streams === undefined || this.#readers === undefined) return;
    this.#doubtful[side] = undefined;
    if (((sequence - doubtful.sequence) | 0) <= 0) return;
    this.#streams[side].push(doubtful.sequence, doubtful.bytes, 0, this.#readers[side]);
  }

  #readerOf(side: 0 | 1): StreamReader {
    return {
      read: (bytes) => this.#readStream(bytes, side),
      gap: (missingBytes) => this.#gap(missingBytes, side),
    };
  }

  #readStream(bytes: Uint8Array, side: 0 | 1): number {
    if (this.#isFinished) return bytes.length;
    if (this.#next !== undefined) return 0;
    const streams = this.#streams as readonly [Stream, Stream];
    const other = side === 0 ? 1 : 0;
    this.#fromInitiator = side === 0;
    if (this.#protocol === undefined) {
      const before = streams[other].untaken;
      this.#identify(side === 0 ? bytes : before, side === 0 ? before : bytes);
      if (this.#isFinished) return bytes.length;
      if (this.#protocol === undefined) {
        if (bytes.length < MAX_OPENING_BYTES) return 0;
        this.#isFinished = true;
        return bytes.length;
      }
      // What the other side had said before is heard first: a greeting comes before the answer to it.
      streams[other].reread((this.#readers as readonly [StreamReader, StreamReader])[other]);
      if (this.#isFinished) return bytes.length;
      if (this.#next !== undefined) return 0;
      this.#fromInitiator = side === 0;
    }
    const taken = this.#parse(bytes, side === 0);
    if (bytes.length - taken > MAX_UNTAKEN_BYTES) {
      this.#giveUp('too-long');
      return bytes.length;
    }
    return taken;
  }

  #gap(missingBytes: number, side: 0 | 1): void {
    if (this.#isFinished) return;
    const parser = this.#parser;
    if (parser?.gap === undefined) {
      this.#isFinished = true;
      return;
    }
    this.#fromInitiator = side === 0;
    this.#guard(() => parser.gap?.(missingBytes, side === 0));
  }

  #takeMessage(bytes: Uint8Array, fromInitiator: boolean): void {
    this.#messageBytes += bytes.length;
    this.#readMessage(bytes, fromInitiator);
    while (this.#next !== undefined && !this.isBroken) {
      this.#switchProtocol();
      if (!this.#isFinished) this.#readMessage(bytes, fromInitiator);
    }
    if (!this.#protocol?.isEndless && this.#messageBytes >= 2 * this.#bytesPerSide) this.#isFinished = true;
  }

  #readMessage(bytes: Uint8Array, fromInitiator: boolean): void {
    this.#fromInitiator = fromInitiator;
    if (this.#protocol === undefined && !this.#identifyMessage(bytes, fromInitiator)) return;
    this.#parse(bytes, fromInitiator);
  }

  /** False: it is not known yet. The parser then also hears the other side's datagram before this one. */
  #identifyMessage(bytes: Uint8Array, fromInitiator: boolean): boolean {
    const side = fromInitiator ? 0 : 1;
    const before = this.#messages[1 - side];
    this.#identify(fromInitiator ? bytes : before, fromInitiator ? before : bytes);
    if (this.#isFinished) return false;
    if (this.#protocol === undefined) {
      this.#messages[side] = bytes.slice(0, MAX_KEPT_MESSAGE_BYTES);
      if (++this.#messageCount >= MAX_OPENING_MESSAGES) this.#isFinished = true;
      return false;
    }
    this.#messages = [EMPTY, EMPTY];
    if (before.length > 0 && before.length < MAX_KEPT_MESSAGE_BYTES) {
      this.#fromInitiator = !fromInitiator;
      this.#parse(before, !fromInitiator);
      this.#fromInitiator = fromInitiator;
    }
    return !this.#isFinished;
  }

  /** Asks those who have not said no; the one whose usual port it is has the first word. */
  #identify(initiator: Uint8Array, responder: Uint8Array): void {
    const expected = this.#expected && this.#switches === 0 ? this.#byId.get(this.#expected.protocol) : undefined;
    if (expected !== undefined) {
      this.#begin(expected);
      return;
    }
    const opening: Opening = {
      transport: this.transport,
      initiatorPort: this.initiatorPort,
      responderPort: this.responderPort,
      initiator,
      responder,
      hasBeginning: this.#hasBeginning,
    };
    for (const candidate of this.#usual) {
      if (this.#candidates.includes(candidate) && identify(candidate, opening) === VERDICT.yes) {
        this.#begin(candidate);
        return;
      }
    }
    const left: ProtocolDefinition[] = [];
    let found: ProtocolDefinition | undefined;
    for (const candidate of this.#candidates) {
      const verdict = identify(candidate, opening);
      if (verdict === VERDICT.maybe) left.push(candidate);
      else if (verdict === VERDICT.yes) found ??= candidate;
    }
    this.#candidates = left;
    if (found !== undefined) this.#begin(found);
    else if (left.length === 0) this.#isFinished = true;
  }

  #isUsual(protocol: ProtocolDefinition): boolean {
    return protocol.ports.includes(this.responderPort);
  }

  #isExpected(protocol: ProtocolDefinition): boolean {
    return protocol.id === this.#expected?.protocol;
  }

  #begin(protocol: ProtocolDefinition): void {
    const isFirst = this.#protocol === undefined && this.#switches === 0;
    this.#protocol = protocol;
    this.#candidates = [];
    if (isFirst) this.#listener.told(protocol.id);
    this.tell({
      type: 'protocol',
      protocol: protocol.id,
      isUsualPort: this.#isExpected(protocol) || this.#isUsual(protocol),
    });
    this.#parser = this.#guard(() => protocol.parser(this));
  }

  /** Hands what is left over to the protocol that the conversation goes on in. */
  #switchProtocol(): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    this.#guard(() => this.#parser?.end?.());
    this.#parser = undefined;
    const protocol = next === null ? undefined : this.#byId.get(next);
    this.#isFinished = ++this.#switches > MAX_SWITCHES || (next !== null && protocol === undefined);
    if (this.#isFinished) return;
    if (protocol === undefined) {
      this.#protocol = undefined;
      this.#candidates = this.#all;
      this.#messageCount = 0;
    } else {
      this.#begin(protocol);
    }
    if (this.#streams === undefined || this.#readers === undefined) return;
    this.#streams[0].reread(this.#readers[0]);
    this.#streams[1].reread(this.#readers[1]);
  }

  /** How much the parser takes; see #guard. */
  #parse(bytes: Uint8Array, fromInitiator: boolean): number {
    const parser = this.#parser;
    if (parser === undefined) return bytes.length;
    try {
      return parser.read(bytes, fromInitiator);
    } catch {
      this.#giveUp('parser-failed');
      return bytes.length;
    }
  }

  /** A parser must not throw; one that does is our mistake, and costs this conversation only. */
  #guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      this.#giveUp('parser-failed');
      return undefined;
    }
  }

  #giveUp(reason: string): void {
    this.#isFinished = true;
    this.isBroken = true;
    if (this.#protocol) this.tell({ type: 'broken', protocol: this.#protocol.id, reason });
  }
}

function streamFrom(firstSequence: number): Stream {
  return new Stream(Number.isNaN(firstSequence) ? undefined : firstSequence);
}

/**
 * A bare acknowledgment, of a handshake too, with a few zeros: some devices count the padding of a short frame as payload. The sender then
 * goes on as if it had sent none.
 */
function isPaddingMaybe(packet: PacketView, bytes: Uint8Array): boolean {
  if (bytes.length > MAX_PADDING_BYTES || (packet.tcpFlags & ~TCP_FLAG.syn) !== TCP_FLAG.ack) return false;
  return bytes.every((byte) => byte === 0);
}

/** The payload of a datagram; of ICMP the whole message, for its type is in its header. */
function messageOf(packet: PacketView): Uint8Array {
  const isIcmp = packet.protocol === PROTOCOL.icmp || packet.protocol === PROTOCOL.icmpv6;
  return packet.bytes.subarray(isIcmp ? packet.transportStart : packet.payloadStart, packet.payloadEnd);
}

function identify(candidate: ProtocolDefinition, opening: Opening): number {
  try {
    return candidate.identify(opening);
  } catch {
    // Our mistake, and no reason for others not to be asked.
    return VERDICT.no;
  }
}
