/** How much of a text is read by what takes long for each character: regular expressions and several wildcards. */

/** Kept at each end of a longer text. */
const END_CHARACTERS = 4_096;
/** Texts up to this length are read whole. Command lines that people write are a hundred times as short. */
export const MAX_SLOW_TEXT = 2 * END_CHARACTERS;

/**
 * A text whose middle is left out where it is long. A sign that no rule looks for stands for it, so that nothing
 * matches what only came together by the cut.
 */
export function boundedText(text: string): string {
  if (text.length <= MAX_SLOW_TEXT) return text;
  return `${text.slice(0, END_CHARACTERS)}\ufffc${text.slice(text.length - END_CHARACTERS)}`;
}
