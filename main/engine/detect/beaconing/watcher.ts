import type {
  CertificateFact,
  DnsFact,
  Fact,
  HttpRequestFact,
  HttpResponseFact,
  TlsClientFact,
} from '../../../../contract/facts.ts';
import {
  END_REASON,
  type EndReason,
  type FlowView,
  type PacketView,
  PROTOCOL,
  TCP_STATE,
  type TrafficObserver,
} from '../../../../contract/traffic.ts';
import type { DetectorContext } from '../detector.ts';
import { initiatorText, isInitiatorInside, isResponderInside, responderText } from '../ends.ts';
import { CallBook } from './book.ts';
import {
  type BeaconCall,
  type Channel,
  callableName,
  connectionCall,
  type Destination,
  markBits,
  pairKey,
} from './call.ts';
import { type AskedName, DnsCalls, dnsDestination } from './dns-calls.ts';
import { httpCall, httpDestination, isCertificateCheck } from './http-call.ts';
import { BeaconJudge, type RatedPair } from './judge.ts';
import type { CallPair } from './pair.ts';
import type { beaconingSettings } from './settings.ts';
import { type Exchange, TALK, Talks } from './talks.ts';

/** Messages in an open connection that are no more than a sign of life; calls over UDP agree on their quality too. */
const KEEP_ALIVE_BYTES = 300;
const UDP_KEEP_ALIVE_BYTES = 1_500;

const NEW_CONNECTION = markBits('new-connection');
const KEEP_ALIVE = markBits('keep-alive');
const UNUSUAL_PORT = markBits('unusual-port');
const BROWSER_HELLO = markBits('browser-hello');
const LIBRARY_HELLO = markBits('library-hello');

/**
 * Beacons: hosts that call one destination again and again in a rhythm, by new connections, by requests in one, by
 * messages after a silence in an encrypted one, or by names that nobody asked for before.
 */
export class BeaconWatcher implements TrafficObserver {
  readonly #book = new CallBook();
  readonly #judge: BeaconJudge;
  readonly #talks = new Talks();
  readonly #dns = new DnsCalls();
  #lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof beaconingSettings>) {
    this.#judge = new BeaconJudge(context, this.#book);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'protocol':
        this.#noteProtocol(flow, fact.protocol, fact.isUsualPort);
        break;
      case 'tls-client':
        this.#noteHello(flow, fact);
        break;
      case 'certificate':
        this.#noteCertificate(flow, fact);
        break;
      case 'http-request':
        this.#noteRequest(flow, fact);
        break;
      case 'http-response':
        this.#noteResponse(flow, fact);
        break;
      case 'dns':
        if (fact.protocol === 'dns') this.#noteQuestion(flow, fact);
        break;
      default:
    }
  }

  segment(flow: FlowView, packet: PacketView, fromInitiator: boolean): boolean {
    const talks = this.#talks;
    const place = talks.place(flow);
    const state = talks.state(place);
    if (state === TALK.ignored) return false;
    // Until its first request is told, an HTTP connection can become a tunnel to anywhere.
    if (state === TALK.told) return talks.destination(place) === undefined;
    if (talks.isOver(place, packet.timeUs)) {
      this.#finishMessage(flow, place);
      if (state === TALK.beginningOnly) {
        talks.setState(place, TALK.ignored);
        return false;
      }
    }
    if (talks.count(place, packet.timeUs, packet.payloadBytes, fromInitiator)) return true;
    this.#finishMessage(flow, place);
    talks.setState(place, TALK.ignored);
    return false;
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (isRefused(flow)) this.#noteRefused(flow);
    const place = this.#talks.find(flow);
    // What is cut for its length goes on: see flowRenewed.
    if (place < 0 || reason === END_REASON.activeTimeout) return;
    const state = this.#talks.state(place);
    if (state !== TALK.told && state !== TALK.ignored) this.#finishMessage(flow, place);
    this.#talks.forget(place);
  }

  flowRenewed(formerId: number, flow: FlowView): void {
    this.#talks.renew(formerId, flow);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isStopping = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    if (!isStopping) return;
    for (const pair of this.#book.pairs()) {
      if (pair.calls > pair.reported.calls) this.#judge.hear(pair, true);
    }
  }

  clockReset(): void {
    this.#book.clear();
    this.#talks.clear();
    this.#dns.clear();
    this.#lastTickSecond = Number.NaN;
  }

  /** Takes in a call that was not read from packets but from a log. */
  addCall(call: BeaconCall): CallPair | undefined {
    const pair = this.#book.add(call);
    if (pair?.isDue) this.#judge.hear(pair, false);
    return pair;
  }

  /** Takes in a question of DNS, from a log or from packets. */
  addQuestion(asked: AskedName): void {
    const question = this.#dns.ask(asked);
    if (question?.type === 'new') this.addCall(question.call);
    else if (question !== undefined) this.#noteRepeat(dnsDestination(asked.client, asked.resolver, question.domain));
  }

  /** All pairs that are measured, judged as they stand. */
  rated(): readonly RatedPair[] {
    return [...this.#book.pairs()].map((pair) => this.#judge.rate(pair));
  }

  #noteProtocol(flow: FlowView, protocol: string, isUsualPort: boolean): void {
    const place = this.#talks.place(flow);
    // What is spoken inside of a tunnel is told too.
    if (this.#talks.state(place) !== TALK.fresh) return;
    this.#talks.setState(place, PROTOCOL_STATES.get(protocol) ?? TALK.ignored);
    if (!isUsualPort) this.#talks.addMarks(place, UNUSUAL_PORT);
  }

  #noteHello(flow: FlowView, fact: TlsClientFact): void {
    const talks = this.#talks;
    const place = talks.place(flow);
    const state = talks.state(place);
    if (state !== TALK.followed && state !== TALK.beginningOnly) return;
    talks.addMarks(place, isBrowserHello(fact) ? BROWSER_HELLO : LIBRARY_HELLO);
    if (talks.destination(place) !== undefined) return;
    const channel = fact.protocol === 'quic' ? 'quic' : 'tls';
    talks.setDestination(place, this.#destinationOf(flow, channel, callableName(fact.serverName)));
  }

  #noteCertificate(flow: FlowView, fact: CertificateFact): void {
    if (fact.position !== 0 || !fact.isSelfSigned) return;
    const place = this.#talks.find(flow);
    if (place >= 0) this.#talks.noteSelfSigned(place);
  }

  #noteRequest(flow: FlowView, fact: HttpRequestFact): void {
    const talks = this.#talks;
    const place = talks.place(flow);
    const client = fact.fromInitiator ? initiatorText(flow) : responderText(flow);
    const server = fact.fromInitiator ? responderText(flow) : initiatorText(flow);
    const port = fact.fromInitiator ? flow.responderPort : flow.initiatorPort;
    const isUsualPort = (talks.marks(place) & UNUSUAL_PORT) === 0;
    const request = { ...fact, isUsualPort };
    const destination = httpDestination(client, server, port, request);
    talks.setDestination(place, destination);
    if (fact.method === 'CONNECT') {
      talks.setState(place, TALK.followed);
      return;
    }
    talks.setState(place, TALK.told);
    if (isCertificateCheck(request)) return;
    talks.setPair(place, this.addCall(httpCall(destination, fact.timeUs, request)));
  }

  #noteResponse(flow: FlowView, fact: HttpResponseFact): void {
    const place = this.#talks.find(flow);
    if (place < 0 || this.#talks.state(place) !== TALK.told || fact.contentLength < 0) return;
    this.#talks.pair(place)?.addAnswered(fact.contentLength);
  }

  #noteQuestion(flow: FlowView, fact: DnsFact): void {
    if (fact.isResponse) {
      this.#dns.learn(fact);
      return;
    }
    const client = fact.fromInitiator ? initiatorText(flow) : responderText(flow);
    const resolver = fact.fromInitiator ? responderText(flow) : initiatorText(flow);
    const question = fact.questions[0];
    if (question === undefined) return;
    this.addQuestion({ client, resolver, timeUs: fact.timeUs, name: question.name, recordType: question.type });
  }

  #noteRepeat(destination: Destination): void {
    const pair = this.#book.find(pairKey(destination));
    if (pair !== undefined) pair.repeats++;
  }

  #noteRefused(flow: FlowView): void {
    const destination = this.#destinationOf(flow, 'tcp', '');
    const connection = { ...destination, timeUs: flow.firstUs, isUsualPort: true, isRefused: true };
    this.addCall(connectionCall({ ...connection, sentBytes: -1, answeredBytes: -1 }));
  }

  /** The message that is under way is over: if it was answered it was a call. */
  #finishMessage(flow: FlowView, place: number): void {
    const talks = this.#talks;
    const exchange = talks.finish(place);
    if (exchange === undefined) return;
    let destination = talks.destination(place);
    if (destination === undefined) {
      const channel = talks.state(place) === TALK.fresh ? unknownChannel(flow) : 'tls';
      destination = this.#destinationOf(flow, channel, '');
      talks.setDestination(place, destination);
    }
    const pair = this.addCall({
      destination,
      timeUs: exchange.timeUs,
      shape: '',
      agent: '',
      marks: talks.marks(place) | exchangeMarks(exchange, destination.channel),
      sentBytes: exchange.sentBytes,
      answeredBytes: exchange.answeredBytes,
    });
    if (pair !== undefined && talks.isSelfSigned(place)) pair.selfSigned++;
  }

  #destinationOf(flow: FlowView, channel: Channel, name: string): Destination {
    const server = responderText(flow);
    return {
      client: initiatorText(flow),
      server,
      name: name === '' ? this.#dns.nameOf(server) : name,
      port: flow.responderPort,
      channel,
      isProxied: false,
    };
  }
}

/** What is done with connections by their protocol; all others are services with a rhythm of their own. */
const PROTOCOL_STATES = new Map<string, (typeof TALK)[keyof typeof TALK]>([
  ['http', TALK.told],
  ['http2', TALK.told],
  ['tls', TALK.followed],
  // Browsers keep such connections open with a few bytes now and then.
  ['quic', TALK.beginningOnly],
]);

/** AES-128-GCM, ChaCha20, AES-256-GCM of TLS 1.3 (RFC 8446 B.4). */
const FIREFOX_CIPHERS = [0x1301, 0x1303, 0x1302] as const;

/** An attempt from inside to the outside that came to nothing: those inside are scans and services that are switched off. */
function isRefused(flow: FlowView): boolean {
  return (
    (flow.tcpState === TCP_STATE.refused || flow.tcpState === TCP_STATE.synSent) &&
    isInitiatorInside(flow) &&
    !isResponderInside(flow)
  );
}

function unknownChannel(flow: FlowView): Channel {
  return flow.protocol === PROTOCOL.udp ? 'udp' : 'tcp';
}

function exchangeMarks({ isFirst, sentBytes, answeredBytes }: Exchange, channel: Channel): number {
  if (isFirst) return NEW_CONNECTION;
  const most = channel === 'udp' ? UDP_KEEP_ALIVE_BYTES : KEEP_ALIVE_BYTES;
  return sentBytes + answeredBytes < most ? KEEP_ALIVE : 0;
}

/**
 * Chromium and Apple's systems put values of no meaning into a hello, against servers that grow stiff (RFC 8701). The
 * library of Firefox is the only one that prefers ciphers in this order.
 */
function isBrowserHello({ ciphers }: TlsClientFact): boolean {
  if (FIREFOX_CIPHERS.every((cipher, index) => ciphers[index] === cipher)) return true;
  return ciphers.some((cipher) => (cipher & 0x0f0f) === 0x0a0a && cipher >> 8 === (cipher & 0xff));
}
