import { HEAD, HEAD_WORDS } from './flow-layout.ts';

const INITIAL_ENTRIES = 1 << 12;

/**
 * Open addressing with linear probing from a flow's hash to its slot. Entries are pairs (hash, slot + 1) side
 * by side, so that a probe that misses never leaves the cache line; deletion shifts back instead of leaving
 * tombstones, so that a table under flood does not grow slower with time.
 */
export class FlowIndex {
  readonly #head: Int32Array;
  /** Pairs: [hash, slot + 1]; slot + 1 is 0 in an empty entry. Public for the lookup loop of the table. */
  entries = new Int32Array(INITIAL_ENTRIES * 2);
  mask = INITIAL_ENTRIES - 1;
  #size = 0;

  constructor(head: Int32Array) {
    this.#head = head;
  }

  insert(hash: number, slot: number): void {
    // Half full at the most: longer probe sequences cost more than the memory.
    if (this.#size * 2 >= this.mask + 1) this.#grow();
    this.#place(hash, slot);
    this.#size++;
  }

  #place(hash: number, slot: number): void {
    const { entries, mask } = this;
    let i = hash & mask;
    while (entries[2 * i + 1] !== 0) i = (i + 1) & mask;
    entries[2 * i] = hash;
    entries[2 * i + 1] = slot + 1;
  }

  remove(hash: number, slot: number): void {
    const { entries, mask } = this;
    let i = hash & mask;
    while (entries[2 * i + 1] !== slot + 1) {
      if (entries[2 * i + 1] === 0) throw new Error(`flow index lost slot ${slot}`);
      i = (i + 1) & mask;
    }
    this.#size--;
    let hole = i;
    for (;;) {
      i = (i + 1) & mask;
      if (entries[2 * i + 1] === 0) break;
      // An entry may move back only as far as its own place: it must stay reachable from there.
      const home = entries[2 * i] & mask;
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      entries[2 * hole] = entries[2 * i];
      entries[2 * hole + 1] = entries[2 * i + 1];
      hole = i;
    }
    entries[2 * hole + 1] = 0;
  }

  #grow(): void {
    const old = this.entries;
    const size = (this.mask + 1) * 2;
    this.entries = new Int32Array(size * 2);
    this.mask = size - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.#place(this.#head[(old[i + 1] - 1) * HEAD_WORDS + HEAD.hash], old[i + 1] - 1);
    }
  }
}
