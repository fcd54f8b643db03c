/**
 * JSON of strangers: long texts cost what they weigh, but of "[],[],[]," each three letters become an object of
 * many bytes, so that a file of some kilobytes, once unpacked, could take all memory. The parts are counted before
 * anything is made of them. Pure.
 */

/** Objects, lists and their entries: documents of all models have one or two thousand. */
const MOST_PARTS = 100_000;
/** Documents of models are nested ten deep or so. */
const MOST_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/** @throws SyntaxError for what is no JSON, and for what has too many parts or is nested too deep */
export function parseBounded(bytes: Buffer): unknown {
  let parts = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === COMMA) parts++;
    else if (byte === LIST || byte === OBJECT) {
      parts++;
      depth++;
    } else if (byte === LIST_END || byte === OBJECT_END) depth--;
    if (parts > MOST_PARTS || depth > MOST_DEPTH) throw new SyntaxError('JSON of too many parts, or nested too deep');
  }
  return JSON.parse(bytes.toString('utf8'));
}

/** Where the quote is that ends a text. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let before = end - 1;
    while (before > start && bytes[before] === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return bytes.length;
}
