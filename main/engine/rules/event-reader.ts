import { textsOfValue, type ViewKind } from './event-view.ts';
import { boundedText } from './text-bound.ts';
import { ALL_TEXT, type FieldValue } from './types.ts';

/** Numbers for names of fields, so that what rules read is an index into an array. */
export class FieldNames {
  readonly #numbers = new Map<string, number>();
  readonly names: string[] = [];

  numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.names.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }
}

/** Texts of one field; a field with one value, as nearly all have, costs no list. */
export type FieldTexts = string | readonly string[] | undefined;

/** One event as rules read it: each field is read once, and lower-cased once, however many rules ask. */
export class EventReader {
  readonly #names: FieldNames;
  #view: ViewKind<unknown> | undefined;
  #event: unknown;
  #turn = 0;
  readonly #valueTurns: number[] = [];
  readonly #values: FieldValue[] = [];
  readonly #lowerTurns: number[] = [];
  readonly #lowers: FieldTexts[] = [];
  readonly #tailTurns: number[] = [];
  readonly #tails: FieldTexts[] = [];

  constructor(names: FieldNames) {
    this.#names = names;
  }

  /** Changes with every event that is read. */
  get turn(): number {
    return this.#turn;
  }

  /** Turns to another event, or to another view of it. */
  read<E>(view: ViewKind<E>, event: E): void {
    this.#view = view as ViewKind<unknown>;
    this.#event = event;
    this.#turn++;
  }

  value(field: number): FieldValue {
    if (this.#valueTurns[field] !== this.#turn) {
      this.#valueTurns[field] = this.#turn;
      this.#values[field] = this.#find(this.#names.names[field]);
    }
    return this.#values[field];
  }

  #find(name: string): FieldValue {
    const view = this.#view;
    if (view === undefined) return undefined;
    if (name === ALL_TEXT) return view.texts(this.#event);
    const known = view.fields.get(name);
    return known === undefined ? view.otherField?.(this.#event, name) : known(this.#event);
  }

  texts(field: number): FieldTexts {
    const value = this.value(field);
    if (typeof value === 'string' || value === undefined) return value;
    if (value === null) return undefined;
    return typeof value === 'object' ? textsOfValue(value) : String(value);
  }

  lowerTexts(field: number): FieldTexts {
    if (this.#lowerTurns[field] !== this.#turn) {
      this.#lowerTurns[field] = this.#turn;
      const texts = this.texts(field);
      this.#lowers[field] = typeof texts === 'string' ? texts.toLowerCase() : texts?.map((text) => text.toLowerCase());
    }
    return this.#lowers[field];
  }

  /** Without the middle of long ones; see text-bound.ts. */
  boundedTexts(field: number): FieldTexts {
    return bounded(this.texts(field));
  }

  boundedLowerTexts(field: number): FieldTexts {
    return bounded(this.lowerTexts(field));
  }

  /** Of each text in lower case what begins at its last slash: the name of a file; the whole text without one. */
  lowerTails(field: number): FieldTexts {
    if (this.#tailTurns[field] !== this.#turn) {
      this.#tailTurns[field] = this.#turn;
      const texts = this.lowerTexts(field);
      this.#tails[field] = typeof texts === 'string' ? tailOf(texts) : texts?.map(tailOf);
    }
    return this.#tails[field];
  }
}

function bounded(texts: FieldTexts): FieldTexts {
  return typeof texts === 'string' ? boundedText(texts) : texts?.map(boundedText);
}

function tailOf(text: string): string {
  return text.slice(Math.max(0, text.lastIndexOf('/'), text.lastIndexOf('\\')));
}
