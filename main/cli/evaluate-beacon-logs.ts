/** Logs of Zeek as calls: what its HTTP, TLS, connection and DNS logs know of who called whom, and when. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BeaconReview } from '../engine/index.ts';
import { readZeekLog, type ZeekRow } from './evaluate-zeek-log.ts';

/** See beacon-review.ts. */
export type LoggedCall = Parameters<BeaconReview['rateCalls']>[0] extends Iterable<infer C> ? C : never;

export interface ZeekLogs {
  readonly http: readonly ZeekRow[];
  readonly conn: readonly ZeekRow[];
  readonly ssl: readonly ZeekRow[];
  readonly dns: readonly ZeekRow[];
}

/** All logs of a folder, by their names: "http.16:00:00-17:00:00.log.gz". */
export async function readLogs(folder: string): Promise<ZeekLogs> {
  const names = (await readdir(folder)).sort();
  const rows = async (kind: string) => {
    const parts = await Promise.all(
      names.filter((name) => name.startsWith(`${kind}.`)).map((name) => readZeekLog(join(folder, name))),
    );
    return parts.flat();
  };
  return { http: await rows('http'), conn: await rows('conn'), ssl: await rows('ssl'), dns: await rows('dns') };
}

/** Microseconds since the epoch. */
export function timeOf(row: ZeekRow): number {
  return row.number('ts') * 1e6;
}

/** In the order of their times. */
export function callsOf(logs: ZeekLogs): LoggedCall[] {
  const connections = new Map(logs.conn.map((row) => [row.text('uid'), row]));
  const tunnels = new Set(logs.http.filter((row) => row.text('method') === 'CONNECT').map((row) => row.text('uid')));
  return [
    ...logs.http.map(httpCallOf),
    ...logs.ssl
      .filter((row) => !tunnels.has(row.text('uid')))
      .map((row) => connectionOf(row, connections.get(row.text('uid')), 'tls', row.text('server_name'))),
    ...logs.conn
      .filter((row) => row.text('service') === '' && row.number('resp_bytes') > 0)
      .flatMap((row) => {
        const channel = row.text('proto');
        return channel === 'tcp' || channel === 'udp' ? [connectionOf(row, row, channel, '')] : [];
      }),
    ...logs.dns.map(
      (row): LoggedCall => ({
        ...endsOf(row),
        type: 'dns',
        name: row.text('query'),
        recordType: row.text('qtype_name'),
      }),
    ),
  ].sort((a, b) => a.timeUs - b.timeUs);
}

function endsOf(row: ZeekRow) {
  return {
    timeUs: timeOf(row),
    client: row.text('id.orig_h'),
    server: row.text('id.resp_h'),
    port: row.number('id.resp_p'),
  };
}

function httpCallOf(row: ZeekRow): LoggedCall {
  const [host = '', port = ''] = row.text('host').split(/:(?=\d+$)/);
  const ends = endsOf(row);
  return {
    ...ends,
    type: 'http',
    answeredBytes: numberOr(row, 'response_body_len', -1),
    request: {
      method: row.text('method'),
      host,
      hostPort: port === '' ? -1 : Number(port),
      uri: row.text('uri'),
      userAgent: row.text('user_agent'),
      referrer: row.text('referrer'),
      contentType: row.text('orig_mime_types'),
      contentLength: numberOr(row, 'request_body_len', -1),
      index: numberOr(row, 'trans_depth', 1) - 1,
      isUsualPort: HTTP_PORTS.has(ends.port),
    },
  };
}

/** Of the web and its proxies. */
const HTTP_PORTS = new Set([80, 3128, 8000, 8080]);

function connectionOf(
  row: ZeekRow,
  sizes: ZeekRow | undefined,
  channel: 'tls' | 'tcp' | 'udp',
  name: string,
): LoggedCall {
  const ends = endsOf(row);
  return {
    ...ends,
    type: 'connection',
    channel,
    name,
    isUsualPort: channel !== 'tls' || ends.port === 443,
    sentBytes: sizes === undefined ? -1 : numberOr(sizes, 'orig_bytes', -1),
    answeredBytes: sizes === undefined ? -1 : numberOr(sizes, 'resp_bytes', -1),
  };
}

function numberOr(row: ZeekRow, column: string, otherwise: number): number {
  const value = row.number(column);
  return Number.isNaN(value) ? otherwise : value;
}
