/** The process that trains: takes a job, fits, tells how it goes, and ends. Nothing of the engine is in it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemClock } from '../../runtime/clock.ts';
import { setNice } from '../../runtime/priority.ts';
import type { FitProfile, TrainingGroup, TrainingJob } from '../profile-types.ts';
import { type ChildMessage, type JobHead, ROWS_DESCRIPTOR } from './training-messages.ts';

/** Five a second look smooth. */
const PROGRESS_MS = 200;
/** Ended first of all where memory runs out. */
const OUT_OF_MEMORY_SCORE = '1000';

/** Serves one job from the parent, and ends the process. The parent's end ends it as well. */
export function serveTraining(fitProfile: FitProfile): void {
  const ended = new AbortController();
  process.once('disconnect', () => {
    ended.abort();
    process.exit(1);
  });
  process.once('message', (head: JobHead) => {
    yieldToOthers(head.priority);
    void answer(head, fitProfile, ended.signal);
  });
}

async function answer(head: JobHead, fitProfile: FitProfile, signal: AbortSignal): Promise<void> {
  let message: ChildMessage;
  try {
    const result = await fitProfile(await readJob(head), {
      onProgress: progressTeller(),
      signal,
      clock: () => systemClock.monotonicMs(),
    });
    message = { type: 'done', result };
  } catch (error) {
    const isOfRows = error instanceof RangeError;
    if (!isOfRows) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    message = { type: 'failed', message: error instanceof Error ? error.message : String(error), isOfRows };
  }
  tell(message, () => process.exit(0));
}

/** Each step, and within a step so many a second as people can see. */
function progressTeller(): Parameters<FitProfile>[1]['onProgress'] {
  let told = '';
  let toldMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const place = `${progress.step} ${progress.group} ${progress.model} ${progress.epoch}`;
    if (place === told && systemClock.monotonicMs() - toldMs < PROGRESS_MS) return;
    told = place;
    toldMs = systemClock.monotonicMs();
    tell({ type: 'progress', progress });
  };
}

function tell(message: ChildMessage, then?: () => void): void {
  // What cannot be sent has nobody to hear it: the parent is gone, and its end ends this process.
  process.send?.(message, undefined, {}, () => then?.());
}

/** Every thread of the process: on Linux each has a nice value of its own, and V8's are already there. */
function yieldToOthers(priority: number): void {
  if (process.platform === 'linux') {
    for (const thread of readdirSync('/proc/self/task')) setNice(priority, Number(thread));
    writeFileSync('/proc/self/oom_score_adj', OUT_OF_MEMORY_SCORE);
  } else setNice(priority);
}

async function readJob({ groups, ...head }: JobHead): Promise<TrainingJob> {
  const read = groups.map(
    ({ group, rows, columns }): TrainingGroup => ({
      group,
      rows: { rows, columns, data: new Float64Array(rows * columns) },
    }),
  );
  await fill(read.map(({ rows }) => new Uint8Array(rows.data.buffer)).filter(({ length }) => length > 0));
  const { table, kinds, seed, parameters } = head;
  return { table, kinds, seed, groups: read, ...(parameters === undefined ? {} : { parameters }) };
}

/** @param targets none of them empty @throws Error where the pipe ends before all is full */
async function fill(targets: readonly Uint8Array[]): Promise<void> {
  const socket = new Socket({ fd: ROWS_DESCRIPTOR, readable: true, writable: false });
  let target = 0;
  let at = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length && target < targets.length; ) {
      const room = targets[target]!.length - at;
      const part = chunk.subarray(start, start + room);
      targets[target]!.set(part, at);
      start += part.length;
      at += part.length;
      if (at === targets[target]!.length) {
        target++;
        at = 0;
      }
    }
  }
  if (target < targets.length) throw new Error('the rows ended before all were there');
}
