/** Which rules a text in YARA has, as far as a list shows them: what they do is the compiler's business. */
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';

/** What is known of a rule without running it. */
export interface YaraRuleFacts {
  readonly name: string;
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
  readonly tags: readonly string[];
  /** Values of its `meta` section as text. */
  readonly meta: ReadonlyMap<string, string>;
}

/** Rules of one file; the largest public ones have some thousand. */
const MAX_RULES = 20_000;
const MAX_META = 64;
const MAX_META_TEXT = 2_000;

interface Token {
  /** A word, a number, a text in quotes or one other character. */
  readonly text: string;
  readonly isText: boolean;
  readonly line: number;
}

/**
 * One pass without looking back. Comments, texts and regular expressions are read as such, so that a rule that quotes
 * another one is one rule.
 */
function* tokensOf(source: string): Generator<Token> {
  let line = 1;
  let at = 0;
  let previous = '';
  while (at < source.length) {
    const character = source[at]!;
    const two = source.slice(at, at + 2);
    if (character === '\n') {
      line += 1;
      at += 1;
    } else if (character <= ' ') at += 1;
    else if (two === '//') at = endOr(source.indexOf('\n', at), source.length);
    else if (two === '/*') {
      const end = endOr(source.indexOf('*/', at + 2), source.length);
      line += linesIn(source, at, end);
      at = end + 2;
    } else if (character === '"' || (character === '/' && !/[\w)]/.test(previous))) {
      const end = quotedEnd(source, at, character);
      yield { text: source.slice(at + 1, end), isText: true, line };
      at = end + 1;
      previous = '"';
    } else {
      const word = wordAt(source, at);
      yield { text: word, isText: false, line };
      at += word.length;
      previous = word.at(-1)!;
    }
  }
}

function endOr(index: number, otherwise: number): number {
  return index < 0 ? otherwise : index;
}

function linesIn(source: string, from: number, to: number): number {
  let lines = 0;
  for (let at = source.indexOf('\n', from); at >= 0 && at < to; at = source.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Neither a text nor a regular expression goes over the end of its line. */
function quotedEnd(source: string, from: number, quote: string): number {
  for (let at = from + 1; at < source.length; at++) {
    const character = source[at];
    if (character === '\\') at += 1;
    else if (character === quote || character === '\n') return at;
  }
  return source.length;
}

const WORD = /[\w$#@!-]+/y;

function wordAt(source: string, at: number): string {
  WORD.lastIndex = at;
  return WORD.exec(source)?.[0] ?? source[at]!;
}

/** The rules of a text, in their order. Never throws, whatever the text is. */
export function listRules(file: string, source: string): readonly YaraRuleFacts[] {
  const rules: YaraRuleFacts[] = [];
  let state: 'outside' | 'name' | 'tags' | 'body' | 'meta' = 'outside';
  let rule = { name: '', line: 1, tags: [] as string[], meta: new Map<string, string>() };
  let depth = 0;
  let key = '';
  let hasEquals = false;
  for (const { text, isText, line } of tokensOf(source)) {
    if (state === 'outside') {
      if (!isText && text === 'rule') state = 'name';
    } else if (state === 'name') {
      rule = { name: text, line, tags: [], meta: new Map() };
      state = 'tags';
    } else if (state === 'tags') {
      if (text === '{' && !isText) {
        state = 'body';
        depth = 1;
      } else if (text !== ':') rule.tags.push(text);
    } else if (!isText && text === '{') depth += 1;
    else if (!isText && text === '}') {
      depth -= 1;
      if (depth > 0) continue;
      if (rules.length < MAX_RULES) rules.push({ ...rule, file });
      state = 'outside';
    } else if (!isText && depth === 1 && (text === 'meta' || text === 'strings' || text === 'condition')) {
      state = text === 'meta' ? 'meta' : 'body';
      hasEquals = false;
    } else if (state === 'meta') {
      if (text === '=' && !isText) hasEquals = true;
      else if (hasEquals && rule.meta.size < MAX_META) {
        rule.meta.set(key, text.slice(0, MAX_META_TEXT));
        hasEquals = false;
      } else key = text;
    }
  }
  return rules;
}

const TECHNIQUE = /\bT\d{4}(?:\.\d{3})?\b/g;
/** Numbers from 0 to 100 that collections give their rules as a score, by the least of each severity. */
const SCORES: readonly (readonly [number, Severity])[] = [
  [75, 'high'],
  [55, 'medium'],
  [0, 'low'],
];
/** A rule about content is written for something that is not wanted at all. */
const USUAL_SEVERITY: Severity = 'high';

/** How bad a hit is: as the rule says, in words (`severity`) or as a number from 0 to 100. */
export function severityOf({ meta }: Pick<YaraRuleFacts, 'meta'>): Severity {
  const said = (meta.get('severity') ?? meta.get('score') ?? '').toLowerCase();
  const word = SEVERITIES.find((severity) => severity === said);
  if (word !== undefined) return word;
  const number = Number(said);
  if (said === '' || !Number.isFinite(number)) return USUAL_SEVERITY;
  return SCORES.find(([least]) => number >= least)?.[1] ?? 'low';
}

/** ATT&CK techniques that stand in its tags or its meta section. */
export function techniquesOf({ tags, meta }: Pick<YaraRuleFacts, 'tags' | 'meta'>): readonly string[] {
  const texts = [...tags.map((tag) => tag.replaceAll('_', '.')), ...meta.values()];
  return [...new Set(texts.flatMap((text) => text.toUpperCase().match(TECHNIQUE) ?? []))];
}

/** One line about it, from its meta section. */
export function descriptionOf({ meta }: Pick<YaraRuleFacts, 'meta'>): string {
  return meta.get('description') ?? meta.get('desc') ?? meta.get('threat_name') ?? '';
}
