/** Entry for the tests of train-in-child.ts: does with its job what the job's seed says. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import type { TrainingJob, TrainingResult } from '../profile-types.ts';
import { serveTraining } from './training-side.ts';

export const DEEDS = { tell: 1, rowsDoNotDo: 2, throwSomething: 3, crash: 4, loop: 5, wait: 6, fillHeap: 7 } as const;

const METRICS = {
  calibrationRows: 0,
  validationRows: 0,
  onePercent: 0,
  oneInThousand: 0,
  loss: null,
};

/** What the child has got, and what it is. */
function tell({ groups }: TrainingJob): TrainingResult {
  const open = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').map(Number) : [];
  const files = open.filter((fd) => {
    try {
      return (
        /^\//.test(readlinkSync(`/proc/self/fd/${fd}`)) && !readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/')
      );
    } catch {
      return false;
    }
  });
  return {
    document: {
      sums: groups.map(({ rows }) => rows.data.reduce((sum, value) => sum + value, 0)),
      environment: Object.keys(process.env).sort(),
      files: files.length,
      priorities: readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread))),
      endedFirst: readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
    },
    metrics: METRICS,
  };
}

serveTraining(async (job, { onProgress }) => {
  onProgress({
    table: job.table,
    step: 'fitting',
    group: 'tcp',
    model: 'autoencoder',
    epoch: 1,
    epochs: 2,
    losses: [{ training: 1, heldBack: 2 }],
    progress: 0.5,
    secondsLeft: null,
  });
  switch (job.seed) {
    case DEEDS.rowsDoNotDo:
      throw new RangeError('too few');
    case DEEDS.throwSomething:
      throw new Error('a mistake');
    case DEEDS.crash:
      process.exit(7);
      break;
    case DEEDS.loop:
      for (;;);
    case DEEDS.wait:
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      break;
    case DEEDS.fillHeap:
      for (const held: number[][] = []; ; ) held.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
  }
  return tell(job);
});
