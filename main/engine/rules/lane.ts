/** The rules of one log source, indexed by what events must hold for them to match. */
import type { Predicate, StatementCompiler } from './compile.ts';
import type { EventReader, FieldTexts } from './event-reader.ts';
import { needsOf } from './needs.ts';
import type { Occurrences } from './occurrences.ts';
import type { DetectionRule } from './types.ts';

/** What is looked for in one field. */
interface FieldIndex {
  readonly field: number;
  readonly occurrences: Occurrences;
  /** Rules by number of a text that stands in the field; other lanes and conditions look for texts that nobody here needs. */
  readonly rulesOfPart: (number[] | undefined)[];
  readonly rulesOfWhole: Map<string, number[]>;
}

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
      for (const { field: name, text, isWhole } of needs) {
        const field = compiler.names.numberOf(name);
        let index = fields.get(field);
        if (index === undefined) {
          index = { field, occurrences: compiler.occurrences(field), rulesOfPart: [], rulesOfWhole: new Map() };
          fields.set(field, index);
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
    this.#turn++;
    this.#ask(this.#always, event, found);
    for (const { field, occurrences, rulesOfPart, rulesOfWhole } of this.#fields) {
      if (rulesOfWhole.size > 0) this.#askWhole(rulesOfWhole, event.lowerTexts(field), event, found);
      if (rulesOfPart.length === 0) continue;
      for (const part of occurrences.in(event)) {
        const rules = rulesOfPart[part];
        if (rules !== undefined) this.#ask(rules, event, found);
      }
    }
  }

  #askWhole(
    rulesOf: ReadonlyMap<string, readonly number[]>,
    texts: FieldTexts,
    event: EventReader,
    found: (rule: DetectionRule) => void,
  ): void {
    if (texts === undefined) return;
    for (const text of typeof texts === 'string' ? [texts] : texts) {
      const rules = rulesOf.get(text);
      if (rules !== undefined) this.#ask(rules, event, found);
    }
  }

  #ask(rules: readonly number[], event: EventReader, found: (rule: DetectionRule) => void): void {
    for (const rule of rules) {
      if (this.#asked[rule] === this.#turn) continue;
      this.#asked[rule] = this.#turn;
      if (this.#predicates[rule](event)) found(this.rules[rule]);
    }
  }
}

function enter(index: FieldIndex, text: string, isWhole: boolean, rule: number): void {
  const { occurrences, rulesOfPart, rulesOfWhole } = index;
  if (isWhole) {
    const rules = rulesOfWhole.get(text);
    if (rules === undefined) rulesOfWhole.set(text, [rule]);
    else if (rules.at(-1) !== rule) rules.push(rule);
    return;
  }
  const part = occurrences.numberOf(text);
  const rules = rulesOfPart[part];
  if (rules === undefined) rulesOfPart[part] = [rule];
  else if (rules.at(-1) !== rule) rules.push(rule);
}
