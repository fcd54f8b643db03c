/** How rules see an event: as one or more log sources, each with fields by the names that rules use. */
import type { EventSource, FieldValue } from './types.ts';

/** One way to see events of one kind; `E` is what the events are made of. */
export interface ViewKind<E> {
  readonly source: EventSource;
  readonly fields: ReadonlyMap<string, (event: E) => FieldValue>;
  /** Fields that the table does not name, such as those that a log's parser found. */
  readonly otherField: ((event: E, name: string) => FieldValue) | undefined;
  /** Everything that the event says, for keywords: whole lines rather than words. */
  readonly texts: (event: E) => readonly string[];
  /** What the audit system would have said of an event that was seen otherwise. */
  readonly isEmulated: boolean;
}

interface ViewOptions<E> {
  readonly products?: readonly string[];
  readonly categories?: readonly string[];
  readonly services?: readonly string[];
  readonly isLog?: boolean;
  readonly isAny?: boolean;
  readonly isEmulated?: boolean;
  readonly fields: Readonly<Record<string, (event: E) => FieldValue>>;
  readonly otherField?: (event: E, name: string) => FieldValue;
  /** All fields, each a text of its own, where it is left out. */
  readonly texts?: (event: E) => readonly string[];
}

export function viewKind<E>(options: ViewOptions<E>): ViewKind<E> {
  const { products = ['linux'], categories = [], services = [], isLog = false, isAny, isEmulated = false } = options;
  const fields = new Map(Object.entries(options.fields));
  const texts = (event: E): readonly string[] => [...fields.values()].flatMap((field) => textsOfValue(field(event)));
  return {
    source: { products, categories, services, isLog, isAny },
    fields,
    otherField: options.otherField,
    texts: options.texts ?? texts,
    isEmulated,
  };
}

export function textsOfValue(value: FieldValue): readonly string[] {
  if (value === null || value === undefined) return [];
  // Events of files may hold anything.
  if (Array.isArray(value)) return value.flatMap((each) => (typeof each === 'object' ? [] : [String(each)]));
  return typeof value === 'object' ? [] : [String(value)];
}
