import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import type { ExpectedConnection } from './expected.ts';

/** What the first bytes of a conversation say about one protocol. */
export const VERDICT = {
  no: 0,
  /** It may be: more bytes will tell. */
  maybe: 1,
  yes: 2,
} as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/**
 * The beginning of a conversation, as far as it has come. Over TCP both sides are what was sent in order, from the
 * first byte where that was seen. Over UDP and ICMP the side that sends is the datagram at hand, whole, and the other
 * side its latest one, up to 1,500 bytes; the first four datagrams are shown until a protocol is told. An ICMP
 * message begins with its type.
 */
export interface Opening {
  /** See PROTOCOL in contract/traffic.ts. */
  readonly transport: number;
  readonly initiatorPort: number;
  readonly responderPort: number;
  /** Valid during the call. Empty while the side has said nothing. */
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  /** False for TCP conversations that were met in the middle. */
  readonly hasBeginning: boolean;
}

/** See `hold` of ParserContext. */
export type HoldMemory = (bytes: number) => void;

/** What a parser may do. */
export interface ParserContext {
  /** See PROTOCOL in contract/traffic.ts. */
  readonly transport: number;
  readonly initiatorPort: number;
  readonly responderPort: number;
  /**
   * Tells a fact; `timeUs` and `fromInitiator` are those of the bytes being parsed, unless it is said who sent what the
   * fact speaks of. The object is given away: nothing may change it afterwards, or tell it again.
   */
  tell(fact: Unstamped<Fact>, fromInitiator?: boolean): void;
  /**
   * Whether anybody wants to hear of facts of a type, of a protocol where they name one, and of a name where they have
   * one (see factName): worth the question where they are costly to put together. Left out: of all. What nobody wants
   * may be told all the same; it goes nowhere.
   */
  isWanted?(type: Fact['type'], protocol?: ProtocolId, name?: string): boolean;
  /** Whether anybody wants the MD5 of files. Left out: yes. */
  readonly wantsMd5?: boolean;
  /**
   * The conversation goes on in another protocol (STARTTLS, Upgrade, CONNECT): the bytes left over begin it; over UDP
   * the datagram at hand. Without a name it is whatever its bytes tell, as at the beginning.
   */
  become(protocol?: ProtocolId): void;
  /** Another connection between the same two will be of this protocol, whatever its bytes are. */
  expect(connection: ExpectedConnection): void;
  /** What is transferred here, where another connection announced it. */
  readonly expectedFile: ExpectedConnection['file'] | undefined;
  /** Enough was seen: nothing more of this conversation is handed over. */
  finish(): void;
  /**
   * Counts memory that the parser keeps beyond the call, fewer where negative: what messages are put together in. What is
   * left is given back with the parser. Left out where somebody else counts.
   */
  hold?(bytes: number): void;
}

/** A fact without what the context adds. */
export type Unstamped<F> = F extends Fact ? Omit<F, 'timeUs' | 'fromInitiator'> : never;

/**
 * Reads one conversation of one protocol. Must not throw whatever the bytes are, must not loop or allocate beyond
 * what the bytes at hand allow; the inspector catches what it throws all the same, counts it and gives the flow up.
 */
export interface Parser {
  /**
   * TCP: all bytes of one side, in order, that were not yet taken. Gives how many were taken; the rest comes again
   * with more behind it, so take all whole messages that there are. More than there are skips what follows, which is
   * cheap and does not count towards the bound on a side: the rest of a body that is of no interest. `bytes` is valid
   * during the call, and may be shared memory (use viewOf of bytes.ts for hashes and text). A side that leaves more
   * than MAX_UNTAKEN_BYTES is given up.
   * UDP and ICMP: one message a call; the return value does not count.
   */
  read(bytes: Uint8Array, fromInitiator: boolean): number;
  /**
   * TCP: so many bytes of one side are missing here (lost by the capture), and so is what was not taken before them.
   * The parser may find its place again; without this method the flow is given up.
   */
  gap?(missingBytes: number, fromInitiator: boolean): void;
  /** The conversation ended, or is no longer followed: the last chance to tell what was gathered. */
  end?(): void;
}

/** A row of the table of protocols. */
export interface ProtocolDefinition {
  readonly id: ProtocolId;
  /** See PROTOCOL in contract/traffic.ts. */
  readonly transports: readonly number[];
  /** Responder ports where it is usual. They order the guesses and say whether a port is its own; they prove nothing. */
  readonly ports: readonly number[];
  /**
   * Every message counts however many there are, as of DNS: the bound on the bytes of a side does not apply, and the
   * parser finishes when it has seen enough.
   */
  readonly isEndless?: boolean;
  /** Pure, quick, and sure: two protocols must not both say yes to the same bytes. */
  identify(opening: Opening): Verdict;
  parser(context: ParserContext): Parser;
}

/** What a parser may leave untaken of one side: more than any one message that is understood. */
export const MAX_UNTAKEN_BYTES = 64 * 1024;
