/**
 * How the fields of Hunt are found in the database: the only column names and expressions that ever get into SQL.
 * Nothing that a person wrote is among them.
 */

import { SEVERITIES } from '../../../../contract/domain.ts';
import { HUNT_FLOW_ENDS } from '../../../../contract/hunt-tables.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import type { EventTableName } from '../events/event-codec.ts';
import { EVENT_TABLE_SOURCES } from './event-fields.ts';
import { jsonOf } from './json.ts';

export type Cell = string | number | null;

/** A way to the rows by an index, for comparisons of a field that fit it. */
export interface Lookup {
  /** `equal`: only for "is" and "is one of". */
  readonly operators: 'equal' | 'all';
  /**
   * The rows that fit. `compare` makes the comparison of another expression, and may be called once; `values` are
   * those that it compares with. `@first` and `@last` stand for the rows that are looked at.
   */
  readonly sql: (compare: (sql: string) => string, values: readonly Cell[]) => string;
  /** Rows of another table that all have to be gone through: when they are many, the rows themselves are looked at. */
  readonly through?: (compare: (sql: string) => string) => string;
}

export interface FieldSource {
  /** What is compared; several where the field stands for several columns of a row. */
  readonly sql: readonly string[];
  /** A JSON array that holds the values, in place of `sql`. */
  readonly list?: string;
  readonly lookup?: Lookup;
  /** As text, where `sql` is a code. */
  readonly text?: string;
  /** From a word of a query to what is compared. */
  readonly code?: (word: string) => Cell;
  /** From what is stored to what is shown. */
  readonly show?: (cell: Cell) => Cell;
  /** For groups: one value at a time. Named in FROM by `join`. */
  readonly each?: { readonly join: string; readonly value: string };
}

export interface TableSource {
  readonly table: 'flows' | 'alerts' | EventTableName;
  /** The table with what is joined to it, where that is more than the table. */
  readonly from?: string;
  /** Only of this computer: there is no column `source`. */
  readonly isLiveOnly?: boolean;
  /** The number by which rows are passed through, in the order in which they were stored. */
  readonly row: string;
  /** Milliseconds since the epoch, of the time that `since` and `until` are about. */
  readonly timeMs: string;
  readonly fields: Readonly<Record<string, FieldSource>>;
}

const column = (sql: string): FieldSource => ({ sql: [sql] });

/** A number that stands for a word: the number is its place in the list. */
function coded(sql: string, words: readonly (readonly [word: string, code: number])[]): FieldSource {
  const codes = new Map(words);
  const names = new Map(words.map(([word, code]) => [code, word]));
  const cases = words.map(([word, code]) => `WHEN ${code} THEN '${word}'`).join(' ');
  return {
    sql: [sql],
    text: `(CASE ${sql} ${cases} ELSE CAST(${sql} AS TEXT) END)`,
    code: (word) => codes.get(word) ?? Number(word),
    show: (cell) => names.get(Number(cell)) ?? String(cell),
  };
}

/** Both ends of a flow; groups by several such fields take the same end. */
const ENDS = '(SELECT 0 AS side UNION ALL SELECT 1) AS ends';
const bothEnds = (initiator: string, responder: string): FieldSource => ({
  sql: [initiator, responder],
  each: { join: ENDS, value: `(CASE ends.side WHEN 0 THEN ${initiator} ELSE ${responder} END)` },
});

const FLOWS: TableSource = {
  table: 'flows',
  row: 'id',
  timeMs: '(last_us / 1000.0)',
  fields: {
    time: column('(last_us / 1000.0)'),
    started: column('(first_us / 1000.0)'),
    host: bothEnds('initiator', 'responder'),
    initiator: column('initiator'),
    responder: column('responder'),
    port: bothEnds('initiator_port', 'responder_port'),
    initiatorPort: column('initiator_port'),
    responderPort: column('responder_port'),
    transport: coded('protocol', Object.entries(PROTOCOL)),
    service: column('service'),
    application: column('application'),
    name: column('name'),
    said: column("ifnull(said, '')"),
    program: column('program'),
    pid: column('ifnull(program_pid, 0)'),
    bytes: column('(initiator_bytes + responder_bytes)'),
    initiatorBytes: column('initiator_bytes'),
    responderBytes: column('responder_bytes'),
    packets: column('(initiator_packets + responder_packets)'),
    initiatorPackets: column('initiator_packets'),
    responderPackets: column('responder_packets'),
    duration: column('((last_us - first_us) / 1000.0)'),
    vlan: column('vlan'),
    end: coded(
      'end_reason',
      HUNT_FLOW_ENDS.map((name, code) => [name, code]),
    ),
    id: column("('s-' || id)"),
  },
};

/** Shown of a list: as many as an alert names at the most. */
const joined = (cell: Cell): Cell => {
  const items: unknown = typeof cell === 'string' ? JSON.parse(cell) : [];
  return Array.isArray(items) ? items.join(', ') : '';
};

function listed(list: string, name: string): FieldSource {
  return { sql: [], list, show: joined, each: { join: `json_each(${list}) AS ${name}`, value: `${name}.value` } };
}

const BODY = jsonOf('body');

const ALERTS: TableSource = {
  table: 'alerts',
  row: 'rowid',
  timeMs: 'last_seen_ms',
  fields: {
    time: column('last_seen_ms'),
    started: column('first_seen_ms'),
    severity: coded(
      'severity',
      SEVERITIES.map((name, code) => [name, code]),
    ),
    kind: column('kind'),
    title: column(`ifnull(${BODY} ->> '$.title', '(damaged)')`),
    explanation: column(`ifnull(${BODY} ->> '$.explanation', '')`),
    host: listed('hunt_both(body)', 'each_host'),
    attacker: listed(`(${BODY} -> '$.attackers')`, 'each_attacker'),
    victim: listed(`(${BODY} -> '$.victims')`, 'each_victim'),
    technique: listed(`(${BODY} -> '$.techniques')`, 'each_technique'),
    detector: listed(`(${BODY} -> '$.detectors')`, 'each_detector'),
    confidence: column(`ifnull(${BODY} ->> '$.confidence', 0)`),
    findings: column(`ifnull(${BODY} ->> '$.findings', 0)`),
    state: column('state'),
    // Out of the ids of captures only what comes after the id of the capture is the alert's own; the whole is needed.
    id: column('alerts.id'),
  },
};

export const TABLE_SOURCES: Readonly<Record<string, TableSource>> = {
  flows: FLOWS,
  alerts: ALERTS,
  ...EVENT_TABLE_SOURCES,
};
