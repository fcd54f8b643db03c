/**
 * How beacons rank: those that RITA has published scores for beside RITA's, real and made-up beacons above the ordinary
 * periodic traffic of real networks. Logs of Zeek are taken in as calls, through the code that looks at packets.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Severity } from '../../contract/domain.ts';
import { type BeaconReview, loadBeaconReview } from '../engine/index.ts';
import { callsOf, type LoggedCall, readLogs, timeOf, type ZeekLogs } from './evaluate-beacon-logs.ts';
import { type AttackLabel, isNamedHost, readHosts } from './evaluate-labels.ts';
import { type Gate, isAtLeast } from './evaluate-score.ts';
import { readZeekLog } from './evaluate-zeek-log.ts';

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
      name: 'beacons: ranked as published, pairs in another order',
      value: discordant,
      wanted: 'none',
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

/** A pair as RITA scored it: all connections of two addresses, or all requests of a host for one name. */
function publishedBeacon(expected: Expected, logs: ZeekLogs, { scoreBeacon }: BeaconReview): PublishedBeacon {
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
