import { type FlowView, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import { NO_BYTES } from './bytes.ts';
import { Conversation, type Surroundings } from './conversation.ts';

/** Datagrams after which a protocol that none has recognised stays unknown. */
const MAX_OPENING_MESSAGES = 4;
/** Of a datagram that nobody recognised so much is kept for the next look: no path carries larger ones unbroken. */
const MAX_KEPT_MESSAGE_BYTES = 1_500;

/** A conversation of datagrams, over UDP or ICMP, each of which is a message. */
export class Exchange extends Conversation {
  /** While the protocol is unknown: the latest datagram of each side. */
  #initiator: Uint8Array = NO_BYTES;
  #responder: Uint8Array = NO_BYTES;
  #messageCount = 0;
  #messageBytes = 0;

  constructor(flow: FlowView, surroundings: Surroundings) {
    super(flow, surroundings, true, undefined);
  }

  override take(packet: PacketView, fromInitiator: boolean): boolean {
    this.timeUs = packet.timeUs;
    const bytes = messageOf(packet);
    this.#messageBytes += bytes.length;
    this.#read(bytes, fromInitiator);
    while (this.isSwitching && !this.isBroken) {
      this.switchProtocol();
      if (this.isFinished) break;
      this.#messageCount = 0;
      this.#read(bytes, fromInitiator);
    }
    if (!this.isEndless && this.#messageBytes >= 2 * this.surroundings.bytesPerSide) this.isFinished = true;
    return !this.isFinished;
  }

  override end(): void {
    super.end();
    this.#keep(true, NO_BYTES);
    this.#keep(false, NO_BYTES);
  }

  #read(bytes: Uint8Array, fromInitiator: boolean): void {
    this.fromInitiator = fromInitiator;
    if (this.protocol === undefined && !this.#identifyMessage(bytes, fromInitiator)) return;
    this.parse(bytes, fromInitiator);
  }

  /** False: it is not known yet. The parser then also hears the other side's datagram before this one. */
  #identifyMessage(bytes: Uint8Array, fromInitiator: boolean): boolean {
    const before = fromInitiator ? this.#responder : this.#initiator;
    this.identify(fromInitiator ? bytes : before, fromInitiator ? before : bytes);
    if (this.isFinished) return false;
    if (this.protocol === undefined) {
      this.#keep(fromInitiator, bytes.slice(0, MAX_KEPT_MESSAGE_BYTES));
      if (++this.#messageCount >= MAX_OPENING_MESSAGES) this.isFinished = true;
      return false;
    }
    if (before.length > 0 && before.length < MAX_KEPT_MESSAGE_BYTES) {
      this.fromInitiator = !fromInitiator;
      this.parse(before, !fromInitiator);
      this.fromInitiator = fromInitiator;
    }
    this.#keep(true, NO_BYTES);
    this.#keep(false, NO_BYTES);
    return !this.isFinished;
  }

  #keep(fromInitiator: boolean, message: Uint8Array): void {
    const { held } = this.surroundings;
    if (fromInitiator) {
      held.bytes += message.length - this.#initiator.length;
      this.#initiator = message;
    } else {
      held.bytes += message.length - this.#responder.length;
      this.#responder = message;
    }
  }
}

/** The payload of a datagram; of ICMP the whole message, for its type is in its header. */
function messageOf(packet: PacketView): Uint8Array {
  const isIcmp = packet.protocol === PROTOCOL.icmp || packet.protocol === PROTOCOL.icmpv6;
  return packet.bytes.subarray(isIcmp ? packet.transportStart : packet.payloadStart, packet.payloadEnd);
}
