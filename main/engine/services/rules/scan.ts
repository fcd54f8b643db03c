/** Files and folders looked through with rules in YARA and lists of hashes. */
import { lstat, opendir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Indicator } from '../../../../contract/indicators.ts';
import { type CompiledIndicators, IndicatorTable } from '../../indicators/index.ts';
import { codeOf, FailureError } from '../../runtime/failure.ts';
import { importedYaraRules, OWN_YARA_RULES } from '../../yara/index.ts';
import type { FileVerdict, RuleProblemOfScan, ScanHit } from './scan-messages.ts';
import { ScanThread } from './scan-thread.ts';

export type { FileVerdict, RuleProblemOfScan, ScanHit } from './scan-messages.ts';

export interface ScanOptions {
  readonly paths: readonly string[];
  /** Files and folders of rules; left out: those of Holdfast and those that were taken in. */
  readonly rules?: readonly string[];
  readonly dataDirectory: string;
  /** Hashes that are known to be bad. */
  readonly indicators?: CompiledIndicators;
  readonly maxFileBytes?: number;
  /** Goes into other file systems that are mounted below the paths. */
  readonly crossesMounts?: boolean;
  readonly signal?: AbortSignal;
  readonly onFound?: (found: FoundFile) => void;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly files: number;
  readonly bytes: number;
  readonly found: number;
  /** The file that was looked at last. */
  readonly path: string;
}

/** A file in which something was found. */
export interface FoundFile extends Pick<FileVerdict, 'path' | 'sizeBytes' | 'sha256'> {
  readonly hits: readonly ScanHit[];
  /** Lists that know one of its hashes. */
  readonly known: readonly Indicator[];
}

export interface ScanResult extends Omit<ScanProgress, 'path'> {
  /** Files and what is packed inside of them. */
  readonly contents: number;
  readonly rules: number;
  readonly problems: readonly RuleProblemOfScan[];
  readonly foundFiles: readonly FoundFile[];
  /** What was not looked at, at most MAX_GAPS of them: "PATH: reason". */
  readonly gaps: readonly string[];
  readonly gapCount: number;
  readonly durationMs: number;
}

const MAX_FILE_BYTES = 128 * 2 ** 20;
const RULE_TIMEOUT_MS = 20_000;
const MAX_GAPS = 1_000;
const MAX_FOUND = 10_000;
/** Files asked for ahead of each thread, so that it never waits for the folder. */
const AHEAD = 4;
/** Each thread holds the compiled rules once more. */
const MAX_THREADS = 4;
/** Made by the kernel while it is read: it has no end, or does things when it is read. */
const KERNEL_PLACES: ReadonlySet<string> = new Set(['/proc', '/sys', '/dev']);

/**
 * Looks through everything at and below the paths; links are not followed. Rules that do not compile are told and leave
 * the others in force.
 *
 * @throws FailureError where there is no such path or no rule; the signal's reason where it is aborted
 */
export async function scanFiles(options: ScanOptions): Promise<ScanResult> {
  const begunMs = performance.now();
  const rules = options.rules ?? [OWN_YARA_RULES, importedYaraRules(options.dataDirectory)];
  const data = {
    rules: await existing(rules, options.rules === undefined),
    userId: process.geteuid?.() ?? 0,
    timeoutMs: RULE_TIMEOUT_MS,
    maxFileBytes: options.maxFileBytes ?? MAX_FILE_BYTES,
  };
  const count = Math.min(MAX_THREADS, Math.max(1, availableParallelism() - 1));
  const threads = Array.from({ length: count }, () => new ScanThread(data));
  const stop = (): void => {
    for (const thread of threads) void thread.close();
  };
  options.signal?.addEventListener('abort', stop);
  try {
    const { rules: loaded, problems } = await threads[0]!.ready();
    if (loaded === 0) {
      const hint = problems[0] === undefined ? 'Name files that end in .yar or .yara.' : problems[0].reason;
      throw new FailureError({ code: 'no-rule', message: 'There is no rule to look with.', hint });
    }
    const table = options.indicators === undefined ? undefined : new IndicatorTable(options.indicators);
    const tally = new ScanTally(options, table);
    const files = filesBelow(options, (path, reason) => tally.gap(path, reason));
    const lanes = threads.flatMap((thread) => Array.from({ length: AHEAD }, () => thread));
    // One reader of the folders for all threads: they take from it in turn.
    await Promise.all(
      lanes.map(async (thread) => {
        for await (const path of files) {
          options.signal?.throwIfAborted();
          tally.take(await thread.scan(path), path);
        }
      }),
    );
    options.signal?.throwIfAborted();
    return { ...tally.result(), rules: loaded, problems, durationMs: performance.now() - begunMs };
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** The folder of rules that were taken in need not be there. */
async function existing(rules: readonly string[], mayBeMissing: boolean): Promise<readonly string[]> {
  if (!mayBeMissing) return rules;
  const there: string[] = [];
  for (const path of rules) if (await lstat(path).catch(() => undefined)) there.push(path);
  return there;
}

class ScanTally {
  readonly #options: ScanOptions;
  readonly #table: IndicatorTable | undefined;
  readonly #found: FoundFile[] = [];
  readonly #gaps: string[] = [];
  #gapCount = 0;
  #files = 0;
  #bytes = 0;
  #contents = 0;
  #foundCount = 0;

  constructor(options: ScanOptions, table: IndicatorTable | undefined) {
    this.#options = options;
    this.#table = table;
  }

  take(outcome: Awaited<ReturnType<ScanThread['scan']>>, path: string): void {
    if ('reason' in outcome) this.gap(path, outcome.reason);
    else this.#look(outcome.verdict);
    this.#options.onProgress?.({ files: this.#files, bytes: this.#bytes, found: this.#foundCount, path });
  }

  gap(path: string, reason: string): void {
    this.#gapCount += 1;
    if (this.#gaps.length < MAX_GAPS) this.#gaps.push(`${path}: ${reason}`);
  }

  result() {
    return {
      files: this.#files,
      bytes: this.#bytes,
      contents: this.#contents,
      found: this.#foundCount,
      foundFiles: this.#found,
      gaps: this.#gaps,
      gapCount: this.#gapCount,
    };
  }

  #look({ path, sizeBytes, sha256, sha1, md5, hits, contents, gaps }: FileVerdict): void {
    this.#files += 1;
    this.#bytes += sizeBytes;
    this.#contents += contents;
    for (const gap of gaps) this.gap(path, gap);
    const known = this.#listsOf({ sha256, sha1, md5 });
    if (hits.length === 0 && known.length === 0) return;
    this.#foundCount += 1;
    const found: FoundFile = { path, sizeBytes, sha256, hits, known };
    if (this.#found.length < MAX_FOUND) this.#found.push(found);
    this.#options.onFound?.(found);
  }

  /** One line of each list, by the strongest of the hashes that it has. */
  #listsOf(hashes: Readonly<Record<'sha256' | 'sha1' | 'md5', string>>): readonly Indicator[] {
    const bySource = new Map<string, Indicator>();
    for (const type of ['sha256', 'sha1', 'md5'] as const) {
      const found = this.#table?.hash(type, hashes[type]);
      if (found !== undefined && !bySource.has(found.source)) bySource.set(found.source, found);
    }
    return [...bySource.values()];
  }
}

type Gap = (path: string, reason: string) => void;

/** Regular files at and below the paths, folders as they come. @throws FailureError where a path is not there */
async function* filesBelow({ paths, crossesMounts = false, signal }: ScanOptions, gap: Gap): AsyncGenerator<string> {
  for (const path of paths) {
    const entry = await lstat(path).catch((error: unknown) => {
      const hint = 'Name files and folders that are there and that this user may read.';
      throw new FailureError({ code: 'not-readable', message: `${path} cannot be read (${codeOf(error)}).`, hint });
    });
    if (entry.isFile()) yield path;
    else if (entry.isDirectory()) yield* below(path, crossesMounts ? undefined : entry.dev, gap, signal);
    else gap(path, entry.isSymbolicLink() ? 'it is a link; name what it points to' : 'it is no regular file');
  }
}

/** Open folders are as many as the tree is deep; those that wait are names only. */
async function* below(
  root: string,
  device: number | undefined,
  gap: Gap,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal?.throwIfAborted();
    if (KERNEL_PLACES.has(folder)) continue;
    try {
      if (device !== undefined && (await lstat(folder)).dev !== device) {
        gap(folder, 'another file system; --cross-mounts looks into it');
        continue;
      }
      for await (const entry of await opendir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else if (entry.isFile()) yield path;
      }
    } catch (error) {
      signal?.throwIfAborted();
      gap(folder, codeOf(error) ?? String(error));
    }
  }
}
