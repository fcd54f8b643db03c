/** Above U+00FF: V8 keeps a source with one such character in two bytes for each of its characters. */
const WIDE = /[^\0-\u00FF]/g;
/** Behind a backslash of its own an escape would mean another thing. */
const ESCAPED_WIDE = /(?<!\\)(?:\\\\)*\\[^\0-\u00FF]/;

/**
 * The same program in characters of one byte, so that a thread holds half as much for its source.
 *
 * @throws Error where it has one of the others behind a backslash
 */
export function latin1Source(code: string): string {
  const wrong = ESCAPED_WIDE.exec(code);
  if (wrong !== null)
    throw new Error(`write ${JSON.stringify(wrong[0])} without its backslash, or as \\u and its number`);
  return code.replace(WIDE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
