import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
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

export interface InspectorOptions {
  readonly protocols: readonly ProtocolDefinition[];
  /** The flow is valid during the call. */
  readonly tell: (flow: FlowView, fact: Fact) => void;
  /** How much of each direction is looked at. */
  readonly bytesPerSide: number;
  /** Conversations that are looked into at once; what comes beyond is not, and counted. */
  readonly maxConversations: number;
  /** Most bytes held for all conversations together: out of order, or not yet a whole message. */
  readonly maxHeldBytes: number;
}

export interface InspectorCounters {
  readonly conversations: number;
  /** Not looked into, because there were too many or too much was held. */
  readonly refused: number;
  readonly facts: number;
  /** Conversations whose parser met what its protocol does not allow, or failed. */
  readonly broken: number;
}

/** Bytes of one side after which a protocol that none has recognised stays unknown. */
const MAX_OPENING_BYTES = 4_096;
/** Datagrams after which the same holds. */
const MAX_OPENING_MESSAGES = 4;
const EMPTY = new Uint8Array(0);

/** Looks into conversations: puts them in order, tells their protocol, and lets its parser read them. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #byTransport: ReadonlyMap<number, readonly ProtocolDefinition[]>;
  readonly #byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  readonly #conversations = new Map<number, Conversation>();
  #held = 0;
  #refused = 0;
  #facts = 0;
  #broken = 0;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#byId = new Map(options.protocols.map((protocol) => [protocol.id, protocol]));
    const transports = new Set(options.protocols.flatMap((protocol) => protocol.transports));
    this.#byTransport = new Map(
      [...transports].map((transport) => [
        transport,
        options.protocols.filter((protocol) => protocol.transports.includes(transport)),
      ]),
    );
  }

  /** Takes a packet with payload in. False: nothing more of this flow is of interest. */
  segment(flow: FlowView, packet: PacketView, fromInitiator: boolean): boolean {
    let conversation = this.#conversations.get(flow.id);
    if (conversation === undefined) {
      const candidates = this.#byTransport.get(flow.protocol);
      if (candidates === undefined) return false;
      if (this.#conversations.size >= this.#options.maxConversations || this.#held > this.#options.maxHeldBytes) {
        this.#refused++;
        return false;
      }
      conversation = new Conversation(flow, candidates, this.#byId, (fact) => {
        this.#facts++;
        this.#options.tell(flow, fact);
      });
      this.#conversations.set(flow.id, conversation);
    }
    const before = conversation.heldBytes;
    const wantsMore = conversation.take(packet, fromInitiator, this.#options.bytesPerSide);
    this.#held += conversation.heldBytes - before;
    if (!wantsMore) this.#close(flow.id, conversation);
    return wantsMore;
  }

  flowEnd(flow: FlowView): void {
    const conversation = this.#conversations.get(flow.id);
    if (conversation !== undefined) this.#close(flow.id, conversation);
  }

  counters(): InspectorCounters {
    return {
      conversations: this.#conversations.size,
      refused: this.#refused,
      facts: this.#facts,
      broken: this.#broken,
    };
  }

  #close(id: number, conversation: Conversation): void {
    this.#held -= conversation.heldBytes;
    this.#conversations.delete(id);
    conversation.end();
    if (conversation.isBroken) this.#broken++;
  }
}

/** One conversation that is being looked into. */
class Conversation implements ParserContext {
  readonly initiatorPort: number;
  readonly responderPort: number;
  readonly #transport: number;
  readonly #hasBeginning: boolean;
  readonly #byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  readonly #tell: (fact: Fact) => void;
  /** Undefined once the protocol is known. */
  #candidates: readonly ProtocolDefinition[] | undefined;
  #protocol: ProtocolDefinition | undefined;
  #parser: Parser | undefined;
  #streams: readonly [Stream, Stream] | undefined;
  #openings: [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  #messages = 0;
  readonly #seen: [number, number] = [0, 0];
  #isFinished = false;
  #next: ProtocolId | undefined;
  #timeUs = 0;
  #fromInitiator = true;
  isBroken = false;

  constructor(
    flow: FlowView,
    candidates: readonly ProtocolDefinition[],
    byId: ReadonlyMap<ProtocolId, ProtocolDefinition>,
    tell: (fact: Fact) => void,
  ) {
    this.initiatorPort = flow.initiatorPort;
    this.responderPort = flow.responderPort;
    this.#transport = flow.protocol;
    this.#hasBeginning = flow.tcpState !== 0 || flow.protocol !== PROTOCOL.tcp;
    this.#candidates = candidates;
    this.#byId = byId;
    this.#tell = tell;
    if (flow.protocol === PROTOCOL.tcp) this.#streams = [new Stream(), new Stream()];
  }

  get heldBytes(): number {
    return this.#streams === undefined ? 0 : this.#streams[0].heldBytes + this.#streams[1].heldBytes;
  }

  /** False: nothing more is wanted. */
  take(packet: PacketView, fromInitiator: boolean, bytesPerSide: number): boolean {
    const side = fromInitiator ? 0 : 1;
    this.#timeUs = packet.timeUs;
    const bytes = packet.bytes.subarray(packet.payloadStart, packet.payloadEnd);
    this.#seen[side] += bytes.length;
    if (this.#streams === undefined) {
      this.#takeMessage(bytes, fromInitiator);
    } else {
      // What this side confirms of the other can no longer be missing there, only in the capture.
      this.#fromInitiator = !fromInitiator;
      this.#streams[1 - side].confirmed(packet.acknowledgment, this.#readerOf(1 - side));
      this.#fromInitiator = fromInitiator;
      const missing = packet.payloadBytes - bytes.length;
      this.#streams[side].push(packet.sequence, bytes, missing, this.#readerOf(side));
      this.#switchProtocol();
    }
    return !this.#isFinished && (this.#seen[0] < bytesPerSide || this.#seen[1] < bytesPerSide);
  }

  end(): void {
    this.#guard(() => this.#parser?.end?.());
    this.#isFinished = true;
  }

  tell(fact: Unstamped<Fact>): void {
    this.#tell({ ...fact, timeUs: this.#timeUs, fromInitiator: this.#fromInitiator } as Fact);
  }

  become(protocol: ProtocolId): void {
    this.#next = protocol;
  }

  finish(): void {
    this.#isFinished = true;
  }

  #readerOf(side: number): StreamReader {
    return {
      read: (bytes) => this.#readStream(bytes, side),
      gap: (missingBytes) => this.#gap(missingBytes, side),
    };
  }

  #readStream(bytes: Uint8Array, side: number): number {
    if (this.#isFinished) return bytes.length;
    if (this.#parser === undefined) {
      this.#openings[side] = bytes;
      this.#identify();
      // The bytes are told to the parser by whoever opened it.
      if (this.#parser === undefined) {
        if (bytes.length >= MAX_OPENING_BYTES) this.#isFinished = true;
        return this.#isFinished ? bytes.length : 0;
      }
      // What the other side had said before is heard first: a greeting comes before the answer to it.
      this.#streams?.[1 - side].reread(this.#readerOf(1 - side));
    }
    if (this.#next !== undefined) return 0;
    this.#fromInitiator = side === 0;
    const taken = this.#guard(() => this.#parser?.read(bytes, side === 0)) ?? bytes.length;
    if (bytes.length - taken > MAX_UNTAKEN_BYTES) this.#giveUp('too-long');
    return taken;
  }

  #gap(missingBytes: number, side: number): boolean {
    const parser = this.#parser;
    if (parser?.gap === undefined) {
      this.#isFinished = true;
      return false;
    }
    this.#guard(() => parser.gap?.(missingBytes, side === 0));
    return !this.#isFinished;
  }

  #takeMessage(bytes: Uint8Array, fromInitiator: boolean): void {
    this.#fromInitiator = fromInitiator;
    if (this.#parser === undefined) {
      this.#messages++;
      this.#openings = fromInitiator ? [bytes, EMPTY] : [EMPTY, bytes];
      this.#identify();
      if (this.#parser === undefined) {
        if (this.#messages >= MAX_OPENING_MESSAGES) this.#isFinished = true;
        return;
      }
    }
    this.#guard(() => this.#parser?.read(bytes, fromInitiator));
  }

  /** Asks those who have not said no; the one whose usual port it is has the first word. */
  #identify(): void {
    const opening: Opening = {
      transport: this.#transport,
      initiatorPort: this.initiatorPort,
      responderPort: this.responderPort,
      initiator: this.#openings[0],
      responder: this.#openings[1],
      hasBeginning: this.#hasBeginning,
    };
    const left: ProtocolDefinition[] = [];
    let found: ProtocolDefinition | undefined;
    for (const candidate of this.#candidates ?? []) {
      const verdict = this.#guard(() => candidate.identify(opening)) ?? VERDICT.no;
      if (verdict === VERDICT.yes && (found === undefined || this.#isUsual(candidate))) found = candidate;
      if (verdict === VERDICT.maybe) left.push(candidate);
    }
    this.#candidates = left;
    if (found !== undefined) this.#begin(found);
    else if (left.length === 0) this.#isFinished = true;
  }

  #isUsual(protocol: ProtocolDefinition): boolean {
    return protocol.ports.includes(this.responderPort);
  }

  #begin(protocol: ProtocolDefinition): void {
    this.#protocol = protocol;
    this.#candidates = undefined;
    this.tell({ type: 'protocol', protocol: protocol.id, isUsualPort: this.#isUsual(protocol) });
    this.#parser = this.#guard(() => protocol.parser(this));
  }

  /** Hands what is left over to the protocol that the conversation goes on in. */
  #switchProtocol(): void {
    const next = this.#next;
    if (next === undefined || this.#streams === undefined) return;
    this.#next = undefined;
    this.#guard(() => this.#parser?.end?.());
    const protocol = this.#byId.get(next);
    if (protocol === undefined) {
      this.#isFinished = true;
      return;
    }
    this.#isFinished = false;
    this.#begin(protocol);
    for (const side of [0, 1]) this.#streams[side].reread(this.#readerOf(side));
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
