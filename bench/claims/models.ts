import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Random } from '../../main/engine/models/index.ts';
import { findProgram } from '../../scripts/lib/programs.mjs';
import { atMost, type Benchmark } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { measure } from '../measure.ts';
import { makeScratch, removeScratch } from '../scratch.ts';
import { ratiosOf, spreadOf } from '../statistics.ts';

const ROWS = 20_000;
const COLUMNS = 80;
/** In which 95 of 100 normal rows have 30 neighbours. */
const RADIUS = 10.7;
const FOLDER = import.meta.dirname;
const LIMIT_SECONDS = 280;

/** What share of scikit-learn's time it may take: scores are what is waited for, but fitting must not take longer either. */
const LIMITS: Readonly<Record<string, number>> = {
  'isolation forest, fit': 0.25,
  'isolation forest, score': 0.25,
  'isolation forest, one row': 0.25,
  'LOF of 2,048 rows, fit': 1,
  'LOF of 2,048 rows, score': 1,
  'LOF of all rows, fit': 1,
  'LOF of all rows, score': 1,
  DBSCAN: 1,
  'one-class SVM of 4,096 rows, fit': 1,
  'one-class SVM of 4,096 rows, score': 1,
};
const secondsSchema = z.record(z.string(), z.number());
type Seconds = z.infer<typeof secondsSchema>;

export const models: Benchmark = {
  name: 'models',
  claim: 'The isolation forest takes at most a quarter of the time of scikit-learn, the other models no more than it.',
  async run({ rounds, say }) {
    const python = findLearner();
    const scratch = makeScratch();
    try {
      const files = ['table', 'test'].map((name, index) => writeTable(join(scratch, name), index + 1));
      const ours: Seconds[] = [];
      const peers: Seconds[] = [];
      for (let round = 1; round <= rounds; round++) {
        const jobs = [
          async () =>
            ours.push(await work([process.execPath, join(FOLDER, 'models-work.ts'), ...files, String(RADIUS)])),
          async () => peers.push(await work([python, join(FOLDER, 'models-work.py'), ...files, String(RADIUS)])),
        ];
        for (const job of round % 2 === 0 ? jobs : jobs.toReversed()) await job();
        say(`round ${round}/${rounds}`);
      }
      return {
        programs: [],
        gates: Object.entries(LIMITS).map(([job, limit]) => {
          const ratios = ratiosOf(timesOf(ours, job), timesOf(peers, job));
          return atMost(`${job}: time / scikit-learn`, spreadOf(ratios).median, limit, 'x');
        }),
        notes: [
          `${ROWS.toLocaleString('en')} × ${COLUMNS} normal numbers, in which no search can rule anything out early: ` +
            'models of comparisons are quicker on real tables. CPU seconds on one core, arithmetic libraries on one thread.',
          ...Object.keys(LIMITS).map(
            (job) => `${job}: ${text(timesOf(ours, job))}, scikit-learn ${text(timesOf(peers, job))}`,
          ),
        ],
      };
    } finally {
      removeScratch(scratch);
    }
  },
};

function text(seconds: readonly number[]): string {
  const { median, min, max } = spreadOf(seconds);
  return `${shown(median)} (${shown(min)} to ${shown(max)})`;
}

function shown(seconds: number): string {
  return seconds < 0.1 ? `${(seconds * 1_000).toFixed(2)} ms` : `${seconds.toFixed(2)} s`;
}

function timesOf(runs: readonly Seconds[], job: string): number[] {
  return runs.map((run) => {
    const seconds = run[job];
    if (seconds === undefined) throw new BenchmarkError(`"${job}" was not measured`);
    return seconds;
  });
}

async function work(command: readonly string[]): Promise<Seconds> {
  const taskset = findProgram('taskset');
  const bound = taskset === undefined ? [] : [taskset, '--cpu-list', '0'];
  const single = ['/usr/bin/env', 'OMP_NUM_THREADS=1', 'OPENBLAS_NUM_THREADS=1'];
  const { output } = await measure([...single, ...bound, ...command], {
    keepOutput: true,
    limitSeconds: LIMIT_SECONDS,
  });
  return secondsSchema.parse(JSON.parse(output));
}

/** Debian's Python first: another one in the path seldom has the package. */
function findLearner(): string {
  for (const python of ['/usr/bin/python3', findProgram('python3')]) {
    if (python === undefined) continue;
    try {
      execFileSync(python, ['-c', 'import sklearn'], { stdio: 'ignore' });
      return resolve(python);
    } catch {
      // The next may have it.
    }
  }
  throw new BenchmarkError('scikit-learn is not installed (package "python3-sklearn"): nothing to compare with');
}

function writeTable(path: string, seed: number): string {
  const random = new Random(seed);
  writeFileSync(path, new Uint8Array(Float64Array.from({ length: ROWS * COLUMNS }, () => random.normal()).buffer));
  return path;
}
