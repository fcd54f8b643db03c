import { ByteReader } from './bytes.ts';

/** No client sends more (MySQL's own sends those of its shell). */
const MAX_ATTRIBUTES = 64;
/** Bytes of values by type (MySQL "Binary Protocol Value"); text types have a length before them. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 8: 8, 9: 4, 13: 2 };
/** Date and time types have a length of one byte. */
const TIME_TYPES: ReadonlySet<number> = new Set([7, 10, 11, 12]);

/** The text of a query behind its attributes (MySQL COM_QUERY); all of it where the attributes are none. */
export function skipQueryAttributes(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const count = lengthEncoded(reader);
  lengthEncoded(reader);
  if (count > MAX_ATTRIBUTES || reader.overrun) return bytes;
  if (count > 0) {
    const nulls = reader.take(Math.ceil(count / 8));
    reader.skip(1);
    const types: number[] = [];
    for (let i = 0; i < count && !reader.overrun; i++) {
      types.push(reader.u16le() & 0xff);
      reader.skip(lengthEncoded(reader));
    }
    for (const [i, type] of types.entries()) {
      if (((nulls[i >> 3] ?? 0) & (1 << (i & 7))) === 0) skipValue(reader, type);
    }
  }
  return reader.overrun ? bytes : reader.rest();
}

function skipValue(reader: ByteReader, type: number): void {
  const fixed = VALUE_BYTES[type];
  if (fixed !== undefined) reader.skip(fixed);
  else reader.skip(TIME_TYPES.has(type) ? reader.u8() : lengthEncoded(reader));
}

/** MySQL "Length-Encoded Integer". */
function lengthEncoded(reader: ByteReader): number {
  const first = reader.u8();
  if (first === 0xfc) return reader.u16le();
  if (first === 0xfd) return reader.u24le();
  if (first === 0xfe) return reader.u64le();
  return first;
}
