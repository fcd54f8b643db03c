/**
 * Memory for the bytes of unfinished datagrams: one array cut into blocks, taken as fragments come and given back
 * together. A bitmap tells which units of eight bytes, the grain of IP fragmentation, are there.
 */

/** Grain of IP fragment offsets. */
export const UNIT_BYTES = 8;
/** One fragment of an Ethernet-sized path fits; a flood of tiny ones wastes no more than this each. */
const BLOCK_BYTES = 2048;
const BLOCK_SHIFT = 11;
const UNITS_PER_BLOCK = BLOCK_BYTES / UNIT_BYTES;
const UNIT_SHIFT = 3;
const UNIT_MASK = UNITS_PER_BLOCK - 1;
/** The largest payload is a little under 64 KiB. */
export const MAX_BLOCKS_PER_DATAGRAM = 65_536 / BLOCK_BYTES;
const NONE = -1;

export class FragmentBlocks {
  readonly #bytes: Uint8Array;
  /** One byte per unit: 1 when it is there. */
  readonly #present: Uint8Array;
  /** Slot * MAX_BLOCKS_PER_DATAGRAM + index in the datagram → block, or NONE. */
  readonly #blockOf: Int32Array;
  readonly #held: Int32Array;
  readonly #units: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;

  /** @param slots how many datagrams there may be at a time */
  constructor(memoryBytes: number, slots: number) {
    const blocks = Math.max(MAX_BLOCKS_PER_DATAGRAM, Math.floor(memoryBytes / BLOCK_BYTES));
    this.#bytes = new Uint8Array(blocks * BLOCK_BYTES);
    this.#present = new Uint8Array(blocks * UNITS_PER_BLOCK);
    this.#blockOf = new Int32Array(slots * MAX_BLOCKS_PER_DATAGRAM).fill(NONE);
    this.#held = new Int32Array(slots);
    this.#units = new Int32Array(slots);
    this.#free = Int32Array.from({ length: blocks }, (_, index) => index);
    this.#freeCount = blocks;
  }

  /** Blocks that nobody holds. */
  get freeCount(): number {
    return this.#freeCount;
  }

  /** Blocks that the datagram holds. */
  heldBy(slot: number): number {
    return this.#held[slot];
  }

  /** Whether any unit of the range is there already. */
  holdsAny(slot: number, offset: number, length: number): boolean {
    const lastUnit = (offset + length - 1) >> UNIT_SHIFT;
    for (let unit = offset >> UNIT_SHIFT; unit <= lastUnit; unit++) {
      const block = this.#blockOf[slot * MAX_BLOCKS_PER_DATAGRAM + Math.floor(unit / UNITS_PER_BLOCK)];
      if (block === NONE) unit |= UNIT_MASK;
      else if (this.#present[block * UNITS_PER_BLOCK + (unit & UNIT_MASK)] === 1) return true;
    }
    return false;
  }

  /** Whether all of the range is there already, with the same bytes. */
  holdsSame(slot: number, offset: number, source: Uint8Array, start: number, length: number): boolean {
    for (let done = 0; done < length; done++) {
      const at = offset + done;
      const block = this.#blockOf[slot * MAX_BLOCKS_PER_DATAGRAM + (at >> BLOCK_SHIFT)];
      if (block === NONE) return false;
      const inBlock = at & (BLOCK_BYTES - 1);
      if (this.#present[block * UNITS_PER_BLOCK + (inBlock >> UNIT_SHIFT)] === 0) return false;
      if (this.#bytes[block * BLOCK_BYTES + inBlock] !== source[start + done]) return false;
    }
    return true;
  }

  /**
   * Writes the units of the range that are not there yet. There must be room: the free blocks and those that the
   * datagram holds make MAX_BLOCKS_PER_DATAGRAM.
   */
  write(slot: number, offset: number, source: Uint8Array, start: number, length: number): void {
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const blockEnd = (at | (BLOCK_BYTES - 1)) + 1;
      const pieceEnd = end < blockEnd ? end : blockEnd;
      this.#writeInBlock(slot, at, source, start + at - offset, pieceEnd - at);
      at = pieceEnd;
    }
  }

  #writeInBlock(slot: number, offset: number, source: Uint8Array, start: number, length: number): void {
    const block = this.#take(slot, offset >> BLOCK_SHIFT);
    const present = this.#present;
    const firstUnit = block * UNITS_PER_BLOCK + ((offset >> UNIT_SHIFT) & UNIT_MASK);
    const unitEnd = firstUnit + ((length + UNIT_BYTES - 1) >> UNIT_SHIFT);
    let unit = firstUnit;
    while (unit < unitEnd) {
      if (present[unit] === 1) {
        unit++;
        continue;
      }
      const runStart = unit;
      while (unit < unitEnd && present[unit] === 0) present[unit++] = 1;
      this.#units[slot] += unit - runStart;
      const from = start + ((runStart - firstUnit) << UNIT_SHIFT);
      const to = unit === unitEnd ? start + length : start + ((unit - firstUnit) << UNIT_SHIFT);
      this.#bytes.set(source.subarray(from, to), runStart << UNIT_SHIFT);
    }
  }

  /** Whether the first `length` bytes are all there. No fragment beyond `length` was written. */
  isComplete(slot: number, length: number): boolean {
    return length > 0 && this.#units[slot] === (length + UNIT_BYTES - 1) >> UNIT_SHIFT;
  }

  /** Copies the first `length` bytes, all of which are there, to `target` at `at`. */
  read(slot: number, target: Uint8Array, at: number, length: number): void {
    for (let done = 0; done < length; done += BLOCK_BYTES) {
      const from = this.#blockOf[slot * MAX_BLOCKS_PER_DATAGRAM + (done >> BLOCK_SHIFT)] * BLOCK_BYTES;
      const pieceBytes = Math.min(BLOCK_BYTES, length - done);
      target.set(this.#bytes.subarray(from, from + pieceBytes), at + done);
    }
  }

  /** Gives back all blocks of the datagram. */
  release(slot: number): void {
    const first = slot * MAX_BLOCKS_PER_DATAGRAM;
    for (let entry = first; this.#held[slot] > 0; entry++) {
      if (this.#blockOf[entry] === NONE) continue;
      this.#free[this.#freeCount++] = this.#blockOf[entry];
      this.#blockOf[entry] = NONE;
      this.#held[slot]--;
    }
    this.#units[slot] = 0;
  }

  #take(slot: number, index: number): number {
    const entry = slot * MAX_BLOCKS_PER_DATAGRAM + index;
    if (this.#blockOf[entry] !== NONE) return this.#blockOf[entry];
    const block = this.#free[--this.#freeCount];
    this.#blockOf[entry] = block;
    this.#held[slot]++;
    this.#present.fill(0, block * UNITS_PER_BLOCK, (block + 1) * UNITS_PER_BLOCK);
    return block;
  }
}
