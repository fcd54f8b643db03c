/** What learning and judging cost the engine that captures meanwhile: packets and memory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Status } from '../../contract/api-schemas.ts';
import { Random, TABLE_COLUMNS } from '../../main/engine/models/index.ts';
import { NamespacePair, whyNoNamespaces } from '../../main/engine/sensors/testing/namespace-pair.ts';
import { atLeast, type Benchmark, exactly, memoryBelow } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { Daemon } from '../daemon.ts';
import { HOLDFAST } from '../measure.ts';
import { spreadOf } from '../statistics.ts';

const run = promisify(execFile);

const RATE = 100_000;
const SECONDS = 5;
/** Conversations before each look at the memory: with models, all of them are judged. */
const CONVERSATIONS = 2_000;
/** Nearly all: what comes late, or ends later than that, is not counted. */
const JUDGED_AT_LEAST = 1_800;
const LEARNT_ROWS = 20_000;
/** So many times larger are all amounts of every fourth flow. */
const LARGE = 8;
const TCP = 6;
const ADDRESS = '10.66.1.1';
const PORT = '8080';
/** What an engine without models calls the first. */
const VERSION = 'flow-1';
/**
 * Closed connections are kept for five seconds (lingerSeconds), the engine tells its counts once a second, new models are
 * slow for a second, and what the engine no longer needs goes when its collector comes round.
 */
const SETTLE_MS = 10_000;
const CONNECT = join(import.meta.dirname, '../programs/connect.ts');

export const learning: Benchmark = {
  name: 'learning',
  claim: `Live, no packet is lost at ${RATE.toLocaleString('en')} packets/s while models are trained; judging adds less than 40 MB.`,
  async run({ rounds, say }) {
    const obstacle = whyNoNamespaces();
    if (obstacle !== undefined) throw new BenchmarkError(obstacle);
    const added: number[] = [];
    const lost: number[] = [];
    let sent = 0;
    let judged = Number.POSITIVE_INFINITY;
    for (let round = 1; round <= rounds; round++) {
      const found = await learnOnce();
      added.push(found.addedBytes);
      lost.push(found.lost);
      sent += found.sent;
      judged = Math.min(judged, found.judged);
      say(
        `round ${round}/${rounds}: ${found.lost} of ${found.sent} lost, ${found.judged} of ${CONVERSATIONS} judged, ` +
          `${found.unjudged} given up, ${shownMb(found.addedBytes)}`,
      );
    }
    const { median, min, max } = spreadOf(added);
    return {
      programs: [],
      gates: [
        exactly(
          `packets lost at ${RATE.toLocaleString('en')} packets/s during training`,
          lost.reduce((sum, each) => sum + each, 0),
          0,
        ),
        atLeast('conversations that the new models judged, in every round', judged, JUDGED_AT_LEAST, ''),
        memoryBelow('resident of the engine, more with models in use', median, 40),
      ],
      notes: [
        `Packets of 60 bytes in 1,000 flows over a veth pair for as long as a training takes (${sent.toLocaleString('en')} in all), generator, engine and training on one machine.`,
        `The default models learn from ${LEARNT_ROWS.toLocaleString('en')} made-up flows in a child of ` +
          '"holdfast train" that is like the engine\'s own; then the engine judges real connections by them.',
        `Memory: ${shownMb(median)} (${shownMb(min)} to ${shownMb(max)}), after the same traffic without models and with them.`,
      ],
    };
  },
};

interface Found {
  readonly lost: number;
  readonly sent: number;
  readonly judged: number;
  /** Left unjudged for want of time. */
  readonly unjudged: number;
  readonly addedBytes: number;
}

async function learnOnce(): Promise<Found> {
  const pair = new NamespacePair();
  const daemon = new Daemon([pair.nearInterface], pair.inside(pair.near));
  const table = join(daemon.dataDirectory, 'flows.csv');
  writeFileSync(table, flowTable());
  const server = await serve(pair);
  // Ctrl-C ends the process without coming back here.
  const removePair = (): void => pair.remove();
  process.once('exit', removePair);
  const ask = () => pair.execute(pair.far, process.execPath, CONNECT, 'ask', ADDRESS, PORT, String(CONVERSATIONS));
  const holdfast = (...args: string[]) => run(HOLDFAST, ['--data-dir', daemon.dataDirectory, ...args]);
  const blast = () => pair.blast({ count: RATE * SECONDS, rate: RATE });
  try {
    await daemon.ready(({ interfaces }) => interfaces.some(({ state }) => state === 'up'));
    await ask();
    await blast();
    await ask();
    await sleep(SETTLE_MS);
    const without = await daemon.status();

    let isLearnt = false;
    const learnt = holdfast('train', '--csv', table, '--json').finally(() => {
      isLearnt = true;
    });
    let sent = 0;
    while (!isLearnt) sent += (await blast()).sent;
    await learnt;
    await sleep(SETTLE_MS);
    const trained = await daemon.status();

    await holdfast('models', 'use', VERSION);
    await ask();
    await sleep(SETTLE_MS);
    const judging = await daemon.status();
    const more = (counter: string) => counterOf(judging, 'models', counter) - counterOf(trained, 'models', counter);
    return {
      lost: sent - (counterOf(trained, 'traffic', 'packets') - counterOf(without, 'traffic', 'packets')),
      sent,
      judged: more('judged'),
      unjudged: more('unjudged'),
      addedBytes: judging.cost.memoryBytes - without.cost.memoryBytes,
    };
  } finally {
    server.kill();
    await daemon.stop();
    process.off('exit', removePair);
    pair.remove();
  }
}

/** Answers on the near side, once it says that it does. */
async function serve(pair: NamespacePair): Promise<ChildProcess> {
  const [file, ...args] = [...pair.inside(pair.near), process.execPath, CONNECT, 'serve', ADDRESS, PORT];
  const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (server.stdout === null) throw new BenchmarkError('the server has no pipe');
  await once(server.stdout, 'data');
  return server;
}

/** Made-up flows as `holdfast flows --csv` would write them: amounts go with the size of the flow. */
function flowTable(): string {
  const random = new Random(1);
  const columns = TABLE_COLUMNS.flow.filter(({ meaning }) => meaning !== 'name');
  const lines = Array.from({ length: LEARNT_ROWS }, () => {
    const size = random.below(4) === 0 ? LARGE : 1;
    const amounts = columns.map((_, column) => size * Math.exp((column % 7) + random.normal() / 2));
    return [TCP, ...amounts].join();
  });
  return [['Protocol', ...columns.map(({ name }) => name)].join(), ...lines].join('\n');
}

function counterOf({ health }: Status, name: string, counter: string): number {
  return health.find(({ part }) => part === name)?.counters[counter] ?? 0;
}

function shownMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
