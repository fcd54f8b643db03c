import { formatAddress, mixHash } from '../../runtime/address.ts';
import { AddressTable } from '../../runtime/address-table.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { NeighbourClaim } from './neighbour-claim.ts';

/** Addresses whose owner is remembered: a /19, every one in use. */
const MAX_ADDRESSES = 8192;
/** Questions that may still be answered. */
const MAX_QUESTIONS = 8192;
/** Addresses that are claimed by several, or to somebody who did not ask. */
const MAX_CONTESTS = 1024;
/** Contests that may begin, and claimants that may join one, in a second: a flood of forged claims tells no more. */
const MAX_NEW_PER_SECOND = 256;
/** Claimants of one address that are told apart, and hosts that each told. */
const MAX_CLAIMANTS = 4;
const MAX_TOLD = 64;
/** An answer later than this was not asked for: neighbours answer within milliseconds, sleeping ones within a second. */
const ANSWER_US = 2_000_000;
/** So many answers may come to one question: a device with two cards answers with both. */
const ANSWERS_PER_QUESTION = 2;

/** A MAC address that says that it has an address. */
export interface Claimant {
  readonly mac: number;
  /** Messages of any kind that name the address as its own. */
  claims: number;
  /** Questions that it asked in the address's name, to everybody: what owners do all day. */
  questions: number;
  /** Answers that nobody had asked for: to one host, and to all. */
  unaskedTold: number;
  unaskedAll: number;
  /** It asked everybody who has the address that it claims. */
  ownQuestions: number;
  /** The frame was not sent by the MAC address that it names. */
  mismatches: number;
  readonly told: Set<string>;
  readonly firstUs: number;
  lastUs: number;
}

/** An address about which more was said than that somebody has it. */
export interface Contest {
  readonly address: string;
  readonly words: readonly [number, number, number, number];
  readonly claimants: Claimant[];
}

/** Who says to have which address. Plain owners take no memory of their own; contests do, and are bounded. */
export class ClaimBook {
  readonly #addresses: AddressTable;
  readonly #owners = new Float64Array(MAX_ADDRESSES);
  readonly #firstUs = new Float64Array(MAX_ADDRESSES);
  readonly #lastUs = new Float64Array(MAX_ADDRESSES);
  readonly #questionsAsOwner = new Uint32Array(MAX_ADDRESSES);
  readonly #questions: AddressTable;
  readonly #questionUs = new Float64Array(MAX_QUESTIONS);
  readonly #answersLeft = new Uint8Array(MAX_QUESTIONS);
  readonly #contests = new BoundedMap<number, Contest>(MAX_CONTESTS, (slot, contest) => {
    this.#unlink(slot, contest);
  });
  /** Slots of contests by claimant. */
  readonly #byMac = new Map<number, Set<number>>();
  readonly #forgetUs: number;
  #second = 0;
  #newInSecond = 0;

  constructor(forgetUs: number, seed: number | undefined) {
    this.#forgetUs = forgetUs;
    this.#addresses = new AddressTable(MAX_ADDRESSES, { seed, onEvict: (slot) => this.#drop(slot) });
    this.#questions = new AddressTable(MAX_QUESTIONS, { seed });
  }

  /** Takes a message in; gives the address that its sender has something to answer for, or that is contested. */
  note(claim: NeighbourClaim, nowUs: number): Contest | undefined {
    const contest = claim.hasAddress ? this.#noteClaim(claim, nowUs) : undefined;
    const asked = claim.isQuestion && !claim.isAnnouncement ? this.#noteQuestion(claim, nowUs) : undefined;
    return asked ?? contest;
  }

  /** An address seen at work: its owner is there. Never starts a contest. */
  noteAtWork(mac: number, w0: number, w1: number, w2: number, w3: number, nowUs: number, isItsOwn: boolean): void {
    const slot = isItsOwn ? this.#addresses.findOrInsert(w0, w1, w2, w3) : this.#addresses.find(w0, w1, w2, w3);
    if (slot < 0) return;
    if (isItsOwn && this.#addresses.inserted) this.#begin(slot, mac, nowUs);
    if (this.#owners[slot] === mac) this.#lastUs[slot] = nowUs;
    const claimant = this.#contests.peek(slot)?.claimants.find((each) => each.mac === mac);
    if (claimant !== undefined) claimant.lastUs = nowUs;
  }

  /** The MAC address that the address was first seen at; 0 when it is not known. */
  ownerOf(w0: number, w1: number, w2: number, w3: number): number {
    const slot = this.#addresses.find(w0, w1, w2, w3);
    return slot < 0 ? 0 : this.#owners[slot]!;
  }

  contestsOf(mac: number): Contest[] {
    const found: Contest[] = [];
    for (const slot of this.#byMac.get(mac) ?? []) {
      const contest = this.#contests.peek(slot);
      if (contest !== undefined) found.push(contest);
    }
    return found;
  }

  /** Addresses that only this MAC address was seen with, those first that it asks questions from. Costs a walk. */
  addressesOf(mac: number): string[] {
    const found: { readonly address: string; readonly questions: number }[] = [];
    for (let slot = 0; slot < MAX_ADDRESSES; slot++) {
      if (!this.#addresses.isUsed(slot) || this.#owners[slot] !== mac) continue;
      const contest = this.#contests.peek(slot);
      const isAlone = contest === undefined || (contest.claimants.length === 1 && !isDoubtful(contest.claimants[0]!));
      if (isAlone) found.push({ address: this.#addresses.addressText(slot), questions: this.#questionsAsOwner[slot]! });
    }
    return found.sort((first, second) => second.questions - first.questions).map(({ address }) => address);
  }

  clear(): void {
    this.#addresses.clear();
    this.#questions.clear();
    this.#contests.clear();
    this.#byMac.clear();
  }

  #noteClaim(claim: NeighbourClaim, nowUs: number): Contest | undefined {
    const { address0, address1, address2, address3, mac } = claim;
    const slot = this.#addresses.findOrInsert(address0, address1, address2, address3);
    if (this.#addresses.inserted) this.#begin(slot, mac, nowUs);
    const isUnasked = !claim.isQuestion && !claim.isAnnouncement && !this.#wasAsked(claim, nowUs);
    const known = this.#contests.peek(slot);
    const isOwner = this.#owners[slot] === mac;
    if (isOwner && known === undefined) {
      this.#lastUs[slot] = nowUs;
      if (claim.isQuestion && claim.isBroadcast && !claim.isAnnouncement) this.#questionsAsOwner[slot]!++;
      if (!isUnasked) return undefined;
    } else if (!isOwner && known === undefined && nowUs - this.#lastUs[slot]! > this.#forgetUs) {
      // The one that had it is gone.
      this.#begin(slot, mac, nowUs);
      return undefined;
    }
    if (known?.claimants.some((each) => each.mac === mac) !== true && !this.#mayBegin(nowUs)) return undefined;
    const contest = known ?? this.#open(slot);
    this.#count(contest, slot, claim, nowUs, isUnasked);
    if (isUnasked) this.#learnTarget(claim, nowUs);
    return contest;
  }

  /** Whoever tells a host something unasked knows where that host is. If it claims that address too, it lies. */
  #learnTarget(claim: NeighbourClaim, nowUs: number): void {
    if (claim.isBroadcast || claim.toMac === 0 || claim.toMac === claim.mac) return;
    const slot = this.#addresses.findOrInsert(claim.target0, claim.target1, claim.target2, claim.target3);
    if (this.#addresses.inserted) this.#begin(slot, claim.toMac, nowUs);
    if (this.#owners[slot] !== claim.mac) return;
    const known = this.#contests.peek(slot);
    if (known?.claimants.some(({ mac }) => mac === claim.toMac) === true || !this.#mayBegin(nowUs)) return;
    const owner = this.#claimant(known ?? this.#open(slot), slot, claim.toMac, this.#firstUs[slot]!);
    owner.claims = 1;
  }

  #mayBegin(nowUs: number): boolean {
    const second = Math.floor(nowUs / 1e6);
    if (second !== this.#second) this.#newInSecond = 0;
    this.#second = second;
    return ++this.#newInSecond <= MAX_NEW_PER_SECOND;
  }

  #begin(slot: number, mac: number, nowUs: number): void {
    this.#owners[slot] = mac;
    this.#firstUs[slot] = nowUs;
    this.#lastUs[slot] = nowUs;
    this.#questionsAsOwner[slot] = 0;
  }

  #open(slot: number): Contest {
    const words = this.#addresses.words(slot);
    const contest: Contest = { address: formatAddress(...words), words, claimants: [] };
    this.#contests.set(slot, contest);
    const owner = this.#claimant(contest, slot, this.#owners[slot]!, this.#firstUs[slot]!);
    owner.claims = 1 + this.#questionsAsOwner[slot]!;
    owner.questions = this.#questionsAsOwner[slot]!;
    owner.lastUs = this.#lastUs[slot]!;
    return contest;
  }

  #count(contest: Contest, slot: number, claim: NeighbourClaim, nowUs: number, isUnasked: boolean): void {
    const claimant = this.#claimant(contest, slot, claim.mac, nowUs);
    claimant.claims++;
    claimant.lastUs = nowUs;
    if (claim.mac !== claim.frameMac) claimant.mismatches++;
    if (claim.isQuestion && claim.isBroadcast && !claim.isAnnouncement) claimant.questions++;
    if (claim.isAnnouncement) claimant.unaskedAll++;
    // A question to one host alone tells it the asker's address as well, and so do the tools.
    const isTold = isUnasked || (claim.isQuestion && !claim.isBroadcast);
    if (isUnasked) claimant.unaskedTold++;
    if (isTold && claimant.told.size < MAX_TOLD) {
      claimant.told.add(formatAddress(claim.target0, claim.target1, claim.target2, claim.target3));
    }
  }

  #claimant(contest: Contest, slot: number, mac: number, nowUs: number): Claimant {
    const known = contest.claimants.find((claimant) => claimant.mac === mac);
    if (known !== undefined) return known;
    const claimant: Claimant = {
      mac,
      claims: 0,
      questions: 0,
      unaskedTold: 0,
      unaskedAll: 0,
      ownQuestions: 0,
      mismatches: 0,
      told: new Set(),
      firstUs: nowUs,
      lastUs: nowUs,
    };
    if (contest.claimants.length >= MAX_CLAIMANTS) {
      // The one that said least goes: forged claims by the thousand must not push out those that repeat theirs.
      const least = contest.claimants.reduce((a, b) => (b.claims < a.claims ? b : a));
      contest.claimants.splice(contest.claimants.indexOf(least), 1);
      this.#forgetClaimant(least.mac, slot);
    }
    contest.claimants.push(claimant);
    const slots = this.#byMac.get(mac) ?? new Set();
    this.#byMac.set(mac, slots.add(slot));
    return claimant;
  }

  /** Remembers who asks for whom; gives an address for which somebody asks who says to have it itself. */
  #noteQuestion(claim: NeighbourClaim, nowUs: number): Contest | undefined {
    const { target0, target1, target2, target3 } = claim;
    const question = this.#questions.findOrInsert(...questionKey(claim, true));
    this.#questionUs[question] = nowUs;
    this.#answersLeft[question] = ANSWERS_PER_QUESTION;
    if (!claim.hasAddress || !claim.isBroadcast) return undefined;
    const slot = this.#addresses.find(target0, target1, target2, target3);
    if (slot < 0) return undefined;
    const known = this.#contests.peek(slot);
    if (this.#owners[slot] !== claim.mac && !known?.claimants.some(({ mac }) => mac === claim.mac)) return undefined;
    if (known === undefined && !this.#mayBegin(nowUs)) return undefined;
    const contest = known ?? this.#open(slot);
    const claimant = this.#claimant(contest, slot, claim.mac, nowUs);
    claimant.ownQuestions++;
    return contest;
  }

  #wasAsked(claim: NeighbourClaim, nowUs: number): boolean {
    const slot = this.#questions.find(...questionKey(claim, false));
    if (slot < 0 || nowUs - this.#questionUs[slot]! > ANSWER_US || this.#answersLeft[slot] === 0) return false;
    this.#answersLeft[slot]!--;
    return true;
  }

  #drop(slot: number): void {
    const contest = this.#contests.peek(slot);
    this.#contests.delete(slot);
    if (contest !== undefined) this.#unlink(slot, contest);
  }

  #unlink(slot: number, contest: Contest): void {
    for (const { mac } of contest.claimants) this.#forgetClaimant(mac, slot);
  }

  #forgetClaimant(mac: number, slot: number): void {
    const slots = this.#byMac.get(mac);
    if (slots?.delete(slot) && slots.size === 0) this.#byMac.delete(mac);
  }
}

function isDoubtful(claimant: Claimant): boolean {
  return claimant.unaskedTold > 0 || claimant.ownQuestions > 0;
}

/** (who asks, who is asked for): of a question, and of the answer to it. */
function questionKey(claim: NeighbourClaim, isQuestion: boolean): [number, number, number, number] {
  const address = mixHash(mixHash(claim.address0, claim.address1), claim.address2);
  const target = mixHash(mixHash(claim.target0, claim.target1), claim.target2);
  return isQuestion
    ? [address, claim.address3, target, claim.target3]
    : [target, claim.target3, address, claim.address3];
}
