/**
 * Reads a query. The grammar ("|" may stand before every clause):
 *
 * ```
 * query     = table { ["|"] clause }
 * clause    = "where" or | "since" time | "until" time | "sort" "by" key { "," key } | "limit" number
 *           | ("count" | "count" "distinct" field | ("sum" | "average" | "min" | "max") field) ["by" group { "," group }]
 * or        = and { "or" and }
 * and       = not { "and" not }
 * not       = "not" not | "(" or ")" | field operator value | field ["not"] "in" ("(" value { "," value } ")" | value)
 * key       = field ["asc" | "desc"]
 * group     = field | span
 * ```
 */
import {
  type HuntAggregate,
  type HuntCondition,
  type HuntGroup,
  type HuntProblem,
  type HuntQuery,
  type HuntSort,
  type HuntTime,
  type HuntValue,
  MAX_COMPARISONS,
  MAX_DEPTH,
  MAX_KEYS,
  MAX_LIMIT,
  MAX_PROBLEMS,
  MAX_QUERY_LENGTH,
  MAX_VALUES,
} from './hunt-query.ts';
import {
  HUNT_FUNCTIONS,
  HUNT_TABLES,
  type HuntField,
  type HuntOperatorSymbol,
  type HuntTable,
  huntField,
  huntTable,
  operatorsOf,
  SUMMABLE,
} from './hunt-tables.ts';
import { type Lexeme, lex } from './hunt-tokens.ts';
import { readSpan, readTime, readValue, suggestion } from './hunt-values.ts';

/** What a piece of a query is, for its colour. */
export type HuntTokenKind =
  | 'table'
  | 'keyword'
  | 'function'
  | 'field'
  | 'operator'
  | 'text'
  | 'number'
  | 'time'
  | 'address'
  | 'punctuation'
  | 'unknown';

/** What could stand at the end of a query that is not finished. */
export type HuntExpectation =
  | { readonly kind: 'table' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'fields'; readonly fields: readonly HuntField[] }
  | { readonly kind: 'operators'; readonly field: HuntField }
  | { readonly kind: 'values'; readonly field: HuntField; readonly operator: HuntOperatorSymbol }
  | { readonly kind: 'times' }
  | { readonly kind: 'spans' }
  | { readonly kind: 'columns'; readonly names: readonly string[] };

export interface Reading {
  /** Null where there are problems. */
  readonly query: HuntQuery | null;
  readonly problems: readonly HuntProblem[];
  readonly lexemes: readonly Lexeme[];
  /** Of each lexeme. */
  readonly kinds: readonly HuntTokenKind[];
  readonly expectations: readonly HuntExpectation[];
}

/** Leaves the reading at a piece after which nothing can be understood. */
class Stop extends Error {}

/** Reads a query to its end, or to the first piece that cannot be understood. Never throws. */
export function readQuery(text: string): Reading {
  const tooLong = text.length > MAX_QUERY_LENGTH;
  const parser = new Parser(lex(tooLong ? text.slice(0, MAX_QUERY_LENGTH) : text));
  if (tooLong) {
    const hint = 'Leave something out, or name networks instead of single addresses.';
    parser.report(MAX_QUERY_LENGTH, text.length, `A query has at most ${MAX_QUERY_LENGTH} characters.`, hint);
  }
  let query: HuntQuery | null = null;
  try {
    query = parser.query();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  const { problems, lexemes, kinds, expectations } = parser;
  return { query: problems.length === 0 ? query : null, problems, lexemes, kinds, expectations };
}

/** Column names of a summary. */
export function summaryColumns({ function: name, by }: HuntAggregate): readonly string[] {
  return [...by.map(groupColumn), name === 'distinct' ? 'count' : name];
}

export function groupColumn(group: HuntGroup): string {
  return group.type === 'span' ? 'time' : group.name;
}

const FUNCTION_NAMES: readonly string[] = HUNT_FUNCTIONS.map(({ name }) => name);
const CLAUSES = ['where', 'since', 'until', 'sort by', 'limit'] as const;
/** Other words for the same operator. */
const OPERATOR_ALIASES: Readonly<Record<string, HuntOperatorSymbol>> = { '==': '=', '<>': '!=' };
const MIN_SPAN_MS = 1_000;

class Parser {
  readonly lexemes: readonly Lexeme[];
  readonly kinds: HuntTokenKind[];
  readonly problems: HuntProblem[] = [];
  readonly expectations: HuntExpectation[] = [];
  #at = 0;
  #comparisons = 0;
  #table: HuntTable = HUNT_TABLES[0] as HuntTable;

  constructor(lexemes: readonly Lexeme[]) {
    this.lexemes = lexemes;
    this.kinds = lexemes.map(({ kind }) => (kind === 'word' || kind === 'end' ? 'unknown' : kind));
  }

  report(start: number, end: number, message: string, hint: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ start, end, message, hint });
  }

  query(): HuntQuery {
    this.#want({ kind: 'table' });
    const named = this.#word(
      'A query begins with what is searched.',
      'Begin with flows or alerts, processes, files, connections, logs, logins or changes.',
    );
    const table = huntTable(named.text);
    const names = HUNT_TABLES.map(({ name }) => name);
    if (table === undefined) {
      this.#stop(
        named,
        `There is no table "${named.text}".`,
        suggestion(named.text, names, `There are ${names.join(' and ')}.`),
      );
    }
    this.#mark('table');
    this.#table = table;
    let where: HuntCondition | null = null;
    let since: HuntTime | null = null;
    let until: HuntTime | null = null;
    let aggregate: HuntAggregate | null = null;
    let sort: readonly HuntSort[] = [];
    let limit: number | null = null;
    const seen = new Set<string>();
    for (;;) {
      const barred = this.#takePunctuation('|');
      const open = CLAUSES.filter(
        (name) => !seen.has(name) && (aggregate === null || name === 'sort by' || name === 'limit'),
      );
      const words = [...open, ...(aggregate === null ? FUNCTION_NAMES : [])];
      this.#want({ kind: 'words', words: barred || aggregate !== null ? words : [...words, '|'] });
      if (this.#here.kind === 'end' && !barred) break;
      const clause = this.#word('Here a clause is missing.', `It begins with ${list(words)}.`);
      const name = clause.text.toLowerCase();
      const isFunction = FUNCTION_NAMES.includes(name) || name === 'avg';
      const key = isFunction ? 'summary' : name === 'sort' ? 'sort by' : name;
      if (seen.has(key) && key !== 'where') {
        this.#stop(clause, `"${name}" stands here for the second time.`, 'Once is enough.');
      }
      if (aggregate !== null && (key === 'where' || key === 'since' || key === 'until')) {
        this.#stop(clause, `"${name}" must stand before the summary.`, 'Only sort and limit can follow it.');
      }
      seen.add(key);
      this.#mark(isFunction ? 'function' : 'keyword');
      if (isFunction) aggregate = this.#aggregate(name === 'avg' ? 'average' : name);
      else if (name === 'where') {
        const more = this.#or(0);
        where = where === null ? more : joined('and', [where, more]);
        seen.delete('where');
      } else if (name === 'since') since = this.#time();
      else if (name === 'until') until = this.#time();
      else if (name === 'sort') sort = this.#sort(aggregate);
      else if (name === 'limit') limit = this.#limit();
      else {
        this.kinds[this.#at - 1] = 'unknown';
        const hint = suggestion(name, [...words, 'and', 'or'], `Here can stand ${list(words)}.`);
        this.#stop(clause, `"${clause.text}" is not understood here.`, hint);
      }
    }
    if (aggregate !== null) this.#checkSort(aggregate, sort);
    return { table: table.name, where, since, until, aggregate, sort, limit };
  }

  get #here(): Lexeme {
    return this.lexemes[this.#at] as Lexeme;
  }

  #want(expectation: HuntExpectation): void {
    if (this.#here.kind === 'end') this.expectations.push(expectation);
  }

  #mark(kind: HuntTokenKind): void {
    this.kinds[this.#at++] = kind;
  }

  #stop(lexeme: Lexeme, message: string, hint: string): never {
    this.report(lexeme.start, lexeme.end, message, hint);
    throw new Stop();
  }

  #word(missing: string, hint: string): Lexeme {
    if (this.#here.kind !== 'word') {
      this.#stop(this.#here, this.#here.kind === 'end' ? missing : `"${this.#here.text}" does not fit here.`, hint);
    }
    return this.#here;
  }

  #isWord(word: string): boolean {
    return this.#here.kind === 'word' && this.#here.text.toLowerCase() === word;
  }

  #takeWord(word: string): boolean {
    this.#want({ kind: 'words', words: [word] });
    if (!this.#isWord(word)) return false;
    this.#mark('keyword');
    return true;
  }

  #takePunctuation(sign: string): boolean {
    if (this.#here.kind !== 'punctuation' || this.#here.text !== sign) return false;
    this.#mark('punctuation');
    return true;
  }

  #or(depth: number): HuntCondition {
    const conditions = [this.#and(depth)];
    while (this.#takeWord('or')) conditions.push(this.#and(depth));
    return joined('or', conditions);
  }

  #and(depth: number): HuntCondition {
    const conditions = [this.#not(depth)];
    while (this.#takeWord('and')) conditions.push(this.#not(depth));
    return joined('and', conditions);
  }

  #not(depth: number): HuntCondition {
    if (depth > MAX_DEPTH) {
      this.#stop(this.#here, 'This is nested too deeply.', `At most ${MAX_DEPTH} levels; leave parentheses out.`);
    }
    this.#want({ kind: 'fields', fields: this.#table.fields });
    this.#want({ kind: 'words', words: ['not', '('] });
    if (this.#isWord('not')) {
      this.#mark('keyword');
      return { type: 'not', condition: this.#not(depth + 1) };
    }
    const open = this.#here;
    if (!this.#takePunctuation('(')) return this.#comparison();
    const condition = this.#or(depth + 1);
    this.#want({ kind: 'words', words: [')'] });
    if (!this.#takePunctuation(')'))
      this.#stop(open, 'This parenthesis is not closed.', 'Add ")" after its conditions.');
    return condition;
  }

  /** A field of the table; problems with it are told and reading goes on where that is possible. */
  #field(fields: readonly HuntField[], what: string): HuntField {
    const named = this.#word(`Here ${what} is missing.`, `For example ${fields[0]?.name ?? 'time'}.`);
    const field = huntField(this.#table, named.text);
    const names = fields.map(({ name }) => name);
    if (field === undefined) {
      const message = `${this.#table.name} have no field "${named.text}".`;
      this.#stop(named, message, suggestion(named.text, names, `The fields: ${names.join(', ')}.`));
    }
    if (!fields.includes(field)) {
      this.#stop(named, `"${field.name}" cannot stand here.`, `Here can stand ${list(names)}.`);
    }
    this.#mark('field');
    return field;
  }

  #comparison(): HuntCondition {
    if (++this.#comparisons > MAX_COMPARISONS) {
      this.#stop(
        this.#here,
        `There are more than ${MAX_COMPARISONS} comparisons.`,
        'Use "in" with a list or a network.',
      );
    }
    const field = this.#field(this.#table.fields, 'a condition');
    this.#want({ kind: 'operators', field });
    const isNegated = this.#isWord('not');
    if (isNegated) this.#mark('keyword');
    const operator = this.#operator(field);
    const values = operator === 'in' ? this.#values(field) : [this.#value(field, operator)];
    const comparison: HuntCondition = { type: 'compare', field: field.name, operator, values };
    return isNegated ? { type: 'not', condition: comparison } : comparison;
  }

  #operator(field: HuntField): HuntOperatorSymbol {
    const { text, kind } = this.#here;
    const allowed = operatorsOf(field.type).map(({ symbol }) => symbol);
    const given = OPERATOR_ALIASES[text] ?? text.toLowerCase();
    const operator = kind === 'word' || kind === 'operator' ? allowed.find((symbol) => symbol === given) : undefined;
    if (operator === undefined) {
      const message =
        kind === 'end' ? `After ${field.name} an operator is missing.` : `"${text}" is no operator for ${field.name}.`;
      this.#stop(this.#here, message, `Use one of ${allowed.join(' ')}.`);
    }
    this.#mark('operator');
    return operator;
  }

  #values(field: HuntField): HuntValue[] {
    const open = this.#here;
    if (!this.#takePunctuation('(')) {
      this.#want({ kind: 'words', words: ['('] });
      return [this.#value(field, 'in')];
    }
    const values = [this.#value(field, 'in')];
    while (this.#takePunctuation(',')) {
      if (values.length >= MAX_VALUES)
        this.#stop(this.#here, 'This list is too long.', `It has at most ${MAX_VALUES} values.`);
      values.push(this.#value(field, 'in'));
    }
    if (!this.#takePunctuation(')')) {
      this.#want({ kind: 'words', words: [')'] });
      this.#stop(open, 'This list is not closed.', 'Values are parted by commas; add ")" after the last.');
    }
    return values;
  }

  #value(field: HuntField, operator: HuntOperatorSymbol): HuntValue {
    this.#want({ kind: 'values', field, operator });
    const lexeme = this.#here;
    if (lexeme.kind !== 'word' && lexeme.kind !== 'text') {
      const message = lexeme.kind === 'end' ? `A value for ${field.name} is missing.` : `"${lexeme.text}" is no value.`;
      this.#stop(lexeme, message, `Write it like ${list(field.examples)}.`);
    }
    if (!lexeme.isClosed) this.#want({ kind: 'values', field, operator });
    this.#closed(lexeme);
    const read = readValue(field, operator, lexeme.text);
    if ('value' in read) {
      this.#mark(valueKind(field, read.value));
      return read.value;
    }
    // The rest can be understood all the same.
    this.report(lexeme.start, lexeme.end, read.message, read.hint);
    this.#mark('unknown');
    return { type: 'text', text: lexeme.text };
  }

  #closed(lexeme: Lexeme): void {
    if (!lexeme.isClosed) {
      this.#stop(lexeme, 'This text has no end.', 'Add the closing quote. A quote inside of it is written \\".');
    }
  }

  #time(): HuntTime {
    this.#want({ kind: 'times' });
    const lexeme = this.#here;
    if (lexeme.kind !== 'word' && lexeme.kind !== 'text') {
      this.#stop(lexeme, 'A time is missing.', 'Write how long ago (30m, 24h, 7d), or a date: 2026-11-20.');
    }
    this.#closed(lexeme);
    const read = readTime(lexeme.text);
    this.#mark('value' in read ? 'time' : 'unknown');
    if ('value' in read) return read.value;
    this.report(lexeme.start, lexeme.end, read.message, read.hint);
    return { type: 'ago', ms: 0 };
  }

  #aggregate(name: string): HuntAggregate {
    let kind = name as HuntAggregate['function'];
    let field: string | null = null;
    if (name === 'count') {
      if (this.#takeWord('distinct')) {
        kind = 'distinct';
        this.#want({ kind: 'fields', fields: this.#table.fields });
        field = this.#field(this.#table.fields, 'a field').name;
      }
    } else {
      const fields = this.#table.fields.filter(({ type }) => SUMMABLE.includes(type));
      this.#want({ kind: 'fields', fields });
      field = this.#field(fields, 'a number').name;
    }
    const by: HuntGroup[] = [];
    if (this.#takeWord('by')) {
      do {
        const start = this.#here;
        if (by.length >= MAX_KEYS) this.#stop(start, 'These are too many groups.', `At most ${MAX_KEYS}.`);
        const group = this.#group();
        if (by.some((other) => groupColumn(other) === groupColumn(group))) {
          this.#stop(start, 'This group stands here twice.', 'Once is enough.');
        }
        by.push(group);
      } while (this.#takePunctuation(','));
    }
    return { function: kind, field, by };
  }

  #group(): HuntGroup {
    const fields = this.#table.fields.filter(({ type }) => type !== 'time');
    this.#want({ kind: 'fields', fields });
    this.#want({ kind: 'spans' });
    const { text, kind } = this.#here;
    const ms = kind === 'word' && /^\d/.test(text) ? readSpan(text) : undefined;
    if (ms === undefined) return { type: 'field', name: this.#field(fields, 'a field or a span of time').name };
    if (ms < MIN_SPAN_MS) this.#stop(this.#here, 'This span is too short.', 'It is at least 1s.');
    this.#mark('time');
    return { type: 'span', ms };
  }

  #sort(aggregate: HuntAggregate | null): HuntSort[] {
    if (!this.#takeWord('by')) this.#stop(this.#here, 'After "sort" comes "by".', 'For example: sort by time desc.');
    const keys: HuntSort[] = [];
    do {
      if (keys.length >= MAX_KEYS) this.#stop(this.#here, 'These are too many.', `At most ${MAX_KEYS}.`);
      const name = aggregate === null ? this.#sortField() : this.#sortColumn(summaryColumns(aggregate));
      this.#want({ kind: 'words', words: ['asc', 'desc'] });
      const isDescending = this.#isWord('desc');
      if (isDescending || this.#isWord('asc')) this.#mark('keyword');
      keys.push({ name, direction: isDescending ? 'desc' : 'asc' });
    } while (this.#takePunctuation(','));
    return keys;
  }

  #sortField(): string {
    const fields = this.#table.fields;
    this.#want({ kind: 'fields', fields: fields.filter(({ isMany }) => !isMany) });
    const summary = this.#here.kind === 'word' && FUNCTION_NAMES.includes(this.#here.text.toLowerCase());
    if (summary)
      this.#stop(
        this.#here,
        'This column comes from a summary.',
        'Sort after it: "| count by host | sort by count desc".',
      );
    const place = this.#here;
    const { name, isMany } = this.#field(fields, 'a field');
    // Of a query with a summary behind the order the field may be no column: then that is said there.
    if (isMany) this.#stop(place, `"${name}" has several values in a row.`, 'Sort by another field.');
    return name;
  }

  #sortColumn(names: readonly string[]): string {
    this.#want({ kind: 'columns', names });
    const named = this.#word('Here a column is missing.', `The columns: ${names.join(', ')}.`);
    const name = names.find((column) => column.toLowerCase() === named.text.toLowerCase());
    if (name === undefined) {
      this.#stop(named, `The summary has no column "${named.text}".`, `The columns: ${names.join(', ')}.`);
    }
    this.#mark('field');
    return name;
  }

  /** An order may stand before the summary that it is about. */
  #checkSort(aggregate: HuntAggregate, sort: readonly HuntSort[]): void {
    const names = summaryColumns(aggregate);
    const wrong = sort.find(({ name }) => !names.includes(name));
    if (wrong !== undefined) {
      const place = this.lexemes.find(({ text }) => text.toLowerCase() === wrong.name.toLowerCase()) ?? this.#here;
      this.report(
        place.start,
        place.end,
        `The summary has no column "${wrong.name}".`,
        `The columns: ${names.join(', ')}.`,
      );
    }
  }

  #limit(): number {
    const { text, kind } = this.#here;
    const limit = kind === 'word' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (limit < 1 || limit > MAX_LIMIT) {
      this.#stop(this.#here, 'Here a number of rows is missing.', `It is a whole number from 1 to ${MAX_LIMIT}.`);
    }
    this.#mark('number');
    return limit;
  }
}

/** One condition stays itself; "and" within "and" is one longer "and". */
function joined(type: 'and' | 'or', conditions: readonly HuntCondition[]): HuntCondition {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  return { type, conditions: conditions.flatMap((one) => (one.type === type ? one.conditions : [one])) };
}

function valueKind(field: HuntField, value: HuntValue): HuntTokenKind {
  if (value.type === 'network') return 'address';
  return value.type === 'time'
    ? 'time'
    : value.type === 'number'
      ? field.type === 'duration'
        ? 'time'
        : 'number'
      : 'text';
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
