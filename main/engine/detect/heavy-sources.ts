/**
 * Who sends most to each of many targets, in fixed memory and a few nanoseconds per packet: the heavy part
 * of Elastic Sketch (Yang et al., SIGCOMM 2018) with two-way buckets. A source keeps its entry while it
 * sends more than its share; others vote against it and take its place when the votes outnumber it.
 * Counts are lower bounds: what a source sent before it got its entry is not in them.
 */
export interface HeavySource {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly packets: number;
  /** Packets that the target has sent to this source meanwhile. */
  readonly answers: number;
}

const ENTRY_BITS = 7;
const ENTRIES = 1 << ENTRY_BITS;
/** Votes of others per own packet that cost a source its entry (lambda in the paper, which found 8 best). */
const VOTES_PER_PACKET = 8;

export class HeavySources {
  private readonly words: Int32Array;
  private readonly packets: Uint32Array;
  private readonly answers: Uint32Array;
  private readonly votes: Uint32Array;

  /** @param targets how many targets, each with room for 128 sources (3.5 kB) */
  constructor(targets: number) {
    this.words = new Int32Array(targets * ENTRIES * 4);
    this.packets = new Uint32Array(targets * ENTRIES);
    this.answers = new Uint32Array(targets * ENTRIES);
    this.votes = new Uint32Array(targets * ENTRIES);
  }

  /** Counts a packet of a source. `hash` is any 32-bit hash of the source's address. */
  add(target: number, hash: number, word0: number, word1: number, word2: number, word3: number): void {
    const first = target * ENTRIES + (hash >>> (32 - ENTRY_BITS));
    const second = first ^ 1;
    if (this.holds(first, word0, word1, word2, word3)) {
      this.packets[first]!++;
      return;
    }
    if (this.holds(second, word0, word1, word2, word3)) {
      this.packets[second]!++;
      return;
    }
    const entry = this.packets[second]! < this.packets[first]! ? second : first;
    if (this.packets[entry] !== 0 && ++this.votes[entry]! < VOTES_PER_PACKET * this.packets[entry]!) return;
    const at = entry * 4;
    this.words[at] = word0;
    this.words[at + 1] = word1;
    this.words[at + 2] = word2;
    this.words[at + 3] = word3;
    this.packets[entry] = 1;
    this.answers[entry] = 0;
    this.votes[entry] = 0;
  }

  /** Counts a packet of the target to a source, if the source has an entry. */
  answer(target: number, hash: number, word0: number, word1: number, word2: number, word3: number): void {
    const first = target * ENTRIES + (hash >>> (32 - ENTRY_BITS));
    if (this.holds(first, word0, word1, word2, word3)) this.answers[first]!++;
    else if (this.holds(first ^ 1, word0, word1, word2, word3)) this.answers[first ^ 1]!++;
  }

  /** The sources held for a target, the heaviest first. Allocates: for ticks and reports. */
  list(target: number): HeavySource[] {
    const sources: HeavySource[] = [];
    for (let entry = target * ENTRIES; entry < (target + 1) * ENTRIES; entry++) {
      if (this.packets[entry] === 0) continue;
      const at = entry * 4;
      sources.push({
        word0: this.words[at]!,
        word1: this.words[at + 1]!,
        word2: this.words[at + 2]!,
        word3: this.words[at + 3]!,
        packets: this.packets[entry]!,
        answers: this.answers[entry]!,
      });
    }
    return sources.sort((a, b) => b.packets - a.packets);
  }

  clear(target: number): void {
    const start = target * ENTRIES;
    this.packets.fill(0, start, start + ENTRIES);
    this.answers.fill(0, start, start + ENTRIES);
    this.votes.fill(0, start, start + ENTRIES);
  }

  private holds(entry: number, word0: number, word1: number, word2: number, word3: number): boolean {
    const at = entry * 4;
    return (
      this.words[at + 3] === word3 &&
      this.words[at + 2] === word2 &&
      this.words[at + 1] === word1 &&
      this.words[at] === word0 &&
      this.packets[entry] !== 0
    );
  }
}
