/** From a query to SQL: expressions of fields.ts, and everything else as bound values. Pure. */
import { momentOf } from '../../../../contract/hunt-language.ts';
import type { HuntCondition, HuntQuery, HuntValue } from '../../../../contract/hunt-query.ts';
import { type HuntField, type HuntOperatorSymbol, huntField, huntTable } from '../../../../contract/hunt-tables.ts';
import { formatAddress, parseAddress } from '../../runtime/address.ts';
import type { Cell, FieldSource, TableSource } from './fields.ts';
import { TABLE_SOURCES } from './fields.ts';

/** SQL with a `?` for each value. */
export interface Fragment {
  readonly sql: string;
  readonly values: readonly Cell[];
}

export interface CompileRequest {
  readonly query: HuntQuery;
  /** "live", or the id of a capture. */
  readonly source: string;
  /** What "24h ago" counts from. */
  readonly nowMs: number;
  /** Whether a subquery has so few rows that going through all of them pays; it does where this is left out. */
  readonly isShort?: (subquery: Fragment) => boolean;
}

const all = (parts: readonly Fragment[], word: 'AND' | 'OR'): Fragment => ({
  sql: `(${parts.map(({ sql }) => sql).join(` ${word} `)})`,
  values: parts.flatMap(({ values }) => values),
});
/** What is not known does not fit, and so fits the opposite. */
const not = ({ sql, values }: Fragment): Fragment => ({ sql: `(NOT ifnull(${sql}, 0))`, values });

export function sourceOf(query: HuntQuery): TableSource {
  const source = TABLE_SOURCES[query.table];
  if (source === undefined) throw new Error(`no table ${query.table}`);
  return source;
}

/** A field by the name that the parser has checked. */
export function fieldOf(query: HuntQuery, name: string): { readonly field: HuntField; readonly source: FieldSource } {
  const table = huntTable(query.table);
  const field = table && huntField(table, name);
  const source = sourceOf(query).fields[name];
  if (field === undefined || source === undefined) throw new Error(`no field ${name} in ${query.table}`);
  return { field, source };
}

/** Which rows fit. */
export function compileWhere(request: CompileRequest): Fragment {
  const { query, source, nowMs } = request;
  const { timeMs, isLiveOnly } = sourceOf(query);
  const parts: Fragment[] = [{ sql: isLiveOnly ? "'live' = ?" : 'source = ?', values: [source] }];
  if (query.since !== null) parts.push({ sql: `${timeMs} >= ?`, values: [momentOf(query.since, nowMs)] });
  if (query.until !== null) parts.push({ sql: `${timeMs} < ?`, values: [momentOf(query.until, nowMs)] });
  // A withdrawn alert is part of another one, and is found where it is asked for.
  if (query.table === 'alerts' && !names(query.where, 'state')) parts.push({ sql: "state <> 'withdrawn'", values: [] });
  if (query.where !== null) parts.push(condition(request, query.where));
  return all(parts, 'AND');
}

function names(where: HuntCondition | null, field: string): boolean {
  if (where === null) return false;
  if (where.type === 'compare') return where.field === field;
  if (where.type === 'not') return names(where.condition, field);
  return where.conditions.some((one) => names(one, field));
}

function condition(request: CompileRequest, where: HuntCondition): Fragment {
  const { query, nowMs } = request;
  if (where.type === 'not') return not(condition(request, where.condition));
  if (where.type !== 'compare') {
    const parts = where.conditions.map((one) => condition(request, one));
    return all(parts, where.type === 'and' ? 'AND' : 'OR');
  }
  const { field, source } = fieldOf(query, where.field);
  // "Is not" of several values: none of them is.
  const isNegated = where.operator === '!=';
  const operator = isNegated ? '=' : where.operator;
  const compare = (sql: string): Fragment => comparison(sql, field, source, operator, where.values, nowMs);
  const wanted = TEXT_OPERATORS.has(operator) && source.text !== undefined ? [source.text] : source.sql;
  let found: Fragment;
  const lookedUp = lookup(source, operator, compare, request.isShort);
  if (lookedUp !== undefined) found = lookedUp;
  else if (source.list === undefined) found = all(wanted.map(compare), 'OR');
  else {
    const { sql, values } = compare('item.value');
    found = { sql: `EXISTS (SELECT 1 FROM json_each(${source.list}) AS item WHERE ${sql})`, values };
  }
  return isNegated ? not(found) : found;
}

const TEXT_OPERATORS: ReadonlySet<HuntOperatorSymbol> = new Set(['contains', 'startswith', 'endswith', 'matches']);

function comparison(
  sql: string,
  field: HuntField,
  source: FieldSource,
  operator: HuntOperatorSymbol,
  values: readonly HuntValue[],
  nowMs: number,
): Fragment {
  const [first] = values;
  if (first === undefined) throw new Error(`${field.name} is compared with nothing`);
  if (TEXT_OPERATORS.has(operator)) return textComparison(sql, operator, first.type === 'text' ? first.text : '');
  if (operator === '=' || operator === 'in') return all(oneOf(sql, field, source, values, nowMs), 'OR');
  if (operator === '!=') throw new Error('!= is compiled as the opposite of =');
  return { sql: `${sql} ${operator} ?`, values: [plain(first, source, nowMs)] };
}

/** By an index, where there is one for it. */
function lookup(
  source: FieldSource,
  operator: HuntOperatorSymbol,
  compare: (sql: string) => Fragment,
  isShort: CompileRequest['isShort'],
): Fragment | undefined {
  const way = source.lookup;
  if (way === undefined || (way.operators === 'equal' && operator !== '=' && operator !== 'in')) return undefined;
  const { values } = compare('');
  const compared = (sql: string): string => compare(sql).sql;
  if (way.through !== undefined && isShort?.({ sql: way.through(compared), values }) === false) return undefined;
  return { sql: `(${way.sql(compared, values)})`, values };
}

/** Single values share one list; networks are looked at one by one. */
function oneOf(
  sql: string,
  field: HuntField,
  source: FieldSource,
  values: readonly HuntValue[],
  nowMs: number,
): readonly Fragment[] {
  const isNetwork = (value: HuntValue): boolean => value.type === 'network' && value.prefix !== null;
  const single = values.filter((value) => !isNetwork(value)).map((value) => plain(value, source, nowMs));
  const networks = values.filter(isNetwork).map((value) => within(sql, value));
  if (single.length === 0) return networks;
  // Choices are stored as the parser gives them.
  const isWord = (field.type === 'text' || field.type === 'id') && source.code === undefined;
  const collation = isWord ? ' COLLATE NOCASE' : '';
  return [{ sql: `${sql}${collation} IN (${single.map(() => '?').join(', ')})`, values: single }, ...networks];
}

function plain(value: HuntValue, source: FieldSource, nowMs: number): Cell {
  switch (value.type) {
    case 'number':
      return value.value;
    case 'time':
      return momentOf(value.time, nowMs);
    case 'text':
      return source.code === undefined ? value.text : source.code(value.text);
    case 'network': {
      const words = parseAddress(value.address);
      return words === null ? value.address : formatAddress(...words);
    }
  }
}

const OCTET_BITS = 8;
const IPV4_BITS = 32;

/** IPv4 networks are mostly told by the beginning of the text, which needs no call into our code for each row. */
function within(sql: string, value: HuntValue): Fragment {
  if (value.type !== 'network' || value.prefix === null) throw new Error('no network');
  const { address, prefix } = value;
  const network = `${address}/${prefix}`;
  if (address.includes(':')) return { sql: `(instr(${sql}, ':') > 0 AND hunt_within(${sql}, ?))`, values: [network] };
  const octets = address.split('.').slice(0, Math.floor(prefix / OCTET_BITS));
  const begins = `${octets.join('.')}.*`;
  if (prefix === IPV4_BITS) return { sql: `${sql} = ?`, values: [address] };
  if (prefix === 0) return { sql: `(instr(${sql}, ':') = 0)`, values: [] };
  if (prefix % OCTET_BITS === 0) return { sql: `${sql} GLOB ?`, values: [begins] };
  if (octets.length === 0) return { sql: `hunt_within(${sql}, ?)`, values: [network] };
  return { sql: `(${sql} GLOB ? AND hunt_within(${sql}, ?))`, values: [begins, network] };
}

const LAST_CHARACTER = '\u{10ffff}';

/** As SQLite's lower(), which knows the letters of ASCII. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function textComparison(sql: string, operator: HuntOperatorSymbol, given: string): Fragment {
  const text = lower(given);
  if (operator === 'matches') return { sql: `hunt_fits(lower(${sql}), ?)`, values: [text] };
  if (operator === 'contains') return { sql: `(instr(lower(${sql}), ?) > 0)`, values: [text] };
  if (text === '') return { sql: '1', values: [] };
  if (operator === 'endswith') return { sql: `(substr(lower(${sql}), -length(?)) = ?)`, values: [text, text] };
  // Most rows are told by their first letters, without a copy of the text.
  const begins = `${sql} COLLATE NOCASE >= ? AND ${sql} COLLATE NOCASE <= ?`;
  return {
    sql: `(${begins} AND substr(lower(${sql}), 1, length(?)) = ?)`,
    values: [text, `${text}${LAST_CHARACTER}`, text, text],
  };
}
