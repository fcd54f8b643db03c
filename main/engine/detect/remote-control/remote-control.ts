import type { CertificateFact, Fact, HttpRequestFact, HttpResponseFact } from '../../../../contract/facts.ts';
import { type FlowView, type PacketView, PROTOCOL, type TrafficObserver } from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { isInitiatorCalled, namedEnd } from '../control-ends.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { ControlCase, FIRST_REFUSAL } from './case.ts';
import { isByChance, requestSigns, responseSigns, type Seen } from './http-signs.ts';
import { RawFlow } from './raw-flow.ts';
import { remoteControlSettings } from './settings.ts';
import { type SignId, signRow, TELLING_POINTS } from './signs.ts';
import { describeControl } from './story.ts';
import { certificateSigns } from './tls-signs.ts';

/** Pairs of hosts between which something was noticed. */
const MAX_CASES = 4_096;
/** Conversations of which something is remembered. */
const MAX_FLOWS = 8_192;
/** Callers whose posts are compared, and the servers of each form of them. */
const MAX_POSTERS = 512;
const MAX_FORMS = 8;
const MAX_SERVERS = 8;
const REPORT_EVERY_US = 300_000_000;
/** So many connections to one odd port at once. */
const SEVERAL_CONNECTIONS = 3;

/** Before it a server says only that it goes on (RFC 9110 15.2). */
const FIRST_FINAL = 200;

/** A request whose path is a sign if the server does not refuse it. */
interface WaitingRequest {
  readonly index: number;
  readonly timeUs: number;
  readonly seen: readonly Seen[];
}

/** What is remembered of a conversation until it ends. */
interface FlowNote {
  readonly raw: RawFlow | undefined;
  isUsualPort: boolean;
  /** Whether the initiator is the called end; undefined until a parser says who asks. */
  isTurned: boolean | undefined;
  serverName: string;
  subject: ControlCase | undefined;
  /** The last of its kind: of many at once it is not worth keeping more. */
  waiting: WaitingRequest | undefined;
}

function caseKey(caller: string, called: string): string {
  return `${caller}|${called}`;
}

/** Adds up what speaks for remote control between a caller and whom it calls. */
class RemoteControlWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof remoteControlSettings>;
  readonly #cases = new BoundedMap<string, ControlCase>(MAX_CASES);
  readonly #flows = new BoundedMap<number, FlowNote>(MAX_FLOWS);
  readonly #changed = new Set<ControlCase>();
  /** Caller, then the form of what it sends, then the servers that got it. */
  readonly #posts = new BoundedMap<string, Map<string, Set<string>>>(MAX_POSTERS);

  constructor(context: DetectorContext<typeof remoteControlSettings>) {
    this.#context = context;
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'protocol':
        this.#protocol(flow, fact.isUsualPort);
        break;
      case 'http-request':
        this.#request(flow, fact);
        break;
      case 'http-response':
        this.#response(flow, fact);
        break;
      case 'tls-client':
        if (fact.protocol === 'tls') this.#note(flow, false).serverName = fact.serverName;
        break;
      case 'certificate':
        this.#certificate(flow, fact);
        break;
      default:
    }
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    // Before the called end has said anything a flood would fill the book.
    if (flow.protocol !== PROTOCOL.tcp || flow.responderPackets === 0) return;
    const raw = this.#note(flow, true).raw;
    if (raw !== undefined && !raw.isKnown) raw.take(flow, packet, fromInitiator);
  }

  flowUpdate(flow: FlowView): void {
    this.#judgeRaw(flow);
  }

  flowEnd(flow: FlowView): void {
    this.#judgeRaw(flow);
    const note = this.#flows.peek(flow.id);
    if (note !== undefined) this.#release(flow, note);
    if (note?.subject !== undefined) note.subject.lastUs = Math.max(note.subject.lastUs, flow.lastUs);
    this.#flows.delete(flow.id);
    if (note?.subject !== undefined) this.#tell(note.subject, flow.lastUs, true);
  }

  tick(nowUs: number): void {
    for (const subject of this.#changed) this.#tell(subject, nowUs, false);
    this.#changed.clear();
  }

  clockReset(): void {
    this.#cases.clear();
    this.#flows.clear();
    this.#changed.clear();
    this.#posts.clear();
  }

  #protocol(flow: FlowView, isUsualPort: boolean): void {
    // Nothing to remember: datagrams are not read raw, and those of look-ups would drive connections out of the book.
    if (isUsualPort && flow.protocol !== PROTOCOL.tcp && this.#flows.peek(flow.id) === undefined) return;
    const note = this.#note(flow, false);
    note.isUsualPort = isUsualPort;
    if (note.raw !== undefined) note.raw.isKnown = true;
  }

  #note(flow: FlowView, isRaw: boolean): FlowNote {
    const known = this.#flows.peek(flow.id);
    if (known !== undefined) return known;
    const raw = isRaw ? new RawFlow(flow) : undefined;
    const note: FlowNote = {
      raw,
      isUsualPort: true,
      isTurned: undefined,
      serverName: '',
      subject: undefined,
      waiting: undefined,
    };
    this.#flows.set(flow.id, note);
    return note;
  }

  /** The case of the flow's ends; made when there is something to put into it. */
  #caseOf(flow: FlowView, timeUs: number): ControlCase {
    const note = this.#note(flow, false);
    if (note.subject !== undefined) return note.subject;
    const { landscape } = this.#context;
    const isTurned = note.isTurned ?? isInitiatorCalled(flow);
    const caller = namedEnd(flow, !isTurned, landscape);
    const called = namedEnd(flow, isTurned, landscape);
    const key = caseKey(caller.address, called.address);
    const subject = this.#cases.getOrInsert(key, () => new ControlCase(caller, called, timeUs));
    subject.connections++;
    note.subject = subject;
    return subject;
  }

  #add(flow: FlowView, timeUs: number, seen: readonly Seen[]): void {
    const known = this.#flows.peek(flow.id)?.subject;
    // What is nothing by itself makes no case; it counts once there is one.
    if (known === undefined && !seen.some(([sign]) => signRow(sign).points >= TELLING_POINTS - 1)) return;
    const subject = known ?? this.#caseOf(flow, timeUs);
    subject.lastUs = Math.max(subject.lastUs, timeUs);
    if (subject.add(seen)) this.#changed.add(subject);
  }

  #request(flow: FlowView, request: HttpRequestFact): void {
    const note = this.#note(flow, false);
    const { landscape } = this.#context;
    note.isTurned ??= !request.fromInitiator;
    const called = namedEnd(flow, note.isTurned, landscape);
    const seen = requestSigns(request, {
      port: called.port,
      isUsualPort: note.isUsualPort,
      isInside: called.isInside,
      hasSetCookie: note.subject?.hasSetCookie ?? false,
    });
    this.#release(flow, note);
    if (seen.some(isByChance)) note.waiting = { index: request.index, timeUs: request.timeUs, seen };
    this.#add(
      flow,
      request.timeUs,
      seen.filter((one) => !isByChance(one)),
    );
    const { subject } = note;
    if (subject === undefined) return;
    subject.isWeb = true;
    subject.call(request.timeUs);
    if (subject.points !== subject.toldPoints) this.#changed.add(subject);
    const has = (...ids: SignId[]) => seen.some(([sign]) => ids.includes(sign));
    const isHiddenPost = has('encoded-post', 'opaque-post') && has('random-post');
    const isHiddenQuery = has('encoded-query') && (has('fake-browser') || request.userAgent === '');
    if (isHiddenPost || isHiddenQuery) this.#comparePosts(flow, subject, request);
  }

  /** What waited for an answer counts: it was not refused. */
  #release(flow: FlowView, note: FlowNote): void {
    const { waiting } = note;
    if (waiting === undefined) return;
    note.waiting = undefined;
    const isNew = note.subject === undefined;
    this.#add(flow, waiting.timeUs, waiting.seen);
    if (!isNew || note.subject === undefined) return;
    note.subject.isWeb = true;
    note.subject.call(waiting.timeUs);
  }

  /** The same kind of hidden message to a second server. */
  #comparePosts(flow: FlowView, subject: ControlCase, request: HttpRequestFact): void {
    const forms = this.#posts.getOrInsert(subject.caller.address, () => new Map());
    const form = `${request.method} ${request.contentType} ${request.userAgent}`;
    const servers = forms.get(form) ?? new Set<string>();
    if (!forms.has(form) && forms.size < MAX_FORMS) forms.set(form, servers);
    if (servers.size < MAX_SERVERS) servers.add(subject.called.address);
    if (servers.size > 1) this.#add(flow, request.timeUs, [['several-servers', `${servers.size} servers`]]);
  }

  #response(flow: FlowView, response: HttpResponseFact): void {
    const seen = responseSigns(response);
    const note = this.#flows.peek(flow.id);
    const isFinal = response.status >= FIRST_FINAL;
    if (note?.waiting !== undefined && isFinal && response.index >= note.waiting.index) {
      if (response.status >= FIRST_REFUSAL) note.waiting = undefined;
      else this.#release(flow, note);
    }
    const known = note?.subject;
    if (seen.length > 0) this.#add(flow, response.timeUs, seen);
    const subject = note?.subject ?? this.#flows.peek(flow.id)?.subject;
    if (subject === undefined) return;
    subject.isWeb = true;
    if (isFinal) subject.answer(response.status, response.contentLength > 0 || response.bodyStart !== '');
    if (subject.points !== subject.toldPoints) this.#changed.add(subject);
    if (known !== undefined && response.headers.some(([name]) => name === 'set-cookie')) known.hasSetCookie = true;
  }

  #certificate(flow: FlowView, certificate: CertificateFact): void {
    if (certificate.position !== 0 || certificate.fromInitiator) return;
    const note = this.#note(flow, false);
    const seen = certificateSigns(certificate, {
      port: flow.responderPort,
      isUsualPort: note.isUsualPort,
      isInside: namedEnd(flow, false, this.#context.landscape).isInside,
      serverName: note.serverName,
      connections: 1 + this.#certificatesShown(flow),
      timeMs: certificate.timeUs / 1000,
    });
    if (seen.length === 0) return;
    this.#add(flow, certificate.timeUs, seen);
    if (note.subject !== undefined) note.subject.isEncrypted = true;
  }

  /** How often certificates of note were shown between the flow's ends before. */
  #certificatesShown(flow: FlowView): number {
    const key = caseKey(initiatorText(flow), responderText(flow));
    return this.#cases.peek(key)?.connections ?? 0;
  }

  #judgeRaw(flow: FlowView): void {
    const note = this.#flows.peek(flow.id);
    if (note?.raw === undefined || note.raw.isKnown) return;
    const seen = note.raw.signs(flow);
    if (!seen.some(([sign]) => signRow(sign).points >= TELLING_POINTS - 1)) return;
    const subject = this.#caseOf(flow, flow.firstUs);
    const several: Seen[] =
      subject.connections >= SEVERAL_CONNECTIONS ? [['several-connections', subject.connections]] : [];
    this.#add(flow, flow.lastUs, [...seen, ['odd-port', subject.called.port], ...several]);
  }

  #tell(subject: ControlCase, nowUs: number, isLast: boolean): void {
    const { settings } = this.#context;
    if (!subject.isTelling || subject.points < settings.points) return;
    if (subject.isSearch || !subject.canTakeOrders) return;
    const isMore = subject.points !== subject.toldPoints;
    if (!isMore && !(isLast && nowUs - subject.toldUs >= REPORT_EVERY_US)) return;
    subject.toldPoints = subject.points;
    subject.toldUs = nowUs;
    this.#context.report(describeControl(subject, settings));
  }
}

export const remoteControlDetector = defineDetector({
  id: 'remote-control',
  kind: 'command-and-control',
  summary:
    'A host talks to another in the way of programs under remote control: signs in requests, certificates and unknown protocols add up.',
  techniques: ['T1071.001', 'T1573', 'T1571', 'T1095', 'T1105', 'T1219'],
  settings: remoteControlSettings,
  interest: {
    facts: ['protocol', 'http-request', 'http-response', 'tls-client:tls', 'certificate'],
    silentEnds: false,
  },
  memoryBound: '4,096 pairs of hosts of 3 kB, 8,192 conversations of 2 kB, 512 callers of 4 kB',
  create: (context) => new RemoteControlWatcher(context),
});
