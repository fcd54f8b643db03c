import { wordLikeness } from '../character-model.ts';

/** What a name below a domain may carry beside being a name. */
export interface NamePayload {
  /** Characters of labels that look like encoded data. */
  characters: number;
  /** Bits of data in them, by the smallest alphabet that they fit. */
  bits: number;
  /** Labels that look like encoded data. */
  labels: number;
  /** The longest of those labels. */
  longestLabel: number;
}

/** Shorter ones are words, numbers and abbreviations. */
const LEAST_DATA_LETTERS = 6;
/** Numbers alone are ids and dates up to this length. */
const LEAST_DATA_DIGITS = 10;
/** Letters alone must be this many before their look says something, and look less like words than this. */
const LEAST_WORDLESS_LETTERS = 10;
const WORDLESS = -0.9;
/** "d3i1aso": people put numbers at the beginning or the end of words, not inside. */
const LEAST_CHANGES = 3;
const HEX_CHANGES = 1;
const BITS = { digits: 3.3, hex: 4, base32: 5, base64: 6, binary: 7 } as const;
/** Names end at 255 bytes (RFC 1035 2.3.4). */
const MAX_CHARACTERS = 255;

export function emptyNamePayload(): NamePayload {
  return { characters: 0, bits: 0, labels: 0, longestLabel: 0 };
}

/** Measures what the labels before a domain carry. `payload` is written over; time is linear in the name. */
export function measureName(sub: string, payload: NamePayload): void {
  payload.characters = 0;
  payload.bits = 0;
  payload.labels = 0;
  payload.longestLabel = 0;
  const end = Math.min(sub.length, MAX_CHARACTERS);
  let start = 0;
  while (start < end) {
    const dot = sub.indexOf('.', start);
    const stop = dot < 0 || dot > end ? end : dot;
    const bits = stop - start < LEAST_DATA_LETTERS ? 0 : bitsPerCharacter(sub, start, stop);
    if (bits > 0) {
      payload.characters += stop - start;
      payload.bits += bits * (stop - start);
      payload.labels++;
      payload.longestLabel = Math.max(payload.longestLabel, stop - start);
    }
    start = stop + 1;
  }
}

/** 0 for a label that is a name. */
function bitsPerCharacter(text: string, start: number, end: number): number {
  let digits = 0;
  let letters = 0;
  let hexLetters = 0;
  let others = 0;
  let high = 0;
  let changes = 0;
  let wasDigit = -1;
  let hasBase64Digit = false;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    const lower = code | 0x20;
    const isDigit = code >= 48 && code <= 57;
    if (isDigit) {
      digits++;
      if (code < 50 || code > 55) hasBase64Digit = true;
    } else if (lower >= 97 && lower <= 122) {
      letters++;
      if (lower <= 102) hexLetters++;
    } else {
      if (code !== 45 && code !== 95) others++;
      if (code > 0x7e || code < 0x21) high++;
      continue;
    }
    if (wasDigit >= 0 && (wasDigit === 1) !== isDigit) changes++;
    wasDigit = isDigit ? 1 : 0;
  }
  const length = end - start;
  if (high > 0) return BITS.binary;
  if (digits + letters === length && hexLetters === letters) {
    if (letters === 0) return digits >= LEAST_DATA_DIGITS ? BITS.digits : 0;
    return changes >= HEX_CHANGES && digits >= 2 ? BITS.hex : 0;
  }
  // "=auth", "+a/b": no host name has them.
  if (others > 0) return BITS.base64;
  const isMixed = changes >= LEAST_CHANGES;
  const isWordless = letters >= LEAST_WORDLESS_LETTERS && wordLikeness(text.slice(start, end)) < WORDLESS;
  if (!isMixed && !isWordless) return 0;
  return hasBase64Digit ? BITS.base64 : BITS.base32;
}
