import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import type { ExpectedConnection } from './expected.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  type Unstamped,
  VERDICT,
} from './protocol.ts';
import type { HeldMemory } from './stream.ts';

/** A flow with where its conversation begins. */
export interface InspectedFlow extends FlowView {
  /** Its place in the flow table: as long as it is open no other flow has it. */
  readonly slot: number;
  /** TCP: sequence number of the initiator's first byte (signed 32-bit), NaN where no handshake told. */
  readonly initiatorStart: number;
  readonly responderStart: number;
}

/** Who hears what a conversation says. */
export interface Listener {
  /** See `isWanted` of ParserContext. */
  isWanted(type: Fact['type'], protocol?: ProtocolId, name?: string): boolean;
  readonly wantsMd5: boolean;
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

/** What all conversations of a transport have in common. */
export interface Surroundings {
  readonly candidates: Candidates;
  readonly byId: ReadonlyMap<ProtocolId, ProtocolDefinition>;
  readonly bytesPerSide: number;
  readonly listener: Listener;
  readonly held: HeldMemory;
}

/** A conversation changes its protocol a few times at the most: SOCKS, then HTTP, then TLS. */
const MAX_SWITCHES = 4;
const NOBODY: readonly ProtocolDefinition[] = [];

/** One conversation that is being looked into: whose protocol is told, and whose parser reads what its kind hands it. */
export abstract class Conversation implements ParserContext {
  /** Where it stands: for ConversationTable alone. */
  slot = -1;
  older: Conversation | undefined = undefined;
  newer: Conversation | undefined = undefined;

  readonly transport: number;
  readonly initiatorPort: number;
  readonly responderPort: number;
  isBroken = false;
  protected readonly surroundings: Surroundings;
  protected protocol: ProtocolDefinition | undefined = undefined;
  protected isFinished = false;
  protected fromInitiator = true;
  protected timeUs = 0;
  readonly #hasBeginning: boolean;
  readonly #expected: ExpectedConnection | undefined;
  /** Those that may still be it; empty once the protocol is known. */
  #candidates: readonly ProtocolDefinition[];
  #parser: Parser | undefined = undefined;
  /** Asked for by the parser; null for whatever the bytes tell. */
  #next: ProtocolId | null | undefined = undefined;
  #switches = 0;
  #heldByParser = 0;

  protected constructor(
    flow: FlowView,
    surroundings: Surroundings,
    hasBeginning: boolean,
    expected: ExpectedConnection | undefined,
  ) {
    this.transport = flow.protocol;
    this.initiatorPort = flow.initiatorPort;
    this.responderPort = flow.responderPort;
    this.surroundings = surroundings;
    this.#hasBeginning = hasBeginning;
    this.#expected = expected;
    this.#candidates = surroundings.candidates.all;
  }

  /** Takes a packet with payload in. False: nothing more is wanted. */
  abstract take(packet: PacketView, fromInitiator: boolean): boolean;

  /** Nothing more comes, or nothing more is wanted. */
  end(): void {
    this.isFinished = true;
    if (!this.isBroken) this.#endParser();
    this.#forgetParser();
  }

  /** Every message counts, however many there are. */
  protected get isEndless(): boolean {
    return this.protocol?.isEndless === true;
  }

  tell(fact: Unstamped<Fact>, fromInitiator = this.fromInitiator): void {
    // Given away by the parser: to write to it costs a fraction of a copy.
    const stamped = fact as Unstamped<Fact> & { timeUs: number; fromInitiator: boolean };
    stamped.timeUs = this.timeUs;
    stamped.fromInitiator = fromInitiator;
    this.surroundings.listener.fact(stamped);
  }

  isWanted(type: Fact['type'], protocol?: ProtocolId, name?: string): boolean {
    return this.surroundings.listener.isWanted(type, protocol, name);
  }

  get wantsMd5(): boolean {
    return this.surroundings.listener.wantsMd5;
  }

  become(protocol?: ProtocolId): void {
    this.#next = protocol ?? null;
  }

  expect(connection: ExpectedConnection): void {
    this.surroundings.listener.expected(connection, this.timeUs);
  }

  get expectedFile(): ExpectedConnection['file'] | undefined {
    return this.#expected?.file;
  }

  finish(): void {
    this.isFinished = true;
  }

  hold(bytes: number): void {
    this.surroundings.held.bytes += bytes;
    this.#heldByParser += bytes;
  }

  /** The conversation waits to go on in another protocol. */
  protected get isSwitching(): boolean {
    return this.#next !== undefined;
  }

  /** Asks those who have not said no; the one whose usual port it is has the first word. */
  protected identify(initiator: Uint8Array, responder: Uint8Array): void {
    const { byId, candidates } = this.surroundings;
    const expected = this.#expected && this.#switches === 0 ? byId.get(this.#expected.protocol) : undefined;
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
    for (const candidate of candidates.byPort.get(this.responderPort) ?? NOBODY) {
      if (this.#candidates.includes(candidate) && verdictOf(candidate, opening) === VERDICT.yes) {
        this.#begin(candidate);
        return;
      }
    }
    const left: ProtocolDefinition[] = [];
    let found: ProtocolDefinition | undefined;
    for (const candidate of this.#candidates) {
      const verdict = verdictOf(candidate, opening);
      if (verdict === VERDICT.maybe) left.push(candidate);
      else if (verdict === VERDICT.yes) found ??= candidate;
    }
    this.#candidates = left;
    if (found !== undefined) this.#begin(found);
    else if (left.length === 0) this.isFinished = true;
  }

  /** How much the parser takes. One that throws is our mistake, and costs this conversation only. */
  protected parse(bytes: Uint8Array, fromInitiator: boolean): number {
    const parser = this.#parser;
    if (parser === undefined) return bytes.length;
    try {
      return parser.read(bytes, fromInitiator);
    } catch {
      this.giveUp('parser-failed');
      return bytes.length;
    }
  }

  /** Tells the parser of bytes that are missing; one that cannot go on behind them ends the conversation. */
  protected missed(missingBytes: number): void {
    const parser = this.#parser;
    if (parser?.gap === undefined) {
      this.isFinished = true;
      return;
    }
    try {
      parser.gap(missingBytes, this.fromInitiator);
    } catch {
      this.giveUp('parser-failed');
    }
  }

  /** Begins the protocol that was asked for. What is left over is then handed to it by the caller. */
  protected switchProtocol(): void {
    const next = this.#next;
    this.#next = undefined;
    this.#endParser();
    this.#forgetParser();
    const protocol = typeof next === 'string' ? this.surroundings.byId.get(next) : undefined;
    this.isFinished = ++this.#switches > MAX_SWITCHES || (next !== null && protocol === undefined);
    if (this.isFinished) return;
    if (protocol === undefined) {
      this.protocol = undefined;
      this.#candidates = this.surroundings.candidates.all;
    } else {
      this.#begin(protocol);
    }
  }

  protected giveUp(reason: string): void {
    this.isFinished = true;
    this.isBroken = true;
    if (this.protocol) this.tell({ type: 'broken', protocol: this.protocol.id, reason });
  }

  #begin(protocol: ProtocolDefinition): void {
    const isFirst = this.protocol === undefined && this.#switches === 0;
    this.protocol = protocol;
    this.#candidates = NOBODY;
    if (isFirst) this.surroundings.listener.told(protocol.id);
    this.tell({ type: 'protocol', protocol: protocol.id, isUsualPort: this.#isUsualPort(protocol) });
    try {
      this.#parser = protocol.parser(this);
    } catch {
      this.giveUp('parser-failed');
    }
  }

  #isUsualPort({ id, ports }: ProtocolDefinition): boolean {
    // Where another one goes on in it, of that one it was said whether the port is its own.
    if (this.#switches > 0 || id === this.#expected?.protocol) return true;
    const isConnection = this.transport === PROTOCOL.tcp;
    if (!isConnection && this.transport !== PROTOCOL.udp) return true;
    // Who sends the first datagram, or is met in the middle of a connection, may be answering.
    const mayAnswer = !isConnection || !this.#hasBeginning;
    return ports.includes(this.responderPort) || (mayAnswer && ports.includes(this.initiatorPort));
  }

  #forgetParser(): void {
    this.#parser = undefined;
    this.hold(-this.#heldByParser);
  }

  #endParser(): void {
    try {
      this.#parser?.end?.();
    } catch {
      this.giveUp('parser-failed');
    }
  }
}

function verdictOf(candidate: ProtocolDefinition, opening: Opening): number {
  try {
    return candidate.identify(opening);
  } catch {
    // Our mistake, and no reason for others not to be asked.
    return VERDICT.no;
  }
}
