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
  readonly mask: number;
  readonly length: number;
  readonly bits: Uint8Array;
  readonly entries: Map<number, Entry[]>;
}

/** Add all texts before asking. */
export class TextIndex {
  readonly #tables: Table[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #seen: number[] = [];
  #turn = 0;

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
    const table = this.#table(length);
    const { offset, gram } = rarestGram(text, table);
    const bit = hashOf(gram);
    table.bits[bit >>> 3] |= 1 << (bit & 7);
    const entries = table.entries.get(gram);
    if (entries === undefined) table.entries.set(gram, [{ text, offset, number }]);
    else entries.push({ text, offset, number });
    return number;
  }

  #table(length: number): Table {
    let table = this.#tables.find((each) => each.length === length);
    if (table === undefined) {
      const mask = length === GRAM ? -1 : 2 ** (8 * length) - 1;
      table = { mask, length, bits: new Uint8Array(BITS / 8), entries: new Map() };
      this.#tables.push(table);
    }
    return table;
  }

  /** Calls `found` once with the number of every text that occurs. */
  search(text: string, found: (number: number) => void): void {
    const turn = ++this.#turn;
    const tables = this.#tables;
    let gram = 0;
    // The last character stands in the highest byte of a gram of four.
    for (let at = 0; at < text.length; at++) {
      gram = (gram >>> 8) | (text.charCodeAt(at) << 24);
      for (let index = 0; index < tables.length; index++) {
        const table = tables[index];
        if (at + 1 < table.length) continue;
        const key = (gram >> (8 * (GRAM - table.length))) & table.mask;
        const bit = hashOf(key);
        if ((table.bits[bit >>> 3] & (1 << (bit & 7))) === 0) continue;
        const entries = table.entries.get(key);
        if (entries === undefined) continue;
        const start = at + 1 - table.length;
        for (const { text: wanted, offset, number } of entries) {
          if (this.#seen[number] === turn || !text.startsWith(wanted, start - offset) || start < offset) continue;
          this.#seen[number] = turn;
          found(number);
        }
      }
    }
  }
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
