import { TextIndex } from '../runtime/text-index.ts';
import type { EventReader, FieldTexts } from './event-reader.ts';

/** Texts of a field whose answer is remembered, and the longest of them: two megabytes at the very most. */
const MAX_KNOWN = 512;
const MAX_KNOWN_TEXT = 2_048;
const NONE: readonly number[] = [];

/**
 * Which of all the texts that rules look for stand in one field of the event that is read: found in one pass, whoever
 * and however many ask. Programs, parents and folders are the same again and again; what stands in those is remembered.
 */
export class Occurrences {
  readonly #field: number;
  readonly #index = new TextIndex();
  /** By number of the text: the groups that it belongs to. */
  readonly #groupsOf: number[][] = [];
  readonly #groups = new Map<string, number>();
  /** By group: the turn of the event in which a text of it was found last. */
  readonly #marks: number[] = [];
  #known = new Map<string, readonly number[]>();
  #turn = -1;
  #found: readonly number[] = NONE;

  constructor(field: number) {
    this.#field = field;
  }

  /** The number of a lower-case text that is not empty: the same for the same text. */
  numberOf(text: string): number {
    const before = this.#index.size;
    const number = this.#index.add(text);
    if (this.#index.size > before) {
      this.#groupsOf.push([]);
      this.#forget();
    }
    return number;
  }

  /** The number of a group of such texts, to be asked for with `has`. */
  groupOf(texts: readonly string[]): number {
    const key = texts.join('\n');
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = this.#marks.push(-1) - 1;
    this.#groups.set(key, group);
    for (const text of new Set(texts)) this.#groupsOf[this.numberOf(text)].push(group);
    this.#forget();
    return group;
  }

  /** Whether the field of the event holds at least one text of the group. */
  has(group: number, event: EventReader): boolean {
    if (this.#turn !== event.turn) this.#read(event);
    return this.#marks[group] === this.#turn;
  }

  /** The numbers of all texts that the field of the event holds. */
  in(event: EventReader): readonly number[] {
    if (this.#turn !== event.turn) this.#read(event);
    return this.#found;
  }

  #forget(): void {
    this.#turn = -1;
    if (this.#known.size > 0) this.#known = new Map();
  }

  #read(event: EventReader): void {
    this.#turn = event.turn;
    this.#found = this.#search(event.lowerTexts(this.#field));
    for (const number of this.#found) for (const group of this.#groupsOf[number]) this.#marks[group] = this.#turn;
  }

  #search(texts: FieldTexts): readonly number[] {
    if (texts === undefined) return NONE;
    if (typeof texts === 'string') return this.#searchOne(texts);
    if (texts.length === 1) return this.#searchOne(texts[0]);
    return texts.length === 0 ? NONE : [...new Set(texts.flatMap((text) => this.#searchOne(text)))];
  }

  #searchOne(text: string): readonly number[] {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#index.search(text);
    if (text.length <= MAX_KNOWN_TEXT) {
      // Forgetting all at once costs less than knowing which was asked for last.
      if (this.#known.size >= MAX_KNOWN) this.#known = new Map();
      this.#known.set(text, found);
    }
    return found;
  }
}
