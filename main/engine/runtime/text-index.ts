/**
 * Finds which of many texts occur in a text, in one pass: every text is entered under four of its characters (fewer
 * where it has fewer), and only where those four occur is it compared. After Wu and Manber, "A fast algorithm for
 * multi-pattern searching" (1994), with a table of bits before that of hashes.
 */

/** Characters under which a text is entered. */
const GRAM = 4;
/** A quarter of a bit in a thousand is set by a thousand texts. */
const BITS = 1 << 16;
const HASH_FACTOR = 0x9e3779b1;

interface Entry {
  readonly text: string;
  /** Where the characters it is entered under begin. */
  readonly offset: number;
  readonly number: number;
}

/** Texts of one length of characters under which they are entered. */
interface Table {
  readonly length: number;
  readonly bits: Uint8Array;
  readonly entries: Map<number, Entry[]>;
}

/** Texts, and which of them occur in another one. Texts may still be added after it was asked. */
export class TextIndex {
  /** By length of the characters less one. */
  readonly #tables: readonly Table[] = Array.from({ length: GRAM }, (_, index) => newTable(index + 1));
  readonly #numbers = new Map<string, number>();
  readonly #seen: number[] = [];
  #turn = 0;
  /** Whether there are texts shorter than GRAM: those cost a look more at every character. */
  #hasShort = false;

  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a text that is not empty, the same for the same text: 0, 1, 2, …. */
  add(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    this.#seen.push(0);
    const length = Math.min(GRAM, text.length);
    const table = this.#tables[length - 1];
    const { offset, gram } = rarestGram(text, table);
    const bit = hashOf(gram);
    table.bits[bit >>> 3] |= 1 << (bit & 7);
    const entries = table.entries.get(gram);
    if (entries === undefined) table.entries.set(gram, [{ text, offset, number }]);
    else entries.push({ text, offset, number });
    if (length < GRAM) this.#hasShort = true;
    return number;
  }

  /** The numbers of all texts that occur, in no particular order. */
  search(text: string): readonly number[] {
    const found: number[] = [];
    const turn = ++this.#turn;
    const [one, two, three, four] = this.#tables;
    const [bits1, bits2, bits3, bits4] = [one.bits, two.bits, three.bits, four.bits];
    const hasShort = this.#hasShort;
    let gram = 0;
    // Tables are told apart by hand rather than in a loop: this is where rules spend their time.
    for (let at = 0; at < text.length; at++) {
      // The last character stands in the highest byte.
      gram = (gram >>> 8) | (text.charCodeAt(at) << 24);
      let bit = hashOf(gram);
      if (at >= 3 && (bits4[bit >>> 3] & (1 << (bit & 7))) !== 0) this.#compare(four, gram, text, at, turn, found);
      if (!hasShort) continue;
      let key = gram >>> 24;
      bit = hashOf(key);
      if ((bits1[bit >>> 3] & (1 << (bit & 7))) !== 0) this.#compare(one, key, text, at, turn, found);
      key = gram >>> 16;
      bit = hashOf(key);
      if (at >= 1 && (bits2[bit >>> 3] & (1 << (bit & 7))) !== 0) this.#compare(two, key, text, at, turn, found);
      key = gram >>> 8;
      bit = hashOf(key);
      if (at >= 2 && (bits3[bit >>> 3] & (1 << (bit & 7))) !== 0) this.#compare(three, key, text, at, turn, found);
    }
    return found;
  }

  #compare({ length, entries }: Table, key: number, text: string, at: number, turn: number, found: number[]): void {
    const candidates = entries.get(key);
    if (candidates === undefined) return;
    const start = at + 1 - length;
    for (const { text: wanted, offset, number } of candidates) {
      if (this.#seen[number] === turn || start < offset || !text.startsWith(wanted, start - offset)) continue;
      this.#seen[number] = turn;
      found.push(number);
    }
  }
}

function newTable(length: number): Table {
  return { length, bits: new Uint8Array(BITS / 8), entries: new Map() };
}

function hashOf(gram: number): number {
  return Math.imul(gram, HASH_FACTOR) >>> 16;
}

/** The characters of a text under which the fewest texts are entered so far; of as few, the last. */
function rarestGram(text: string, { length, entries }: Table): { readonly offset: number; readonly gram: number } {
  let best = { offset: 0, gram: 0 };
  let fewest = Number.POSITIVE_INFINITY;
  for (let offset = text.length - length; offset >= 0 && fewest > 0; offset--) {
    let gram = 0;
    for (let at = 0; at < length; at++) gram |= (text.charCodeAt(offset + at) & 0xff) << (8 * at);
    const count = entries.get(gram)?.length ?? 0;
    if (count < fewest) {
      fewest = count;
      best = { offset, gram };
    }
  }
  return best;
}
