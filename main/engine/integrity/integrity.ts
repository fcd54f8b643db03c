/** Makes a baseline, compares the computer with it, and takes changes in. */
import { setImmediate } from 'node:timers/promises';
import { FailureError } from '../runtime/failure.ts';
import { readAttributes } from './attributes.ts';
import { type Baseline, readBaseline, writeBaseline } from './baseline-file.ts';
import { acceptInto, compareEntries, type Entry, type IntegrityChange } from './entry.ts';
import { hashFiles } from './hash-pool.ts';
import { matchingPackages } from './package-sums.ts';
import { walkPaths } from './walk.ts';

export const INTEGRITY_STEPS = ['looking', 'reading', 'comparing'] as const;
export type IntegrityStep = (typeof INTEGRITY_STEPS)[number];

export interface IntegrityProgress {
  readonly step: IntegrityStep;
  /** Files whose content was read, of how many. */
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface IntegrityScope {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
}

export interface IntegrityRun {
  /** Where the baseline is kept; the engine's own (ensureOwnDirectory). */
  readonly directory: string;
  readonly threads: number;
  /** Path of `sense`, for extended attributes; they are not covered where it is left out or does not work. */
  readonly helper?: string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** For tests: where dpkg keeps its lists. */
  readonly packageFolder?: string;
  onProgress?(progress: IntegrityProgress): void;
}

export interface BaselineSummary {
  readonly createdMs: number;
  readonly acceptedMs: number;
  readonly paths: readonly string[];
  readonly entries: number;
  /** What could not be looked at, in sentences. */
  readonly problems: readonly string[];
}

export interface IntegrityReport extends BaselineSummary {
  readonly checkedMs: number;
  readonly changes: readonly IntegrityChange[];
  /** Bytes that were read; the rest was known by its time of change. */
  readonly bytesRead: number;
}

/** @throws FailureError `nothing-to-cover`, `integrity-not-stored`; the signal's reason */
export async function initBaseline(scope: IntegrityScope, run: IntegrityRun): Promise<BaselineSummary> {
  const { entries, problems } = await look(scope, new Map(), run, true);
  if (entries.size === 0) {
    const message = 'None of the paths of the integrity baseline is on this computer.';
    throw new FailureError({ code: 'nothing-to-cover', message, hint: 'Name others in the setting integrity.paths.' });
  }
  const baseline = { createdMs: run.nowMs, acceptedMs: run.nowMs, ...scope, entries };
  await writeBaseline(run.directory, baseline, true);
  return summaryOf(baseline, problems);
}

/**
 * Compares with the paths that the baseline was made of, whatever the settings say by now.
 *
 * @param isFull whether content is read even where inode, time of change and size say that it is the same; whoever is
 *   root can forge those
 * @throws FailureError `no-baseline`, `baseline-tampered`, `no-integrity-key`; the signal's reason
 */
export async function checkBaseline(isFull: boolean, run: IntegrityRun): Promise<IntegrityReport> {
  const baseline = await readBaseline(run.directory);
  const { entries, problems, bytesRead } = await look(baseline, baseline.entries, run, isFull);
  const found = compareEntries(baseline.entries, entries);
  const packages = await explaining(found, run);
  const changes = packages.size === 0 ? found : compareEntries(baseline.entries, entries, packages);
  return { ...summaryOf(baseline, problems), checkedMs: run.nowMs, changes, bytesRead };
}

/**
 * Takes changes of a report in, as they were seen by it: what changed since then shows at the next check.
 *
 * @throws FailureError as of `checkBaseline`
 */
export async function acceptChanges(
  changes: readonly IntegrityChange[],
  run: Pick<IntegrityRun, 'directory' | 'nowMs'>,
): Promise<BaselineSummary> {
  const baseline = await readBaseline(run.directory);
  const accepted = { ...baseline, acceptedMs: run.nowMs, entries: acceptInto(baseline.entries, changes) };
  await writeBaseline(run.directory, accepted, false);
  return summaryOf(accepted, []);
}

/** What is in the baseline. @throws FailureError `no-baseline`, `baseline-tampered`, `no-integrity-key` */
export async function baselineSummary(directory: string): Promise<BaselineSummary> {
  return summaryOf(await readBaseline(directory), []);
}

function summaryOf({ createdMs, acceptedMs, paths, entries }: Baseline, problems: readonly string[]): BaselineSummary {
  return { createdMs, acceptedMs, paths, entries: entries.size, problems };
}

const NO_ATTRIBUTES =
  'Extended attributes (capabilities of files, access lists) are not covered: build the helper with "make -C native-helpers/sense".';

interface Seen {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly problems: readonly string[];
  readonly bytesRead: number;
}

async function look(
  scope: IntegrityScope,
  known: ReadonlyMap<string, Entry>,
  run: IntegrityRun,
  isFull: boolean,
): Promise<Seen> {
  const { signal, threads, onProgress } = run;
  signal.throwIfAborted();
  onProgress?.({ step: 'looking', files: 0, totalFiles: 0, bytes: 0, totalBytes: 0 });
  const walk = walkPaths(scope.paths, scope.exclude);
  let step = walk.next();
  while (!step.done) {
    await setImmediate();
    signal.throwIfAborted();
    step = walk.next();
  }
  const { entries, problems, foreign } = step.value;
  const isSame = (entry: Entry): boolean => {
    const before = known.get(entry.path);
    return !isFull && before !== undefined && before.stamp === entry.stamp && before.digest !== '';
  };
  const jobs = entries.filter((entry) => entry.kind === 'file' && !isSame(entry));
  const totalBytes = jobs.reduce((sum, { size }) => sum + size, 0);
  let bytesRead = 0;
  const digests = await hashFiles(jobs, {
    threads,
    wantsMd5: false,
    signal,
    onProgress: (files, bytes) => {
      bytesRead = bytes;
      onProgress?.({ step: 'reading', files, totalFiles: jobs.length, bytes, totalBytes });
    },
  });
  const paths = entries.filter(({ kind }) => kind !== 'other').map(({ path }) => path);
  const attributes = run.helper === undefined ? undefined : await readAttributes(run.helper, paths, signal);
  signal.throwIfAborted();
  const withDigests = entries.map((entry): readonly [string, Entry] => {
    const digest = digests.get(entry.path)?.sha256 ?? (isSame(entry) ? known.get(entry.path)?.digest : undefined);
    const told = attributes?.get(entry.path);
    return [
      entry.path,
      { ...entry, ...(digest !== undefined && { digest }), ...(told !== undefined && { attributes: told }) },
    ];
  });
  // What is not looked at has not been removed.
  const unseen = unseenOf(known, foreign).map((entry) => [entry.path, entry] as const);
  const uncovered = attributes === undefined ? [NO_ATTRIBUTES] : [];
  return { entries: new Map([...unseen, ...withDigests]), problems: [...problems, ...uncovered], bytesRead };
}

/** Entries of the baseline at or below what others serve by now. */
function unseenOf(known: ReadonlyMap<string, Entry>, foreign: readonly string[]): readonly Entry[] {
  if (foreign.length === 0) return [];
  const places = new Set(foreign);
  return [...known.values()].filter(({ path }) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (places.has(path.slice(0, end))) return true;
    }
    return false;
  });
}

/** Which of the changed files are as a package brought them. */
async function explaining(
  changes: readonly IntegrityChange[],
  run: IntegrityRun,
): Promise<ReadonlyMap<string, string>> {
  const files = changes.flatMap(({ after }) => (after?.kind === 'file' && after.digest !== '' ? [after] : []));
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const digests = await hashFiles(files, {
    threads: run.threads,
    wantsMd5: true,
    signal: run.signal,
    onProgress: (read, bytes) =>
      run.onProgress?.({ step: 'comparing', files: read, totalFiles: files.length, bytes, totalBytes }),
  });
  const sums = new Map<string, string>();
  for (const { path, digest } of files) {
    const now = digests.get(path);
    // Another content by now: the sum would be that of something else than what is told.
    if (now !== undefined && now.sha256 === digest) sums.set(path, now.md5);
  }
  return await matchingPackages(sums, run.packageFolder);
}
