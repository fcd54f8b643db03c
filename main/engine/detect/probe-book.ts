import { isIpv4 } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DecayingCounters } from '../runtime/counters.ts';

/** How a first packet fared. */
export const PROBE_OUTCOME = {
  /** Silence. */
  unanswered: 0,
  /** The host said that nothing is there. */
  refused: 1,
  /** The port was open, and the sender, who had wanted to know just that, said nothing more. */
  open: 2,
  /** A conversation came of it. */
  conversation: 3,
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
 * A sender with one (host, port) only takes one look-up and one slot: that is nearly everyone, and in a
 * flood with invented senders everyone. The rest is written down when the second (host, port) comes.
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
  readonly sourceFirstUs: Float64Array;
  readonly sourceLastUs: Float64Array;
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
  /** The one pair of a sender that has no more: four address words, port, technique, outcome. */
  private readonly firstPairs: Int32Array;
  private nextId = 1;
  private readonly options: ProbeBookOptions;
  private readonly forgetUs: number;

  constructor(options: ProbeBookOptions, techniqueCount: number) {
    const entries = 2 ** options.entryBits;
    const pairs = 2 ** options.pairBits;
    const { seed } = options;
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
    this.sourceQuick = new DecayingCounters(entries, options.quickSeconds);
    this.sourceIds = new Int32Array(entries);
    this.firstPairs = new Int32Array(entries * FIRST_PAIR_FIELDS);
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
   * @returns the sender's slot; `targetSlot` and `portSlot` say what grew
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
    const source = this.sources.findOrInsert(s0, s1, s2, s3);
    const first = source * FIRST_PAIR_FIELDS;
    const held = this.firstPairs;
    if (this.sources.inserted || timeUs - this.sourceLastUs[source]! > this.forgetUs) {
      this.beginSource(source, timeUs);
      this.sourceLastUs[source] = timeUs;
      held[first] = t0;
      held[first + 1] = t1;
      held[first + 2] = t2;
      held[first + 3] = t3;
      held[first + 4] = port;
      held[first + 5] = technique;
      held[first + 6] = outcome;
      held[first + 7] = ambiguous ? 1 : 0;
      return source;
    }
    if (held[first + 5] !== WRITTEN_DOWN) {
      const same =
        held[first + 3] === t3 &&
        held[first + 4] === port &&
        held[first + 2] === t2 &&
        held[first + 1] === t1 &&
        held[first] === t0;
      if (same) {
        if (outcome > held[first + 6]!) held[first + 6] = outcome;
        this.sourceLastUs[source] = timeUs;
        return source;
      }
      const firstTechnique = held[first + 5]!;
      held[first + 5] = WRITTEN_DOWN;
      this.recordPair(
        source,
        held[first]!,
        held[first + 1]!,
        held[first + 2]!,
        held[first + 3]!,
        held[first + 4]!,
        firstTechnique,
        held[first + 7] === 1,
        held[first + 6] as ProbeOutcome,
        this.sourceFirstUs[source]!,
      );
    }
    this.sourceLastUs[source] = timeUs;
    this.recordPair(source, t0, t1, t2, t3, port, technique, ambiguous, outcome, timeUs);
    return source;
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
    this.sourceQuick.clear(source);
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
    if (outcome === PROBE_OUTCOME.conversation) {
      this.targetConversations[target]!++;
      this.sourceConversations[source]!++;
      this.portConversations[portEntry]!++;
      return;
    }
    if (this.targetTried[target]!++ === 0) this.sourceHosts[source]!++;
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

const OUTCOMES = 4;
const FIRST_PAIR_FIELDS = 8;
/** In place of a technique: the sender has more than one pair, all written down. */
const WRITTEN_DOWN = -1;

function decrement(counts: Uint32Array, index: number): void {
  if (counts[index]! > 0) counts[index]!--;
}
