/**
 * Text that came over the wire is an attacker's text. Names, log lines and paths are made visible and
 * short here before anybody looks at them. Pure; escaping for HTML or a terminal's own syntax comes on top.
 */

/**
 * What must never reach a screen as it is: control characters (a terminal obeys them), lone surrogates,
 * line and paragraph separators, private-use characters, and everything that is invisible or changes
 * the direction of text ("Trojan Source", CVE-2021-42574): Unicode's format characters and
 * Default_Ignorable_Code_Point (UAX #44).
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Stands for what was cut off. */
const ELLIPSIS = '…';

/** Longest text that is kept when the caller names no other bound: two lines of a wide window. */
export const PLAIN_TEXT_DEFAULT_LENGTH = 300;

/**
 * The same text, one line, with every control, invisible or direction-changing character written as
 * `\u{202e}`, and no longer than `maxLength` UTF-16 code units; what is cut off is marked by "…".
 * Applying it again changes nothing.
 */
export function plainText(text: string, maxLength: number = PLAIN_TEXT_DEFAULT_LENGTH): string {
  if (text.length <= maxLength && !HOSTILE.test(text)) return text;
  const room = maxLength - ELLIPSIS.length;
  let plain = '';
  let whatFits = '';
  for (const character of text) {
    plain += HOSTILE.test(character) ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character;
    if (plain.length > maxLength) return room < 0 ? '' : whatFits + ELLIPSIS;
    if (plain.length <= room) whatFits = plain;
  }
  return plain;
}

/** The same characters in JSON, where a line end is layout: within its texts it is written as an escape. */
const HOSTILE_IN_JSON = new RegExp(`(?!\\n)${HOSTILE.source}`, 'gu');

/**
 * A value as JSON that is safe to look at and reads as the same value: what must never reach a screen is written
 * as `\u202e`.
 *
 * @param indent spaces for each level; one line without it
 */
export function jsonText(value: unknown, indent?: number): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = JSON.stringify(value, null, indent);
  return json.replace(HOSTILE_IN_JSON, (found) => found.split('').map(escaped).join(''));
}
