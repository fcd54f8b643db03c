/**
 * Which of some thousand names each of very many paths belongs to, in eight bytes a path. As strings the paths of a
 * desktop's packages take 12 MB and more, for a question that is asked when a program starts.
 */
import { hash, randomBytes } from 'node:crypto';

const OWNER_BITS = 16n;
/** Names that can be told apart. */
export const MAX_OWNERS = 1 << 16;
const KEY_BYTES = 16;
const FIRST_ROOM = 4_096;

/** Add all paths, then seal, then ask. */
export class PathOwners {
  /** Secret, so that nobody can look for a path that is taken for another one. */
  readonly #key = randomBytes(KEY_BYTES).toString('latin1');
  readonly #names: string[] = [];
  /** In each the first 48 bits of the path's hash, then the number of its owner; sorted once sealed. */
  #entries = new BigUint64Array(FIRST_ROOM);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of an owner, for `add`. */
  owner(name: string): number {
    if (this.#names.length >= MAX_OWNERS) throw new RangeError(`more than ${MAX_OWNERS} owners`);
    return this.#names.push(name) - 1;
  }

  add(path: string, owner: number): void {
    if (this.#size === this.#entries.length) {
      const longer = new BigUint64Array(2 * this.#entries.length);
      longer.set(this.#entries);
      this.#entries = longer;
    }
    this.#entries[this.#size++] = this.#mark(path) | BigInt(owner);
  }

  /** Nothing is added any more. Of owners of the same path the last one counts. */
  seal(): void {
    const sorted = this.#entries.subarray(0, this.#size).sort();
    let kept = 0;
    for (let at = 0; at < sorted.length; at++) {
      const isLast = at + 1 === sorted.length || sorted[at] >> OWNER_BITS !== sorted[at + 1] >> OWNER_BITS;
      if (isLast) sorted[kept++] = sorted[at];
    }
    this.#entries = sorted.slice(0, kept);
    this.#size = kept;
  }

  ownerOf(path: string): string | undefined {
    const mark = this.#mark(path);
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle] < mark) low = middle + 1;
      else high = middle;
    }
    const entry = low < this.#size ? this.#entries[low] : undefined;
    if (entry === undefined || entry >> OWNER_BITS !== mark >> OWNER_BITS) return undefined;
    return this.#names[Number(BigInt.asUintN(Number(OWNER_BITS), entry))];
  }

  #mark(path: string): bigint {
    const digest = hash('sha256', this.#key + path, 'buffer');
    return (digest.readBigUInt64LE(0) >> OWNER_BITS) << OWNER_BITS;
  }
}
