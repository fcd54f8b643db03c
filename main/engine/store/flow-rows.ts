import type { Database } from 'better-sqlite3';
import type { EndReason, Service } from '../../../contract/traffic.ts';
import { idCursor } from './alert-table.ts';
import type { RowReader } from './row-reader.ts';
import type { FlowFilter, FlowRecord, Page, StoredFlow } from './types.ts';

/** A flow is stored at most so long after its first packet: the largest active timeout, and its last moments. */
const LONGEST_FLOW_MS = 90_000_000;

/** Rows that one search looks at before it answers: some ten milliseconds of the engine's time. */
export const SCANNED_ROWS = 50_000;

interface FlowRow {
  readonly id: number;
  readonly stored_ms: number;
  readonly first_us: number;
  readonly last_us: number;
  readonly protocol: number;
  readonly initiator: string;
  readonly initiator_port: number;
  readonly responder: string;
  readonly responder_port: number;
  readonly vlan: number;
  readonly tunnel: number;
  readonly initiator_packets: number;
  readonly responder_packets: number;
  readonly initiator_bytes: number;
  readonly responder_bytes: number;
  readonly service: Service;
  readonly end_reason: EndReason;
  readonly feature_version: number | null;
  readonly features: Buffer | null;
  readonly source: string;
  readonly application: string;
  readonly name: string;
  /** A JSON list of lines; null without any. */
  readonly said: string | null;
  /** Empty where it is not known. */
  readonly program: string;
  readonly program_pid: number | null;
  readonly program_user: string | null;
}

const MICROSECONDS = 1000;
const LIVE = 'live';

/** Prepared statements over the flows. */
export function flowRows(database: Database, reader: RowReader) {
  const insert = database.prepare(`
    INSERT INTO flows (stored_ms, first_us, last_us, protocol, initiator, initiator_port, responder, responder_port,
      vlan, tunnel, initiator_packets, responder_packets, initiator_bytes, responder_bytes, service, end_reason,
      feature_version, features, source, application, name, said, program, program_pid, program_user)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const newest = database.prepare('SELECT max(id) FROM flows').pluck();
  const oldest = database.prepare('SELECT min(id) FROM flows').pluck();
  // Written like the condition of the index that has the flows of captures.
  const ofCapture = database.prepare<[string], { first: number | null; last: number | null }>(
    "SELECT min(id) AS first, max(id) AS last FROM flows WHERE source = ? AND source <> 'live'",
  );
  const get = database.prepare<[number], FlowRow>('SELECT * FROM flows WHERE id = ?');
  const storedFrom = database.prepare<[number], { id: number; stored_ms: number }>(
    'SELECT id, stored_ms FROM flows WHERE id >= ? ORDER BY id LIMIT 1',
  );
  /** The first id in [low, high) that was stored at or after a moment, or high: ids are in the order of storing. */
  const firstStoredFrom = (timeMs: number, low: number, high: number): number => {
    let [from, to] = [low, high];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const row = storedFrom.get(middle);
      if (row === undefined || row.id >= to || row.stored_ms >= timeMs) to = middle;
      else from = row.id + 1;
    }
    return from;
  };
  const list = database.prepare<unknown[], FlowRow>(`
    SELECT * FROM flows
    WHERE id < :before AND id >= :after
      AND (:host IS NULL OR initiator = :host OR responder = :host)
      AND (:port IS NULL OR initiator_port = :port OR responder_port = :port)
      AND (:protocol IS NULL OR protocol = :protocol)
      AND (:service IS NULL OR service = :service)
      AND (:source IS NULL OR source = :source)
      AND (:ends IS NULL
        OR (initiator IN (SELECT value FROM json_each(:ends))
          AND (:others IS NULL OR responder IN (SELECT value FROM json_each(:others))))
        OR (responder IN (SELECT value FROM json_each(:ends))
          AND (:others IS NULL OR initiator IN (SELECT value FROM json_each(:others)))))
      AND last_us >= :sinceUs AND first_us < :untilUs
    ORDER BY id DESC LIMIT :limit`);
  return {
    insert(flow: FlowRecord, nowMs: number): void {
      insert.run(
        nowMs,
        flow.firstUs,
        flow.lastUs,
        flow.protocol,
        flow.initiator,
        flow.initiatorPort,
        flow.responder,
        flow.responderPort,
        flow.vlan,
        flow.tunnel,
        flow.initiatorPackets,
        flow.responderPackets,
        flow.initiatorBytes,
        flow.responderBytes,
        flow.service,
        flow.endReason,
        flow.features?.version ?? null,
        flow.features === undefined ? null : bytesOf(flow.features.values),
        flow.source ?? LIVE,
        flow.note?.application ?? '',
        flow.note?.name ?? '',
        flow.note === undefined || flow.note.said.length === 0 ? null : JSON.stringify(flow.note.said),
        flow.program?.path ?? '',
        flow.program?.pid ?? null,
        flow.program?.user ?? null,
      );
    },
    list(filter: FlowFilter, limit: number): Page<StoredFlow> {
      const { sinceMs, untilMs, source, between: [ends, others] = [] } = filter;
      const captured = source === undefined || source === LIVE ? undefined : ofCapture.get(source);
      const oldestId = captured?.first ?? (oldest.get() as number | null) ?? 0;
      const end = (captured === undefined ? ((newest.get() as number | null) ?? 0) : (captured.last ?? -1)) + 1;
      // A flow is stored after its last packet, and one of this computer not long after.
      const first = sinceMs === undefined ? oldestId : firstStoredFrom(sinceMs, oldestId, end);
      const last =
        untilMs === undefined || source !== LIVE ? end : firstStoredFrom(untilMs + LONGEST_FLOW_MS, first, end);
      const before = Math.min(idCursor(filter.cursor), last);
      const after = Math.max(first, before - SCANNED_ROWS);
      const rows = list
        .all({
          before,
          after,
          host: filter.host ?? null,
          port: filter.port ?? null,
          protocol: filter.protocol ?? null,
          service: filter.service ?? null,
          source: filter.source ?? null,
          ends: ends === undefined ? null : JSON.stringify(ends),
          others: others === undefined || others.length === 0 ? null : JSON.stringify(others),
          sinceUs: (sinceMs ?? -Number.MAX_VALUE / MICROSECONDS) * MICROSECONDS,
          untilUs: (untilMs ?? Number.MAX_VALUE / MICROSECONDS) * MICROSECONDS,
          limit,
        })
        .map((row) => storedFlow(row, reader));
      const next = rows.length === limit ? rows[rows.length - 1].id : after;
      return next > first ? { rows, cursor: String(next) } : { rows };
    },
    get(id: number): StoredFlow | undefined {
      const row = get.get(id);
      return row && storedFlow(row, reader);
    },
    /** Exact without counting: flows are added at one end and removed at the other. */
    count(): number {
      const last = newest.get() as number | null;
      return last === null ? 0 : last - (oldest.get() as number) + 1;
    },
  };
}

function bytesOf(values: Float32Array | Float64Array): Buffer {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
}

function storedFlow(row: FlowRow, reader: RowReader): StoredFlow {
  return {
    id: row.id,
    storedMs: row.stored_ms,
    firstUs: row.first_us,
    lastUs: row.last_us,
    protocol: row.protocol,
    initiator: row.initiator,
    initiatorPort: row.initiator_port,
    responder: row.responder,
    responderPort: row.responder_port,
    vlan: row.vlan,
    tunnel: row.tunnel,
    initiatorPackets: row.initiator_packets,
    responderPackets: row.responder_packets,
    initiatorBytes: row.initiator_bytes,
    responderBytes: row.responder_bytes,
    service: row.service,
    endReason: row.end_reason,
    source: row.source,
    note: {
      application: row.application,
      name: row.name,
      said: row.said === null ? [] : (reader.json({ table: 'flows', row: row.id }, row.said, 'strings') ?? []),
    },
    ...programOf(row),
    ...(row.features === null || row.feature_version === null
      ? {}
      : { features: { version: row.feature_version, values: floatsOf(row.features) } }),
  };
}

function programOf({ program: path, program_pid: pid, program_user: user }: FlowRow): Pick<FlowRecord, 'program'> {
  return path === '' || pid === null ? {} : { program: { path, pid, ...(user !== null && { user }) } };
}

/** Copied, since a blob need not begin at a multiple of four bytes. */
function floatsOf(blob: Buffer): Float32Array {
  const length = Math.floor(blob.length / Float32Array.BYTES_PER_ELEMENT) * Float32Array.BYTES_PER_ELEMENT;
  return new Float32Array(Uint8Array.from(blob.subarray(0, length)).buffer);
}
