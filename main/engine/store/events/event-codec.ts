/**
 * From an event to the row of a table and back. Which fact has which column is a table; what has none is kept as JSON,
 * so that every event comes back as it was. Pure.
 */
import type { HostEvent, HostEventType, HostProcessWithParents } from '../../../../contract/events.ts';
import { type DamagedRow, readObject } from '../damaged-rows.ts';
import { areFacts } from './fact-kinds.ts';

export const EVENT_TABLES = [
  'event_starts',
  'event_exits',
  'event_files',
  'event_connections',
  'event_logs',
  'event_logins',
  'event_changes',
] as const;
export type EventTableName = (typeof EVENT_TABLES)[number];

export type EventCell = string | number | null;

/** Columns of each table for facts, in the order in which they are written; every table has time, process and rest. */
export const EVENT_COLUMNS = {
  event_starts: [],
  event_exits: ['exit_code', 'signal'],
  event_files: ['path', 'other_path', 'kind', 'size_bytes', 'mode', 'uid', 'gid', 'device', 'inode'],
  event_connections: [
    'direction',
    'protocol',
    'local_address',
    'local_port',
    'remote_address',
    'remote_port',
    'remote_name',
    'record_type',
    'response',
    'flow',
  ],
  event_logs: ['service', 'identifier', 'unit', 'pid', 'file', 'serial', 'message'],
  event_logins: [
    'user',
    'is_success',
    'service',
    'method',
    'target_user',
    'remote_address',
    'remote_port',
    'terminal',
    'session',
  ],
  event_changes: ['subject', 'action', 'place', 'path', 'detail'],
} as const satisfies Readonly<Record<EventTableName, readonly string[]>>;

type CellKind = 'text' | 'number' | 'flag';
/** `fact` is a name of the event, or `file.` and one of its file. */
type FactColumn = readonly [fact: string, column: string, kind: CellKind];

interface EventShape {
  /** Stands in the database for the type: never changes, and is never used again. */
  readonly code: number;
  readonly table: EventTableName;
  readonly facts: readonly FactColumn[];
}

const FILE: readonly FactColumn[] = [
  ['path', 'path', 'text'],
  ['file.kind', 'kind', 'text'],
  ['file.sizeBytes', 'size_bytes', 'number'],
  ['file.mode', 'mode', 'number'],
  ['file.uid', 'uid', 'number'],
  ['file.gid', 'gid', 'number'],
  ['file.device', 'device', 'number'],
  ['file.inode', 'inode', 'number'],
];
const LISTENER: readonly FactColumn[] = [
  ['protocol', 'protocol', 'text'],
  ['address', 'local_address', 'text'],
  ['port', 'local_port', 'number'],
];
const MODULE: readonly FactColumn[] = [
  ['name', 'subject', 'text'],
  ['path', 'path', 'text'],
];
const file = (code: number, ...more: readonly FactColumn[]): EventShape => ({
  code,
  table: 'event_files',
  facts: [...FILE, ...more],
});
const change = (code: number, ...facts: readonly FactColumn[]): EventShape => ({
  code,
  table: 'event_changes',
  facts,
});

export const EVENT_SHAPES: Readonly<Record<HostEventType, EventShape>> = {
  'process-start': { code: 1, table: 'event_starts', facts: [] },
  'process-exit': {
    code: 2,
    table: 'event_exits',
    facts: [
      ['exitCode', 'exit_code', 'number'],
      ['signal', 'signal', 'number'],
    ],
  },
  'process-credentials': change(3),
  'process-access': change(4, ['access', 'action', 'text']),
  'file-created': file(5, ['linkTarget', 'other_path', 'text']),
  'file-written': file(6),
  'file-renamed': file(7, ['previousPath', 'other_path', 'text']),
  'file-deleted': file(8),
  'file-attributes': file(9),
  'file-executed': file(10),
  'file-opened': file(11),
  'network-connection': {
    code: 12,
    table: 'event_connections',
    facts: [
      ['direction', 'direction', 'text'],
      ['protocol', 'protocol', 'text'],
      ['localAddress', 'local_address', 'text'],
      ['localPort', 'local_port', 'number'],
      ['remoteAddress', 'remote_address', 'text'],
      ['remotePort', 'remote_port', 'number'],
      ['remoteName', 'remote_name', 'text'],
      ['flowId', 'flow', 'text'],
    ],
  },
  'dns-query': {
    code: 13,
    table: 'event_connections',
    facts: [
      ['name', 'remote_name', 'text'],
      ['recordType', 'record_type', 'text'],
      ['responseCode', 'response', 'text'],
    ],
  },
  'listener-opened': { code: 14, table: 'event_connections', facts: LISTENER },
  'listener-closed': { code: 15, table: 'event_connections', facts: LISTENER },
  login: {
    code: 16,
    table: 'event_logins',
    facts: [
      ['user', 'user', 'text'],
      ['isSuccess', 'is_success', 'flag'],
      ['service', 'service', 'text'],
      ['method', 'method', 'text'],
      ['targetUser', 'target_user', 'text'],
      ['remoteAddress', 'remote_address', 'text'],
      ['remotePort', 'remote_port', 'number'],
      ['terminal', 'terminal', 'text'],
      ['sessionId', 'session', 'number'],
    ],
  },
  logout: {
    code: 17,
    table: 'event_logins',
    facts: [
      ['user', 'user', 'text'],
      ['service', 'service', 'text'],
      ['sessionId', 'session', 'number'],
    ],
  },
  'log-line': {
    code: 18,
    table: 'event_logs',
    facts: [
      ['service', 'service', 'text'],
      ['identifier', 'identifier', 'text'],
      ['unit', 'unit', 'text'],
      ['pid', 'pid', 'number'],
      ['file', 'file', 'text'],
      ['message', 'message', 'text'],
    ],
  },
  'audit-record': {
    code: 19,
    table: 'event_logs',
    facts: [
      ['recordType', 'identifier', 'text'],
      ['serial', 'serial', 'number'],
    ],
  },
  'module-load': change(20, ...MODULE),
  'module-unload': change(21, ...MODULE),
  'account-change': change(22, ['name', 'subject', 'text'], ['action', 'action', 'text'], ['member', 'detail', 'text']),
  'service-change': change(23, ['unit', 'subject', 'text'], ['action', 'action', 'text']),
  'autostart-change': change(
    24,
    ['place', 'place', 'text'],
    ['action', 'action', 'text'],
    ['path', 'path', 'text'],
    ['content', 'detail', 'text'],
    ['user', 'subject', 'text'],
  ),
  'mount-change': change(
    25,
    ['action', 'action', 'text'],
    ['source', 'subject', 'text'],
    ['path', 'path', 'text'],
    ['fileSystem', 'detail', 'text'],
  ),
  'device-change': change(
    26,
    ['action', 'action', 'text'],
    ['subsystem', 'place', 'text'],
    ['path', 'path', 'text'],
    ['name', 'subject', 'text'],
    ['serial', 'detail', 'text'],
  ),
  'process-signal': change(27),
  'firewall-change': change(
    28,
    ['action', 'action', 'text'],
    ['table', 'subject', 'text'],
    ['tool', 'place', 'text'],
    ['chain', 'detail', 'text'],
  ),
};

const TYPE_OF_CODE: ReadonlyMap<number, HostEventType> = new Map(
  Object.entries(EVENT_SHAPES).map(([type, { code }]) => [code, type as HostEventType]),
);

export function codesOfTable(table: EventTableName): readonly number[] {
  return Object.values(EVENT_SHAPES)
    .filter((shape) => shape.table === table)
    .map(({ code }) => code);
}

export interface EncodedEvent {
  readonly code: number;
  readonly table: EventTableName;
  readonly timeMs: number;
  readonly process: HostProcessWithParents | undefined;
  /** In the order of EVENT_COLUMNS. */
  readonly cells: readonly EventCell[];
  readonly rest: string | null;
}

/** An event of a type that this version does not know; the store counts it as rejected. */
export class UnknownEventError extends Error {}

type Facts = Record<string, unknown>;

/** Where the cell of each fact is, found once. */
const PLANS = new Map(
  Object.entries(EVENT_SHAPES).map(([type, shape]) => {
    const columns: readonly string[] = EVENT_COLUMNS[shape.table];
    const own = new Map<string, { readonly at: number; readonly kind: CellKind }>();
    const ofFile = new Map<string, { readonly at: number; readonly kind: CellKind }>();
    for (const [fact, column, kind] of shape.facts) {
      const at = columns.indexOf(column);
      if (at < 0) throw new Error(`${shape.table} has no column ${column}`);
      if (fact.startsWith('file.')) ofFile.set(fact.slice('file.'.length), { at, kind });
      else own.set(fact, { at, kind });
    }
    return [type, { shape, width: columns.length, own, ofFile }] as const;
  }),
);
type Plan = NonNullable<ReturnType<typeof PLANS.get>>;

/** @throws UnknownEventError */
export function encodeEvent(event: HostEvent): EncodedEvent {
  const plan = PLANS.get(event.type);
  if (plan === undefined) throw new UnknownEventError(`no place for events of the type ${event.type}`);
  const cells = new Array<EventCell>(plan.width).fill(null);
  let process: HostProcessWithParents | undefined;
  const rest: Facts = {};
  let hasRest = false;
  for (const [fact, value] of Object.entries(event)) {
    if (fact === 'type' || fact === 'timeMs' || value === undefined) continue;
    if (fact === 'process') process = value as HostProcessWithParents;
    else {
      const left =
        fact === 'file' && plan.ofFile.size > 0
          ? fileIntoCells(value as Facts, plan, cells)
          : placed(value, plan.own.get(fact), cells)
            ? undefined
            : value;
      if (left === undefined) continue;
      rest[fact] = left;
      hasRest = true;
    }
  }
  return {
    code: plan.shape.code,
    table: plan.shape.table,
    timeMs: event.timeMs,
    process,
    cells,
    rest: hasRest ? JSON.stringify(rest) : null,
  };
}

/** What of the facts of a file has no column; an empty object stays one. */
function fileIntoCells(facts: Facts, plan: Plan, cells: EventCell[]): Facts | undefined {
  const left: Facts = {};
  let [isEmpty, hasLeft] = [true, false];
  for (const [fact, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    isEmpty = false;
    if (placed(value, plan.ofFile.get(fact), cells)) continue;
    left[fact] = value;
    hasLeft = true;
  }
  return isEmpty || hasLeft ? left : undefined;
}

/** False: it must be kept as JSON, also where UTF-8 cannot carry a text (half of a surrogate pair) as it is. */
function placed(
  value: unknown,
  place: { readonly at: number; readonly kind: CellKind } | undefined,
  cells: EventCell[],
): boolean {
  if (place === undefined) return false;
  if (place.kind === 'text' && typeof value === 'string') {
    cells[place.at] = value.toWellFormed();
    return value.isWellFormed();
  }
  if (place.kind === 'number' && typeof value === 'number' && Number.isFinite(value)) cells[place.at] = value;
  else if (place.kind === 'flag' && typeof value === 'boolean') cells[place.at] = value ? 1 : 0;
  else return false;
  return true;
}

/** Told of every damaged row that is met. */
export type OnDamaged = (row: DamagedRow) => void;

/** A row as it is read: `cells` in the order of EVENT_COLUMNS. */
export interface EventRow {
  readonly code: number;
  readonly timeMs: number;
  readonly rest: string | null;
  readonly cells: readonly EventCell[];
}

/**
 * Facts that have no column, as they were written; undefined where the disk gives back something else, or somebody put
 * something else there.
 */
export function readRest(text: string | null): Readonly<Facts> | undefined {
  if (text === null) return {};
  const rest = readObject(text);
  return areFacts(rest) ? rest : undefined;
}

/** Whether it is of a type that this version knows, and not of a newer one. */
export function isKnownCode(code: number): boolean {
  return TYPE_OF_CODE.has(code);
}

/** The event of a row; undefined for a code that a newer version wrote, and for a row that is damaged. */
export function decodeEvent(row: EventRow, process: HostProcessWithParents | undefined): HostEvent | undefined {
  const type = TYPE_OF_CODE.get(row.code);
  const plan = type === undefined ? undefined : PLANS.get(type);
  const rest = readRest(row.rest);
  if (type === undefined || plan === undefined || rest === undefined) return undefined;
  const event: Facts = { type, timeMs: row.timeMs };
  for (const [fact, place] of plan.own) {
    const value = fromCell(row.cells[place.at] ?? null, place.kind);
    if (value !== undefined) event[fact] = value;
  }
  const facts: Facts = {};
  for (const [fact, place] of plan.ofFile) {
    const value = fromCell(row.cells[place.at] ?? null, place.kind);
    if (value !== undefined) facts[fact] = value;
  }
  for (const [fact, value] of Object.entries(rest)) {
    // A row has them in columns.
    if (fact === 'type' || fact === 'timeMs' || fact === 'process') return undefined;
    const kind = plan.own.get(fact)?.kind;
    if (kind !== undefined && typeof value !== KIND_TYPES[kind]) return undefined;
    if (fact === 'file' && kind === undefined) {
      if (typeof value !== 'object') return undefined;
      Object.assign(facts, value);
    } else event[fact] = value;
  }
  if (event.file === undefined && (Object.keys(facts).length > 0 || rest.file !== undefined)) event.file = facts;
  if (process !== undefined) event.process = process;
  return event as unknown as HostEvent;
}

const KIND_TYPES: Readonly<Record<CellKind, string>> = { text: 'string', number: 'number', flag: 'boolean' };

function fromCell(cell: EventCell, kind: CellKind): unknown {
  if (cell === null) return undefined;
  return kind === 'flag' ? cell === 1 : cell;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BYTE = 0xff;

/** FNV-1a over the UTF-16 units of a path, the letters of ASCII in lower case: finds rows, decides nothing. */
export function pathKey(path: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < path.length; at++) {
    let unit = path.charCodeAt(at);
    if (unit >= 65 && unit <= 90) unit += 32;
    hash = Math.imul(hash ^ (unit & BYTE), FNV_PRIME);
    if (unit > BYTE) hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return hash | 0;
}
