/** Which of the palette's choices fit what was typed, the best first within each group. Pure. */

export interface Choice {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly words?: string;
  readonly keys?: string;
  /** Fits whatever was typed. */
  readonly isAlways?: boolean;
  readonly run: () => void;
}

/** The typed words, each of which must begin a word of the choice, or at least be within it. Groups keep their order. */
export function matchChoices(choices: readonly Choice[], text: string): readonly Choice[] {
  const typed = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (typed.length === 0) return choices;
  const groups = [...new Set(choices.map(({ group }) => group))];
  return choices
    .map((choice, order) => ({ choice, order, score: choice.isAlways === true ? 1 : scoreOf(choice, typed) }))
    .filter(({ score }) => score > 0)
    .sort(
      (a, b) =>
        groups.indexOf(a.choice.group) - groups.indexOf(b.choice.group) || b.score - a.score || a.order - b.order,
    )
    .map(({ choice }) => choice);
}

function scoreOf({ title, words = '' }: Choice, typed: readonly string[]): number {
  const text = `${title} ${words}`.toLowerCase();
  const starts = text.split(/[^\p{L}\p{N}]+/u);
  let score = 0;
  for (const word of typed) {
    if (starts.some((start) => start.startsWith(word))) score += 2;
    else if (text.includes(word)) score += 1;
    else return 0;
  }
  return score;
}
