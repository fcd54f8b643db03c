import type { Finding, Severity } from '../../../../contract/domain.ts';
import {
  type FlowView,
  PACKET_KIND,
  type PacketView,
  PROTOCOL,
  type TrafficObserver,
} from '../../../../contract/traffic.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { ClaimBook, type Contest } from './claim-book.ts';
import { emptyClaim, isSharedMac, macNumber, type NeighbourClaim, readNeighbourClaim } from './neighbour-claim.ts';
import { arpSpoofingSettings } from './settings.ts';
import { describeDuplicate, describeSpoofing } from './story.ts';
import { TrafficWatch } from './traffic-watch.ts';
import { duplicateOf, judge, type Suspicion, type Thresholds } from './verdict.ts';

/** Devices that are judged, and told of. */
const MAX_SUSPECTS = 128;
const MAX_FORMER = 1_024;
const MAX_DUPLICATES = 256;
const REPORT_EVERY_US = 60_000_000;
/** Traffic that was won over shows itself within this time after the last claim. */
const TRAFFIC_FOLLOWS_MS = 60_000;
/** Claims of one suspect that are new: reported again when they are this many times as many. */
const REPORT_GROWTH = 2;
/** A packet with such a hop limit was not handed on by anybody: its sender has this address itself. */
const FIRST_HOP_LIMITS: ReadonlySet<number> = new Set([64, 128, 255]);

interface Suspect {
  /** Something new was heard of it. */
  isDirty: boolean;
  reportedUs: number;
  reportedReplies: number;
  reportedVictims: number;
  severity: Severity | undefined;
}

/**
 * Who says to be somebody else, by ARP or neighbour discovery: answers without a question, for addresses of devices
 * that are there, told to those whose traffic is wanted.
 */
class ArpSpoofingWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof arpSpoofingSettings>;
  readonly #thresholds: Thresholds;
  readonly #claim: NeighbourClaim = emptyClaim();
  readonly #book: ClaimBook;
  readonly #traffic: TrafficWatch;
  readonly #suspects = new BoundedMap<number, Suspect>(MAX_SUSPECTS, (mac, suspect) => {
    this.#traffic.forget(mac);
    if (suspect.severity !== undefined) this.#former.set(mac, suspect);
  });
  /** Told before they had to make room: when they come back, that is no news. */
  readonly #former = new BoundedMap<number, Suspect>(MAX_FORMER);
  readonly #duplicates = new BoundedMap<string, true>(MAX_DUPLICATES);
  readonly #ownerOf = (w0: number, w1: number, w2: number, w3: number): number => this.#book.ownerOf(w0, w1, w2, w3);
  readonly #isSuspect = (mac: number): boolean => this.#suspects.peek(mac) !== undefined;
  #lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof arpSpoofingSettings>) {
    this.#context = context;
    const { unaskedReplies, contestedAddresses, forgetMinutes } = context.settings;
    this.#thresholds = { unaskedReplies, contestedAddresses, forgetUs: forgetMinutes * 60e6 };
    this.#book = new ClaimBook(this.#thresholds.forgetUs, context.seed);
    this.#traffic = new TrafficWatch(context.seed);
  }

  packet(packet: PacketView): void {
    if (packet.kind === PACKET_KIND.arp || packet.protocol === PROTOCOL.icmpv6) {
      if (readNeighbourClaim(packet, this.#claim)) this.#noteClaim(packet.timeUs);
    }
    if (this.#traffic.isWatching) this.#traffic.notePacket(packet, this.#ownerOf);
  }

  flowStart(_flow: FlowView, packet: PacketView): void {
    const mac = macNumber(packet.sourceMacHigh, packet.sourceMacLow);
    if (mac === 0 || packet.tunnel !== 0) return;
    this.#traffic.noteFlow(packet, this.#isSuspect);
    const { source0, source1, source2, source3 } = packet;
    if (!isInternal(source0, source1, source2, source3)) return;
    const isItsOwn = FIRST_HOP_LIMITS.has(packet.hopLimit) && !this.#traffic.isCarrier(mac);
    this.#book.noteAtWork(mac, source0, source1, source2, source3, packet.timeUs, isItsOwn);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const [mac, suspect] of this.#suspects.entries()) {
      if (!suspect.isDirty && !isLast) continue;
      suspect.isDirty = false;
      this.#judge(mac, suspect, nowUs, isLast);
    }
  }

  clockReset(nowUs: number): void {
    for (const [mac, suspect] of this.#suspects.entries()) this.#judge(mac, suspect, nowUs, true);
    this.#suspects.clear();
    this.#former.clear();
    this.#duplicates.clear();
    this.#book.clear();
    this.#traffic.clear();
    this.#lastTickSecond = Number.NaN;
  }

  #noteClaim(nowUs: number): void {
    const claim = this.#claim;
    const contest = isSharedMac(claim.mac) ? undefined : this.#book.note(claim, nowUs);
    if (contest === undefined) return;
    // An owner that speaks up speaks against the others.
    for (const { mac } of contest.claimants) {
      const other = this.#suspects.peek(mac);
      if (other !== undefined) other.isDirty = true;
    }
    const suspect = this.#suspects.getOrInsert(claim.mac, () => this.#former.get(claim.mac) ?? newSuspect());
    suspect.isDirty = true;
  }

  #judge(mac: number, suspect: Suspect, nowUs: number, isLast: boolean): void {
    const contests = this.#book.contestsOf(mac);
    if (contests.length === 0) return;
    this.#traffic.watch(mac);
    let ownAddresses: readonly string[] | undefined;
    const suspicion: Suspicion = {
      mac,
      contests,
      // A walk over all that is known: only for those against whom something speaks.
      ownAddresses: () => {
        ownAddresses ??= this.#book.addressesOf(mac);
        return ownAddresses;
      },
      passing: this.#traffic.passing(mac),
      isGateway: (contest) => this.#isGateway(contest, mac),
    };
    const verdict = judge(suspicion, this.#thresholds);
    if (verdict === null) {
      this.#noteDuplicates(contests);
      return;
    }
    if (!this.#mayBeAttacker(suspicion.ownAddresses())) return;
    // What passes through it may show itself a moment later.
    const finding = describeSpoofing(suspicion, verdict);
    suspect.isDirty = verdict.moved === 0 && nowUs / 1000 - finding.lastSeenMs <= TRAFFIC_FOLLOWS_MS;
    if (!isLast && !isWorthTelling(suspect, finding, verdict.unaskedReplies, nowUs)) return;
    suspect.severity = finding.severity;
    suspect.reportedUs = nowUs;
    suspect.reportedReplies = verdict.unaskedReplies;
    suspect.reportedVictims = finding.victimCount;
    this.#context.report(finding);
  }

  #noteDuplicates(contests: readonly Contest[]): void {
    for (const contest of contests) {
      const pair = duplicateOf(contest);
      if (pair === null || this.#duplicates.get(contest.address) !== undefined) continue;
      this.#duplicates.set(contest.address, true);
      this.#context.report(describeDuplicate(contest, pair));
    }
  }

  /** By what the host says, or because the rightful owner carries traffic from and to outside, or nobody else does. */
  #isGateway(contest: Contest, mac: number): boolean {
    if (this.#context.landscape.isGateway(...contest.words)) return true;
    return contest.claimants.some((claimant) => claimant.mac !== mac && this.#traffic.isCarrier(claimant.mac));
  }

  #mayBeAttacker(addresses: readonly string[]): boolean {
    return addresses.every((address) => {
      const words = parseAddress(address);
      return words === null || this.#context.landscape.mayBeAttacker(...words);
    });
  }
}

function newSuspect(): Suspect {
  return { isDirty: false, reportedUs: 0, reportedReplies: 0, reportedVictims: 0, severity: undefined };
}

function isWorthTelling(suspect: Suspect, finding: Finding, replies: number, nowUs: number): boolean {
  if (suspect.severity === undefined || suspect.severity !== finding.severity) return true;
  const isGrown =
    replies >= suspect.reportedReplies * REPORT_GROWTH ||
    finding.victimCount >= suspect.reportedVictims * REPORT_GROWTH ||
    nowUs - suspect.reportedUs >= REPORT_EVERY_US;
  return isGrown && (replies !== suspect.reportedReplies || finding.victimCount !== suspect.reportedVictims);
}

export const arpSpoofingDetector = defineDetector({
  id: 'arp-spoofing',
  kind: 'man-in-the-middle',
  summary: 'A device says that it has the address of another, to get between that one and its neighbours.',
  techniques: ['T1557.002', 'T1557'],
  settings: arpSpoofingSettings,
  interest: { packets: ['arp', 'tcp', 'udp', 'icmp', 'other-ip'] },
  memoryBound:
    '8,192 addresses of 100 B, 8,192 questions of 40 B, 4,096 hosts of 40 B, 1,024 contested addresses of 12 kB, 1,152 devices of 100 B',
  create: (context) => new ArpSpoofingWatcher(context),
});
