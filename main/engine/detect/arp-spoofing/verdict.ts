import type { Severity } from '../../../../contract/domain.ts';
import type { Claimant, Contest } from './claim-book.ts';
import type { Passing } from './traffic-watch.ts';

/** What is known of one device that claims addresses which are not, or not only, its own. */
export interface Suspicion {
  readonly mac: number;
  readonly contests: readonly Contest[];
  /** Addresses that it alone has: it is a device of its own, with a name. */
  ownAddresses(): readonly string[];
  readonly passing: Passing | undefined;
  isGateway(contest: Contest): boolean;
}

export interface Thresholds {
  readonly unaskedReplies: number;
  readonly contestedAddresses: number;
  readonly forgetUs: number;
}

/** What speaks for spoofing. */
export interface Signs {
  /** Addresses that it claims although they are, or seem to be, another's. */
  readonly claimed: readonly Contest[];
  readonly unaskedReplies: number;
  /** Addresses among `claimed` whose other owner spoke after the claim. */
  readonly livelyOwners: number;
  /** It told each of two hosts that it is the other. */
  readonly isBetween: boolean;
  /** It asked who has the address that it claims: it knows that it is another's. */
  readonly asksForClaimed: boolean;
  readonly isGatewayClaimed: boolean;
  readonly moved: number;
  readonly forwarded: number;
  readonly told: readonly string[];
}

export interface Verdict extends Signs {
  readonly severity: Severity;
  readonly confidence: number;
}

function claimantOf(contest: Contest, mac: number): Claimant | undefined {
  return contest.claimants.find((claimant) => claimant.mac === mac);
}

/**
 * Others that have the address too, and were heard of not long before the claim or after it. One that came later and
 * said so once may be a damaged frame.
 */
function rivals(contest: Contest, claimant: Claimant, forgetUs: number): Claimant[] {
  return contest.claimants.filter(
    (other) =>
      other !== claimant &&
      claimant.firstUs - other.lastUs <= forgetUs &&
      (other.firstUs <= claimant.firstUs || other.claims > 1),
  );
}

/**
 * A device with several network cards answers for all its addresses on each of them, and one that bundles cards tells
 * each neighbour another of them (bonding). Then the same two MAC addresses contest everything; somebody who stands in
 * for others contests with different devices, or has an address that nobody else claims.
 */
function isAnotherDevice(suspicion: Suspicion, claimed: readonly Contest[], forgetUs: number): boolean {
  const { mac, passing } = suspicion;
  if (suspicion.ownAddresses().length > 0) return true;
  if (passing !== undefined && !passing.wasCarrier && passing.forwarded + passing.moved.size > 0) return true;
  const others = new Set<number>();
  for (const contest of claimed) {
    const claimant = claimantOf(contest, mac);
    if (claimant === undefined) continue;
    for (const rival of rivals(contest, claimant, forgetUs)) others.add(rival.mac);
  }
  return others.size > 1;
}

export function signsOf(suspicion: Suspicion, thresholds: Thresholds): Signs {
  const { mac, contests, passing } = suspicion;
  const moved = passing === undefined || passing.wasCarrier ? 0 : passing.moved.size;
  const claimed: Contest[] = [];
  const told = new Map<string, Set<string>>();
  let unaskedReplies = 0;
  let livelyOwners = 0;
  let asksForClaimed = false;
  for (const contest of contests) {
    const claimant = claimantOf(contest, mac);
    if (claimant === undefined) continue;
    const others = rivals(contest, claimant, thresholds.forgetUs);
    const asks = claimant.ownQuestions > 0 && claimant.unaskedTold > 0;
    // An address of which nobody else was heard, for which it does not ask, and which wins no traffic, is its own.
    const wins = moved > 0 && claimant.unaskedTold >= thresholds.unaskedReplies;
    if (others.length === 0 && !asks && !wins) continue;
    // Somebody else came to the address of a device that was using it: owners mostly answer when they are asked.
    const isFirst = others.length > 0 && others.every((other) => other.firstUs > claimant.firstUs);
    const unasked = claimant.unaskedTold + claimant.unaskedAll;
    if (isFirst && unasked * 2 <= claimant.claims && !asks) continue;
    claimed.push(contest);
    unaskedReplies += unasked;
    asksForClaimed ||= asks;
    if (others.some((other) => other.lastUs > claimant.firstUs)) livelyOwners++;
    told.set(contest.address, claimant.told);
  }
  const isBetween = [...told].some(([address, hosts]) => [...hosts].some((host) => told.get(host)?.has(address)));
  return {
    claimed,
    unaskedReplies,
    livelyOwners,
    isBetween,
    asksForClaimed,
    isGatewayClaimed: claimed.some((contest) => suspicion.isGateway(contest)),
    moved,
    forwarded: passing === undefined || passing.wasCarrier ? 0 : passing.forwarded,
    told: [...new Set([...told.values()].flatMap((hosts) => [...hosts]))],
  };
}

interface Rule {
  /** Any of these says that it is spoofing and no mistake. */
  readonly holds: (signs: Signs, thresholds: Thresholds) => boolean;
  readonly confidence: number;
}

const TELLING: readonly Rule[] = [
  { holds: (signs) => signs.isBetween && signs.unaskedReplies >= 2, confidence: 0.95 },
  { holds: (signs) => signs.asksForClaimed, confidence: 0.8 },
  {
    holds: (signs, { unaskedReplies }) => signs.unaskedReplies >= unaskedReplies && signs.livelyOwners > 0,
    confidence: 0.85,
  },
  // The owner is not heard: its answers may not reach this place. Telling single hosts again and again is enough.
  {
    holds: (signs, { unaskedReplies }) => signs.unaskedReplies >= unaskedReplies && signs.told.length > 0,
    confidence: 0.75,
  },
  {
    holds: (signs, { contestedAddresses }) => signs.livelyOwners >= contestedAddresses,
    confidence: 0.85,
  },
];

/** Added for traffic that does go through the device, and for packets seen going in and out of it. */
const MOVED_CONFIDENCE = 0.1;
const MOST_CONFIDENCE = 0.98;

/** What is to be made of a device; null where nothing tells. */
export function judge(suspicion: Suspicion, thresholds: Thresholds): Verdict | null {
  const signs = signsOf(suspicion, thresholds);
  if (signs.claimed.length === 0) return null;
  const telling = TELLING.filter((rule) => rule.holds(signs, thresholds));
  if (telling.length === 0 || !isAnotherDevice(suspicion, signs.claimed, thresholds.forgetUs)) return null;
  const takesTraffic = signs.moved > 0 || signs.forwarded > 0;
  const surest = Math.max(...telling.map(({ confidence }) => confidence));
  const isHigh = takesTraffic || signs.isBetween || (signs.isGatewayClaimed && signs.livelyOwners > 0);
  return {
    ...signs,
    severity: isHigh ? 'high' : 'medium',
    confidence: Number(Math.min(MOST_CONFIDENCE, surest + (takesTraffic ? MOVED_CONFIDENCE : 0)).toFixed(2)),
  };
}

/**
 * Two devices that both use one address as their own and are both there: a mistake in the settings of one of them,
 * as far as can be told. Null for cards of one device, which do not ask in the name of the same address.
 */
export function duplicateOf(contest: Contest): readonly [Claimant, Claimant] | null {
  const users = contest.claimants.filter((claimant) => claimant.questions >= LEAST_QUESTIONS && !isShifty(claimant));
  const [first, second] = users.sort((a, b) => a.firstUs - b.firstUs);
  if (first === undefined || second === undefined || first.lastUs <= second.firstUs) return null;
  return [first, second];
}

/** Both ask in the address's name at least so often. */
const LEAST_QUESTIONS = 2;

function isShifty(claimant: Claimant): boolean {
  return claimant.unaskedTold > 0 || claimant.ownQuestions > 0;
}
