/** Rows that a caller gives to be judged: by name or in columns' order, one or several. Pure. */

import type { ParsedInput } from '../../../../contract/api.ts';
import { MAX_DETECT_ROWS } from '../../../../contract/api-models.ts';
import { formatCount } from '../../../../contract/format.ts';
import type { ModelGroup, ModelTable } from '../../../../contract/models.ts';
import { plainText } from '../../../../contract/text.ts';
import { portRange, type TableColumn } from '../../models/index.ts';
import { CSV_COLUMNS } from '../../network/index.ts';
import { FailureError } from '../../runtime/failure.ts';

type Value = number | null;
type Features = ParsedInput<'detect'>['features'];

/** One row to be judged. */
export interface DetectRow {
  /** Where it stands in the input: "features", "features[3]". */
  readonly path: string;
}

export interface GivenRow extends DetectRow {
  /** Values in columns' order, or the names of what is given, as they are compared, with where they stand. */
  readonly values: readonly Value[] | ReadonlyMap<string, { readonly name: string; readonly value: Value }>;
}

/** IP protocol numbers (IANA). */
const TCP = 6;
const UDP = 17;

/** The rows of an input in their order. @throws FailureError `bad-input` */
export function rowsOf(features: Features): readonly GivenRow[] {
  if (!Array.isArray(features)) return columnRows(features as Readonly<Record<string, Value | readonly Value[]>>);
  const list = features as readonly (Value | readonly Value[] | Readonly<Record<string, Value>>)[];
  if (list.every((each) => typeof each !== 'object' || each === null)) {
    return [{ path: 'features', values: list as readonly Value[] }];
  }
  return list.map((row, index) => {
    const path = `features[${index}]`;
    if (Array.isArray(row)) return { path, values: row as readonly Value[] };
    return { path, values: comparedNames(Object.entries(row as Readonly<Record<string, Value>>), path) };
  });
}

/** Features by name, where an array holds the values of several rows. */
function columnRows(features: Readonly<Record<string, Value | readonly Value[]>>): GivenRow[] {
  const entries = Object.entries(features);
  const lists = entries.filter((entry): entry is [string, readonly Value[]] => Array.isArray(entry[1]));
  const [first] = lists;
  if (first === undefined) {
    return [{ path: 'features', values: comparedNames(entries as [string, Value][], 'features') }];
  }
  const rows = first[1].length;
  const other = lists.find(([, values]) => values.length !== rows);
  if (other !== undefined) {
    const message = `${placeOf('features', other[0])}: has ${formatCount(other[1].length, 'value')}, "${shown(first[0])}" has ${rows}.`;
    throw new FailureError({
      code: 'bad-input',
      message,
      hint: 'Give every feature as many values as there are rows.',
    });
  }
  return Array.from({ length: Math.min(rows, MAX_DETECT_ROWS) }, (_, row) => {
    const values = entries.map(([name, value]): [string, Value] => [
      name,
      Array.isArray(value) ? (value as readonly Value[])[row]! : (value as Value),
    ]);
    return { path: 'features', values: comparedNames(values, 'features') };
  });
}

/** Names as they are compared: "Flow Duration", "flow_duration" and "flowDuration" are one. */
export function comparedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function comparedNames(entries: readonly (readonly [string, Value])[], path: string) {
  const found = new Map<string, { readonly name: string; readonly value: Value }>();
  for (const [name, value] of entries) {
    const compared = comparedName(name);
    const other = found.get(compared);
    if (other !== undefined) {
      const message = `${placeOf(path, name)}: is the same feature as "${shown(other.name)}".`;
      throw new FailureError({ code: 'bad-input', message, hint: 'Give each feature once.' });
    }
    found.set(compared, { name, value });
  }
  return found;
}

/** Columns of exported flows that say who took part rather than what happened: taken, and not needed. */
const BESIDE_FEATURES: Readonly<Record<ModelTable, ReadonlySet<string>>> = {
  flow: new Set([...CSV_COLUMNS, 'Src Port', 'Dst Port'].map(comparedName)),
  host: new Set(),
  process: new Set(),
};

/** What is known of a port by its number, where only the number is given. */
const PORT_RANGE = comparedName('Responder Port Range');
const PORTS: readonly string[] = ['Destination Port', 'Dst Port'].map(comparedName);

/**
 * Fills `target` with the row in columns' order; what is missing becomes NaN.
 *
 * @throws FailureError `bad-input` for names that mean nothing, and rows of another width
 */
export function valuesOf(
  { path, values }: GivenRow,
  columns: readonly TableColumn[],
  table: ModelTable,
  target: Float64Array,
): void {
  if (isInOrder(values)) {
    if (values.length !== columns.length) {
      const message = `${path}: has ${formatCount(values.length, 'value')}, the table "${table}" has ${columns.length} columns.`;
      const hint = 'Give the features by name: then those that you do not have may be left out.';
      throw new FailureError({ code: 'bad-input', message, hint });
    }
    for (const [index, value] of values.entries()) target[index] = value ?? Number.NaN;
    return;
  }
  const places = placesOf(columns);
  target.fill(Number.NaN);
  const range = places.get(PORT_RANGE);
  const port = PORTS.map((name) => values.get(name)?.value).find((given) => typeof given === 'number');
  if (range !== undefined && port !== undefined && port !== null) target[range] = portRange(port);
  for (const [compared, { name, value }] of values) {
    const place = places.get(compared);
    if (place !== undefined) target[place] = value ?? Number.NaN;
    else if (!BESIDE_FEATURES[table].has(compared)) throw unknownFeature(path, name, table, columns);
  }
}

function isInOrder(values: GivenRow['values']): values is readonly Value[] {
  return Array.isArray(values);
}

/** The columns of a profile stay the same for as long as it is there. */
const PLACES = new WeakMap<readonly TableColumn[], ReadonlyMap<string, number>>();

function placesOf(columns: readonly TableColumn[]): ReadonlyMap<string, number> {
  const known = PLACES.get(columns);
  if (known !== undefined) return known;
  const places = new Map(columns.map(({ name }, index) => [comparedName(name), index]));
  PLACES.set(columns, places);
  return places;
}

/** Of a close name as much as this must be the same at its beginning. */
const SAME_BEGINNING = 4;

function unknownFeature(path: string, name: string, table: ModelTable, columns: readonly TableColumn[]): FailureError {
  const beginning = comparedName(name).slice(0, SAME_BEGINNING);
  const close = columns.find((column) => beginning !== '' && comparedName(column.name).startsWith(beginning));
  const message = `${placeOf(path, name)}: is no feature of the table "${table}".`;
  const which = close === undefined ? 'Its' : `Is "${close.name}" meant? Its`;
  return new FailureError({
    code: 'bad-input',
    message,
    hint:
      table === 'flow'
        ? `${which} features are those of "holdfast flows --csv".`
        : `${which} features are listed by GET /models/ID.`,
  });
}

function placeOf(path: string, name: string): string {
  return `${path}.${shown(name)}`;
}

function shown(name: string): string {
  return plainText(name, 60);
}

/** Features that only TCP has, of which one that is not 0 tells it. */
const TCP_FEATURES = ['SYN Flag Count', 'ACK Flag Count', 'RST Flag Count', 'FIN Flag Count', 'PSH Flag Count'];

/** The protocol group of a row by its protocol number, else by its TCP flags; undefined where neither tells it. */
export function groupOfRow({ values }: GivenRow, columns: readonly TableColumn[]): ModelGroup | undefined {
  const given = (name: string): Value | undefined => {
    const compared = comparedName(name);
    if (!isInOrder(values)) return values.get(compared)?.value;
    const place = placesOf(columns).get(compared);
    return place === undefined ? undefined : values[place];
  };
  const protocol = given('Protocol');
  if (typeof protocol === 'number') return protocol === TCP ? 'tcp' : protocol === UDP ? 'udp' : 'other';
  return TCP_FEATURES.some((name) => (given(name) ?? 0) > 0) ? 'tcp' : undefined;
}
