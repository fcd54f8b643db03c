import type { Fact, TlsClientFact } from '../../../../contract/facts.ts';
import { type FlowView, type PacketView, PROTOCOL, type TrafficObserver } from '../../../../contract/traffic.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { ShellSession } from './session.ts';
import { reverseShellSettings } from './settings.ts';
import { describeShell } from './story.ts';
import { judge } from './verdict.ts';

/** Conversations in no known protocol at a time; each holds two lines of text and the signs in them. */
const MAX_SESSIONS = 4_096;
/** A command line; floods of TCP segments with data send more. */
const SHORT_LINE_BYTES = 128;
/** Told again when there is half as much more to tell, */
const REPORT_GROWTH = 1.5;
/** or after a minute. */
const REPORT_EVERY_US = 60_000_000;

/** A line of a TCP connection whose beginning was not seen: the first that is seen may be a command. */
function isMetInItsMiddle(flow: FlowView, packet: PacketView): boolean {
  return flow.protocol === PROTOCOL.tcp && packet.payloadBytes <= SHORT_LINE_BYTES;
}

/** Follows conversations that no parser knows, and looks for a shell in what is said and how. */
class ReverseShellWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof reverseShellSettings>;
  readonly #sessions = new BoundedMap<number, ShellSession>(MAX_SESSIONS);
  /** Those with something new since the last tick. */
  readonly #changed = new Set<number>();
  /** The flow whose protocol was told last: the packet that told it comes here next. */
  #toldFlow = 0;
  /** The flow that began TLS last where TLS is usual, until its hello tells whether it is worth following. */
  #undecidedFlow = 0;

  constructor(context: DetectorContext<typeof reverseShellSettings>) {
    this.#context = context;
  }

  segment(flow: FlowView, packet: PacketView, fromInitiator: boolean): boolean {
    if (flow.protocol !== PROTOCOL.tcp && flow.protocol !== PROTOCOL.udp) return false;
    let session = this.#sessions.peek(flow.id);
    if (session === undefined) {
      if (flow.id === this.#toldFlow) return false;
      // Of what nobody answers there is nothing to follow: a flood is that.
      if (flow.responderPackets === 0 && !isMetInItsMiddle(flow, packet)) return true;
      session = flow.id === this.#undecidedFlow ? this.#beginTls(flow) : new ShellSession(flow);
      this.#sessions.set(flow.id, session);
    }
    if (session.isKnown) {
      this.#forget(flow.id);
      return false;
    }
    const goesOn = session.take(packet, fromInitiator);
    this.#changed.add(flow.id);
    return goesOn;
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type === 'tls-client') {
      if (fact.protocol === 'tls') this.#hello(flow, fact);
      return;
    }
    if (fact.type !== 'protocol') return;
    // A shell inside TLS on a port that is not for TLS (ncat, socat): its rhythm remains.
    if (fact.protocol === 'tls' && !fact.isUsualPort) {
      const session = this.#sessions.getOrInsert(flow.id, () => new ShellSession(flow));
      session.isUnreadable = true;
      return;
    }
    // Where TLS is usual its hello tells: who asks for a name is asked no more.
    if (fact.protocol === 'tls') {
      this.#undecidedFlow = flow.id;
      const begun = this.#sessions.peek(flow.id);
      if (begun !== undefined) begun.isUnreadable = begun.isUsualTls = true;
      return;
    }
    this.#toldFlow = flow.id;
    const session = this.#sessions.peek(flow.id);
    if (session !== undefined) session.isKnown = true;
  }

  tick(nowUs: number): void {
    for (const id of this.#changed) {
      const session = this.#sessions.peek(id);
      if (session !== undefined) this.#tell(session, nowUs, false);
    }
    this.#changed.clear();
  }

  flowEnd(flow: FlowView): void {
    const session = this.#sessions.peek(flow.id);
    if (session !== undefined) this.#tell(session, flow.lastUs, true);
    this.#forget(flow.id);
  }

  clockReset(): void {
    this.#sessions.clear();
    this.#changed.clear();
    this.#toldFlow = 0;
    this.#undecidedFlow = 0;
  }

  /** A conversation in TLS at a port where that is usual. */
  #beginTls(flow: FlowView): ShellSession {
    const session = new ShellSession(flow);
    session.isUnreadable = true;
    session.isUsualTls = true;
    return session;
  }

  #hello(flow: FlowView, { serverName, alpn, fromInitiator }: TlsClientFact): void {
    const isNameless = serverName === '' || parseAddress(serverName) !== null;
    const isUndecided = flow.id === this.#undecidedFlow;
    if (isUndecided) this.#undecidedFlow = 0;
    let session = this.#sessions.peek(flow.id);
    const isUsual = isUndecided || session?.isUsualTls === true;
    const isStrange = isNameless && fromInitiator && alpn.length === 0;
    if (isUsual && (!isStrange || isInternal(flow.responder0, flow.responder1, flow.responder2, flow.responder3))) {
      this.#toldFlow = flow.id;
      if (session !== undefined) session.isKnown = true;
      return;
    }
    if (session === undefined) {
      if (!isUndecided) return;
      session = this.#beginTls(flow);
      this.#sessions.set(flow.id, session);
    }
    session.hello ??= { isNameless, hasProtocols: alpn.length > 0 };
  }

  #forget(id: number): void {
    this.#sessions.delete(id);
    this.#changed.delete(id);
  }

  #tell(session: ShellSession, nowUs: number, isLast: boolean): void {
    if (session.isKnown) return;
    const verdict = judge(session, this.#context.settings);
    if (verdict === undefined || verdict.points === session.toldPoints) return;
    const isDue = verdict.points >= session.toldPoints * REPORT_GROWTH || nowUs - session.toldUs >= REPORT_EVERY_US;
    if (!isLast && !isDue) return;
    session.toldPoints = verdict.points;
    session.toldUs = nowUs;
    this.#context.report(describeShell(session, verdict, this.#context.landscape));
  }
}

export const reverseShellDetector = defineDetector({
  id: 'reverse-shell',
  kind: 'reverse-shell',
  summary:
    'A host called out and the end that it called types commands there, or a shell that asks for no password is used.',
  techniques: ['T1059', 'T1059.004', 'T1059.003', 'T1095', 'T1571', 'T1573', 'T1105'],
  settings: reverseShellSettings,
  interest: { facts: ['protocol', 'tls-client:tls'], silentEnds: false },
  memoryBound: '4,096 conversations in no known protocol or in TLS without a name, of 6 kB at the most',
  create: (context) => new ReverseShellWatcher(context),
});
