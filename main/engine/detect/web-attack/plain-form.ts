/**
 * What a server makes of a text that came encoded. Attackers encode to get past filters: percent-encoding, several
 * times over, characters of UTF-8 in more bytes than they need, HTML entities, escapes of scripts, UTF-7.
 */

/** Rounds of percent-encoding that are undone: twice gets past a filter, three times past a proxy before it. */
const MAX_ROUNDS = 3;
/** Longest text that is looked into, in UTF-16 units: attacks that need more begin with less. */
export const MAX_PLAIN_TEXT = 2_048;
/** Entities that matter to code; others stay as they are. */
const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
  colon: ':',
  lpar: '(',
  rpar: ')',
  tab: '\t',
  newline: '\n',
  sol: '/',
  bsol: '\\',
};
const MAX_ENTITY_TEXT = 10;
/** Characters in UTF-7 (RFC 2152) that markup is made of. */
const UTF7: readonly (readonly [encoded: string, plain: string])[] = [
  ['+adw-', '<'],
  ['+ad4-', '>'],
  ['+aci-', '"'],
  ['+acc-', "'"],
];

export interface PlainForm {
  /** In lower case, without encoding and without zero bytes. */
  readonly text: string;
  /** As far as `text`, with upper case kept: base64 needs it. */
  readonly original: string;
  /** Rounds of percent-encoding that there were. */
  readonly rounds: number;
  /** A character was written in more bytes than it needs, which no honest program does. */
  readonly isOverlong: boolean;
  readonly hasZeroByte: boolean;
}

/**
 * @param raw as it is on the wire
 * @param isPlusSpace in queries and forms "+" is a space
 */
export function plainForm(raw: string, isPlusSpace: boolean): PlainForm {
  let text = raw.length > MAX_PLAIN_TEXT ? raw.slice(0, MAX_PLAIN_TEXT) : raw;
  if (isPlusSpace && text.includes('+')) text = withoutUtf7(text).replaceAll('+', ' ');
  let rounds = 0;
  let isOverlong = false;
  while (rounds < MAX_ROUNDS && text.includes('%')) {
    const decoded = percentDecoded(text);
    if (decoded.text === text) break;
    isOverlong ||= decoded.isOverlong;
    text = decoded.text;
    rounds++;
  }
  if (text.includes('&')) text = withoutEntities(text);
  if (text.includes('\\')) text = withoutEscapes(text);
  const hasZeroByte = text.includes('\0');
  if (hasZeroByte) text = text.replaceAll('\0', '');
  return { text: text.toLowerCase(), original: text, rounds, isOverlong, hasZeroByte };
}

/** Value of a hexadecimal digit; -1 for others. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The byte that "%41" at an offset stands for; -1 where there is none. */
export function percentByte(text: string, at: number): number {
  if (text.charCodeAt(at) !== 0x25) return -1;
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function percentDecoded(text: string): { readonly text: string; readonly isOverlong: boolean } {
  let plain = '';
  let isOverlong = false;
  let from = 0;
  let at = text.indexOf('%');
  while (at >= 0) {
    plain += text.slice(from, at);
    const wide = wideCharacter(text, at);
    const byte = percentByte(text, at);
    if (wide !== '') {
      plain += wide;
      from = at + 6;
    } else if (byte < 0) {
      plain += '%';
      from = at + 1;
    } else {
      const second = percentByte(text, at + 3);
      const third = percentByte(text, at + 6);
      const ascii = asciiIn(byte, second, third);
      plain += String.fromCharCode(ascii === undefined ? byte : ascii.code);
      from = at + 3 * (ascii?.bytes ?? 1);
      isOverlong ||= ascii?.isOverlong === true;
    }
    at = text.indexOf('%', from);
  }
  return { text: plain + text.slice(from), isOverlong };
}

/** "%u0041", which Microsoft's servers take. */
function wideCharacter(text: string, at: number): string {
  if ((text.charCodeAt(at + 1) | 0x20) !== 0x75) return '';
  const code = hexNumber(text, at + 2, 4);
  return code < 0 ? '' : String.fromCharCode(narrow(code));
}

function hexNumber(text: string, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Letters and signs in full width (U+FF01 to U+FF5E) become ASCII in databases and on Windows. */
function narrow(code: number): number {
  return code >= 0xff01 && code <= 0xff5e ? code - 0xfee0 : code;
}

interface Ascii {
  readonly code: number;
  readonly bytes: number;
  readonly isOverlong: boolean;
}

/** An ASCII character in two or three bytes of UTF-8: longer than it needs (RFC 3629 3), or in full width. */
function asciiIn(first: number, second: number, third: number): Ascii | undefined {
  if ((first === 0xc0 || first === 0xc1) && second >= 0x80) {
    return { code: ((first & 1) << 6) | (second & 0x3f), bytes: 2, isOverlong: true };
  }
  // Some servers ignore the upper bits of what follows: "%c0%2e".
  if (first === 0xc0 && second > 0 && second < 0x80) return { code: second, bytes: 2, isOverlong: true };
  if (third < 0x80 || second < 0x80) return undefined;
  if (first === 0xe0 && second <= 0x81) {
    return { code: ((second & 1) << 6) | (third & 0x3f), bytes: 3, isOverlong: true };
  }
  const code = ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
  return first === 0xef && narrow(code) !== code ? { code: narrow(code), bytes: 3, isOverlong: false } : undefined;
}

function withoutUtf7(text: string): string {
  const lower = text.toLowerCase();
  if (!UTF7.some(([encoded]) => lower.includes(encoded))) return text;
  return UTF7.reduce((plain, [encoded, character]) => plain.replaceAll(encoded, character), lower);
}

/** "&lt;", "&#60;", "&#x3c", also without their semicolon as browsers take numbers. */
function withoutEntities(text: string): string {
  let plain = '';
  let from = 0;
  let at = text.indexOf('&');
  while (at >= 0) {
    const entity = entityAt(text, at);
    plain += text.slice(from, at) + (entity?.character ?? '&');
    from = entity?.end ?? at + 1;
    at = text.indexOf('&', from);
  }
  return plain + text.slice(from);
}

function entityAt(text: string, at: number): { readonly character: string; readonly end: number } | undefined {
  let end = at + 1;
  while (end - at < MAX_ENTITY_TEXT && isEntityCharacter(text.charCodeAt(end))) end++;
  const name = text.slice(at + 1, end).toLowerCase();
  const next = text[end] === ';' ? end + 1 : end;
  if (name.startsWith('#')) {
    const isHex = name[1] === 'x';
    const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
    return code > 0 && code < 0x80 ? { character: String.fromCharCode(code), end: next } : undefined;
  }
  const character = text[end] === ';' && Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  return character === undefined ? undefined : { character, end: next };
}

function isEntityCharacter(code: number): boolean {
  return code === 0x23 || (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
}

/** "\u003c" and "\x3c" of scripts and JSON. */
function withoutEscapes(text: string): string {
  let plain = '';
  let from = 0;
  let at = text.indexOf('\\');
  while (at >= 0) {
    const kind = text.charCodeAt(at + 1) | 0x20;
    const digits = kind === 0x75 ? 4 : kind === 0x78 ? 2 : 0;
    const code = digits === 0 ? -1 : hexNumber(text, at + 2, digits);
    const isEscape = code >= 0 && code < 0x80;
    plain += text.slice(from, at) + (isEscape ? String.fromCharCode(code) : '\\');
    from = isEscape ? at + 2 + digits : at + 1;
    at = text.indexOf('\\', from);
  }
  return plain + text.slice(from);
}
