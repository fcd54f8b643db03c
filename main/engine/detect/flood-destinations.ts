import { AddressTable } from '../runtime/address-table.ts';

/**
 * Packets within one window after which a destination is watched closely; fewer cannot be a flood. Where more
 * destinations are busy than there is room for, the number rises until only the busiest take turns.
 */
export const WATCH_AFTER = 16;
const WATCH_AFTER_AT_MOST = 4096;
/** Targets that had to make room within a window before it takes twice as many packets to be watched. */
const EVICTIONS_PER_STEP = 256;
/** Places of the first, coarse count; collisions only mean that a quiet host is watched without need. */
const COARSE_BITS = 13;

/** Whether an address is no single host. */
export type IsGroup = (w0: number, w1: number, w2: number, w3: number) => boolean;

/**
 * Which destinations are busy enough to be watched, a slot for each. All packets are counted coarsely, by the place
 * that their destination's hash falls on; so spoofed addresses that are answered once cost nothing.
 */
export class FloodDestinations {
  private readonly isGroup: IsGroup;
  private readonly coarse = new Uint32Array(1 << COARSE_BITS);
  /** Slot + 1 of the target last found at a place of the coarse count: a short cut past the table. */
  private readonly shortCuts = new Int32Array(1 << COARSE_BITS);
  /** The address at each slot: a copy beside the counters is quicker to compare. */
  private readonly words: Int32Array;
  /** How many targets fall on a place, so that senders that are no target are told at once. */
  private readonly targetsAt = new Uint16Array(1 << COARSE_BITS);
  private readonly table: AddressTable;
  private watchAfter = WATCH_AFTER;
  private evictions = 0;

  /**
   * @param capacity targets watched at once
   * @param onForget called when a target must make room for another
   */
  constructor(capacity: number, isGroup: IsGroup, onForget: (slot: number) => void) {
    this.isGroup = isGroup;
    this.words = new Int32Array(capacity * 4);
    this.table = new AddressTable(capacity, {
      onEvict: (slot) => {
        this.evictions++;
        if (this.evictions % EVICTIONS_PER_STEP === 0)
          this.watchAfter = Math.min(this.watchAfter * 2, WATCH_AFTER_AT_MOST);
        onForget(slot);
        const place = this.placeOfSlot(slot);
        this.targetsAt[place]!--;
        if (this.shortCuts[place] === slot + 1) this.shortCuts[place] = 0;
      },
    });
  }

  /** The slot of an address with this `addressHash`, -1 where it is not watched. */
  find(hash: number, w0: number, w1: number, w2: number, w3: number): number {
    const place = placeOf(hash);
    if (this.targetsAt[place] === 0) return -1;
    const { words } = this;
    const slot = this.shortCuts[place]! - 1;
    const at = slot * 4;
    if (slot >= 0 && words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0) {
      return slot;
    }
    const found = this.table.find(w0, w1, w2, w3);
    if (found >= 0) this.shortCuts[place] = found + 1;
    return found;
  }

  /** Counts a packet to an address that is not watched. Its new slot, -1 as long as it is not busy enough for one. */
  count(hash: number, w0: number, w1: number, w2: number, w3: number): number {
    const place = placeOf(hash);
    if (++this.coarse[place]! <= this.watchAfter || this.isGroup(w0, w1, w2, w3)) return -1;
    const slot = this.table.findOrInsert(w0, w1, w2, w3);
    this.targetsAt[place]!++;
    this.shortCuts[place] = slot + 1;
    this.words.set([w0, w1, w2, w3], slot * 4);
    return slot;
  }

  /** Packets in the present window to an address that has just got its slot, before it had one. */
  countedBefore(hash: number): number {
    return Math.min(this.coarse[placeOf(hash)]! - 1, this.watchAfter);
  }

  /** Begins a new window. */
  nextWindow(): void {
    this.coarse.fill(0);
    if (this.evictions === 0) this.watchAfter = Math.max(this.watchAfter / 2, WATCH_AFTER);
    this.evictions = 0;
  }

  /** The short cuts go past the table: tells it that a target is in use, so that it lets the others go first. */
  touch(slot: number): void {
    const { table } = this;
    if (!table.isUsed(slot)) return;
    table.find(table.word(slot, 0), table.word(slot, 1), table.word(slot, 2), table.word(slot, 3));
  }

  addressText(slot: number): string {
    return this.table.addressText(slot);
  }

  private placeOfSlot(slot: number): number {
    const { words } = this;
    const at = slot * 4;
    return placeOf(addressHash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!));
  }
}

function placeOf(hash: number): number {
  return hash >>> (32 - COARSE_BITS);
}

/** Good enough to spread addresses; whoever makes addresses collide only makes the watching slower. */
export function addressHash(w0: number, w1: number, w2: number, w3: number): number {
  const hash = Math.imul(Math.imul(w0 ^ Math.imul(w1, 0x2c1b3c6d), 0x297a2d39) ^ w2, 0x85ebca6b) ^ w3;
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
}
