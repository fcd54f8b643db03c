/** From statements to functions of an event, and back to what in the event they matched. */
import { parseAddress } from '../runtime/address.ts';
import { type EventReader, FieldNames, type FieldTexts } from './event-reader.ts';
import { Occurrences } from './occurrences.ts';
import {
  compileAnyPattern,
  compilePattern,
  containedText,
  fileName,
  isOneSided,
  longestPiece,
  patternText,
  type TextPattern,
} from './text-pattern.ts';
import { timePartOf } from './time-part.ts';
import { ALL_TEXT, type Comparison, type FieldValue, type Statement, type ValueTest } from './types.ts';

export type Predicate = (event: EventReader) => boolean;

/** Compiles statements, and remembers what they and their parts were compiled to. */
export class StatementCompiler {
  readonly names = new FieldNames();
  readonly #predicates = new WeakMap<Statement, Predicate>();
  readonly #regexes = new Map<string, Predicate>();
  readonly #occurrences: Occurrences[] = [];

  predicate(statement: Statement): Predicate {
    let predicate = this.#predicates.get(statement);
    if (predicate === undefined) {
      predicate = compileStatement(statement, this);
      this.#predicates.set(statement, predicate);
    }
    return predicate;
  }

  /** What is looked for in a field, by all rules together. */
  occurrences(field: number): Occurrences {
    this.#occurrences[field] ??= new Occurrences(field);
    return this.#occurrences[field];
  }

  /** A predicate that several rules share, and that is asked once for each event. */
  shared(key: string, make: () => Predicate): Predicate {
    let shared = this.#regexes.get(key);
    if (shared === undefined) {
      const predicate = make();
      let turn = -1;
      let answer = false;
      shared = (event) => {
        if (event.turn === turn) return answer;
        turn = event.turn;
        answer = predicate(event);
        return answer;
      };
      this.#regexes.set(key, shared);
    }
    return shared;
  }
}

/** How long a statement takes to judge, roughly: the quickest of several is asked first. */
function costOf(statement: Statement): number {
  switch (statement.kind) {
    case 'search':
    case 'not':
      return costOf(statement.of);
    case 'field':
      return statement.test.kind === 'regex' ? REGEX_COST : 1;
    default:
      return statement.of.reduce((sum, part) => sum + costOf(part), 0);
  }
}

/** Against one comparison of texts. */
const REGEX_COST = 30;

function compileStatement(statement: Statement, compiler: StatementCompiler): Predicate {
  const compiled = (part: Statement): Predicate => compiler.predicate(part);
  switch (statement.kind) {
    case 'search':
      return compiled(statement.of);
    case 'not': {
      const inner = compiled(statement.of);
      return (event) => !inner(event);
    }
    case 'field':
      return compileTest(statement.test, compiler.names.numberOf(statement.field), compiler);
    case 'all': {
      const parts = [...statement.of].sort((a, b) => costOf(a) - costOf(b)).map(compiled);
      return (event) => {
        for (const part of parts) if (!part(event)) return false;
        return true;
      };
    }
    case 'any': {
      const joined = textsOfOneField(statement.of);
      if (joined !== undefined) {
        return compilePatterns(joined.patterns, compiler.names.numberOf(joined.field), compiler);
      }
      return anyOf(statement.of.map(compiled));
    }
    case 'some': {
      const { least } = statement;
      const parts = statement.of.map(compiled);
      return (event) => {
        let count = 0;
        for (const part of parts) if (part(event) && ++count >= least) return true;
        return false;
      };
    }
  }
}

/** The patterns of statements that all ask one field for texts, in one way as to case. */
function textsOfOneField(
  statements: readonly Statement[],
): { readonly field: string; readonly patterns: Patterns } | undefined {
  const patterns: TextPattern[] = [];
  let field: string | undefined;
  for (const statement of statements) {
    if (statement.kind !== 'field' || statement.test.kind !== 'text') return undefined;
    const { pattern } = statement.test;
    field ??= statement.field;
    if (statement.field !== field || pattern.isCased !== (patterns[0] ?? pattern).isCased) return undefined;
    patterns.push(pattern);
  }
  const [first, ...rest] = patterns;
  return field === undefined || first === undefined ? undefined : { field, patterns: [first, ...rest] };
}

type Patterns = readonly [TextPattern, ...TextPattern[]];

/**
 * Whether the field fits one of the patterns, which are all alike as to case. Pieces that may stand anywhere are looked
 * up among what was found in the field, as is the longest piece of patterns that are slow to compare.
 */
function compilePatterns(patterns: Patterns, field: number, compiler: StatementCompiler): Predicate {
  if (patterns[0].isCased) return compileCased(patterns, field);
  const sorted = {
    pieces: [] as string[],
    names: new Set<string>(),
    quick: [] as TextPattern[],
    slow: [] as TextPattern[],
  };
  for (const pattern of patterns) {
    const piece = containedText(pattern);
    const name = fileName(pattern);
    if (piece !== undefined) sorted.pieces.push(piece);
    else if (name !== undefined) sorted.names.add(name);
    else if (isOneSided(pattern) || longestPiece(pattern.tokens) === '') sorted.quick.push(pattern);
    else sorted.slow.push(pattern);
  }
  const { pieces, names, quick, slow } = sorted;
  const occurrences = compiler.occurrences(field);
  const predicates: Predicate[] = [];
  if (names.size > 0) {
    const longest = Math.max(...[...names].map((name) => name.length));
    const isNamed = (tail: string): boolean => tail.length <= longest && names.has(tail);
    predicates.push((event) => anyText(event.lowerTails(field), isNamed));
  }
  if (pieces.length > 0) {
    const group = occurrences.groupOf(pieces);
    predicates.push((event) => occurrences.has(group, event));
  }
  if (quick.length > 0) {
    const fits = compileAnyPattern(quick);
    predicates.push((event) => anyText(event.lowerTexts(field), fits));
  }
  if (slow.length > 0) {
    const group = occurrences.groupOf(slow.map(({ tokens }) => longestPiece(tokens)));
    const fits = compileAnyPattern(slow);
    predicates.push((event) => occurrences.has(group, event) && anyText(event.boundedLowerTexts(field), fits));
  }
  return anyOf(predicates);
}

function compileCased(patterns: Patterns, field: number): Predicate {
  const isQuick = (pattern: TextPattern): boolean => isOneSided(pattern) || containedText(pattern) !== undefined;
  const quick = compileAnyPattern(patterns.filter(isQuick));
  const slow = compileAnyPattern(patterns.filter((pattern) => !isQuick(pattern)));
  return (event) => anyText(event.texts(field), quick) || anyText(event.boundedTexts(field), slow);
}

function anyOf(predicates: readonly Predicate[]): Predicate {
  if (predicates.length === 1) return predicates[0];
  return (event) => {
    for (const holds of predicates) if (holds(event)) return true;
    return false;
  };
}

function anyText(texts: FieldTexts, fits: (text: string) => boolean): boolean {
  if (texts === undefined) return false;
  if (typeof texts === 'string') return fits(texts);
  for (const text of texts) if (fits(text)) return true;
  return false;
}

function compileTest(test: ValueTest, field: number, compiler: StatementCompiler): Predicate {
  switch (test.kind) {
    case 'text':
      return compilePatterns([test.pattern], field, compiler);
    case 'regex': {
      const { regex, needs } = test;
      return compiler.shared(`${field} ${regex.key}`, () => {
        const fits = (text: string): boolean => regex.test(text);
        if (needs.length === 0) return (event) => anyText(event.boundedTexts(field), fits);
        const occurrences = compiler.occurrences(field);
        const group = occurrences.groupOf(needs);
        return (event) => occurrences.has(group, event) && anyText(event.boundedTexts(field), fits);
      });
    }
    case 'plain': {
      const { text } = test;
      return (event) => anyText(event.lowerTexts(field), (value) => value === text);
    }
    case 'number': {
      const compare = COMPARE[test.comparison];
      const { value, part } = test;
      const number = part === undefined ? numberOf : (given: FieldValue): number => timePartOf(given, part);
      return (event) => anyValue(event.value(field), (given) => compare(number(given), value));
    }
    case 'null':
      return (event) => event.value(field) === undefined || event.value(field) === null;
    case 'exists': {
      const { isWanted } = test;
      return (event) => (event.value(field) !== undefined) === isWanted;
    }
    case 'network':
      return (event) => anyText(event.texts(field), (text) => isWithin(text, test.words, test.bits));
    case 'field': {
      const other = compiler.names.numberOf(test.other);
      const relate = RELATE[test.how];
      const read = (event: EventReader, number: number): FieldTexts =>
        test.isCased ? event.boundedTexts(number) : event.boundedLowerTexts(number);
      return (event) =>
        anyText(read(event, field), (text) => anyText(read(event, other), (wanted) => relate(text, wanted)));
    }
  }
}

const COMPARE: Readonly<Record<Comparison, (value: number, bound: number) => boolean>> = {
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
  eq: (value, bound) => value === bound,
};

const RELATE = {
  equals: (text: string, wanted: string): boolean => text === wanted,
  contains: (text: string, wanted: string): boolean => text.includes(wanted),
  startswith: (text: string, wanted: string): boolean => text.startsWith(wanted),
  endswith: (text: string, wanted: string): boolean => text.endsWith(wanted),
};

function anyValue(value: FieldValue, fits: (value: FieldValue) => boolean): boolean {
  return typeof value === 'object' && value !== null ? value.some(fits) : fits(value);
}

/** Not a number where it is none, with which every comparison fails. */
export function numberOf(value: FieldValue): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

const WORD_BITS = 32;

function isWithin(text: string, network: readonly number[], bits: number): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  let left = bits;
  for (let index = 0; left > 0; index++, left -= WORD_BITS) {
    const mask = left >= WORD_BITS ? -1 : ~(-1 >>> left);
    if (((address[index] ^ network[index]) & mask) !== 0) return false;
  }
  return true;
}

/** What of an event a rule matched. */
export interface MatchedField {
  /** Search of the rule. */
  readonly search: string;
  /** Empty for keywords. */
  readonly field: string;
  readonly value: string;
  /** What the rule looked for. */
  readonly pattern: string;
}

/** A hit of hundreds of keywords is told well enough by these. */
const MAX_MATCHED = 32;
/** Longest value that is repeated. */
const MAX_VALUE = 1_024;

/** The fields that made a statement true; what was only denied is left out. */
export function explain(statement: Statement, rule: StatementCompiler, event: EventReader): readonly MatchedField[] {
  const found: MatchedField[] = [];
  const visit = (node: Statement, search: string): void => {
    if (found.length >= MAX_MATCHED || node.kind === 'not') return;
    if (!rule.predicate(node)(event)) return;
    if (node.kind === 'search') visit(node.of, node.name);
    else if (node.kind !== 'field') for (const part of node.of) visit(part, search);
    else found.push(matchedField(node, search, rule.names, event));
  };
  visit(statement, '');
  return found;
}

function matchedField(
  { field, test }: Statement & { readonly kind: 'field' },
  search: string,
  names: FieldNames,
  event: EventReader,
): MatchedField {
  const texts = event.texts(names.numberOf(field));
  const values = typeof texts === 'string' ? [texts] : (texts ?? []);
  const fits = (value: string): boolean => {
    if (test.kind !== 'text') return true;
    return compilePattern(test.pattern)(test.pattern.isCased ? value : value.toLowerCase());
  };
  const value = (values.length === 1 ? values[0] : values.find(fits)) ?? '';
  return { search, field: field === ALL_TEXT ? '' : field, value: value.slice(0, MAX_VALUE), pattern: testText(test) };
}

/** A test as a person would write it. */
export function testText(test: ValueTest): string {
  switch (test.kind) {
    case 'text':
      return patternText(test.pattern);
    case 'regex':
      return `/${test.regex.source}/`;
    case 'plain':
      return test.text;
    case 'number':
      return `${test.part === undefined ? '' : `${test.part} `}${test.comparison} ${test.value}`;
    case 'null':
      return 'null';
    case 'exists':
      return test.isWanted ? 'exists' : 'does not exist';
    case 'network':
      return test.text;
    case 'field':
      return `${test.how} ${test.other}`;
  }
}
