/** What can be written next in a query: for the list below the field where it is typed. Pure. */
import { type HuntExpectation, readQuery } from './hunt-parser.ts';
import { HUNT_FUNCTIONS, HUNT_KEYWORDS, HUNT_TABLES, type HuntField, operatorsOf } from './hunt-tables.ts';
import { lex } from './hunt-tokens.ts';
import { quoteIfNeeded } from './hunt-values.ts';

export interface HuntSuggestion {
  readonly kind: 'table' | 'keyword' | 'function' | 'field' | 'operator' | 'value' | 'time';
  /** What is shown. */
  readonly label: string;
  /** What replaces the text from `start` to `end`; ends in a space where something must follow. */
  readonly insert: string;
  readonly doc: string;
}

export interface HuntCompletion {
  /** What a suggestion replaces. */
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly HuntSuggestion[];
  /**
   * A value of this field is being written: the call hunt.values knows more of them. `prefix` is what stands there
   * already, without quotes; `quoteIfNeeded` writes an answer as it must stand.
   */
  readonly values: { readonly field: string; readonly prefix: string } | null;
}

const MAX_SUGGESTIONS = 50;
const TIMES = [
  ['15m', 'The last quarter of an hour.'],
  ['1h', 'The last hour.'],
  ['24h', 'The last day.'],
  ['7d', 'The last week.'],
  ['30d', 'The last 30 days.'],
] as const;
const SPANS = [
  ['1m', 'One row for each minute.'],
  ['10m', 'One row for each ten minutes.'],
  ['1h', 'One row for each hour.'],
  ['1d', 'One row for each day.'],
] as const;
/** Words that end a query or a part of it. */
const COMPLETE_WORDS: readonly string[] = ['asc', 'desc', ')'];

/** Suggestions for the place `position` (in UTF-16 code units) of a query; what stands after it does not matter. */
export function completeHunt(query: string, position: number): HuntCompletion {
  const at = Math.max(0, Math.min(Math.trunc(position) || 0, query.length));
  const before = query.slice(0, at);
  const last = lex(before).at(-2);
  const touches = last !== undefined && last.end === at;
  const isPartial = touches && (last.kind === 'word' || (last.kind === 'text' && !last.isClosed));
  const start = isPartial ? last.start : at;
  const prefix = isPartial ? last.text : '';
  const { expectations } = readQuery(before.slice(0, start));
  const found = expectations.flatMap((expectation) => suggestionsOf(expectation));
  const wanted = prefix.toLowerCase();
  const fits = (text: string): boolean => text.toLowerCase().includes(wanted);
  const begins = ({ label }: HuntSuggestion): number => (label.toLowerCase().startsWith(wanted) ? 0 : 1);
  const unique = [...new Map(found.map((one) => [`${one.kind}/${one.label}`, one])).values()];
  const value = expectations.find((one) => one.kind === 'values');
  return {
    start,
    end: isPartial ? wordEnd(query, at, last.kind === 'word') : at,
    suggestions: unique
      .filter(({ label }) => fits(label))
      .sort((a, b) => begins(a) - begins(b))
      .slice(0, MAX_SUGGESTIONS),
    values: value === undefined ? null : { field: value.field.name, prefix },
  };
}

/** A word is replaced whole, also where its middle is being edited. */
function wordEnd(query: string, at: number, isWord: boolean): number {
  if (!isWord) return at;
  const [next] = lex(query.slice(at));
  return next?.kind === 'word' && next.start === 0 ? at + next.end : at;
}

function suggestionsOf(expectation: HuntExpectation): readonly HuntSuggestion[] {
  switch (expectation.kind) {
    case 'table':
      return HUNT_TABLES.map(({ name, doc }) => ({ kind: 'table', label: name, insert: `${name} `, doc }));
    case 'words':
      return expectation.words.map(wordSuggestion);
    case 'fields':
      return expectation.fields.map(({ name, doc }) => ({ kind: 'field', label: name, insert: `${name} `, doc }));
    case 'operators':
      return operatorsOf(expectation.field.type).map(({ symbol, doc }) => ({
        kind: 'operator',
        label: symbol,
        insert: `${symbol} `,
        doc,
      }));
    case 'values':
      return valueSuggestions(expectation.field);
    case 'times':
      return TIMES.map(([label, doc]) => ({ kind: 'time', label, insert: `${label} `, doc }));
    case 'spans':
      return SPANS.map(([label, doc]) => ({ kind: 'time', label, insert: `${label} `, doc }));
    case 'columns':
      return expectation.names.map((name) => ({ kind: 'field', label: name, insert: `${name} `, doc: 'A column.' }));
  }
}

function wordSuggestion(word: string): HuntSuggestion {
  const made = HUNT_FUNCTIONS.find(({ name }) => name === word);
  if (made !== undefined) return { kind: 'function', label: word, insert: `${word} `, doc: made.doc };
  const [first = ''] = word.split(' ');
  const doc = SIGNS[word] ?? Object.entries(HUNT_KEYWORDS).find(([name]) => name === first)?.[1] ?? '';
  return {
    kind: 'keyword',
    label: word,
    insert: word === '(' || COMPLETE_WORDS.includes(word) ? word : `${word} `,
    doc,
  };
}

const SIGNS: Readonly<Record<string, string>> = {
  '|': 'What follows is done with the rows that were found.',
  '(': 'Holds conditions, or the values of a list, together.',
  ')': 'Ends what the parenthesis holds together.',
};

function valueSuggestions(field: HuntField): readonly HuntSuggestion[] {
  const choices = field.choices ?? field.examples.map((example) => example.replace(/^"(.*)"$/, '$1'));
  const doc = field.choices === undefined ? `Such as this: ${field.doc}` : field.doc;
  return choices.map((label) => ({ kind: 'value', label, insert: `${quoteIfNeededFor(field, label)} `, doc }));
}

/** Networks have a slash, which needs no quotes. */
function quoteIfNeededFor(field: HuntField, label: string): string {
  return field.type === 'text' || field.type === 'id' ? quoteIfNeeded(label) : label;
}
