import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { TrainingProgress } from '../../../../contract/models.ts';
import { FailureError } from '../../runtime/failure.ts';
import { matrixOf } from '../matrix.ts';
import type { TrainingJob, TrainingResult } from '../profile-types.ts';
import { type TrainingChildOptions, trainProfileInChild } from './train-in-child.ts';

/** As in testing-child.ts, which is no module to import: it serves. */
const DEEDS = { tell: 1, rowsDoNotDo: 2, throwSomething: 3, crash: 4, loop: 5, wait: 6, fillHeap: 7 } as const;
const ENTRY = new URL('./testing-child.ts', import.meta.url);

function job(deed: keyof typeof DEEDS): TrainingJob {
  return {
    table: 'flow',
    kinds: ['autoencoder'],
    seed: DEEDS[deed],
    groups: [
      {
        group: 'tcp',
        rows: matrixOf([
          [1, 2],
          [3, 4],
          [5, Number.NaN],
        ]),
      },
      { group: 'udp', rows: { rows: 300_000, columns: 1, data: new Float64Array(300_000).fill(0.5) } },
      { group: 'other', rows: { rows: 0, columns: 2, data: new Float64Array(0) } },
    ],
  };
}

interface Run {
  readonly result: Promise<TrainingResult>;
  readonly progress: readonly TrainingProgress[];
  readonly pids: readonly number[];
  readonly controller: AbortController;
}

function train(deed: keyof typeof DEEDS, options: TrainingChildOptions = {}): Run {
  const controller = new AbortController();
  const progress: TrainingProgress[] = [];
  const pids: number[] = [];
  const hooks = { onProgress: (told: TrainingProgress) => progress.push(told), signal: controller.signal };
  const onStart = (pid: number) => pids.push(pid);
  const result = trainProfileInChild(job(deed), hooks, { entry: ENTRY, onStart, ...options });
  // Looked at later; until then it is no unhandled one.
  result.catch(() => {});
  return { result, progress, pids, controller };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function failureOf({ result }: Run) {
  const error: unknown = await result.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FailureError)) throw error ?? new Error('it did not fail');
  return error;
}

describe('trainProfileInChild', () => {
  it('hands over the rows, and tells progress and the result', async () => {
    const run = train('tell');
    const { document, metrics } = await run.result;
    // What is not a number stays so, and the next group begins where it should.
    expect(document.sums).toEqual([null, 150_000, 0]);
    expect(metrics.loss).toBeNull();
    expect(run.progress).toMatchObject([{ step: 'fitting', epoch: 1 }]);
    expect(isAlive(run.pids[0]!)).toBe(false);
  });

  it('gives nothing of its own away, and lets all others go first', async () => {
    process.env.HOLDFAST_TEST_SECRET = 'secret';
    try {
      const { document } = await train('tell').result;
      expect(document.environment).not.toContain('HOLDFAST_TEST_SECRET');
      expect(document.files).toBe(0);
      expect(new Set(document.priorities as number[])).toEqual(new Set([19]));
      expect(document.endedFirst).toBe('1000');
    } finally {
      delete process.env.HOLDFAST_TEST_SECRET;
    }
  });

  it('says when the rows do not do, and when it made a mistake', async () => {
    const rows = await failureOf(train('rowsDoNotDo'));
    expect(rows.failure).toMatchObject({ code: 'training-rows', message: expect.stringContaining('too few') });
    const mistake = await failureOf(train('throwSomething'));
    expect(mistake.failure.code).toBe('training-crashed');
    const crash = await failureOf(train('crash'));
    expect(crash.failure.code).toBe('training-crashed');
    expect(crash.failure.hint).not.toBe('');
  });

  it('ends a child that computes without end when it is told to, with the reason', async () => {
    const run = train('loop');
    await expect.poll(() => run.progress.length, { timeout: 10_000 }).toBe(1);
    run.controller.abort(new Error('changed my mind'));
    await expect(run.result).rejects.toThrow('changed my mind');
    expect(isAlive(run.pids[0]!)).toBe(false);
  });

  it('does not begin where it was told to end before', async () => {
    const controller = new AbortController();
    controller.abort();
    const training = trainProfileInChild(job('tell'), { onProgress: () => {}, signal: controller.signal });
    await expect(training).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('ends a child that takes too long, or too much memory', async () => {
    const slow = train('wait', { limitMs: 300 });
    expect((await failureOf(slow)).failure.code).toBe('training-too-long');
    expect(isAlive(slow.pids[0]!)).toBe(false);
    const large = train('wait', { memoryBytes: 1 });
    expect((await failureOf(large)).failure.code).toBe('training-memory');
    expect(isAlive(large.pids[0]!)).toBe(false);
  });

  it('says so where the heap is full', async () => {
    expect((await failureOf(train('fillHeap', { heapMebibytes: 40 }))).failure.code).toBe('training-memory');
  });

  it('refuses rows that are not what they say', async () => {
    const wrong = {
      ...job('tell'),
      groups: [{ group: 'tcp' as const, rows: { rows: 2, columns: 2, data: new Float64Array(3) } }],
    };
    const training = trainProfileInChild(wrong, { onProgress: () => {}, signal: new AbortController().signal });
    await expect(training).rejects.toThrow(RangeError);
  });

  it('ends with the engine', async () => {
    const code = `
      import { trainProfileInChild } from ${JSON.stringify(new URL('./train-in-child.ts', import.meta.url).href)};
      const job = { table: 'flow', kinds: ['autoencoder'], seed: ${DEEDS.wait}, groups: [] };
      let pid;
      trainProfileInChild(
        job,
        { onProgress: () => console.log(pid), signal: new AbortController().signal },
        { entry: new URL(${JSON.stringify(ENTRY.href)}), onStart: (started) => { pid = started; } },
      );`;
    const engine = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(engine.stdout.setEncoding('utf8'), 'data')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    engine.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});
