/**
 * Forms of messages: what programs print with printf, read back.
 *
 * A form is literal text with places: `{name}` one word, `{name?}` one word or nothing, `{name...}` anything up to the
 * *last* place where what follows is found, `{name*}` all that is left. Users choose names such as "x from 10.0.0.1
 * port 22", which is why text of theirs ends at the last " from " and not at the first. Reading is a search for each
 * literal, once: no backtracking, linear in the message for each form.
 */
import { type Fields, fieldsOf } from './types.ts';

type PlaceKind = 'word' | 'optional-word' | 'widest' | 'rest';

interface Place {
  readonly name: string;
  readonly kind: PlaceKind;
  /** Literal that comes after it; empty at the end. */
  readonly until: string;
}

export interface Form {
  readonly start: string;
  readonly places: readonly Place[];
}

const KIND_MARKS: readonly (readonly [string, PlaceKind])[] = [
  ['...', 'widest'],
  ['*', 'rest'],
  ['?', 'optional-word'],
];

/** Compiles a form. Throws on a brace that is not closed: forms are ours. */
export function form(source: string): Form {
  const [start = '', ...parts] = source.split('{');
  const places = parts.map((part): Place => {
    const end = part.indexOf('}');
    if (end < 0) throw new Error(`a place is not closed in the form "${source}"`);
    const text = part.slice(0, end);
    const mark = KIND_MARKS.find(([sign]) => text.endsWith(sign));
    const name = mark === undefined ? text : text.slice(0, -mark[0].length);
    return { name, kind: mark?.[1] ?? 'word', until: part.slice(end + 1) };
  });
  return { start, places };
}

/** The places of a message that has this form as a whole; undefined for any other. */
export function readForm({ start, places }: Form, message: string): Fields | undefined {
  if (!message.startsWith(start)) return undefined;
  if (places.length === 0) return message.length === start.length ? {} : undefined;
  const pairs: [string, string][] = [];
  let at = start.length;
  for (const place of places) {
    const end = endOf(place, message, at);
    if (end < at) return undefined;
    const value = message.slice(at, end);
    if (!fits(place.kind, value)) return undefined;
    pairs.push([place.name, value]);
    at = end + place.until.length;
  }
  return at === message.length ? fieldsOf(pairs) : undefined;
}

function endOf({ kind, until }: Place, message: string, from: number): number {
  if (kind === 'rest' || until === '') return message.length;
  return kind === 'widest' ? message.lastIndexOf(until) : message.indexOf(until, from);
}

function fits(kind: PlaceKind, value: string): boolean {
  if (kind === 'rest' || kind === 'widest') return true;
  return !value.includes(' ') && (kind === 'optional-word' || value !== '');
}

/** One row of a program's messages: how it looks, and what it tells beside itself. */
export interface MessageRow<T> {
  readonly form: string;
  readonly tells?: T;
}

/** A table of messages: the first row that fits is what the message is. */
export function messageTable<T>(rows: readonly MessageRow<T>[]): MessageReader<T> {
  const compiled = rows.map((row) => ({ form: form(row.form), tells: row.tells }));
  return (message) => {
    for (const row of compiled) {
      const fields = readForm(row.form, message);
      if (fields !== undefined) return { fields, tells: row.tells };
    }
    return undefined;
  };
}

export type MessageReader<T> = (
  message: string,
) => { readonly fields: Fields; readonly tells: T | undefined } | undefined;
