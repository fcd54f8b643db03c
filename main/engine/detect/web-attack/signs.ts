/**
 * Which signs that attacks need are in a text, also percent-encoded: found in one pass, so that ordinary requests,
 * which have few of them, are let go before anything is decoded.
 */
import { percentByte } from './plain-form.ts';

export const SIGN = {
  /** ' " ` */
  quote: 1,
  /** < */
  angle: 2,
  /** { */
  brace: 4,
  /** ( */
  paren: 8,
  /** Space, tab, line end, and + where it is a space. */
  space: 16,
  /** Two dots. */
  climb: 32,
  /** ; | & $ and line ends: what separates commands. */
  separator: 64,
  colon: 128,
  /** A percent sign that is itself encoded. */
  nested: 256,
  backslash: 512,
  /** -- # or the beginning of a comment of C. */
  comment: 1_024,
  slash: 2_048,
  /** Zero bytes and others that no text has, and characters beyond ASCII written in bytes. */
  binary: 4_096,
} as const;

const SIGN_OF = new Uint16Array(256);
for (const character of `'"\``) SIGN_OF[character.charCodeAt(0)] |= SIGN.quote;
for (const character of ';|&$\n\r`') SIGN_OF[character.charCodeAt(0)] |= SIGN.separator;
for (const character of ' \t\n\r\v\f') SIGN_OF[character.charCodeAt(0)] |= SIGN.space;
for (const [character, sign] of [
  ['<', SIGN.angle],
  ['{', SIGN.brace],
  ['(', SIGN.paren],
  [':', SIGN.colon],
  ['%', SIGN.nested],
  ['\\', SIGN.backslash],
  ['#', SIGN.comment],
  ['/', SIGN.slash],
] as const) {
  SIGN_OF[character.charCodeAt(0)] |= sign;
}
for (let code = 0; code < 9; code++) SIGN_OF[code] |= SIGN.binary;
SIGN_OF[0xc0] |= SIGN.binary;
SIGN_OF[0xc1] |= SIGN.binary;
SIGN_OF[0xe0] |= SIGN.binary;
SIGN_OF[0xef] |= SIGN.binary;

const DOT = 0x2e;
const DASH = 0x2d;
const SLASH = 0x2f;
const STAR = 0x2a;
const PLUS = 0x2b;
const PERCENT = 0x25;

/** Signs in `text` from `from` to `to`. */
export function signsIn(text: string, from: number, to: number): number {
  let signs = 0;
  let last = 0;
  for (let at = from; at < to; at++) {
    let code = text.charCodeAt(at);
    if (code === PERCENT) {
      const byte = percentByte(text, at);
      if (byte >= 0) {
        code = byte;
        at += 2;
      } else if ((text.charCodeAt(at + 1) | 0x20) === 0x75) {
        signs |= SIGN.nested | SIGN.binary;
        code = 0x20;
      } else code = 0x21;
    } else if (code === PLUS) signs |= SIGN.space;
    if (code < 256) signs |= SIGN_OF[code]!;
    if (code === last && code === DOT) signs |= SIGN.climb;
    if ((code === last && code === DASH) || (code === STAR && last === SLASH)) signs |= SIGN.comment;
    last = code;
  }
  return signs;
}
