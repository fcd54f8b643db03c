import type { FlowView, PacketView } from '../../../../contract/traffic.ts';
import { type AddressWords, isInternal } from '../../runtime/address.ts';
import { isInitiatorCalled, type NamedEnd, nameEnd } from '../control-ends.ts';
import type { Landscape } from '../landscape.ts';
import { Talker } from './talker.ts';
import { Turns } from './turns.ts';

/** Of one packet so much is read as text: long output says at its beginning what it is. */
const READ_BYTES = 1_024;
/** What has shown no sign within so much is something else. */
const FRUITLESS_BYTES = 64 * 1024;
/** A download, not a conversation: neither text nor turns are worth following any longer. */
const MOST_BYTES = 8 * 1024 * 1024;
/** From so many bytes on the share of odd ones tells whether it is text. */
const JUDGED_BYTES = 64;
const MOST_ODD_SHARE = 0.1;

/** Messages of the caller that a TLS handshake takes: its hello, and what ends it (RFC 5246 7.3, RFC 8446 2). */
const HANDSHAKE_FLIGHTS = 2;

/** What the caller's TLS hello says. */
export interface Hello {
  /** It asks for no name, or for an address in place of one. */
  readonly isNameless: boolean;
  /** It proposes protocols to speak inside, as browsers and most programs for the web do (ALPN, RFC 7301). */
  readonly hasProtocols: boolean;
}

/** One conversation in no known protocol, or in one inside TLS. */
export class ShellSession {
  readonly calledPort: number;
  readonly isInitiatorCalled: boolean;
  readonly initiator = new Talker();
  readonly responder = new Talker();
  readonly turns = new Turns();
  readonly protocol: number;
  readonly firstUs: number;
  lastUs: number;
  /** Only its rhythm can tell: it is encrypted. */
  isUnreadable = false;
  /** Its caller has begun TLS. */
  hello: Hello | undefined;
  /** TLS is usual at its port: its rhythm alone is not enough. */
  isUsualTls = false;
  /** A parser knows its protocol: it is no shell. */
  isKnown = false;
  /** What was told at last. */
  toldPoints = 0;
  toldUs = Number.NEGATIVE_INFINITY;
  // As numbers: a flood begins many conversations, and of hardly any there is anything to tell.
  readonly #initiator: AddressWords;
  readonly #responder: AddressWords;
  readonly #initiatorPort: number;
  readonly #responderPort: number;
  #bytes = 0;
  #flights = 0;
  #isCallerSpeaking = false;

  constructor(flow: FlowView) {
    this.#initiator = [flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3];
    this.#responder = [flow.responder0, flow.responder1, flow.responder2, flow.responder3];
    this.#initiatorPort = flow.initiatorPort;
    this.#responderPort = flow.responderPort;
    this.isInitiatorCalled = isInitiatorCalled(flow);
    this.calledPort = this.isInitiatorCalled ? flow.initiatorPort : flow.responderPort;
    this.protocol = flow.protocol;
    this.firstUs = flow.firstUs;
    this.lastUs = flow.lastUs;
  }

  end(isInitiator: boolean, landscape: Landscape): NamedEnd {
    return isInitiator
      ? nameEnd(this.#initiator, this.#initiatorPort, landscape)
      : nameEnd(this.#responder, this.#responderPort, landscape);
  }

  /** The called end is in the own network. */
  get isCalledInside(): boolean {
    return isInternal(...(this.isInitiatorCalled ? this.#initiator : this.#responder));
  }

  /** Both sides together. */
  get points(): number {
    const { initiator, responder } = this;
    return initiator.shellPoints + responder.shellPoints + initiator.typedPoints + responder.typedPoints;
  }

  /** @returns whether more of it is worth looking at */
  take(packet: PacketView, fromInitiator: boolean): boolean {
    const { payloadStart, payloadEnd, payloadBytes, timeUs } = packet;
    this.lastUs = timeUs;
    this.#bytes += payloadBytes;
    const fromCalled = fromInitiator === this.isInitiatorCalled;
    if (this.hello !== undefined && this.#isHandshake(fromCalled)) this.turns.skip(timeUs, fromCalled);
    else this.turns.take(timeUs, payloadBytes, fromCalled);
    if (!this.isUnreadable) {
      const [speaker, other] = fromInitiator ? [this.initiator, this.responder] : [this.responder, this.initiator];
      speaker.take(packet.bytes, payloadStart, Math.min(payloadEnd, payloadStart + READ_BYTES), other);
      if (speaker.bytesRead >= JUDGED_BYTES && speaker.oddShare > MOST_ODD_SHARE) this.isUnreadable = true;
    }
    if (this.#bytes > MOST_BYTES) return false;
    return this.#bytes < FRUITLESS_BYTES || this.points > 0 || this.turns.answered > 2;
  }

  /** Until the caller has spoken twice: what follows is what is said inside. */
  #isHandshake(fromCalled: boolean): boolean {
    const isAnotherFlight = !fromCalled && !this.#isCallerSpeaking;
    this.#isCallerSpeaking = !fromCalled;
    if (isAnotherFlight && this.#flights <= HANDSHAKE_FLIGHTS) this.#flights++;
    return this.#flights < HANDSHAKE_FLIGHTS || (this.#flights === HANDSHAKE_FLIGHTS && this.#isCallerSpeaking);
  }
}
