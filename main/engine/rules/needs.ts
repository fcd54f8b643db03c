/**
 * What an event must hold for a rule to match at all: texts in fields, of which at least one must be there. Rules are
 * asked only about events that hold one of theirs, which is what makes thousands of rules cheap.
 */
import { longestPiece, plainOf } from './text-pattern.ts';
import type { Statement, ValueTest } from './types.ts';

/** A lower-case text that a field must hold (`whole`: must be). */
export interface Need {
  readonly field: string;
  readonly text: string;
  readonly isWhole: boolean;
}

/** Alternatives beyond which looking for them costs more than asking the rule. */
const MAX_ALTERNATIVES = 4_096;

/** Of all events, the share that holds one of the needs, guessed; 1 where any event may match. */
interface Choice {
  readonly needs: readonly Need[];
  readonly share: number;
}

const UNKNOWN: Choice = { needs: [], share: 1 };

/** The needs of a statement, the fewest events first; none where any event may match. */
export function needsOf(statement: Statement): readonly Need[] {
  return choose(statement).needs;
}

function choose(statement: Statement): Choice {
  switch (statement.kind) {
    case 'search':
      return choose(statement.of);
    case 'not':
      return UNKNOWN;
    case 'all':
      return statement.of.map(choose).reduce((best, each) => (each.share < best.share ? each : best), UNKNOWN);
    case 'any':
    case 'some': {
      const choices = statement.of.map(choose);
      // What is asked of nothing is never true.
      if (choices.some(({ needs }) => needs.length === 0)) return UNKNOWN;
      const needs = choices.flatMap((choice) => choice.needs);
      const share = choices.reduce((sum, choice) => sum + choice.share, 0);
      return needs.length === 0 || needs.length > MAX_ALTERNATIVES ? UNKNOWN : { needs, share };
    }
    case 'field':
      return choiceOf(textsOf(statement.test), statement.field);
  }
}

function textsOf(test: ValueTest): readonly Pick<Need, 'text' | 'isWhole'>[] {
  if (test.kind === 'plain') return [{ text: test.text, isWhole: true }];
  if (test.kind === 'regex') return test.needs.map((text) => ({ text, isWhole: false }));
  if (test.kind !== 'text') return [];
  const { tokens } = test.pattern;
  const plain = plainOf(tokens);
  if (plain !== undefined) return [{ text: plain.toLowerCase(), isWhole: true }];
  const piece = longestPiece(tokens).toLowerCase();
  return piece === '' ? [] : [{ text: piece, isWhole: false }];
}

function choiceOf(texts: readonly Pick<Need, 'text' | 'isWhole'>[], field: string): Choice {
  if (texts.length === 0) return UNKNOWN;
  const needs = texts.map((text) => ({ field, ...text }));
  return { needs, share: needs.reduce((sum, need) => sum + shareOf(need), 0) };
}

/** Texts that many ordinary events hold, whatever their length. */
const COMMON =
  /^(?:\/?(?:usr|bin|sbin|etc|tmp|var|home|lib|local|proc|dev|root|opt)\/?|[/\\](?:bash|sh|dash|zsh|python3?|perl|cat|grep|find|sed|awk|curl|wget|cmd\.exe|powershell\.exe)|https?:?\/*|\s?-\w\s?|\.(?:sh|py|exe|txt|log|conf))$/;
const COMMON_SHARE = 0.2;

/** Each character makes a text rarer; a whole value is rarer than a part. */
function shareOf({ text, isWhole }: Need): number {
  if (COMMON.test(text)) return isWhole ? COMMON_SHARE / 4 : COMMON_SHARE;
  return Math.max(1e-4, 0.65 ** text.length) * (isWhole ? 0.25 : 1);
}
