/** The part of a file that is one rule. Pure; files are anybody's, so all of it is bounded and linear. */
import type { RuleEngine } from '../../../contract/api-rules.ts';

export interface Excerpt {
  /** Number of the first line within the file, from 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
  /** Lines of the file or of the rule that are not among these. */
  readonly left: number;
}

/** As many as a drawer can hold; a rule has some dozens. */
export const MOST_LINES = 2_000;
/** A drawing of a longer line is of no use to anybody. */
export const LONGEST_LINE = 2_000;

const NEXT_DOCUMENT = /^---(\s|$)/;

export function wholeFile(text: string): Excerpt {
  return cut(text.split(/\r?\n/), 0, Number.POSITIVE_INFINITY);
}

/** All of the file where its part cannot be told. @param name what the rule is called in its file: id or name */
export function ruleExcerpt(engine: RuleEngine, name: string, title: string, text: string): Excerpt {
  const lines = text.split(/\r?\n/);
  const [from, until] = engine === 'sigma' ? sigmaPart(lines, name, title) : yaraPart(lines, name);
  return cut(lines, from, until);
}

function sigmaPart(lines: readonly string[], id: string, title: string): readonly [number, number] {
  let from = 0;
  for (let at = 0; at <= lines.length; at++) {
    if (at < lines.length && !NEXT_DOCUMENT.test(lines[at])) continue;
    const document = lines.slice(from, at);
    if (document.some((line) => isValue(line, 'id', id) || isValue(line, 'title', title))) return [from, at];
    from = at + 1;
  }
  return [0, lines.length];
}

/** Whether a line is `key: value`, with or without quotes. */
function isValue(line: string, key: string, value: string): boolean {
  if (value === '' || !line.startsWith(`${key}:`)) return false;
  const said = line.slice(key.length + 1).trim();
  return said === value || said === `'${value}'` || said === `"${value}"`;
}

function yaraPart(lines: readonly string[], name: string): readonly [number, number] {
  const from = lines.findIndex((line) => nameInYara(line) === name);
  if (from < 0) return [0, lines.length];
  const end = lines.findIndex((line, index) => index >= from && line.startsWith('}'));
  return [from, end < 0 ? lines.length : end + 1];
}

/** `private global rule Name : tag {` begins the rule "Name". */
function nameInYara(line: string): string | undefined {
  const parts = line
    .slice(0, LONGEST_LINE)
    .trim()
    .split(/[\s:{]+/, 4);
  const at = parts.indexOf('rule');
  return at < 0 ? undefined : parts[at + 1];
}

function cut(lines: readonly string[], from: number, until: number): Excerpt {
  const end = Math.min(until, lines.length);
  const shown = lines.slice(from, Math.min(end, from + MOST_LINES));
  return { firstLine: from + 1, lines: shown, left: end - from - shown.length };
}
