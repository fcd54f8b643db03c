/** Work for a host that is watched: programs that start, files that are written, and what the engine says of them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Status } from '../../contract/api-schemas.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import type { Daemon } from '../daemon.ts';

const run = promisify(execFile);
/** Without a loader to run, so that the load leaves the machine to what is measured. */
const SWARM = resolve(import.meta.dirname, '../../native-helpers/sense/build/swarm-static');
const WRITER = resolve(import.meta.dirname, '../programs/write-files.py');
/** Programs are started in portions, so many a second. */
const PORTIONS_PER_SECOND = 10;
const MS_PER_SECOND = 1_000;
/** The engine tells its counts once a second, and a storm takes a while to be worked off. */
const SETTLE_MS = 5_000;
/** What must have begun before anything is measured. */
const SENSORS = ['processes', 'files'];
/** The host thread begins after all else; on a busy machine that takes a while. */
const START_LIMIT_MS = 60_000;

export interface Seen {
  readonly execs: number;
  readonly fileEvents: number;
  /** Events that a sensor or its helper could not keep, in all. */
  readonly dropped: number;
  /** Events that rules and behaviours saw, and the store did not take. */
  readonly notStored: number;
}

/** Waits until the host is watched. @throws BenchmarkError where it cannot be */
export async function hostReady(daemon: Daemon): Promise<Status> {
  if (process.geteuid?.() !== 0) throw new BenchmarkError('Only root may watch processes and files.');
  if (!existsSync(SWARM)) throw new BenchmarkError('native-helpers/sense is not built: run make tools there.');
  const isWatched = ({ health }: Status): boolean =>
    SENSORS.every((part) => health.some((entry) => entry.part === part && entry.state === 'ok'));
  return daemon.ready(isWatched, START_LIMIT_MS);
}

export function seenBy({ health }: Status): Seen {
  const count = (part: string, name: string): number =>
    health.find((entry) => entry.part === part)?.counters[name] ?? 0;
  return {
    execs: count('processes', 'execs'),
    fileEvents: count('files', 'events'),
    dropped:
      count('processes', 'dropped') +
      count('files', 'dropped') +
      count('files', 'overflows') +
      count('sockets', 'dropped'),
    notStored: count('host', 'notStored') + count('store', 'droppedEvents'),
  };
}

/** What was seen while `work` was done, with the CPU that took. */
export async function seenWhile<T>(daemon: Daemon, work: () => Promise<T>) {
  const before = seenBy(await daemon.patientStatus());
  const usedBefore = daemon.cpuSeconds();
  const begun = performance.now();
  const value = await work();
  const seconds = (performance.now() - begun) / MS_PER_SECOND;
  await sleep(SETTLE_MS);
  const status = await daemon.patientStatus();
  const after = seenBy(status);
  return {
    value,
    seconds,
    cpuSeconds: daemon.cpuSeconds() - usedBefore,
    memoryBytes: status.cost.memoryBytes,
    execs: after.execs - before.execs,
    fileEvents: after.fileEvents - before.fileEvents,
    dropped: after.dropped - before.dropped,
    notStored: after.notStored - before.notStored,
  };
}

/** Starts programs that end at once; returns how many. Falls behind where the machine cannot start as many. */
export async function startPrograms(perSecond: number, seconds: number): Promise<number> {
  const portion = Math.round(perSecond / PORTIONS_PER_SECOND);
  const begun = performance.now();
  let started = 0;
  for (let index = 0; index < seconds * PORTIONS_PER_SECOND; index++) {
    const waitMs = (index * MS_PER_SECOND) / PORTIONS_PER_SECOND - (performance.now() - begun);
    if (waitMs > 0) await sleep(waitMs);
    else if (-waitMs > seconds * MS_PER_SECOND) break;
    await run(SWARM, [String(portion)]);
    started += portion;
  }
  return started;
}

/** Starts so many programs as fast as it goes. */
export async function swarm(count: number): Promise<number> {
  await run(SWARM, [String(count)]);
  return count;
}

/** Writes small files, at a rate or, with 0, as fast as it goes; returns how many. */
export async function writeFiles(folder: string, perSecond: number, seconds: number): Promise<number> {
  const child = spawn('python3', [WRITER, folder, String(perSecond), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new BenchmarkError('bench/programs/write-files.py failed: is python3 there?');
  return Number(said);
}
