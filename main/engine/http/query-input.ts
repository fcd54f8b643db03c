/**
 * The input of a call from a query string, where everything is text: by the call's JSON Schema, a number is read as
 * one, a name that comes again makes a list, and "match.attacker=10.0.0.5" sets a key of an object. What does not fit
 * is handed on as it is, for the check of the call itself to say what is wrong. Pure.
 */

/** As much of JSON Schema as is looked at. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly [keyword: string]: unknown;
}

export type Query = Readonly<Record<string, string | readonly string[]>>;

const NUMBER = /^-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** @param given names that are in no schema stay, so that a misspelt one is refused rather than passed over */
export function inputOf(schema: Schema, given: Query): Record<string, unknown> {
  const used = new Set<string>();
  const input = objectOf(schema, given, '', used) ?? {};
  for (const [name, value] of Object.entries(given)) {
    if (!used.has(name)) Object.defineProperty(input, name, { value, enumerable: true });
  }
  return input;
}

function objectOf(
  schema: Schema,
  given: Query,
  prefix: string,
  used: Set<string>,
): Record<string, unknown> | undefined {
  const found: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(schema.properties ?? {})) {
    const name = `${prefix}${key}`;
    const value = Object.hasOwn(given, name) ? givenValue(row, given[name]) : objectOf(row, given, `${name}.`, used);
    if (Object.hasOwn(given, name)) used.add(name);
    if (value !== undefined) found[key] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function givenValue(schema: Schema, given: string | readonly string[]): unknown {
  const texts = typeof given === 'string' ? [given] : given;
  const forms = [schema, ...(schema.anyOf ?? [])];
  const list = forms.find(({ type }) => type === 'array');
  if (list !== undefined) return texts.map((text) => scalarOf([list.items ?? {}], text));
  return texts.length === 1 ? scalarOf(forms, texts[0]) : texts;
}

function scalarOf(forms: readonly Schema[], text: string): unknown {
  const takes = (type: string): boolean => forms.some((form) => form.type === type);
  if ((takes('number') || takes('integer')) && NUMBER.test(text)) return Number(text);
  if (takes('boolean') && BOOLEANS.has(text)) return BOOLEANS.get(text);
  if (takes('null') && text === 'null') return null;
  return text;
}
