import type { Fact, HttpRequestFact, HttpResponseFact } from '../../../../contract/facts.ts';
import type { EndReason, FlowView, PacketView, TrafficObserver } from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { endsOf } from '../ends.ts';
import { successIn } from './answers.ts';
import { AttackCase, type CaseEnds, type CaseKind } from './attack-case.ts';
import { ATTACK_KINDS } from './attack-kinds.ts';
import { type Callback, Callbacks } from './callbacks.ts';
import { isMissing, type PageSearch, PageSearches } from './page-search.ts';
import { readRequest } from './request-reader.ts';
import type { Spotted } from './spotted.ts';
import { webAttackSettings } from './web-attack-settings.ts';
import { describeAttacks, describeSearch } from './web-attack-story.ts';

const MAX_CASES = 2_048;
/** Conversations whose last request is remembered until its answer. */
const MAX_FLOWS = 8_192;
/** Requests with attacks that wait for their answers on one connection: more say nothing new. */
const MAX_WAITING = 32;
/** The same on all connections: whoever never waits for answers would fill the memory. */
const MAX_WAITING_IN_ALL = 4_096;
const REPORT_GROWTH = 2;
const REPORT_EVERY_US = 60_000_000;
const REPORT_QUIET_US = 5_000_000;
/** Shortest script that is looked for in the answer: shorter ones stand in every page. */
const MIN_REFLECTED = 8;

/** A request whose answer may show that it worked. */
interface WaitingRequest {
  readonly index: number;
  readonly cases: readonly AttackCase[];
  readonly spotted: readonly Spotted[];
}

/** What is remembered of a conversation. */
interface Conversation {
  index: number;
  uri: string;
  userAgent: string;
  waiting: WaitingRequest[];
}

/** Requests that attack web applications and the programs behind them, and how those answer. */
class WebAttackWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof webAttackSettings>;
  readonly #cases: BoundedMap<string, AttackCase>;
  readonly #flows = new BoundedMap<number, Conversation>(MAX_FLOWS, (_, { waiting }) => {
    this.#waiting -= waiting.length;
  });
  #waiting = 0;
  readonly #dirty = new Set<AttackCase>();
  readonly #searches: PageSearches;
  readonly #callbacks: Callbacks<AttackCase>;
  readonly #forgetUs: number;
  #lastTickSecond = Number.NaN;
  #isStopping = false;

  constructor(context: DetectorContext<typeof webAttackSettings>) {
    this.#context = context;
    const { settings } = context;
    this.#forgetUs = settings.forgetMinutes * 60e6;
    this.#cases = new BoundedMap(MAX_CASES, (_, evicted) => {
      if (evicted.isDirty) this.#tell(evicted, evicted.lastUs);
      this.#dirty.delete(evicted);
    });
    this.#searches = new PageSearches({
      sensitivePages: settings.sensitivePages,
      missingPages: settings.missingPages,
      windowUs: settings.scanMinutes * 60e6,
    });
    this.#callbacks = new Callbacks(settings.callbackSeconds * 1e6);
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    const callback = this.#callbacks.connection(flow, packet.timeUs);
    if (callback !== undefined) this.#calledBack(callback);
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type === 'http-request') this.#request(flow, fact);
    else if (fact.type === 'http-response') this.#response(flow, fact);
    else if (fact.type === 'dns') {
      const callback = this.#callbacks.fact(flow, fact);
      if (callback !== undefined) this.#calledBack(callback);
    }
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    this.#waiting -= this.#flows.peek(flow.id)?.waiting.length ?? 0;
    this.#flows.delete(flow.id);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    this.#isStopping = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const attack of this.#dirty) {
      // What is not worth an alert comes back when there is more of it, and is not looked at every second.
      if (attack.severity(this.#context.settings) === undefined) this.#dirty.delete(attack);
      else if (this.#isDue(attack, nowUs)) this.#tell(attack, nowUs);
    }
    for (const search of this.#searches.fresh) if (this.#isSearchDue(search, nowUs)) this.#tellSearch(search, nowUs);
  }

  clockReset(nowUs: number): void {
    for (const attack of this.#dirty) this.#tell(attack, nowUs);
    for (const search of this.#searches.fresh) this.#tellSearch(search, nowUs);
    this.#cases.clear();
    this.#flows.clear();
    this.#waiting = 0;
    this.#dirty.clear();
    this.#searches.clear();
    this.#callbacks.clear();
    this.#lastTickSecond = Number.NaN;
  }

  #request(flow: FlowView, request: HttpRequestFact): void {
    const conversation = this.#flows.getOrInsert(flow.id, () => ({ index: -1, uri: '', userAgent: '', waiting: [] }));
    conversation.index = request.index;
    conversation.uri = request.uri;
    conversation.userAgent = request.userAgent;
    const spotted = readRequest(request);
    if (spotted.length === 0) return;
    const client = this.#clientOf(flow, request.fromInitiator);
    const cases: AttackCase[] = [];
    for (const kind of ['web-attack', 'exploit'] as const) {
      const own = spotted.filter(({ attack }) => ATTACK_KINDS[attack].alert === kind);
      if (own.length > 0) cases.push(this.#note(kind, client, own, request));
    }
    if (conversation.waiting.length >= MAX_WAITING || this.#waiting >= MAX_WAITING_IN_ALL) return;
    conversation.waiting.push({ index: request.index, cases, spotted });
    this.#waiting++;
  }

  #note(kind: CaseKind, client: CaseEnds, spotted: readonly Spotted[], request: HttpRequestFact): AttackCase {
    const key = `${kind} ${client.attacker} ${client.victim}`;
    let attack = this.#cases.get(key);
    if (attack === undefined || request.timeUs - attack.lastUs > this.#forgetUs) {
      if (attack !== undefined) this.#dirty.delete(attack);
      attack = new AttackCase(kind, client, request);
      this.#cases.set(key, attack);
    }
    attack.add(spotted, request);
    this.#dirty.add(attack);
    for (const { lookup } of spotted) {
      if (lookup !== undefined) this.#callbacks.expect(lookup, attack, attack, request.timeUs);
    }
    return attack;
  }

  #response(flow: FlowView, response: HttpResponseFact): void {
    if (response.status < 200) return;
    const conversation = this.#flows.peek(flow.id);
    if (conversation === undefined) return;
    if (isMissing(response.status) && conversation.index === response.index) this.#miss(flow, conversation, response);
    if (conversation.waiting.length === 0) return;
    const at = conversation.waiting.findIndex(({ index }) => index === response.index);
    const waiting = conversation.waiting[at];
    if (waiting === undefined) return;
    conversation.waiting.splice(at, 1);
    this.#waiting--;
    for (const attack of waiting.cases) {
      attack.answered(response.status);
      this.#dirty.add(attack);
    }
    for (const found of waiting.spotted) {
      const shows = successOf(found, response);
      if (shows !== undefined) for (const attack of waiting.cases) attack.succeeded(found.attack, shows);
    }
  }

  #miss(flow: FlowView, { uri, userAgent }: Conversation, response: HttpResponseFact): void {
    const client = this.#clientOf(flow, !response.fromInitiator);
    const { attacker, victim, port, isTrusted } = client;
    this.#searches.miss(`${attacker} ${victim}`, uri, userAgent, response.timeUs, () => ({
      client: attacker,
      server: victim,
      port,
      isTrusted,
    }));
  }

  #clientOf(flow: FlowView, isInitiator: boolean): CaseEnds {
    const ends = endsOf(flow);
    const { landscape } = this.#context;
    if (isInitiator) {
      const isNamed = landscape.mayBeAttacker(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
      return {
        attacker: ends.initiator,
        victim: ends.responder,
        port: ends.responderPort,
        isTrusted: !isNamed,
        isVictimInside: ends.isResponderInside,
      };
    }
    const isNamed = landscape.mayBeAttacker(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    return {
      attacker: ends.responder,
      victim: ends.initiator,
      port: ends.initiatorPort,
      isTrusted: !isNamed,
      isVictimInside: ends.isInitiatorInside,
    };
  }

  #calledBack({ owner, caller, isName, target, port }: Callback<AttackCase>): void {
    const where = isName ? `looked up ${target}` : `called ${target} at port ${port}`;
    owner.succeeded('jndi-lookup', `that ${caller} ${where}, which only the request names`);
    this.#dirty.add(owner);
  }

  #isDue(attack: AttackCase, nowUs: number): boolean {
    const severity = attack.severity(this.#context.settings);
    if (severity === undefined) return false;
    if (this.#isStopping || severity !== attack.reportedSeverity) return true;
    const isGrown = attack.requests >= attack.reportedRequests * REPORT_GROWTH;
    const isQuiet = nowUs - attack.lastUs >= REPORT_QUIET_US;
    return isGrown || isQuiet || nowUs - attack.reportedUs >= REPORT_EVERY_US;
  }

  #tell(attack: AttackCase, nowUs: number): void {
    this.#dirty.delete(attack);
    const severity = attack.severity(this.#context.settings);
    if (severity === undefined) return;
    attack.isDirty = false;
    attack.reportedUs = nowUs;
    attack.reportedRequests = attack.requests;
    attack.reportedSeverity = severity;
    this.#context.report(describeAttacks(attack, severity));
  }

  #isSearchDue(search: PageSearch, nowUs: number): boolean {
    if (this.#isStopping || search.reportedMisses === 0) return true;
    const isGrown = search.misses >= search.reportedMisses * REPORT_GROWTH;
    return isGrown || nowUs - search.lastUs >= REPORT_QUIET_US || nowUs - search.reportedUs >= REPORT_EVERY_US;
  }

  #tellSearch(search: PageSearch, nowUs: number): void {
    this.#searches.fresh.delete(search);
    search.reportedMisses = search.misses;
    search.reportedUs = nowUs;
    this.#context.report(describeSearch(search));
  }
}

/** What an answer shows of the success of what its request tried; undefined where it shows nothing. */
function successOf(found: Spotted, { status, bodyStart, contentType }: HttpResponseFact): string | undefined {
  if (found.attack === 'cross-site-scripting') {
    const isPage = contentType === '' || contentType.includes('html');
    const isReflected = found.certainty === 'sure' && found.plain.length >= MIN_REFLECTED && status < 400;
    return isPage && isReflected && bodyStart.toLowerCase().includes(found.plain)
      ? 'the script, sent back unchanged'
      : undefined;
  }
  if (found.attack === 'web-shell-upload')
    return status === 201 && found.certainty !== 'weak' ? 'that the server made the file (201)' : undefined;
  return successIn(found.attack, bodyStart);
}

const TECHNIQUES = [...new Set(Object.values(ATTACK_KINDS).flatMap(({ techniques }) => techniques))];

export const webAttackDetector = defineDetector({
  id: 'web-attack',
  kind: 'web-attack',
  summary:
    'Somebody sends a web server requests that attack its pages, its database or its system, or searches it for weak pages.',
  techniques: TECHNIQUES,
  settings: webAttackSettings,
  interest: { facts: ['http-request', 'http-response', 'dns'], silentEnds: false },
  memoryBound:
    '2,048 pairs of attacker and server of 8 kB, 1,024 searches of 40 kB, the last request of 8,192 conversations of 5 kB, 4,096 requests of 4 kB that wait for their answers, 512 lookups',
  create: (context) => new WebAttackWatcher(context),
});
