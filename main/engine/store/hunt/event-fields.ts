/** How the fields of the tables of events are found in the database; see fields.ts and events/event-schema.ts. */
import type { HostEventType } from '../../../../contract/events.ts';
import {
  HUNT_CHANGE_EVENTS,
  HUNT_CONNECTION_EVENTS,
  HUNT_FILE_EVENTS,
  HUNT_LOGIN_EVENTS,
} from '../../../../contract/hunt-event-tables.ts';
import { EVENT_SHAPES, type EventTableName, pathKey } from '../events/event-codec.ts';
import type { FieldSource, Lookup, TableSource } from './fields.ts';
import { jsonOf } from './json.ts';

const OWN_PROCESS = 'LEFT JOIN event_processes AS p ON p.id = e.process';
const text = (alias: string, of: string) => `LEFT JOIN event_texts AS ${alias} ON ${alias}.id = ${of}`;
const PROGRAM_JOINS = [OWN_PROCESS, text('image', 'p.image'), text('user', 'p.user')];
const PARENT_JOINS = [
  'LEFT JOIN event_processes AS pp ON pp.id = p.parent',
  text('parent', 'pp.image'),
  text('unit', 'p.unit'),
  text('package', 'p.package'),
];

const column = (sql: string): FieldSource => ({ sql: [sql] });
/** Facts that may be missing are compared, and grouped by, as nothing at all: an empty text. */
const words = (sql: string, lookup?: Lookup): FieldSource => ({ sql: [`ifnull(${sql}, '')`], lookup });
const ends = (local: string, remote: string): FieldSource => ({
  sql: [`ifnull(${local}, '')`, `ifnull(${remote}, '')`],
  each: {
    join: '(SELECT 0 AS side UNION ALL SELECT 1) AS ends',
    value: `(CASE ends.side WHEN 0 THEN ${local} ELSE ${remote} END)`,
  },
});

/** Rows by a fact of their process: what is compared is a short list of texts, and an index leads to the rows. */
const ofProcess = (condition: string): string => `(SELECT id FROM event_processes WHERE ${condition})`;
const byText = (column: 'image' | 'user' | 'unit' | 'package'): Lookup => {
  const having = (compare: (sql: string) => string): string =>
    ofProcess(`${column} IN (SELECT id FROM event_texts WHERE ${compare('text')})`);
  return { operators: 'all', sql: (compare) => `e.process IN ${having(compare)}`, through: having };
};
const BY_PID: Lookup = { operators: 'equal', sql: (compare) => `e.process IN ${ofProcess(compare('pid'))}` };
/** Blocks of 16,384 rows, by which the indexes of files and connections begin. */
const BLOCKS = `(WITH RECURSIVE block(n) AS (SELECT @first >> 14 UNION ALL SELECT n + 1 FROM block WHERE n < @last >> 14)
  SELECT n FROM block)`;
const BY_PATH: Lookup = {
  operators: 'equal',
  sql: (compare, values) =>
    `e.id IN (SELECT f.id FROM event_files AS f WHERE f.id >> 14 IN ${BLOCKS}
      AND f.path_key IN (${values.map((path) => pathKey(String(path))).join(', ')}) AND ${compare('f.path')})`,
};
const BY_REMOTE: Lookup = {
  operators: 'equal',
  sql: (compare) =>
    `e.id IN (SELECT f.id FROM event_connections AS f WHERE f.id >> 14 IN ${BLOCKS} AND ${compare('f.remote_address')})`,
};

const PROGRAM: Readonly<Record<string, FieldSource>> = {
  program: words('image.text', byText('image')),
  command: words('p.command'),
  pid: { sql: ['p.pid'], lookup: BY_PID },
  user: words('user.text', byText('user')),
};

function eventCodes(names: readonly string[], types: readonly HostEventType[]): FieldSource {
  const rows = names.map((name, i) => [name, EVENT_SHAPES[types[i] as HostEventType].code] as const);
  const codes = new Map(rows);
  const shown = new Map<number, string>(rows.map(([name, code]) => [code, name]));
  return {
    sql: ['e.code'],
    text: `(CASE e.code ${rows.map(([name, code]) => `WHEN ${code} THEN '${name}'`).join(' ')} ELSE '' END)`,
    code: (word) => codes.get(word) ?? -1,
    show: (cell) => shown.get(Number(cell)) ?? '',
  };
}

function events(table: EventTableName, joins: readonly string[], fields: TableSource['fields']): TableSource {
  return {
    table,
    from: [`${table} AS e`, ...joins].join(' '),
    row: 'e.id',
    timeMs: 'e.time_ms',
    isLiveOnly: true,
    fields: { time: column('e.time_ms'), id: column("('e-' || e.id)"), ...fields },
  };
}

export const EVENT_TABLE_SOURCES: Readonly<Record<string, TableSource>> = {
  processes: events('event_starts', [...PROGRAM_JOINS, ...PARENT_JOINS], {
    ...PROGRAM,
    name: words(`${jsonOf('p.rest')} ->> '$.name'`),
    parent: words('parent.text'),
    parentCommand: words('pp.command'),
    parentPid: column('pp.pid'),
    package: words('package.text', byText('package')),
    unit: words('unit.text', byText('unit')),
    container: words(`${jsonOf('p.rest')} ->> '$.container'`),
    terminal: words(`${jsonOf('p.rest')} ->> '$.terminal'`),
    directory: words(`${jsonOf('p.rest')} ->> '$.currentDirectory'`),
    sha256: words(`${jsonOf('p.rest')} ->> '$.hashes.sha256'`),
    input: words(`${jsonOf('p.rest')} ->> '$.standardStreams.input'`),
    exitCode: column('e.exit_code'),
    signal: column('e.signal'),
    duration: column('(e.ended_ms - e.time_ms)'),
  }),
  files: events('event_files', PROGRAM_JOINS, {
    event: eventCodes(HUNT_FILE_EVENTS, [
      'file-created',
      'file-written',
      'file-renamed',
      'file-deleted',
      'file-attributes',
      'file-executed',
      'file-opened',
    ]),
    path: { sql: ['e.path'], lookup: BY_PATH },
    otherPath: words('e.other_path'),
    size: column('e.size_bytes'),
    kind: words('e.kind'),
    mode: { sql: ["ifnull(printf('%o', CAST(e.mode AS INTEGER) & 4095), '')"] },
    owner: column('e.uid'),
    ...PROGRAM,
    sha256: words(`${jsonOf('e.rest')} ->> '$.file.hashes.sha256'`),
  }),
  connections: events('event_connections', PROGRAM_JOINS, {
    event: eventCodes(HUNT_CONNECTION_EVENTS, [
      'network-connection',
      'dns-query',
      'listener-opened',
      'listener-closed',
    ]),
    host: ends('e.local_address', 'e.remote_address'),
    remote: words('e.remote_address', BY_REMOTE),
    local: words('e.local_address'),
    port: ends('e.local_port', 'e.remote_port'),
    remotePort: column('e.remote_port'),
    localPort: column('e.local_port'),
    direction: words('e.direction'),
    transport: words('e.protocol'),
    name: words('e.remote_name'),
    recordType: words('e.record_type'),
    response: words('e.response'),
    ...PROGRAM,
    flow: words('e.flow'),
  }),
  logs: events('event_logs', [], {
    service: { sql: [`ifnull(e.service, 'auditd')`] },
    message: { sql: [`ifnull(e.message, ifnull(${jsonOf('e.rest')} ->> '$.fields', ''))`] },
    identifier: words('e.identifier'),
    unit: words('e.unit'),
    pid: column('e.pid'),
    file: words('e.file'),
    fields: words(`${jsonOf('e.rest')} ->> '$.fields'`),
  }),
  logins: events('event_logins', [OWN_PROCESS], {
    event: eventCodes(HUNT_LOGIN_EVENTS, ['login', 'logout']),
    result: { sql: ["(CASE e.is_success WHEN 1 THEN 'success' WHEN 0 THEN 'failure' ELSE '' END)"] },
    user: words('e.user'),
    target: words('e.target_user'),
    service: words('e.service'),
    method: words('e.method'),
    address: words('e.remote_address'),
    port: column('e.remote_port'),
    terminal: words('e.terminal'),
    session: column('e.session'),
    pid: column('p.pid'),
  }),
  changes: events('event_changes', PROGRAM_JOINS, {
    event: eventCodes(HUNT_CHANGE_EVENTS, [
      'account-change',
      'service-change',
      'autostart-change',
      'mount-change',
      'device-change',
      'firewall-change',
      'module-load',
      'module-unload',
      'process-credentials',
      'process-access',
      'process-signal',
    ]),
    action: words('e.action'),
    subject: words('e.subject'),
    place: words('e.place'),
    path: words('e.path'),
    detail: words('e.detail'),
    ...PROGRAM,
  }),
};
