/** The rules of one log source, indexed by what events must hold for them to match. */
import type { Predicate, StatementCompiler } from './compile.ts';
import type { EventReader, FieldTexts } from './event-reader.ts';
import { needsOf } from './needs.ts';
import { TextIndex } from './text-index.ts';
import type { DetectionRule } from './types.ts';

/** What is looked for in one field. */
interface FieldIndex {
  readonly field: number;
  /** Rules by number of the text in `parts`. */
  readonly parts: TextIndex;
  readonly rulesOfPart: number[][];
  readonly rulesOfWhole: Map<string, number[]>;
  /** Rules to be asked by text: programs, parents and folders are the same again and again. */
  known: Map<string, readonly number[]>;
}

/** Texts of a field that are remembered, and the longest of them: two megabytes at the very most. */
const MAX_KNOWN = 512;
const MAX_KNOWN_TEXT = 2_048;

export class Lane {
  readonly rules: readonly DetectionRule[];
  readonly #predicates: readonly Predicate[];
  readonly #fields: readonly FieldIndex[];
  /** Rules that any event may match. */
  readonly #always: readonly number[];
  readonly #asked: Uint32Array;
  #turn = 0;

  constructor(rules: readonly DetectionRule[], compiler: StatementCompiler) {
    this.rules = rules;
    this.#predicates = rules.map(({ statement }) => compiler.predicate(statement));
    this.#asked = new Uint32Array(rules.length);
    const fields = new Map<number, FieldIndex>();
    const always: number[] = [];
    rules.forEach(({ statement }, rule) => {
      const needs = needsOf(statement);
      if (needs.length === 0) always.push(rule);
      for (const { field, text, isWhole } of needs) {
        const number = compiler.names.numberOf(field);
        let index = fields.get(number);
        if (index === undefined) {
          index = { field: number, parts: new TextIndex(), rulesOfPart: [], rulesOfWhole: new Map(), known: new Map() };
          fields.set(number, index);
        }
        enter(index, text, isWhole, rule);
      }
    });
    this.#fields = [...fields.values()];
    this.#always = always;
  }

  /** How many rules are asked about every event of the log source. */
  get alwaysAsked(): number {
    return this.#always.length;
  }

  /** Calls `found` with every rule that matches, in no particular order. */
  match(event: EventReader, found: (rule: DetectionRule) => void): void {
    const turn = ++this.#turn;
    const ask = (rule: number): void => {
      if (this.#asked[rule] === turn) return;
      this.#asked[rule] = turn;
      if (this.#predicates[rule](event)) found(this.rules[rule]);
    };
    for (const rule of this.#always) ask(rule);
    for (const index of this.#fields) {
      forEachText(event.lowerTexts(index.field), (text) => {
        for (const rule of rulesFor(index, text)) ask(rule);
      });
    }
  }
}

/** Rules that need something of what a text of the field holds. */
function rulesFor(index: FieldIndex, text: string): readonly number[] {
  const { parts, rulesOfPart, rulesOfWhole } = index;
  const whole = rulesOfWhole.get(text) ?? NONE;
  if (parts.size === 0) return whole;
  const known = index.known.get(text);
  if (known !== undefined) return known;
  const rules = new Set(whole);
  parts.search(text, (part) => {
    for (const rule of rulesOfPart[part]) rules.add(rule);
  });
  const found = rules.size === 0 ? NONE : [...rules];
  if (text.length <= MAX_KNOWN_TEXT) {
    // Forgetting all at once costs less than knowing which was asked for last.
    if (index.known.size >= MAX_KNOWN) index.known = new Map();
    index.known.set(text, found);
  }
  return found;
}

const NONE: readonly number[] = [];

function enter({ parts, rulesOfPart, rulesOfWhole }: FieldIndex, text: string, isWhole: boolean, rule: number): void {
  if (isWhole) {
    const rules = rulesOfWhole.get(text);
    if (rules === undefined) rulesOfWhole.set(text, [rule]);
    else if (rules.at(-1) !== rule) rules.push(rule);
    return;
  }
  const part = parts.add(text);
  rulesOfPart[part] ??= [];
  if (rulesOfPart[part].at(-1) !== rule) rulesOfPart[part].push(rule);
}

function forEachText(texts: FieldTexts, work: (text: string) => void): void {
  if (typeof texts === 'string') work(texts);
  else if (texts !== undefined) for (const text of texts) work(text);
}
