/** A query cut into pieces of one colour each, with what is wrong underlined. Pure. */
import { type HuntProblem, type HuntToken, huntTokens } from '../../../contract/hunt-language.ts';

export interface Segment {
  readonly start: number;
  readonly text: string;
  /** Null between the pieces of the language. */
  readonly kind: HuntToken['kind'] | null;
  readonly isWrong: boolean;
}

/** All of the text in its order; joined it is the text again. */
export function segmentsOf(text: string, problems: readonly HuntProblem[]): readonly Segment[] {
  const tokens = huntTokens(text);
  const cuts = new Set([0, text.length]);
  for (const { start, end } of [...tokens, ...problems]) {
    if (start > 0 && start < text.length) cuts.add(start);
    if (end > 0 && end < text.length) cuts.add(end);
  }
  const places = [...cuts].sort((a, b) => a - b);
  let next = 0;
  return places.slice(0, -1).map((start, index) => {
    const end = places[index + 1];
    while (next < tokens.length && tokens[next].end <= start) next += 1;
    const token = tokens[next];
    return {
      start,
      text: text.slice(start, end),
      kind: token !== undefined && token.start <= start ? token.kind : null,
      isWrong: problems.some((problem) => problem.start <= start && problem.end >= end && problem.end > problem.start),
    };
  });
}

/** Problems that are worth saying while somebody still writes: not those of the word that is being written. */
export function settledProblems(problems: readonly HuntProblem[], text: string, caret: number): readonly HuntProblem[] {
  return problems.filter(({ start, end }) => {
    const isAtEnd = start >= text.trimEnd().length;
    return !isAtEnd && (caret < start || caret > end);
  });
}

export interface Place {
  readonly line: number;
  readonly column: number;
  readonly isAtEnd: boolean;
}

/** Where a problem is, as people count. */
export function placeOf(text: string, { start }: HuntProblem): Place {
  const before = text.slice(0, start).split('\n');
  return { line: before.length, column: before[before.length - 1].length + 1, isAtEnd: start >= text.trimEnd().length };
}
