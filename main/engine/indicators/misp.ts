/** Events as MISP hands them around: https://www.misp-standard.org/rfc/misp-standard-core.html, 2.2 to 2.5. */

/** One attribute; a type of two parts ("filename|sha256") is two of them. */
export interface MispAttribute {
  readonly type: string;
  readonly value: string;
  /** Comment of the attribute, else what the event is about. */
  readonly label: string;
  /** Which one it is, counted from 1. */
  readonly number: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Attributes that are meant for detection (to_ids); undefined where the document is of another kind. */
export function mispAttributes(document: unknown): readonly MispAttribute[] | undefined {
  const events = eventsOf(document);
  if (events === undefined) return undefined;
  let number = 0;
  return events.flatMap((event) => {
    const objects = listOf(event.Object).flatMap((object) => listOf(object.Attribute));
    return [...listOf(event.Attribute), ...objects].flatMap((attribute) => {
      number += 1;
      return attribute.to_ids === false ? [] : partsOf(attribute, textOf(event.info), number);
    });
  });
}

/** An event, several, the answer of a search for events or attributes; with or without the envelope "Event". */
function eventsOf(document: unknown): readonly Json[] | undefined {
  const answer = isObject(document) && 'response' in document ? document.response : document;
  const items = Array.isArray(answer) ? answer : [answer];
  const events = items.filter(isObject).map((item) => (isObject(item.Event) ? item.Event : item));
  const areEvents = events.some((event) => Array.isArray(event.Attribute) || Array.isArray(event.Object));
  return areEvents ? events : undefined;
}

function partsOf({ type, value, comment }: Json, info: string, number: number): readonly MispAttribute[] {
  const types = textOf(type).toLowerCase().split('|');
  const text = textOf(value);
  const label = textOf(comment) || info;
  if (types.length === 1) return [{ type: types[0]!, value: text, label, number }];
  // The parts that are looked for stand last: names of files may have a bar.
  const bar = text.lastIndexOf('|');
  const values = bar < 0 ? [text] : [text.slice(0, bar), text.slice(bar + 1)];
  return types.slice(0, values.length).map((each, index) => ({ type: each, value: values[index]!, label, number }));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
