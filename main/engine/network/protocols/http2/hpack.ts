import { latin1 } from '../bytes.ts';
import { huffmanText } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** What a decoder allows at first (RFC 9113 6.5.2), and the most that is allowed here, whatever a peer offers. */
const FIRST_TABLE_BYTES = 4_096;
const MAX_TABLE_BYTES = 65_536;
/** What an entry costs besides its text (RFC 7541 4.1). */
const ENTRY_BYTES = 32;
/** Entries that are gone are taken out together: each alone would move all others. */
const MAX_GONE_ENTRIES = 2_048;
/** Longest text that is kept of a name or value. */
const MAX_TEXT = 8_192;
/** No length or number in a block is larger. */
const MAX_INTEGER = 2 ** 28;

type Field = readonly [name: string, value: string];

/** Decodes the field blocks of one direction (RFC 7541). Once one is wrong, no later one can be read. */
export class HpackDecoder {
  /** The newest entry last: numbers count from the end. Those before #first are gone. */
  #entries: Field[] = [];
  #first = 0;
  #entryBytes = 0;
  #maxBytes = FIRST_TABLE_BYTES;

  /** Calls `field` for each field of a block; false for a block that is wrong. */
  decode(block: Uint8Array, field: (name: string, value: string) => void): boolean {
    const reader = new BlockReader(block);
    while (reader.at < block.length && !reader.isWrong) {
      const first = block[reader.at];
      if (first & 0x80) {
        const known = this.#known(reader.integer(7));
        if (known === undefined) return false;
        field(known[0], known[1]);
      } else if ((first & 0xe0) === 0x20) {
        const bytes = reader.integer(5);
        if (bytes > MAX_TABLE_BYTES) return false;
        this.#maxBytes = bytes;
        this.#evict();
      } else if (!this.#literal(reader, (first & 0x40) !== 0, field)) {
        return false;
      }
    }
    return !reader.isWrong;
  }

  #literal(reader: BlockReader, isAdded: boolean, field: (name: string, value: string) => void): boolean {
    const index = reader.integer(isAdded ? 6 : 4);
    const name = index === 0 ? reader.text() : this.#known(index)?.[0];
    const value = reader.text();
    if (name === undefined || reader.isWrong) return false;
    if (isAdded) this.#add([name, value]);
    field(name, value);
    return true;
  }

  #known(index: number): Field | undefined {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1];
    const at = this.#entries.length - (index - STATIC_TABLE.length);
    return at >= this.#first ? this.#entries[at] : undefined;
  }

  #add(entry: Field): void {
    this.#entries.push(entry);
    this.#entryBytes += sizeOf(entry);
    this.#evict();
  }

  #evict(): void {
    while (this.#entryBytes > this.#maxBytes && this.#first < this.#entries.length) {
      this.#entryBytes -= sizeOf(this.#entries[this.#first++]);
    }
    if (this.#first < MAX_GONE_ENTRIES) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + ENTRY_BYTES;
}

class BlockReader {
  readonly #bytes: Uint8Array;
  at = 0;
  isWrong = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** An integer whose first byte gives so many bits to it (RFC 7541 5.1). */
  integer(prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    let value = this.#byte() & max;
    if (value < max) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > MAX_INTEGER) break;
        return value;
      }
    }
    this.isWrong = true;
    return 0;
  }

  /** A string, Huffman-coded or not (RFC 7541 5.2). */
  text(): string {
    const isCoded = this.at < this.#bytes.length && (this.#bytes[this.at] & 0x80) !== 0;
    const length = this.integer(7);
    const start = this.at;
    if (this.isWrong || length > this.#bytes.length - start) {
      this.isWrong = true;
      return '';
    }
    this.at += length;
    const text = isCoded
      ? huffmanText(this.#bytes, start, this.at, MAX_TEXT)
      : latin1(this.#bytes, start, this.at, MAX_TEXT);
    if (text === undefined) this.isWrong = true;
    return text ?? '';
  }

  #byte(): number {
    if (this.at < this.#bytes.length) return this.#bytes[this.at++];
    this.isWrong = true;
    return 0;
  }
}
