/** Texts of Sigma rules with their wildcards, and the matcher of them: linear for all but `?`, never backtracking. */

/** `any` is `*`, `one` is `?`, `dash` is any of the characters that begin an option (modifier windash). */
export type Token = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'any' | 'one' | 'dash' };

export interface TextPattern {
  readonly tokens: readonly Token[];
  /** Whether case matters; where it does not, texts are lower case already. */
  readonly isCased: boolean;
}

const ANY: Token = { kind: 'any' };
const ONE: Token = { kind: 'one' };
const DASH: Token = { kind: 'dash' };

/** Hyphen, slash, en dash, em dash and horizontal bar. */
export const DASHES = '-/–—―';

/**
 * Reads wildcards and escapes (Sigma rules specification, "Escaping"): a backslash makes a plain character of a
 * wildcard or of a backslash that follows it, and stands for itself before anything else.
 */
export function readTokens(raw: string): readonly Token[] {
  const tokens: Token[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') tokens.push({ kind: 'text', text });
    text = '';
  };
  for (let index = 0; index < raw.length; index++) {
    const character = raw[index];
    if (character === '\\' && index + 1 < raw.length && '*?\\'.includes(raw[index + 1])) text += raw[++index];
    else if (character === '*' || character === '?') {
      flush();
      if (character === '?') tokens.push(ONE);
      else if (tokens.at(-1) !== ANY) tokens.push(ANY);
    } else text += character;
  }
  flush();
  return tokens;
}

/** The plain text of tokens; undefined where there are wildcards. */
export function plainOf(tokens: readonly Token[]): string | undefined {
  if (tokens.length === 0) return '';
  const [token] = tokens;
  return tokens.length === 1 && token.kind === 'text' ? token.text : undefined;
}

/** With `*` before and behind, as the modifiers contains, startswith and endswith ask. */
export function openTokens(tokens: readonly Token[], before: boolean, behind: boolean): readonly Token[] {
  const opened = before && tokens[0] !== ANY ? [ANY, ...tokens] : [...tokens];
  if (behind && opened.at(-1) !== ANY) opened.push(ANY);
  return opened;
}

const WORD = /^\w$/;

/** Every dash that begins an option becomes any dash: one at the start or behind no word, with a word behind it. */
export function anyDash(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token, at): readonly Token[] => {
    if (token.kind !== 'text') return [token];
    const parts: Token[] = [];
    const { text } = token;
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      const isFirst = index === 0 && at === 0;
      const follows = !isFirst && WORD.test(text[index - 1] ?? '');
      if (!DASHES.includes(text[index]) || follows || !WORD.test(text[index + 1] ?? '')) continue;
      if (index > start) parts.push({ kind: 'text', text: text.slice(start, index) });
      parts.push(DASH);
      start = index + 1;
    }
    if (start < text.length) parts.push({ kind: 'text', text: text.slice(start) });
    return parts;
  });
}

export function textPattern(tokens: readonly Token[], isCased: boolean): TextPattern {
  const lower = (token: Token): Token =>
    token.kind === 'text' ? { kind: 'text', text: token.text.toLowerCase() } : token;
  return { tokens: isCased ? tokens : tokens.map(lower), isCased };
}

/** Whether a text fits; without case it must be lower case. */
export type TextMatcher = (text: string) => boolean;

/** Whether a text fits at least one pattern; whole texts are looked up rather than compared. */
export function compileAnyPattern(patterns: readonly TextPattern[]): TextMatcher {
  const whole = new Set<string>();
  const others: TextMatcher[] = [];
  for (const pattern of patterns) {
    const plain = plainOf(pattern.tokens);
    if (plain !== undefined) whole.add(plain);
    else others.push(compilePattern(pattern));
  }
  if (whole.size === 0 && others.length === 1) return others[0];
  return (text) => {
    if (whole.size > 0 && whole.has(text)) return true;
    for (const fits of others) if (fits(text)) return true;
    return false;
  };
}

/** A piece between two `*`. */
type Segment = readonly Token[];

export function compilePattern({ tokens }: TextPattern): TextMatcher {
  const plain = plainOf(tokens);
  if (plain !== undefined) return (text) => text === plain;
  const isOpenBefore = tokens[0] === ANY;
  const isOpenBehind = tokens.at(-1) === ANY;
  const segments = segmentsOf(tokens);
  if (segments.length === 0) return () => true;
  if (segments.length === 1) {
    const only = plainOf(segments[0]);
    if (only !== undefined) {
      if (isOpenBefore && isOpenBehind) return (text) => text.includes(only);
      if (isOpenBefore) return (text) => text.endsWith(only);
      if (isOpenBehind) return (text) => text.startsWith(only);
    }
  }
  return (text) => fits(text, segments, isOpenBefore, isOpenBehind);
}

function segmentsOf(tokens: readonly Token[]): readonly Segment[] {
  const segments: Token[][] = [[]];
  for (const token of tokens) {
    if (token === ANY) segments.push([]);
    else segments.at(-1)!.push(token);
  }
  return segments.filter((segment) => segment.length > 0);
}

/** Leftmost piece after leftmost piece, which is right because whatever is between two pieces does not matter. */
function fits(text: string, segments: readonly Segment[], isOpenBefore: boolean, isOpenBehind: boolean): boolean {
  let position = 0;
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index];
    const isLast = index === segments.length - 1;
    const isFixed = index === 0 && !isOpenBefore;
    if (isLast && !isOpenBehind) {
      if (isFixed) return endOf(text, segment, 0) === text.length;
      for (let start = position; start <= text.length; start++) {
        if (endOf(text, segment, start) === text.length) return true;
      }
      return false;
    }
    position = isFixed ? endOf(text, segment, 0) : find(text, segment, position);
    if (position < 0) return false;
  }
  return true;
}

/** Where the leftmost occurrence at or after `from` ends, or -1. */
function find(text: string, segment: Segment, from: number): number {
  const plain = plainOf(segment);
  if (plain !== undefined) {
    const at = text.indexOf(plain, from);
    return at < 0 ? -1 : at + plain.length;
  }
  for (let start = from; start <= text.length; start++) {
    const end = endOf(text, segment, start);
    if (end >= 0) return end;
  }
  return -1;
}

/** Where the segment ends if it begins at `start`, or -1. */
function endOf(text: string, segment: Segment, start: number): number {
  let position = start;
  for (const token of segment) {
    if (token.kind === 'text') {
      if (!text.startsWith(token.text, position)) return -1;
      position += token.text.length;
      continue;
    }
    if (position >= text.length) return -1;
    if (token.kind === 'dash' && !DASHES.includes(text[position])) return -1;
    // A character beyond the first plane is one character, written as two units.
    position += token.kind === 'one' && text.codePointAt(position)! > 0xffff ? 2 : 1;
  }
  return position;
}

/** What a text must hold and no more than that, as `*text*` says; undefined of other patterns. */
export function containedText({ tokens: [first, piece, last, more] }: TextPattern): string | undefined {
  return first === ANY && piece?.kind === 'text' && last === ANY && more === undefined ? piece.text : undefined;
}

/** A name of a file with the slash before it, as most rules name programs. */
const FILE_NAME = /^[/\\][^/\\]+$/;

/** The name of a file, with the slash before it, that a text must end with; undefined of other patterns. */
export function fileName({ tokens: [first, piece, more] }: TextPattern): string | undefined {
  const isName = first === ANY && piece?.kind === 'text' && more === undefined && FILE_NAME.test(piece.text);
  return isName ? piece.text : undefined;
}

/** Whether it is a plain text, its beginning or its end: compared in no time. */
export function isOneSided({ tokens }: TextPattern): boolean {
  return tokens.length <= 2 && tokens.every((token) => token === ANY || token.kind === 'text');
}

/** The longest plain piece, which every matching text holds; empty where there is none. */
export function longestPiece(tokens: readonly Token[]): string {
  let longest = '';
  for (const token of tokens) if (token.kind === 'text' && token.text.length > longest.length) longest = token.text;
  return longest;
}

/** As it is shown to a person: `*` and `?` for wildcards. */
export function patternText({ tokens }: TextPattern): string {
  const shown = { any: '*', one: '?', dash: '-' };
  return tokens.map((token) => (token.kind === 'text' ? token.text : shown[token.kind])).join('');
}
