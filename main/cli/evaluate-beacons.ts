/**
 * How beacons rank: those that RITA has published scores for beside RITA's, real and made-up beacons above the ordinary
 * periodic traffic of real networks. Logs of Zeek are taken in as calls, through the code that looks at packets.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Severity } from '../../contract/domain.ts';
import { type BeaconReview, loadBeaconReview } from '../engine/index.ts';
import { type AttackLabel, isNamedHost, readHosts } from './evaluate-labels.ts';
import { type Gate, isAtLeast } from './evaluate-score.ts';
import { readZeekLog, type ZeekRow } from './evaluate-zeek-log.ts';

type LoggedCall = Parameters<BeaconReview['rateCalls']>[0] extends Iterable<infer C> ? C : never;
type RatedPair = ReturnType<BeaconReview['rateCalls']>[number];

const EXPECTED = 'flows/beacon-expected.json';
/** Folder with logs of one network over some hours, which the published scores are of. */
const SCORED_LOGS = 'flows/rita-proxy-rolling';
/** Another network over a day, without beacons that anybody knows of. */
const DAY_LOG = 'flows/rita-24h-http.log.gz';

const expectedSchema = z
  .object({
    rita_proxy_rolling: z
      .array(
        z
          .object({
            src: z.string(),
            dst: z.string().optional(),
            fqdn: z.string().optional(),
            rita_beacon_score: z.number(),
            count: z.number(),
            truth: z.string(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();
type Expected = z.infer<typeof expectedSchema>['rita_proxy_rolling'][number];

export interface PublishedBeacon {
  readonly pair: string;
  readonly truth: string;
  readonly calls: number;
  readonly rita: number;
  /** Rhythm and sizes alone, as RITA looks at them. */
  readonly ours: number;
}

export interface RankedBeacon {
  readonly name: string;
  readonly calls: number;
  readonly pauseSeconds: number;
  readonly score: number;
  /** Suspicion besides the rhythm counts in it. */
  readonly standing: number;
  /** Null for what is not worth telling. */
  readonly severity: Severity | null;
}

export interface BeaconEvaluation {
  readonly published: readonly PublishedBeacon[];
  readonly beacons: readonly RankedBeacon[];
  /** The highest of the ordinary pairs, and how many there are. */
  readonly ordinary: readonly RankedBeacon[];
  readonly ordinaryPairs: number;
  readonly gates: readonly Gate[];
}

const LISTED_ORDINARY = 8;

/** Null where the data holds no logs to compare with. @throws Error naming a file that cannot be read */
export async function evaluateBeacons(data: string, labels: readonly AttackLabel[]): Promise<BeaconEvaluation | null> {
  if (!existsSync(join(data, EXPECTED))) return null;
  const review = await loadBeaconReview();
  const { rita_proxy_rolling: expected } = expectedSchema.parse(
    JSON.parse(await readFile(join(data, EXPECTED), 'utf8')),
  );
  const logs = await readLogs(join(data, SCORED_LOGS));
  const published = expected.map((entry) => publishedBeacon(entry, logs, review));
  const beacons = [...(await capturedBeacons(data, labels, review)), ...generatedBeacons(review)];
  const ordinary = [
    ...review.rateCalls(callsOf(logs)),
    ...review.rateCalls(callsOf({ http: await readZeekLog(join(data, DAY_LOG)), conn: [], ssl: [], dns: [] })),
  ]
    .map((pair) => ranked(pairName(pair), pair))
    .sort((a, b) => b.standing - a.standing);
  return {
    published,
    beacons: beacons.sort((a, b) => b.standing - a.standing),
    ordinary: ordinary.slice(0, LISTED_ORDINARY),
    ordinaryPairs: ordinary.length,
    gates: beaconGates(published, beacons, ordinary),
  };
}

function beaconGates(
  published: readonly PublishedBeacon[],
  beacons: readonly RankedBeacon[],
  ordinary: readonly RankedBeacon[],
): Gate[] {
  const discordant = published.flatMap((a) => published.filter((b) => a.rita > b.rita && a.ours <= b.ours)).length;
  const highest = ordinary[0]?.standing ?? 0;
  const below = beacons.filter((beacon) => beacon.standing <= highest).length;
  const loud = ordinary.filter(({ severity }) => severity !== null && isAtLeast(severity, 'medium')).length;
  return [
    {
      name: 'beacons: ranked as published',
      value: discordant,
      wanted: 'no pair the other way round',
      isMet: discordant === 0,
    },
    {
      name: 'beacons: true ones below ordinary periodic traffic',
      value: below,
      wanted: 'none',
      isMet: below === 0 && beacons.length > 0,
    },
    {
      name: 'beacons: ordinary periodic pairs of medium or above',
      value: loud,
      wanted: 'none',
      isMet: loud === 0,
    },
  ];
}

function ranked(name: string, pair: RatedPair): RankedBeacon {
  return {
    name,
    calls: pair.calls,
    pauseSeconds: Number(pair.score.pauseSeconds.toPrecision(3)),
    score: pair.score.score,
    standing: pair.standing,
    severity: pair.severity ?? null,
  };
}

function pairName({ destination: { client, server, name, port } }: RatedPair): string {
  return `${client} → ${name === '' ? server : name}:${port}`;
}

/** The pairs of labelled captures between those that the label names, the best of each. */
async function capturedBeacons(
  data: string,
  labels: readonly AttackLabel[],
  review: BeaconReview,
): Promise<RankedBeacon[]> {
  const beacons: RankedBeacon[] = [];
  for (const label of labels) {
    if (label.category !== 'beaconing') continue;
    const victims = readHosts(label.victim);
    const attackers = readHosts(label.attacker);
    const [best] = (await review.rateCapture(join(data, label.file)))
      .filter(({ destination }) => isNamedHost(victims, destination.client))
      .filter(({ destination }) => attackers.type !== 'named' || isNamedHost(attackers, destination.server))
      .sort((a, b) => b.standing - a.standing);
    if (best !== undefined) beacons.push(ranked(label.id, best));
  }
  return beacons;
}

const GENERATED_JITTERS = [0, 0.2, 0.5] as const;
const GENERATED_CALLS = 120;
const GENERATED_PAUSE_SECONDS = 60;
const GENERATED_START_US = 1_700_000_000_000_000;

/** Two hours of an implant that calls an address outside over TLS: pauses drawn evenly from base ± jitter. */
function generatedBeacons(review: BeaconReview): RankedBeacon[] {
  return GENERATED_JITTERS.flatMap((jitter) => {
    const random = lehmer(1 + Math.round(jitter * 100));
    const calls: LoggedCall[] = [];
    let timeUs = GENERATED_START_US;
    for (let call = 0; call < GENERATED_CALLS; call++) {
      calls.push({
        type: 'connection',
        timeUs,
        client: '192.168.1.20',
        server: '203.0.113.7',
        port: 8443,
        channel: 'tls',
        name: '',
        isUsualPort: false,
        sentBytes: 420 + Math.round(random() * 40),
        answeredBytes: 1_100 + Math.round(random() * 200),
      });
      timeUs += GENERATED_PAUSE_SECONDS * 1e6 * (1 + jitter * (2 * random() - 1));
    }
    return review.rateCalls(calls).map((pair) => ranked(`generated, jitter ${jitter * 100} %`, pair));
  });
}

/** Numbers from 0 to 1 that are the same in every run (D. H. Lehmer's generator, Park and Miller 1988). */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Logs {
  readonly http: readonly ZeekRow[];
  readonly conn: readonly ZeekRow[];
  readonly ssl: readonly ZeekRow[];
  readonly dns: readonly ZeekRow[];
}

async function readLogs(folder: string): Promise<Logs> {
  const names = (await readdir(folder)).sort();
  const rows = async (kind: string) => {
    const parts = await Promise.all(
      names.filter((name) => name.startsWith(`${kind}.`)).map((name) => readZeekLog(join(folder, name))),
    );
    return parts.flat();
  };
  return { http: await rows('http'), conn: await rows('conn'), ssl: await rows('ssl'), dns: await rows('dns') };
}

/** A pair as RITA scored it: all connections of two addresses, or all requests of a host for one name. */
function publishedBeacon(expected: Expected, logs: Logs, { scoreBeacon }: BeaconReview): PublishedBeacon {
  const { src, dst, fqdn = '', rita_beacon_score: rita, truth } = expected;
  const bytes = new Map(logs.conn.map((row) => [row.text('uid'), row]));
  const rows =
    dst === undefined
      ? logs.http
          .filter((row) => row.text('id.orig_h') === src && row.text('host') === fqdn)
          .map((row) => ({ row, sizes: bytes.get(row.text('uid')) }))
      : logs.conn
          .filter((row) => row.text('id.orig_h') === src && row.text('id.resp_h') === dst)
          .map((row) => ({ row, sizes: row }));
  const sizesOf = (column: string) =>
    rows.map(({ sizes }) => sizes?.number(column) ?? Number.NaN).filter((size) => !Number.isNaN(size));
  const { score } = scoreBeacon({
    timesUs: rows.map(({ row }) => timeOf(row)),
    sentBytes: sizesOf('orig_bytes'),
    answeredBytes: sizesOf('resp_bytes'),
  });
  return { pair: `${src} → ${dst ?? fqdn}`, truth, calls: rows.length, rita, ours: score };
}

function timeOf(row: ZeekRow): number {
  return row.number('ts') * 1e6;
}

function callsOf(logs: Logs): LoggedCall[] {
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
