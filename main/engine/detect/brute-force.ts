import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  PAYLOAD_PACKETS_SHOWN,
  type PacketView,
  SERVICES,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { bruteForceSettings } from './brute-force-settings.ts';
import { describeBruteForce } from './brute-force-story.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { LoginBook } from './login-book.ts';
import { CrowdWatch } from './login-crowd-watch.ts';
import { LoginFlow } from './login-flow.ts';
import { LOGIN_SIGN, type LoginProtocol, loginProtocolOf, type SessionForm, UNHEARD_LOGIN } from './login-protocols.ts';
import { LoginTail } from './login-tail.ts';
import { SshSessions } from './ssh-sessions.ts';

/** The quick counters lose half in this time: about two minutes count. */
const QUICK_HALF_LIFE_SECONDS = 60;
/** Failures say what they are: one per 17 seconds or more. */
const QUICK_FAILURE_SHARE = 0.5;
/** Sessions only look like it: one per 10 seconds or more, faster than monitors look in. */
const QUICK_SESSION_SHARE = 0.75;
/** The sessions that look alike must outnumber the others by this much, and the slow ones by this. */
const ALIKE_PER_ODD = 2;
const SLOW_ALIKE_PER_ODD = 4;
/** Where programs log in for others all day, so many times as many sessions are needed. */
const ROUTINE_FACTOR = 2;
/** Some fail before a person gets in; after so many on one host, a success is a find. */
const FAILURES_BEFORE_BREACH = 5;
const REPORT_GROWTH = 2;
const REPORT_QUIET_US = 5_000_000;
const REPORT_EVERY_US = 60_000_000;
const MAX_SUSPECTS = 256;
const CONVERSATION_BITS = 16;

interface Suspect {
  readonly campaignId: number;
  reportedTries: number;
  reportedBreaches: number;
  reportedUs: number;
}

/**
 * Password guessing, by what servers answer where that can be read, and else by the look of the sessions:
 * many, short, alike, faster than a person.
 */
class BruteForceWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof bruteForceSettings>;
  private readonly book: LoginBook;
  private readonly suspects = new Map<number, Suspect>();
  /** By flow id: what the conversation has come to. A later flow in the same place takes it over. */
  private readonly flowIds = new Float64Array(2 ** CONVERSATION_BITS);
  private readonly marks = new Uint8Array(2 ** CONVERSATION_BITS);
  private readonly credentials = new Int32Array(2 ** CONVERSATION_BITS);
  /** Messages shown of either side: when there were as many as are ever shown, the rest is told by its bytes. */
  private readonly clientShown = new Uint8Array(2 ** CONVERSATION_BITS);
  private readonly serverShown = new Uint8Array(2 ** CONVERSATION_BITS);
  private readonly tail = new LoginTail(2 ** CONVERSATION_BITS);
  private readonly ssh = new SshSessions(2 ** CONVERSATION_BITS);
  private readonly login = new LoginFlow();
  private readonly crowd: CrowdWatch;
  private nowUs = 0;
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof bruteForceSettings>) {
    this.context = context;
    const { forgetMinutes, manyHosts, manyHostsFailedLogins } = context.settings;
    this.book = new LoginBook(QUICK_HALF_LIFE_SECONDS, forgetMinutes * 60, context.seed);
    this.crowd = new CrowdWatch({
      leastSenders: manyHosts,
      leastTries: manyHostsFailedLogins,
      forgetSeconds: forgetMinutes * 60,
      seed: context.seed,
      landscape: context.landscape,
      report: (finding) => context.report(finding),
    });
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    const protocol = this.login.point(flow);
    if (protocol === undefined) return;
    const index = this.conversation();
    const fromClient = this.login.isClient(fromInitiator);
    const shown = fromClient ? this.clientShown : this.serverShown;
    shown[index]!++;
    if (this.login.service === SSH) {
      if (!fromClient) this.ssh.serverPacket(index, this.login.serverBytes, packet);
    } else if (fromClient) {
      this.readClient(index, packet, protocol);
    } else {
      this.readServer(index, packet, protocol);
    }
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    if (change === FLOW_CHANGE.closed || change === FLOW_CHANGE.reset) this.noteSession(flow, packet.timeUs);
  }

  flowUpdate(flow: FlowView): void {
    if (this.login.point(flow) !== undefined) this.noteTail(flow.lastUs);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.clockReset || flow.initiatorPayloadBytes + flow.responderPayloadBytes === 0) return;
    if (this.login.point(flow) === undefined) return;
    this.noteTail(flow.lastUs);
    const isOver = reason === END_REASON.finished || reason === END_REASON.idleTimeout || this.login.isEnding;
    if (isOver) this.noteSession(flow, flow.lastUs);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const stopping = second === this.lastTickSecond;
    this.lastTickSecond = second;
    this.nowUs = nowUs;
    this.crowd.tick(nowUs, stopping);
    for (const [campaign, suspect] of this.suspects) {
      if (this.book.ids[campaign] !== suspect.campaignId) {
        this.suspects.delete(campaign);
        continue;
      }
      if (this.book.tries(campaign) === suspect.reportedTries) continue;
      const quiet = nowUs - this.book.lastUs[campaign]! >= REPORT_QUIET_US;
      if (quiet || stopping || nowUs - suspect.reportedUs >= REPORT_EVERY_US) this.report(campaign, suspect);
    }
  }

  clockReset(nowUs: number): void {
    for (const [campaign, suspect] of this.suspects) {
      const same = this.book.ids[campaign] === suspect.campaignId;
      if (same && this.book.tries(campaign) !== suspect.reportedTries) this.report(campaign, suspect);
    }
    this.suspects.clear();
    this.crowd.reset(nowUs);
    this.book.clear();
    this.flowIds.fill(0);
    this.lastTickSecond = Number.NaN;
    this.nowUs = nowUs;
  }

  private readClient(index: number, packet: PacketView, protocol: LoginProtocol): void {
    const sign = protocol.client?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none) return;
    this.marks[index]! |= sign === LOGIN_SIGN.form ? FORM_PENDING : ATTEMPT_PENDING;
    this.credentials[index] = protocol.credential?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? 0;
  }

  private readServer(index: number, packet: PacketView, protocol: LoginProtocol): void {
    const marks = this.marks[index]!;
    const pending = ATTEMPT_PENDING | FORM_PENDING;
    // Where tries can be seen, an answer to anything else is no answer to a login.
    const isAsked = protocol.client === undefined || (marks & pending) !== 0;
    if (!isAsked && !(protocol.answersAlone && this.login.isClientUnseen)) return;
    const read = (marks & FORM_PENDING) !== 0 ? protocol.formServer : protocol.server;
    const sign = read?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none || (!isAsked && sign !== LOGIN_SIGN.failed)) return;
    this.marks[index] = (marks & ~pending) | READABLE;
    this.nowUs = packet.timeUs;
    if (sign === LOGIN_SIGN.failed) {
      const isGuess = this.noteFailure(packet.timeUs, this.credentials[index]!);
      if (isGuess) this.tail.read(index, this.login.clientBytes, this.login.serverBytes);
    } else {
      this.tail.spoil(index);
      this.noteSuccess(packet.timeUs);
    }
  }

  /** The place of what is known of the flow that is looked at. */
  private conversation(): number {
    const { id } = this.login;
    const index = id & (this.flowIds.length - 1);
    if (this.flowIds[index] !== id) {
      this.flowIds[index] = id;
      this.marks[index] = 0;
      this.credentials[index] = 0;
      this.clientShown[index] = 0;
      this.serverShown[index] = 0;
      this.tail.begin(index);
      this.ssh.begin(index);
    }
    return index;
  }

  /** False when the same credential was tried again, which is no guess. */
  private noteFailure(timeUs: number, credential: number, count = 1): boolean {
    const { book } = this;
    const campaign = book.touch(this.login, timeUs);
    if (!book.addFailure(timeUs, credential, count)) return false;
    this.crowd.fail(this.login, timeUs, count, true);
    const { failedLogins, slowFailedLogins } = this.context.settings;
    const failures = book.failures[campaign]!;
    const fast = book.quickFailures.value(campaign, timeUs) >= failedLogins * QUICK_FAILURE_SHARE;
    this.judge(campaign, failures >= slowFailedLogins || (failures >= failedLogins && fast));
    return true;
  }

  /** A long connection, of which only the beginning could be read, went on as it began. */
  private noteTail(timeUs: number): void {
    const index = this.login.id & (this.flowIds.length - 1);
    if (this.flowIds[index] !== this.login.id) return;
    const isCut =
      this.clientShown[index]! >= PAYLOAD_PACKETS_SHOWN || this.serverShown[index]! >= PAYLOAD_PACKETS_SHOWN;
    if (!isCut) return;
    const count = this.tail.following(index, this.login.clientBytes, this.login.serverBytes);
    if (count === 0) return;
    this.nowUs = timeUs;
    this.noteFailure(timeUs, 0, count);
  }

  private noteSuccess(timeUs: number): void {
    const { book } = this;
    this.crowd.succeed(this.login, timeUs);
    // Most logins work at once; they are not worth a place in the book.
    const campaign = book.find(this.login);
    if (campaign < 0 || book.targetSlot < 0) return;
    const target = book.targetSlot;
    if (book.targetFailures[target]! + book.targetAlike[target]! < FAILURES_BEFORE_BREACH) return;
    book.addBreach(timeUs);
    const suspect = this.suspects.get(campaign);
    if (suspect !== undefined) this.report(campaign, suspect);
  }

  /** A connection is over: was it a try to log in, and nothing else? */
  private noteSession(flow: FlowView, timeUs: number): void {
    const protocol = this.login.point(flow);
    if (protocol === undefined) return;
    const { login, book } = this;
    const index = this.conversation();
    const marks = this.marks[index]!;
    if ((marks & (READABLE | SESSION_COUNTED)) !== 0) return;
    const isUnheard = login.isServerUnseen && (marks & ATTEMPT_PENDING) !== 0;
    const form = protocol.session ?? (isUnheard ? UNHEARD_LOGIN : undefined);
    if (form === undefined) return;
    const { clientBytes, serverBytes } = login;
    // Of a direction that is not in the capture nothing is asked.
    if (clientBytes < form.leastClientBytes && !login.isClientUnseen) return;
    if (serverBytes === 0 && !login.isServerUnseen) return;
    if (clientBytes + serverBytes < form.leastClientBytes) return;
    this.marks[index]! |= SESSION_COUNTED;
    this.nowUs = timeUs;
    if (login.service === SSH) {
      const { refused, accepted } = this.ssh.logins(index);
      if (accepted) {
        // Keys that were offered and refused before are no guesses.
        this.noteSuccess(timeUs);
        return;
      }
      if (refused > 1) {
        this.noteFailure(timeUs, 0, refused - 1);
        return;
      }
    }
    const short =
      clientBytes <= form.mostBytes &&
      serverBytes <= (form.mostServerBytes ?? form.mostBytes) &&
      login.lastUs - login.firstUs <= form.mostSeconds * 1e6;
    const campaign = short ? book.touch(login, timeUs) : book.find(login);
    if (campaign < 0 || book.targetSlot < 0) return;
    book.addSession(clientBytes, serverBytes, short, timeUs);
    if (short && !form.isRoutine) this.crowd.fail(login, timeUs, 1, false);
    this.judge(campaign, this.isSeries(book.targetSlot, form, timeUs));
  }

  /** Whether the sessions at a target are so many and so alike that a program tries passwords. */
  private isSeries(target: number, form: SessionForm, timeUs: number): boolean {
    const { alikeSessions, slowAlikeSessions } = this.context.settings;
    const alike = this.book.targetAlike[target]!;
    const odd = this.book.targetOdd[target]!;
    const least = alikeSessions * (form.isRoutine ? ROUTINE_FACTOR : 1);
    const fast = this.book.targetQuick.value(target, timeUs) >= least * QUICK_SESSION_SHARE;
    if (alike >= least && fast && alike >= ALIKE_PER_ODD * odd) return true;
    return !form.isRoutine && alike >= slowAlikeSessions && alike >= SLOW_ALIKE_PER_ODD * odd;
  }

  private judge(campaign: number, guilty: boolean): void {
    const { book } = this;
    let suspect = this.suspects.get(campaign);
    if (suspect !== undefined && suspect.campaignId === book.ids[campaign]) {
      const grown = book.tries(campaign) >= suspect.reportedTries * REPORT_GROWTH;
      if (grown || book.breaches[campaign] !== suspect.reportedBreaches) this.report(campaign, suspect);
      return;
    }
    // One of many who attack one service is told with them.
    if (!guilty || (book.hosts[campaign] === 1 && this.crowd.covers(this.login))) return;
    if (!this.context.landscape.mayBeAttacker(...book.campaigns.words(campaign))) return;
    if (this.suspects.size >= MAX_SUSPECTS) {
      const oldest = this.suspects.keys().next();
      if (!oldest.done) this.suspects.delete(oldest.value);
    }
    suspect = { campaignId: book.ids[campaign]!, reportedTries: 0, reportedBreaches: 0, reportedUs: 0 };
    this.suspects.set(campaign, suspect);
    this.report(campaign, suspect);
  }

  private report(campaign: number, suspect: Suspect): void {
    const { book } = this;
    suspect.reportedTries = book.tries(campaign);
    suspect.reportedBreaches = book.breaches[campaign]!;
    suspect.reportedUs = this.nowUs;
    const protocol = protocolOfCampaign(book, campaign);
    if (protocol !== undefined) this.context.report(describeBruteForce(book, campaign, protocol));
  }
}

/** Marks of a conversation. */
const ATTEMPT_PENDING = 1;
/** Its logins can be read, so the look of the session says no more. */
const READABLE = 2;
const SESSION_COUNTED = 4;
const FORM_PENDING = 8;

const SSH = SERVICES.indexOf('ssh');

function protocolOfCampaign(book: LoginBook, campaign: number): LoginProtocol | undefined {
  return loginProtocolOf(book.campaigns.extra(campaign), book.ports[campaign]!);
}

export const bruteForceDetector = defineDetector({
  id: 'brute-force',
  kind: 'brute-force',
  summary:
    'Someone tries one password after another, seen in the answers of the server or in the look of the sessions.',
  techniques: ['T1110.001', 'T1110.003', 'T1078'],
  settings: bruteForceSettings,
  memoryBound:
    '2,048 campaigns of 150 B, 8,192 hosts in them of 120 B, 512 services of 120 B with 8,192 senders of 70 B, 65,536 conversations of 44 B',
  create: (context) => new BruteForceWatcher(context),
});
