import type { Fact, LoginFact, ProtocolId } from '../../../contract/facts.ts';
import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  type PacketView,
  SERVICES,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { formatAddress } from '../runtime/address.ts';
import { bruteForceSettings } from './brute-force-settings.ts';
import { BruteForceSuspects } from './brute-force-suspects.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { LoginBook } from './login-book.ts';
import { LOGIN_CONVERSATIONS, LOGIN_MARK, LoginConversations } from './login-conversations.ts';
import { CrowdWatch } from './login-crowd-watch.ts';
import { LoginFlow } from './login-flow.ts';
import { LoginNames, type NamedLogin } from './login-names.ts';
import { LOGIN_SIGN, type LoginProtocol, loginProtocolOf, type SessionForm, UNHEARD_LOGIN } from './login-protocols.ts';
import { LOGIN_PROTOCOL_IDS, loginServiceOfProtocol } from './login-services.ts';
import { LoginTail } from './login-tail.ts';
import { NameWatch } from './name-watch.ts';
import { SshSessions } from './ssh-sessions.ts';
import { isSecretComparable, type ToldLogin, ToldLogins } from './told-logins.ts';

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
/** At another service of the host it takes more: the same person may use it by right. */
const FAILURES_BEFORE_OTHER_BREACH = 10;
/** Of one side of a conversation so much is read by parsers; what follows is told by its bytes. */
const BYTES_TOLD = 60 * 1_024;

/**
 * Password guessing, by what servers answer where that can be read, and else by the look of the sessions:
 * many, short, alike, faster than a person.
 *
 * Who reads what: where a parser follows a conversation (it told the protocol, and both sides are in the capture), its
 * facts alone say how logins end, and the bytes only tell whether it was another password than before. Where none does
 * (met in the middle, one direction, given up) the messages are read here. So no try counts twice.
 */
class BruteForceWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof bruteForceSettings>;
  private readonly book: LoginBook;
  private readonly names: LoginNames;
  private readonly suspects: BruteForceSuspects;
  private readonly nameWatch: NameWatch;
  private readonly told = new ToldLogins();
  private readonly tail = new LoginTail(LOGIN_CONVERSATIONS);
  private readonly ssh = new SshSessions(LOGIN_CONVERSATIONS);
  private readonly conversations = new LoginConversations((index) => {
    this.tail.begin(index);
    this.ssh.begin(index);
  });
  private readonly login = new LoginFlow();
  private readonly crowd: CrowdWatch;
  private nowUs = 0;
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof bruteForceSettings>) {
    this.context = context;
    const { forgetMinutes, manyHosts, manyHostsFailedLogins, sprayHours } = context.settings;
    this.book = new LoginBook(QUICK_HALF_LIFE_SECONDS, forgetMinutes * 60, context.seed);
    this.names = new LoginNames(sprayHours);
    this.suspects = new BruteForceSuspects(context, this.book, this.names);
    this.nameWatch = new NameWatch(context);
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
    this.conversations.show(index, fromClient);
    if (this.login.service === SSH) {
      if (!fromClient) this.ssh.serverPacket(index, this.login.serverBytes, packet);
    } else if (this.isTold(index)) {
      if (fromClient) this.readSecret(index, packet, protocol);
    } else if (fromClient) {
      this.readClient(index, packet, protocol);
    } else {
      this.readServer(index, packet, protocol);
    }
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'login':
        this.readLogin(flow, fact);
        return;
      case 'protocol':
      case 'broken':
        this.noteParser(flow, fact.protocol, fact.type === 'protocol');
        return;
      case 'command':
        if (fact.protocol === 'kerberos') this.told.kerberosAnswer(flow.id, fact.status);
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
    this.suspects.tick(nowUs, stopping);
    this.nameWatch.tick(nowUs, stopping);
  }

  clockReset(nowUs: number): void {
    this.suspects.reset(nowUs);
    this.nameWatch.reset(nowUs);
    this.crowd.reset(nowUs);
    this.book.clear();
    this.names.clear();
    this.told.clear();
    this.conversations.clear();
    this.lastTickSecond = Number.NaN;
    this.nowUs = nowUs;
  }

  /** Whether a parser says how logins end in the conversation that is looked at. */
  private isTold(index: number): boolean {
    return (
      (this.conversations.marks[index]! & LOGIN_MARK.told) !== 0 &&
      !this.login.isClientUnseen &&
      !this.login.isServerUnseen
    );
  }

  /** A parser follows a conversation, or gave it up. */
  private noteParser(flow: FlowView, protocol: ProtocolId, isFollowed: boolean): void {
    const service = loginServiceOfProtocol(protocol);
    if (service < 0) return;
    this.login.pointTold(flow, service, true);
    const index = this.conversation();
    if (isFollowed) this.conversations.marks[index]! |= LOGIN_MARK.told;
    else this.conversations.marks[index]! &= ~LOGIN_MARK.told;
  }

  private readSecret(index: number, packet: PacketView, protocol: LoginProtocol): void {
    const read = protocol.credential ?? protocol.secret;
    if (read === undefined) return;
    const { bytes, payloadStart, payloadEnd } = packet;
    if (protocol.credential !== undefined && protocol.client?.(bytes, payloadStart, payloadEnd) === LOGIN_SIGN.none)
      return;
    const secret = read(bytes, payloadStart, payloadEnd);
    if (secret !== 0) this.conversations.credentials[index] = secret;
  }

  private readLogin(flow: FlowView, fact: LoginFact): void {
    const service = loginServiceOfProtocol(fact.protocol);
    const { login } = this;
    if (service < 0) return;
    login.pointTold(flow, service, fact.fromInitiator);
    const index = this.conversation();
    // Of one direction the messages are read here.
    if (login.isClientUnseen || login.isServerUnseen) return;
    this.nowUs = fact.timeUs;
    if (service === SSH) {
      this.readSshLogin(index, fact);
      return;
    }
    const secret = isSecretComparable(fact) ? this.conversations.credentials[index]! : 0;
    this.conversations.credentials[index] = 0;
    const told = this.told.judge(fact, login.id, secret, () => `${this.clientText()} ${this.serverText()}`);
    if (told.outcome === 'guess') this.readGuess(index, fact, told, secret);
    else if (told.outcome === 'success') this.readSuccess(index, fact);
  }

  private readSshLogin(index: number, fact: LoginFact): void {
    if (fact.outcome === 'success') {
      this.conversations.marks[index]! |= LOGIN_MARK.sessionCounted;
      this.noteSuccess(fact.timeUs, fact.user);
    } else if (fact.outcome === 'failure') {
      const guesses = this.ssh.refusal(index);
      if (guesses > 0) this.noteFailure(fact.timeUs, 0, guesses);
    }
  }

  private readGuess(index: number, fact: LoginFact, told: ToldLogin, secret: number): void {
    // Behind the messages that are shown nobody sees which password it was: it is one more guess where those were some.
    const isUnseen = secret === 0 && isSecretComparable(fact) && this.conversations.isCut(index);
    if (isUnseen && !this.tail.isMeasured(index)) return;
    this.conversations.marks[index]! |= LOGIN_MARK.readable;
    if (!this.noteFailure(fact.timeUs, told.credential)) return;
    this.tail.read(index, this.login.clientBytes, this.login.serverBytes);
    if (fact.user !== '') this.noteName(fact, secret, told.isUnknownName);
  }

  private readSuccess(index: number, fact: LoginFact): void {
    this.conversations.marks[index]! |= LOGIN_MARK.readable;
    this.tail.spoil(index);
    this.noteSuccess(fact.timeUs, fact.user);
  }

  private clientText(): string {
    const { client0, client1, client2, client3 } = this.login;
    return formatAddress(client0, client1, client2, client3);
  }

  private serverText(): string {
    const { server0, server1, server2, server3 } = this.login;
    return formatAddress(server0, server1, server2, server3);
  }

  private namedLogin(user: string): NamedLogin {
    return { client: this.clientText(), server: this.serverText(), service: this.login.service, user };
  }

  private noteName(fact: LoginFact, secret: number, isUnknownName: boolean): void {
    const named = this.namedLogin(fact.user);
    const tried = this.names.fail(named, fact.timeUs, secret, isUnknownName);
    const { client0, client1, client2, client3 } = this.login;
    if (!this.context.landscape.mayBeAttacker(client0, client1, client2, client3)) return;
    this.nameWatch.judge(named, tried, this.suspects.has(this.book.campaignSlot), fact.timeUs);
  }

  private readClient(index: number, packet: PacketView, protocol: LoginProtocol): void {
    const sign = protocol.client?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none) return;
    this.conversations.marks[index]! |= sign === LOGIN_SIGN.form ? LOGIN_MARK.formPending : LOGIN_MARK.attemptPending;
    this.conversations.credentials[index] =
      protocol.credential?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? 0;
  }

  private readServer(index: number, packet: PacketView, protocol: LoginProtocol): void {
    const marks = this.conversations.marks[index]!;
    const pending = LOGIN_MARK.attemptPending | LOGIN_MARK.formPending;
    // Where tries can be seen, an answer to anything else is no answer to a login.
    const isAsked = protocol.client === undefined || (marks & pending) !== 0;
    if (!isAsked && !(protocol.answersAlone && this.login.isClientUnseen)) return;
    const read = (marks & LOGIN_MARK.formPending) !== 0 ? protocol.formServer : protocol.server;
    const sign = read?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none || (!isAsked && sign !== LOGIN_SIGN.failed)) return;
    this.conversations.marks[index] = (marks & ~pending) | LOGIN_MARK.readable;
    this.nowUs = packet.timeUs;
    if (sign === LOGIN_SIGN.failed) {
      const isGuess = this.noteFailure(packet.timeUs, this.conversations.credentials[index]!);
      if (isGuess) this.tail.read(index, this.login.clientBytes, this.login.serverBytes);
    } else {
      this.tail.spoil(index);
      this.noteSuccess(packet.timeUs);
    }
  }

  /** The place of what is known of the flow that is looked at. */
  private conversation(): number {
    return this.conversations.place(this.login.id);
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
    const { login } = this;
    const index = this.conversations.find(login.id);
    if (index < 0) return;
    const isUnread = this.isTold(index)
      ? Math.max(login.clientBytes, login.serverBytes) >= BYTES_TOLD || this.tail.isFull(index)
      : this.conversations.isCut(index);
    if (!isUnread) return;
    const count = this.tail.following(index, login.clientBytes, login.serverBytes);
    if (count === 0) return;
    this.nowUs = timeUs;
    this.noteFailure(timeUs, 0, count);
  }

  private noteSuccess(timeUs: number, user = ''): void {
    const { book, login } = this;
    this.crowd.succeed(login, timeUs);
    const named = user === '' ? undefined : this.namedLogin(user);
    const knownUs = named === undefined ? undefined : this.names.succeed(named, timeUs);
    // Computers log in by themselves, and nobody guesses their passwords.
    if (user.endsWith('$')) return;
    // Whoever looks for names has an account already: it is no find unless it was among them.
    if (named !== undefined && this.names.isStranger(named)) return;
    const campaign = this.breachedCampaign(timeUs);
    if (campaign < 0 && book.targetSlot >= 0 && !this.suspects.has(book.campaignSlot)) book.settle(timeUs);
    // Who got in before the guessing began has the password by right.
    if (campaign < 0 || (knownUs !== undefined && knownUs < book.firstUs[campaign]!)) return;
    book.addBreach(timeUs);
    book.targetSince[book.targetSlot] = 0;
    const service = loginProtocolOf(login.service, login.serverPort)?.name ?? 'the host';
    this.suspects.breached(campaign, { user, server: this.serverText(), service, timeUs }, timeUs);
  }

  /** The campaign that the login which worked ends: that of its service, or one at another service of the same host. */
  private breachedCampaign(timeUs: number): number {
    const { book, suspects } = this;
    // Most logins work at once; they are not worth a place in the book.
    const campaign = book.find(this.login);
    const target = book.targetSlot;
    if (campaign >= 0 && target >= 0 && book.targetSince[target]! >= FAILURES_BEFORE_BREACH) return campaign;
    if (suspects.size === 0 || (campaign >= 0 && suspects.has(campaign))) return -1;
    return suspects.campaignAgainst(this.clientText(), this.serverText(), FAILURES_BEFORE_OTHER_BREACH, timeUs);
  }

  /** A connection is over: was it a try to log in, and nothing else? */
  private noteSession(flow: FlowView, timeUs: number): void {
    const protocol = this.login.point(flow);
    if (protocol === undefined) return;
    const { login, book } = this;
    const index = this.conversation();
    const marks = this.conversations.marks[index]!;
    if ((marks & (LOGIN_MARK.readable | LOGIN_MARK.sessionCounted)) !== 0) return;
    const isUnheard = login.isServerUnseen && (marks & LOGIN_MARK.attemptPending) !== 0;
    const form = protocol.session ?? (isUnheard ? UNHEARD_LOGIN : undefined);
    if (form === undefined) return;
    const { clientBytes, serverBytes } = login;
    // Of a direction that is not in the capture nothing is asked.
    if (clientBytes < form.leastClientBytes && !login.isClientUnseen) return;
    if (serverBytes === 0 && !login.isServerUnseen) return;
    if (clientBytes + serverBytes < form.leastClientBytes) return;
    this.conversations.marks[index]! |= LOGIN_MARK.sessionCounted;
    this.nowUs = timeUs;
    if (login.service === SSH) {
      const { guesses, accepted } = this.ssh.logins(index);
      if (accepted) {
        // Keys that were offered and refused before are no guesses.
        this.noteSuccess(timeUs);
        return;
      }
      if (guesses > 0) {
        this.noteFailure(timeUs, 0, guesses);
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
    // One of many who attack one service is told with them.
    const isCovered = guilty && this.book.hosts[campaign] === 1 && this.crowd.covers(this.login);
    this.suspects.judge(campaign, guilty && !isCovered, this.nowUs);
  }
}

const SSH = SERVICES.indexOf('ssh');

export const bruteForceDetector = defineDetector({
  id: 'brute-force',
  kind: 'brute-force',
  summary:
    'Someone tries one password after another, seen in the answers of the server or in the look of the sessions.',
  techniques: ['T1110.001', 'T1110.003', 'T1110.004', 'T1087', 'T1078'],
  settings: bruteForceSettings,
  interest: {
    facts: [
      'login',
      'command:kerberos',
      ...LOGIN_PROTOCOL_IDS.flatMap((id) => [`protocol:${id}`, `broken:${id}`] as const),
    ],
    silentEnds: false,
  },
  memoryBound:
    '2,048 campaigns of 150 B, 8,192 hosts in them of 120 B, 512 services of 120 B with 8,192 senders of 70 B, 65,536 conversations of 46 B, 256 senders with 256 names each of 100 B, 3,072 logins of 150 B',
  create: (context) => new BruteForceWatcher(context),
});
