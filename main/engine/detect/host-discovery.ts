import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { PACKET_KIND, type PacketView, PROTOCOL, type TrafficObserver } from '../../../contract/traffic.ts';
import { formatMac } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DecayingCounters } from '../runtime/counters.ts';
import type { SettingTable } from '../runtime/settings.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { countOf, formatCount, formatDuration, formatShare, ratePerSecond, sharedSubnet } from './finding-text.ts';
import { emptyHostQuery, type HostQuery, QUERY_METHODS, readHostQuery } from './host-query.ts';

const settings = {
  hosts: {
    type: 'number',
    default: 20,
    min: 5,
    max: 65_535,
    integer: true,
    unit: 'hosts',
    reason:
      'Asking for so many hosts within about two minutes, most of which are silent, is a search. A computer asks for the few neighbours that it works with, and those answer.',
  },
  slowHosts: {
    type: 'number',
    default: 60,
    min: 5,
    max: 65_535,
    integer: true,
    unit: 'hosts',
    reason:
      'Asking for so many silent hosts at any pace is a search, as long as the pauses are shorter than forgetMinutes. Higher, because a long day brings a few stale addresses.',
  },
  silentShare: {
    type: 'number',
    default: 0.5,
    min: 0,
    max: 1,
    reason:
      'At least this share of the hosts must be silent. A monitor or a busy server also reaches many hosts, but they are there and answer; a search goes through empty addresses.',
  },
  forgetMinutes: {
    type: 'number',
    default: 15,
    min: 1,
    max: 1440,
    unit: 'min',
    reason: 'After so long without a new host, counting begins anew.',
  },
} as const satisfies SettingTable;

/** The quick counters lose half in this time: about two minutes count. */
const QUICK_HALF_LIFE_SECONDS = 60;
/** The quick counters have lost at most half when the threshold is reached. */
const QUICK_SHARE = 0.5;
/** Silence is only known after a moment; local hosts answer within milliseconds, distant ones within a second. */
const ANSWER_WAIT_US = 1_000_000;
/** Queries told apart; a sweep of a /16 still counts right. */
const MAX_QUERIES = 65_536;
const MAX_SENDERS = 4096;
/** Senders near or above the thresholds, looked at every second. */
const MAX_CANDIDATES = 128;
const REPORT_GROWTH = 2;
const REPORT_QUIET_US = 5_000_000;
const REPORT_EVERY_US = 60_000_000;
/** A search through so many hosts is for the network and not for a lost printer. */
const WIDE_HOSTS = 64;
/** Hosts asked for from which a search is as good as certain; the confidence grows towards it. */
const CERTAIN_HOSTS = 200;
const LEAST_CONFIDENCE = 0.7;
const MOST_CONFIDENCE = 0.98;

interface Candidate {
  readonly senderId: number;
  reportedHosts: number;
  reportedUs: number;
}

/**
 * Sweeps: one sender asks for many hosts, by ARP, neighbour solicitation or ping, to learn which exist. Every
 * (sender, host) counts once, and a host that answers, or was heard of before, speaks for the sender.
 */
class HostDiscoveryWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof settings>;
  private readonly forgetUs: number;
  private readonly query: HostQuery = emptyHostQuery();
  /** Keyed on the address, or with 1 beside it on the MAC address of senders that have none. */
  private readonly senders: AddressTable;
  private readonly senderIds = new Int32Array(MAX_SENDERS);
  private readonly hosts = new Uint32Array(MAX_SENDERS);
  private readonly answered = new Uint32Array(MAX_SENDERS);
  private readonly methods = new Uint32Array(MAX_SENDERS * QUERY_METHODS.length);
  private readonly firstUs = new Float64Array(MAX_SENDERS);
  private readonly lastUs = new Float64Array(MAX_SENDERS);
  private readonly quick = new DecayingCounters(MAX_SENDERS, QUICK_HALF_LIFE_SECONDS);
  /** (host asked for, sender id). */
  private readonly queries: AddressTable;
  private readonly queryUs = new Float64Array(MAX_QUERIES);
  private readonly queryAnswered = new Uint8Array(MAX_QUERIES);
  /** Neighbours that were heard speaking ARP. */
  private readonly alive: AddressTable;
  private readonly candidates = new Map<number, Candidate>();
  private nextId = 1;
  private lastTickSecond = Number.NaN;
  private stopping = false;

  constructor(context: DetectorContext<typeof settings>) {
    this.context = context;
    const { seed } = context;
    this.senders = new AddressTable(MAX_SENDERS, { seed });
    this.queries = new AddressTable(MAX_QUERIES, { seed });
    this.alive = new AddressTable(MAX_SENDERS, { seed });
    this.forgetUs = context.settings.forgetMinutes * 60e6;
  }

  packet(packet: PacketView): void {
    const { kind, protocol } = packet;
    if (kind !== PACKET_KIND.arp && protocol !== PROTOCOL.icmp && protocol !== PROTOCOL.icmpv6) return;
    const { query } = this;
    if (!readHostQuery(packet, query)) return;
    if (query.isAnswer) this.noteAnswer();
    else this.noteQuestion(packet.timeUs);
    if (kind === PACKET_KIND.arp && !query.byMac) this.noteAlive();
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    this.stopping = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const [sender, candidate] of this.candidates) {
      const gone = this.senderIds[sender] !== candidate.senderId || nowUs - this.lastUs[sender]! > this.forgetUs;
      if (gone) this.candidates.delete(sender);
      else if (candidate.reportedHosts > 0) this.reportGrowth(sender, candidate, nowUs);
      else if (this.isSearch(sender, nowUs)) this.report(sender, candidate, nowUs);
    }
  }

  clockReset(nowUs: number): void {
    for (const [sender, candidate] of this.candidates) {
      const grown = candidate.reportedHosts > 0 && this.hosts[sender] !== candidate.reportedHosts;
      if (grown && this.senderIds[sender] === candidate.senderId) this.report(sender, candidate, nowUs);
    }
    this.candidates.clear();
    for (const table of [this.senders, this.queries, this.alive]) table.clear();
    this.lastTickSecond = Number.NaN;
  }

  private noteQuestion(nowUs: number): void {
    const { query } = this;
    const { target0, target1, target2, target3 } = query;
    if (this.context.landscape.isMulticastOrBroadcast(target0, target1, target2, target3)) return;
    const sender = this.touchSender(nowUs);
    const slot = this.queries.findOrInsert(target0, target1, target2, target3, this.senderIds[sender]!);
    const fresh = this.queries.inserted || nowUs - this.queryUs[slot]! > this.forgetUs;
    this.queryUs[slot] = nowUs;
    if (!fresh) return;
    const known = this.alive.find(target0, target1, target2, target3) >= 0;
    this.queryAnswered[slot] = known ? 1 : 0;
    if (known) this.answered[sender]!++;
    this.hosts[sender]!++;
    this.lastUs[sender] = nowUs;
    this.methods[sender * QUERY_METHODS.length + query.method]!++;
    this.quick.add(sender, nowUs);
    if (this.hosts[sender]! >= this.context.settings.hosts) this.nominate(sender);
  }

  /** An answer names who is there (target) and to whom it is said (sender). */
  private noteAnswer(): void {
    const { query } = this;
    const sender = this.senders.find(query.sender0, query.sender1, query.sender2, query.sender3);
    if (sender < 0) return;
    const id = this.senderIds[sender]!;
    const slot = this.queries.find(query.target0, query.target1, query.target2, query.target3, id);
    if (slot < 0 || this.queryAnswered[slot] === 1) return;
    this.queryAnswered[slot] = 1;
    this.answered[sender]!++;
  }

  private noteAlive(): void {
    const { query } = this;
    if (query.isAnswer) this.alive.findOrInsert(query.target0, query.target1, query.target2, query.target3);
    else this.alive.findOrInsert(query.sender0, query.sender1, query.sender2, query.sender3);
  }

  private touchSender(nowUs: number): number {
    const { query } = this;
    const { sender0, sender1, sender2, sender3 } = query;
    const sender = this.senders.findOrInsert(sender0, sender1, sender2, sender3, query.byMac ? 1 : 0);
    if (this.senders.inserted || nowUs - this.lastUs[sender]! > this.forgetUs) {
      this.nextId = (this.nextId + 1) | 0;
      this.senderIds[sender] = this.nextId;
      this.hosts[sender] = 0;
      this.answered[sender] = 0;
      this.methods.fill(0, sender * QUERY_METHODS.length, (sender + 1) * QUERY_METHODS.length);
      this.firstUs[sender] = nowUs;
      this.lastUs[sender] = nowUs;
      this.quick.clear(sender);
    }
    return sender;
  }

  private nominate(sender: number): void {
    const senderId = this.senderIds[sender]!;
    if (this.candidates.get(sender)?.senderId === senderId) return;
    if (this.candidates.size >= MAX_CANDIDATES) {
      const oldest = this.candidates.keys().next();
      if (!oldest.done) this.candidates.delete(oldest.value);
    }
    this.candidates.set(sender, { senderId, reportedHosts: 0, reportedUs: 0 });
  }

  private isSearch(sender: number, nowUs: number): boolean {
    const { hosts, slowHosts, silentShare } = this.context.settings;
    const asked = this.hosts[sender]!;
    const fast = this.quick.value(sender, nowUs) >= hosts * QUICK_SHARE;
    if (!fast && asked < slowHosts) return false;
    // Nobody has had time to answer the first questions of a fast sweep: it is judged a second later.
    if (!this.stopping && nowUs - this.firstUs[sender]! < ANSWER_WAIT_US) return false;
    if (asked - this.answered[sender]! < asked * silentShare) return false;
    const { landscape } = this.context;
    if (this.senders.extra(sender) === 1) return true;
    const words = this.senders.words(sender);
    const { activity } = QUERY_METHODS[this.mainMethod(sender)]!;
    return landscape.mayBeAttacker(...words) && !landscape.explains(activity, ...words);
  }

  private mainMethod(sender: number): number {
    const counts = this.methods.subarray(sender * QUERY_METHODS.length, (sender + 1) * QUERY_METHODS.length);
    return counts.indexOf(Math.max(...counts));
  }

  private reportGrowth(sender: number, candidate: Candidate, nowUs: number): void {
    const asked = this.hosts[sender]!;
    if (asked === candidate.reportedHosts) return;
    const quiet = nowUs - this.lastUs[sender]! >= REPORT_QUIET_US;
    const due = nowUs - candidate.reportedUs >= REPORT_EVERY_US;
    const grown = asked >= candidate.reportedHosts * REPORT_GROWTH;
    if (grown || quiet || due || this.stopping) this.report(sender, candidate, nowUs);
  }

  private report(sender: number, candidate: Candidate, nowUs: number): void {
    candidate.reportedHosts = this.hosts[sender]!;
    candidate.reportedUs = nowUs;
    this.context.report(this.describe(sender));
  }

  private describe(sender: number): Finding {
    const { senders } = this;
    const byMac = senders.extra(sender) === 1;
    const attacker = byMac ? formatMac(senders.word(sender, 0), senders.word(sender, 1)) : senders.addressText(sender);
    const asked = this.hosts[sender]!;
    const silent = asked - this.answered[sender]!;
    const seconds = (this.lastUs[sender]! - this.firstUs[sender]!) / 1e6;
    const method = QUERY_METHODS[this.mainMethod(sender)]!;
    const victims = this.hostsAskedFor(sender);
    const subnet = sharedSubnet(victims);
    const hosts = countOf(asked, 'host');
    const evidence: Evidence[] = [
      {
        name: 'hosts asked for',
        value: asked,
        unit: 'hosts',
        usual: '1 to 10',
        usualRange: { low: 1, high: 10 },
        meaning: 'A computer asks for the few neighbours that it works with.',
      },
      {
        name: 'silent hosts',
        value: formatShare(silent, asked),
        usual: 'under 10 %',
        meaning: 'Whoever asks for hosts that do not exist does not know the network and searches it.',
      },
      {
        name: 'pace',
        value: ratePerSecond(asked, seconds),
        unit: 'per second',
        usual: 'under 0.1',
        usualRange: { low: 0, high: 0.1 },
        meaning: 'How fast new hosts were asked for.',
      },
      { name: 'method', value: method.name, meaning: `It ${method.description}.` },
    ];
    return {
      detector: 'host-discovery',
      kind: 'host-discovery',
      cause: `host-discovery/${attacker}`,
      firstSeenMs: this.firstUs[sender]! / 1000,
      lastSeenMs: this.lastUs[sender]! / 1000,
      severity: asked >= WIDE_HOSTS ? 'medium' : 'low',
      confidence: confidence(asked),
      techniques: ['T1018'],
      attackers: [attacker],
      victims: victims.slice(0, MAX_LISTED_HOSTS),
      attackerCount: 1,
      victimCount: asked,
      title: `${attacker} searched ${subnet ?? 'the network'} for computers: ${hosts} asked for`,
      explanation: [
        `${attacker} asked for ${hosts}${subnet === null ? '' : ` of ${subnet}`} within ${formatDuration(seconds)}, and ${formatCount(silent)} of them were silent; a computer usually asks for fewer than ten, which answer.`,
        `It ${method.description}.`,
        'This finds out which computers exist. By itself it does no harm; attackers begin with it, and so do some network tools.',
      ].join(' '),
      evidence,
    };
  }

  /** Those who are there first: they can be attacked next. */
  private hostsAskedFor(sender: number): string[] {
    const id = this.senderIds[sender]!;
    const present: string[] = [];
    const silent: string[] = [];
    for (let slot = 0; slot < this.queries.capacity; slot++) {
      if (!this.queries.isUsed(slot) || this.queries.extra(slot) !== id) continue;
      const list = this.queryAnswered[slot] === 1 ? present : silent;
      list.push(this.queries.addressText(slot));
    }
    return [...present, ...silent];
  }
}

function confidence(asked: number): number {
  const grown = Math.min(1, Math.log2(Math.max(asked, 1)) / Math.log2(CERTAIN_HOSTS));
  return Number((LEAST_CONFIDENCE + (MOST_CONFIDENCE - LEAST_CONFIDENCE) * grown).toFixed(2));
}

export const hostDiscoveryDetector = defineDetector({
  id: 'host-discovery',
  kind: 'host-discovery',
  summary: 'Someone asks for many hosts of a network, most of which do not exist, to find out which do.',
  techniques: ['T1018'],
  settings,
  interest: { packets: ['arp', 'icmp'] },
  memoryBound: '4,096 senders of 120 B, 65,536 (sender, host) of 60 B',
  create: (context) => new HostDiscoveryWatcher(context),
});
