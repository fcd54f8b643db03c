import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  INITIATOR_BASIS,
  type PacketView,
  PROTOCOL,
  SERVICE_BASIS,
  SERVICES,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import type { SettingTable } from '../runtime/settings.ts';
import { describeBruteForce } from './brute-force-story.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { LoginBook } from './login-book.ts';
import { LOGIN_SIGN, type LoginProtocol, loginProtocolOf } from './login-protocols.ts';
import { SshSessions } from './ssh-sessions.ts';

const settings = {
  failedLogins: {
    type: 'number',
    default: 10,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'logins',
    reason:
      'So many failed logins from one address within about two minutes are guessing. A person who forgot a password gives up or asks after five.',
  },
  slowFailedLogins: {
    type: 'number',
    default: 40,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'logins',
    reason:
      'So many failed logins at any pace are guessing, as long as the pauses are shorter than forgetMinutes. A program with an old password reaches it too, which somebody should know.',
  },
  alikeSessions: {
    type: 'number',
    default: 12,
    min: 4,
    max: 100_000,
    integer: true,
    unit: 'sessions',
    reason:
      'Where logins are encrypted: so many short sessions of the same size within about two minutes are guessing. Scripts and backups make fewer, and theirs differ in size or carry more.',
  },
  forgetMinutes: {
    type: 'number',
    default: 15,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'After so long without another try, counting begins anew.',
  },
} as const satisfies SettingTable;

/** The quick counters lose half in this time: about two minutes count. */
const QUICK_HALF_LIFE_SECONDS = 60;
/** Failures say what they are: one per 17 seconds or more. */
const QUICK_FAILURE_SHARE = 0.5;
/** Sessions only look like it: one per 10 seconds or more, faster than monitors look in. */
const QUICK_SESSION_SHARE = 0.75;
/** The sessions that look alike must outnumber the others by this much. */
const ALIKE_PER_ODD = 2;
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
  private readonly context: DetectorContext<typeof settings>;
  private readonly book: LoginBook;
  private readonly suspects = new Map<number, Suspect>();
  /** By flow id: what the conversation has come to. A later flow in the same place takes it over. */
  private readonly flowIds = new Float64Array(2 ** CONVERSATION_BITS);
  private readonly marks = new Uint8Array(2 ** CONVERSATION_BITS);
  private readonly credentials = new Int32Array(2 ** CONVERSATION_BITS);
  private readonly ssh = new SshSessions(2 ** CONVERSATION_BITS);
  private nowUs = 0;
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof settings>) {
    this.context = context;
    this.book = new LoginBook(QUICK_HALF_LIFE_SECONDS, context.settings.forgetMinutes * 60, context.seed);
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    const protocol = loginProtocolOf(flow.service, flow.responderPort);
    if (protocol === undefined) return;
    if (!initiatorIsSure(flow)) return;
    if (flow.service === SSH) {
      if (!fromInitiator) this.ssh.serverPacket(this.conversation(flow), flow, packet);
    } else if (fromInitiator) {
      this.readClient(flow, packet, protocol);
    } else {
      this.readServer(flow, packet, protocol);
    }
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    if (change === FLOW_CHANGE.closed || change === FLOW_CHANGE.reset) this.noteSession(flow, packet.timeUs);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.finished || reason === END_REASON.idleTimeout) this.noteSession(flow, flow.lastUs);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const stopping = second === this.lastTickSecond;
    this.lastTickSecond = second;
    this.nowUs = nowUs;
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
    this.book.clear();
    this.flowIds.fill(0);
    this.lastTickSecond = Number.NaN;
    this.nowUs = nowUs;
  }

  private readClient(flow: FlowView, packet: PacketView, protocol: LoginProtocol): void {
    const sign = protocol.client?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none) return;
    const index = this.conversation(flow);
    this.marks[index]! |= sign === LOGIN_SIGN.form ? FORM_PENDING : ATTEMPT_PENDING;
    this.credentials[index] = protocol.credential?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? 0;
  }

  private readServer(flow: FlowView, packet: PacketView, protocol: LoginProtocol): void {
    const index = this.conversation(flow);
    const marks = this.marks[index]!;
    const pending = ATTEMPT_PENDING | FORM_PENDING;
    // Where tries can be seen, an answer to anything else is no answer to a login.
    if (protocol.client !== undefined && (marks & pending) === 0) return;
    const read = (marks & FORM_PENDING) !== 0 ? protocol.formServer : protocol.server;
    const sign = read?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none) return;
    this.marks[index] = (marks & ~pending) | READABLE;
    this.nowUs = packet.timeUs;
    if (sign === LOGIN_SIGN.failed) this.noteFailure(flow, packet.timeUs, this.credentials[index]!);
    else this.noteSuccess(flow, packet.timeUs);
  }

  /** The place of what is known of a flow. */
  private conversation(flow: FlowView): number {
    const index = flow.id & (this.flowIds.length - 1);
    if (this.flowIds[index] !== flow.id) {
      this.flowIds[index] = flow.id;
      this.marks[index] = 0;
      this.credentials[index] = 0;
      this.ssh.begin(index);
    }
    return index;
  }

  private noteFailure(flow: FlowView, timeUs: number, credential: number, count = 1): void {
    const { book } = this;
    const campaign = book.touch(flow, timeUs);
    book.addFailure(timeUs, credential, count);
    const { failedLogins, slowFailedLogins } = this.context.settings;
    const failures = book.failures[campaign]!;
    const fast = book.quickFailures.value(campaign, timeUs) >= failedLogins * QUICK_FAILURE_SHARE;
    this.judge(campaign, failures >= slowFailedLogins || (failures >= failedLogins && fast));
  }

  private noteSuccess(flow: FlowView, timeUs: number): void {
    const { book } = this;
    // Most logins work at once; they are not worth a place in the book.
    const campaign = book.find(flow);
    if (campaign < 0 || book.targetSlot < 0) return;
    const target = book.targetSlot;
    if (book.targetFailures[target]! + book.targetAlike[target]! < FAILURES_BEFORE_BREACH) return;
    book.addBreach(timeUs);
    const suspect = this.suspects.get(campaign);
    if (suspect !== undefined) this.report(campaign, suspect);
  }

  /** A connection is over: was it a try to log in, and nothing else? */
  private noteSession(flow: FlowView, timeUs: number): void {
    const protocol = loginProtocolOf(flow.service, flow.responderPort);
    const form = protocol?.session;
    if (form === undefined || !initiatorIsSure(flow)) return;
    if (flow.initiatorPayloadBytes < form.leastClientBytes || flow.responderPayloadBytes === 0) return;
    const index = this.conversation(flow);
    if ((this.marks[index]! & (READABLE | SESSION_COUNTED)) !== 0) return;
    this.marks[index]! |= SESSION_COUNTED;
    this.nowUs = timeUs;
    const { book } = this;
    if (flow.service === SSH) {
      const { refused, accepted } = this.ssh.logins(index);
      if (accepted) {
        // Keys that were offered and refused before are no guesses.
        this.noteSuccess(flow, timeUs);
        return;
      }
      if (refused > 1) {
        this.noteFailure(flow, timeUs, 0, refused - 1);
        return;
      }
    }
    const short =
      flow.initiatorPayloadBytes <= form.mostBytes &&
      flow.responderPayloadBytes <= form.mostBytes &&
      flow.lastUs - flow.firstUs <= form.mostSeconds * 1e6;
    const campaign = short ? book.touch(flow, timeUs) : book.find(flow);
    if (campaign < 0 || book.targetSlot < 0) return;
    book.addSession(flow.initiatorPayloadBytes, flow.responderPayloadBytes, short, timeUs);
    const { alikeSessions } = this.context.settings;
    const target = book.targetSlot;
    const alike = book.targetAlike[target]!;
    const fast = book.targetQuick.value(target, timeUs) >= alikeSessions * QUICK_SESSION_SHARE;
    this.judge(campaign, alike >= alikeSessions && fast && alike >= ALIKE_PER_ODD * book.targetOdd[target]!);
  }

  private judge(campaign: number, guilty: boolean): void {
    const { book } = this;
    let suspect = this.suspects.get(campaign);
    if (suspect !== undefined && suspect.campaignId === book.ids[campaign]) {
      const grown = book.tries(campaign) >= suspect.reportedTries * REPORT_GROWTH;
      if (grown || book.breaches[campaign] !== suspect.reportedBreaches) this.report(campaign, suspect);
      return;
    }
    if (!guilty || !this.context.landscape.mayBeAttacker(...book.campaigns.words(campaign))) return;
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

/** Whether it is known who called whom: by the handshake, or because the service speaks from its own port. */
function initiatorIsSure(flow: FlowView): boolean {
  if (flow.initiatorBasis !== INITIATOR_BASIS.firstPacket) return true;
  return (
    flow.responderPort < flow.initiatorPort &&
    (flow.serviceBasis === SERVICE_BASIS.bytes || flow.protocol !== PROTOCOL.tcp)
  );
}

export const bruteForceDetector = defineDetector({
  id: 'brute-force',
  kind: 'brute-force',
  summary:
    'Someone tries one password after another, seen in the answers of the server or in the look of the sessions.',
  techniques: ['T1110.001', 'T1110.003', 'T1078'],
  settings,
  memoryBound: '2,048 campaigns of 150 B, 8,192 hosts in them of 120 B, 65,536 conversations of 17 B',
  create: (context) => new BruteForceWatcher(context),
});
