import { ANALYSIS_HASH_SEED, hashAddress, isIpv4 } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DecayingCounters } from '../runtime/counters.ts';

/** How a first packet fared. */
export const PROBE_OUTCOME = {
  /** Silence. */
  unanswered: 0,
  /** The host said that nothing is there. */
  refused: 1,
  /** The port was open, and the sender, who had wanted to know just that, broke it off. */
  open: 2,
  /** Opened and closed in good order without a word, as monitors do: speaks neither for the sender nor against it. */
  checked: 3,
  /** A conversation came of it. */
  conversation: 4,
} as const;
export type ProbeOutcome = (typeof PROBE_OUTCOME)[keyof typeof PROBE_OUTCOME];

export interface ProbeBookOptions {
  /** Two to the power of it: senders, (sender, host) and (sender, port) entries held. */
  readonly entryBits: number;
  /** Two to the power of it: (sender, host, port) held, so that each counts once. */
  readonly pairBits: number;
  /** Seed of the tables; left out for captures. */
  readonly seed?: number;
  /** Half-life of the quick counters. */
  readonly quickSeconds: number;
  /** An entry with nothing new for so long begins anew. */
  readonly forgetSeconds: number;
  /** Targets that are no single host. */
  readonly isGroup: (w0: number, w1: number, w2: number, w3: number) => boolean;
}

/**
 * Who tried which ports of whom, and how it went: every (sender, host, port) counts once. Fixed memory,
 * about 120 bytes per entry and 60 per pair.
 *
 * A sender's first (host, port) waits in one line of a small cache, and the sender gets a place in the tables
 * with its second: nearly everyone has one at a time, and in a flood with invented senders everyone has. Two
 * senders whose lines collide lose a first pair, no more.
 */
export class ProbeBook {
  readonly sources: AddressTable;
  readonly targets: AddressTable;
  readonly ports: AddressTable;
  /** Entries touched by the last `record` that counted something new; -1 when nothing was. */
  targetSlot = -1;
  portSlot = -1;

  /** Per sender. */
  readonly sourcePairs: Uint32Array;
  readonly sourceConversations: Uint32Array;
  readonly sourceHosts: Uint32Array;
  readonly sourcePorts: Uint32Array;
  readonly sourceOutcomes: Uint32Array;
  readonly sourceTechniques: Uint32Array;
  /** When the search began, and when it last went on: what the sender does besides does not move them. */
  readonly sourceFirstUs: Float64Array;
  readonly sourceLastUs: Float64Array;
  /** New pairs after a pause that are not yet enough to say that the search goes on. */
  private readonly sourceStrays: Uint8Array;
  /** When anything new was last written down. */
  readonly sourceNewUs: Float64Array;
  readonly sourceQuick: DecayingCounters;
  readonly sourceIds: Int32Array;
  /** Per (sender, host): distinct ports tried in vain, and those where a conversation came of it. */
  readonly targetTried: Uint32Array;
  readonly targetConversations: Uint32Array;
  readonly targetQuick: DecayingCounters;
  private readonly targetIds: Int32Array;
  private readonly targetLastUs: Float64Array;
  private readonly targetIgnored: Uint8Array;
  /** Per (sender, port): distinct hosts tried in vain, the subnets they are in, and hosts with conversations. */
  readonly portTried: Uint32Array;
  readonly portConversations: Uint32Array;
  readonly portSubnets: Uint32Array;
  readonly portQuick: DecayingCounters;
  private readonly portIds: Int32Array;
  private readonly portLastUs: Float64Array;

  private readonly pairs: AddressTable;
  private readonly pairOutcomes: Uint8Array;
  private readonly pairTimesUs: Float64Array;
  private readonly subnets: AddressTable;
  /** First pairs, a line each: sender, target, port, technique, outcome, ambiguous. */
  private readonly firstPairs = new Int32Array(FIRST_PAIRS * FIRST_PAIR_WORDS);
  private readonly firstPairTimesUs = new Float64Array(FIRST_PAIRS);
  private readonly seed: number;
  private nextId = 1;
  private readonly options: ProbeBookOptions;
  private readonly forgetUs: number;

  constructor(options: ProbeBookOptions, techniqueCount: number) {
    const entries = 2 ** options.entryBits;
    const pairs = 2 ** options.pairBits;
    const { seed } = options;
    this.seed = seed ?? ANALYSIS_HASH_SEED;
    this.options = options;
    this.forgetUs = options.forgetSeconds * 1e6;
    this.techniqueCount = techniqueCount;
    this.sources = new AddressTable(entries, { seed });
    this.targets = new AddressTable(entries, { seed });
    this.ports = new AddressTable(entries, { seed });
    this.pairs = new AddressTable(pairs, { seed });
    this.subnets = new AddressTable(entries, { seed });
    this.sourcePairs = new Uint32Array(entries);
    this.sourceConversations = new Uint32Array(entries);
    this.sourceHosts = new Uint32Array(entries);
    this.sourcePorts = new Uint32Array(entries);
    this.sourceOutcomes = new Uint32Array(entries * OUTCOMES);
    this.sourceTechniques = new Uint32Array(entries * techniqueCount);
    this.sourceFirstUs = new Float64Array(entries);
    this.sourceLastUs = new Float64Array(entries);
    this.sourceStrays = new Uint8Array(entries);
    this.sourceNewUs = new Float64Array(entries);
    this.sourceQuick = new DecayingCounters(entries, options.quickSeconds);
    this.sourceIds = new Int32Array(entries);
    this.targetTried = new Uint32Array(entries);
    this.targetConversations = new Uint32Array(entries);
    this.targetQuick = new DecayingCounters(entries, options.quickSeconds);
    this.targetIds = new Int32Array(entries);
    this.targetLastUs = new Float64Array(entries);
    this.targetIgnored = new Uint8Array(entries);
    this.portTried = new Uint32Array(entries);
    this.portConversations = new Uint32Array(entries);
    this.portSubnets = new Uint32Array(entries);
    this.portQuick = new DecayingCounters(entries, options.quickSeconds);
    this.portIds = new Int32Array(entries);
    this.portLastUs = new Float64Array(entries);
    this.pairOutcomes = new Uint8Array(pairs);
    this.pairTimesUs = new Float64Array(pairs);
  }

  private readonly techniqueCount: number;

  /**
   * Writes down how a probe fared. `port` holds the protocol in its upper half. With `ambiguous` it does not
   * count among the hosts of its port.
   * @returns the sender's slot, -1 while it has one pair only; `targetSlot` and `portSlot` say what grew
   */
  record(
    s0: number,
    s1: number,
    s2: number,
    s3: number,
    t0: number,
    t1: number,
    t2: number,
    t3: number,
    port: number,
    technique: number,
    ambiguous: boolean,
    outcome: ProbeOutcome,
    timeUs: number,
  ): number {
    this.targetSlot = -1;
    this.portSlot = -1;
    let source = this.sources.find(s0, s1, s2, s3);
    if (source < 0 || timeUs - this.sourceNewUs[source]! > this.forgetUs) {
      const line = this.lineOf(s0, s1, s2, s3);
      const held = this.firstPairs;
      const isHeld = this.holds(line, s0, s1, s2, s3) && timeUs - this.firstPairTimesUs[line]! <= this.forgetUs;
      const at = line * FIRST_PAIR_WORDS;
      const isSame =
        held[at + 7] === t3 &&
        held[at + 8] === port &&
        held[at + 6] === t2 &&
        held[at + 5] === t1 &&
        held[at + 4] === t0;
      if (isHeld && isSame) {
        if (outcome > held[at + 10]!) held[at + 10] = outcome;
        return -1;
      }
      if (!isHeld) {
        held[at] = s0;
        held[at + 1] = s1;
        held[at + 2] = s2;
        held[at + 3] = s3;
        held[at + 4] = t0;
        held[at + 5] = t1;
        held[at + 6] = t2;
        held[at + 7] = t3;
        held[at + 8] = port;
        held[at + 9] = technique;
        held[at + 10] = outcome;
        held[at + 11] = ambiguous ? HELD_AMBIGUOUS : HELD;
        this.firstPairTimesUs[line] = timeUs;
        return -1;
      }
      source = this.promote(line);
    }
    this.recordPair(source, t0, t1, t2, t3, port, technique, ambiguous, outcome, timeUs);
    return source;
  }

  /** Whether anything is written down about a sender. */
  knows(s0: number, s1: number, s2: number, s3: number): boolean {
    return this.sources.find(s0, s1, s2, s3) >= 0 || this.holds(this.lineOf(s0, s1, s2, s3), s0, s1, s2, s3);
  }

  /** Number of a sender's distinct pairs with an outcome. */
  outcomes(source: number, outcome: ProbeOutcome): number {
    return this.sourceOutcomes[source * OUTCOMES + outcome]!;
  }

  /** Number of a sender's distinct pairs tried with a technique. */
  techniques(source: number, technique: number): number {
    return this.sourceTechniques[source * this.techniqueCount + technique]!;
  }

  clear(): void {
    for (const table of [this.sources, this.targets, this.ports, this.pairs, this.subnets]) table.clear();
    this.firstPairs.fill(0);
  }

  private lineOf(s0: number, s1: number, s2: number, s3: number): number {
    return hashAddress(s0, s1, s2, s3, this.seed) & (FIRST_PAIRS - 1);
  }

  private holds(line: number, s0: number, s1: number, s2: number, s3: number): boolean {
    const held = this.firstPairs;
    const at = line * FIRST_PAIR_WORDS;
    return held[at + 11] !== 0 && held[at + 3] === s3 && held[at + 2] === s2 && held[at + 1] === s1 && held[at] === s0;
  }

  /** Gives the sender of a first pair a place in the tables, and writes the pair down there. */
  private promote(line: number): number {
    const held = this.firstPairs;
    const at = line * FIRST_PAIR_WORDS;
    const source = this.sources.findOrInsert(held[at]!, held[at + 1]!, held[at + 2]!, held[at + 3]!);
    const timeUs = this.firstPairTimesUs[line]!;
    this.beginSource(source, timeUs);
    this.recordPair(
      source,
      held[at + 4]!,
      held[at + 5]!,
      held[at + 6]!,
      held[at + 7]!,
      held[at + 8]!,
      held[at + 9]!,
      held[at + 11] === HELD_AMBIGUOUS,
      held[at + 10] as ProbeOutcome,
      timeUs,
    );
    held[at + 11] = 0;
    return source;
  }

  private beginSource(source: number, timeUs: number): void {
    this.sourceIds[source] = this.takeId();
    this.sourcePairs[source] = 0;
    this.sourceConversations[source] = 0;
    this.sourceHosts[source] = 0;
    this.sourcePorts[source] = 0;
    this.sourceOutcomes.fill(0, source * OUTCOMES, (source + 1) * OUTCOMES);
    this.sourceTechniques.fill(0, source * this.techniqueCount, (source + 1) * this.techniqueCount);
    this.sourceFirstUs[source] = timeUs;
    this.sourceLastUs[source] = timeUs;
    this.sourceStrays[source] = 0;
    this.sourceNewUs[source] = timeUs;
    this.sourceQuick.clear(source);
  }

  /**
   * A new pair was tried in vain: the search goes on. After a pause one or two are not enough to say so: the
   * host scanned before may be flooded now at a port that the scan left out.
   */
  private advance(source: number, timeUs: number): void {
    if (this.sourcePairs[source] === 0) {
      this.sourceFirstUs[source] = timeUs;
      this.sourceLastUs[source] = timeUs;
      this.sourceStrays[source] = 0;
      return;
    }
    // The outcome of an older probe may come later.
    if (timeUs < this.sourceFirstUs[source]!) this.sourceFirstUs[source] = timeUs;
    const pauseUs = timeUs - this.sourceLastUs[source]!;
    if (pauseUs <= 0) return;
    const span = this.sourceLastUs[source]! - this.sourceFirstUs[source]!;
    const usualUs = span / this.sourcePairs[source]!;
    if (pauseUs > Math.max(PAUSE_US, PAUSE_PER_USUAL * usualUs)) {
      const isYoung = this.sourcePairs[source]! < STRAYS;
      if (!isYoung && ++this.sourceStrays[source]! < STRAYS) return;
    }
    this.sourceLastUs[source] = timeUs;
    this.sourceStrays[source] = 0;
  }

  private recordPair(
    source: number,
    t0: number,
    t1: number,
    t2: number,
    t3: number,
    port: number,
    technique: number,
    ambiguous: boolean,
    outcome: ProbeOutcome,
    timeUs: number,
  ): void {
    const target = this.touchTarget(source, t0, t1, t2, t3, timeUs);
    if (this.targetIgnored[target] === 1) return;
    const pair = this.pairs.findOrInsert(this.targetIds[target]!, port, 0, 0);
    const fresh = this.pairs.inserted || timeUs - this.pairTimesUs[pair]! > this.forgetUs;
    this.pairTimesUs[pair] = timeUs;
    const before = this.pairOutcomes[pair]!;
    // The best that came of it counts: a second try that is heard makes up for a first that was lost.
    if (!fresh && outcome <= before) return;
    this.pairOutcomes[pair] = outcome;
    const portEntry = this.touchPort(source, port, ambiguous, timeUs);
    if (!fresh) this.take(source, target, portEntry, before as ProbeOutcome);
    this.sourceOutcomes[source * OUTCOMES + outcome]!++;
    if (timeUs > this.sourceNewUs[source]!) this.sourceNewUs[source] = timeUs;
    if (outcome === PROBE_OUTCOME.checked) return;
    if (outcome === PROBE_OUTCOME.conversation) {
      this.targetConversations[target]!++;
      this.sourceConversations[source]!++;
      this.portConversations[portEntry]!++;
      return;
    }
    if (this.targetTried[target]!++ === 0) this.sourceHosts[source]!++;
    if (fresh) this.advance(source, timeUs);
    this.sourcePairs[source]!++;
    this.targetLastUs[target] = timeUs;
    if (this.portTried[portEntry]!++ === 0) this.sourcePorts[source]!++;
    this.portLastUs[portEntry] = timeUs;
    if (!fresh) return;
    this.sourceTechniques[source * this.techniqueCount + technique]!++;
    this.sourceQuick.add(source, timeUs);
    this.targetQuick.add(target, timeUs);
    this.portQuick.add(portEntry, timeUs);
    this.countSubnet(portEntry, t0, t1, t2, t3);
    this.targetSlot = target;
    if (!ambiguous) this.portSlot = portEntry;
  }

  /** Takes an earlier outcome of a pair out of the counts. */
  private take(source: number, target: number, portEntry: number, outcome: ProbeOutcome): void {
    decrement(this.sourceOutcomes, source * OUTCOMES + outcome);
    if (outcome === PROBE_OUTCOME.checked) return;
    decrement(this.sourcePairs, source);
    decrement(this.targetTried, target);
    if (this.targetTried[target] === 0) decrement(this.sourceHosts, source);
    decrement(this.portTried, portEntry);
    if (this.portTried[portEntry] === 0) decrement(this.sourcePorts, source);
  }

  private touchTarget(source: number, t0: number, t1: number, t2: number, t3: number, timeUs: number): number {
    const target = this.targets.findOrInsert(t0, t1, t2, t3, this.sourceIds[source]!);
    if (this.targets.inserted || timeUs - this.targetLastUs[target]! > this.forgetUs) {
      this.targetIds[target] = this.takeId();
      this.targetTried[target] = 0;
      this.targetConversations[target] = 0;
      this.targetQuick.clear(target);
      this.targetIgnored[target] = this.options.isGroup(t0, t1, t2, t3) ? 1 : 0;
      this.targetLastUs[target] = timeUs;
    }
    return target;
  }

  private touchPort(source: number, port: number, ambiguous: boolean, timeUs: number): number {
    // Ambiguous probes are kept apart: they would make a horizontal scan out of old connections' tails.
    const entry = this.ports.findOrInsert(this.sourceIds[source]!, port, ambiguous ? 1 : 0, 0);
    if (this.ports.inserted || timeUs - this.portLastUs[entry]! > this.forgetUs) {
      this.portIds[entry] = this.takeId();
      this.portTried[entry] = 0;
      this.portConversations[entry] = 0;
      this.portSubnets[entry] = 0;
      this.portQuick.clear(entry);
      this.portLastUs[entry] = timeUs;
    }
    return entry;
  }

  private countSubnet(entry: number, t0: number, t1: number, t2: number, t3: number): void {
    const id = this.portIds[entry]!;
    if (isIpv4(t0, t1, t2)) this.subnets.findOrInsert(0, 0, t2, t3 >>> 8, id);
    else this.subnets.findOrInsert(t0, t1, 0, 0, id);
    if (this.subnets.inserted) this.portSubnets[entry]!++;
  }

  private takeId(): number {
    this.nextId = (this.nextId + 1) | 0;
    return this.nextId;
  }
}

const OUTCOMES = 5;
/** A pause longer than this, and than the usual time between two new pairs by this much, is a pause. */
const PAUSE_US = 2e6;
const PAUSE_PER_USUAL = 4;
/** So many new pairs after a pause say that the search goes on. */
const STRAYS = 3;
/** Lines of first pairs; a power of two. */
const FIRST_PAIRS = 2 ** 14;
/** Twelve words are used; sixteen fill a cache line. */
const FIRST_PAIR_WORDS = 16;
const HELD = 1;
const HELD_AMBIGUOUS = 2;

function decrement(counts: Uint32Array, index: number): void {
  if (counts[index]! > 0) counts[index]!--;
}
