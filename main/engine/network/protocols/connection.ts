import { type PacketView, TCP_FLAG } from '../../../../contract/traffic.ts';
import { Conversation, type InspectedFlow, type Surroundings } from './conversation.ts';
import type { ExpectedConnection } from './expected.ts';
import { MAX_UNTAKEN_BYTES } from './protocol.ts';
import { Stream, type StreamReader, type StreamSide } from './stream.ts';

/** Bytes of one side after which a protocol that none has recognised stays unknown. */
const MAX_OPENING_BYTES = 4_096;
/** Padding of a frame of 60 bytes, behind the headers of Ethernet, IP and TCP. */
const MAX_PADDING_BYTES = 6;

interface Doubtful {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** A conversation over TCP: two streams. */
export class Connection extends Conversation implements StreamReader {
  readonly #initiator: Stream;
  readonly #responder: Stream;
  /** Of each side: the latest bytes that may be none. */
  #doubtful: [Doubtful | undefined, Doubtful | undefined] | undefined = undefined;

  constructor(flow: InspectedFlow, surroundings: Surroundings, expected: ExpectedConnection | undefined) {
    const { initiatorStart, responderStart } = flow;
    super(flow, surroundings, !Number.isNaN(initiatorStart) || !Number.isNaN(responderStart), expected);
    this.#initiator = streamFrom(initiatorStart, 0, surroundings);
    this.#responder = streamFrom(responderStart, 1, surroundings);
  }

  override take(packet: PacketView, fromInitiator: boolean): boolean {
    this.timeUs = packet.timeUs;
    const side = fromInitiator ? 0 : 1;
    const stream = fromInitiator ? this.#initiator : this.#responder;
    const other = fromInitiator ? this.#responder : this.#initiator;
    // What this side confirms of the other can no longer be missing there, only in the capture.
    if (packet.tcpFlags & TCP_FLAG.ack) other.confirmed(packet.acknowledgment, this);
    const { bytesPerSide } = this.surroundings;
    if (stream.deliveredBytes < bytesPerSide || this.isEndless) this.#push(stream, side, packet);
    else if (other.deliveredBytes >= bytesPerSide) this.isFinished = true;
    while (this.isSwitching && !this.isBroken) this.#switch();
    return !this.isFinished;
  }

  override end(): void {
    if (!this.isFinished) {
      this.#initiator.flush(this);
      this.#responder.flush(this);
    }
    super.end();
    this.#initiator.release();
    this.#responder.release();
  }

  /** See StreamReader. */
  read(bytes: Uint8Array, side: StreamSide): number {
    if (this.isFinished) return bytes.length;
    if (this.isSwitching) return 0;
    this.fromInitiator = side === 0;
    if (this.protocol === undefined) {
      const other = side === 0 ? this.#responder : this.#initiator;
      const before = other.untaken;
      this.identify(side === 0 ? bytes : before, side === 0 ? before : bytes);
      if (this.isFinished) return bytes.length;
      if (this.protocol === undefined) {
        if (bytes.length < MAX_OPENING_BYTES) return 0;
        this.isFinished = true;
        return bytes.length;
      }
      // What the other side had said before is heard first: a greeting comes before the answer to it.
      other.reread(this);
      if (this.isFinished) return bytes.length;
      if (this.isSwitching) return 0;
      this.fromInitiator = side === 0;
    }
    const taken = this.parse(bytes, side === 0);
    if (bytes.length - taken > MAX_UNTAKEN_BYTES) {
      this.giveUp('too-long');
      return bytes.length;
    }
    return taken;
  }

  /** See StreamReader. */
  gap(missingBytes: number, side: StreamSide): void {
    if (this.isFinished) return;
    this.fromInitiator = side === 0;
    this.missed(missingBytes);
  }

  #push(stream: Stream, side: StreamSide, packet: PacketView): void {
    const bytes = packet.bytes.subarray(packet.payloadStart, packet.payloadEnd);
    // A SYN has a number of its own, before the bytes that it may bring (RFC 7413).
    const sequence = packet.tcpFlags & TCP_FLAG.syn ? (packet.sequence + 1) | 0 : packet.sequence;
    if (this.#doubtful !== undefined) this.#judgeDoubtful(this.#doubtful, stream, side, sequence);
    if (isPaddingMaybe(packet, bytes)) {
      this.#doubtful ??= [undefined, undefined];
      this.#doubtful[side] ??= { sequence, bytes: bytes.slice() };
      return;
    }
    stream.push(sequence, bytes, packet.payloadBytes - bytes.length, this);
  }

  /** What follows says whether doubtful bytes were any: another segment in their place shows that they were not. */
  #judgeDoubtful(
    sides: [Doubtful | undefined, Doubtful | undefined],
    stream: Stream,
    side: StreamSide,
    sequence: number,
  ): void {
    const doubtful = sides[side];
    if (doubtful === undefined) return;
    sides[side] = undefined;
    if (((sequence - doubtful.sequence) | 0) <= 0) return;
    stream.push(doubtful.sequence, doubtful.bytes, 0, this);
  }

  #switch(): void {
    this.switchProtocol();
    if (this.isFinished) return;
    this.#initiator.reread(this);
    this.#responder.reread(this);
  }
}

function streamFrom(firstSequence: number, side: StreamSide, { held }: Surroundings): Stream {
  return new Stream(Number.isNaN(firstSequence) ? undefined : firstSequence, side, held);
}

/**
 * A bare acknowledgment, of a handshake too, with a few zeros: some devices count the padding of a short frame as
 * payload. The sender then goes on as if it had sent none.
 */
function isPaddingMaybe(packet: PacketView, bytes: Uint8Array): boolean {
  if (bytes.length > MAX_PADDING_BYTES || (packet.tcpFlags & ~TCP_FLAG.syn) !== TCP_FLAG.ack) return false;
  return bytes.every((byte) => byte === 0);
}
