/**
 * What a training run has done so far, as a file: an interrupted run goes on from here. One line of JSON says what
 * there is, and the rows follow as 64-bit little-endian numbers. It is written by this user into a directory of his
 * own; whatever does not fit in length or range is taken for no work at all.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { MODEL_GROUPS, type ModelGroup, type ModelTable } from '../../../../contract/models.ts';
import type { ModelDocument, TrainingMetrics } from '../../models/index.ts';
import { ensureOwnDirectory } from '../../runtime/paths.ts';
import type { GroupState, RowsState } from './training-rows.ts';

/** What is read: nothing of it may have changed when a run goes on. */
export interface WorkSource {
  readonly kind: 'capture' | 'csv';
  readonly path: string;
}

/** A group whose models are fitted. */
export interface FittedGroup {
  readonly group: ModelGroup;
  readonly document: ModelDocument;
  readonly metrics: TrainingMetrics;
}

export interface TrainingWork {
  /** Of the sources, in their order, so many are read. */
  readonly sourcesRead: number;
  /** Lines of tables that could not be read. */
  readonly unreadable: number;
  readonly rows: RowsState;
  /** Only once everything is read. */
  readonly fitted: readonly FittedGroup[];
}

const FORMAT = 'holdfast-training-work';
const VERSION = 1;
const PRIVATE_FILE = 0o600;
/** Rows of the largest sample with their models. */
const MAX_BYTES = 1_024 * 1_024 * 1_024;
/** Nobody goes on after so long. */
const KEPT_MS = 7 * 86_400_000;
const SUFFIX = '.work';

/**
 * The name of a run: the same for the same files, unchanged since, and the same way of learning from them.
 *
 * @param settings all that decides the result besides the files
 */
export function workKey(sources: readonly WorkSource[], settings: object): string {
  const files = sources.map(({ kind, path }) => {
    const entry = statSync(path, { throwIfNoEntry: false });
    return [kind, resolve(path), entry?.size ?? null, entry?.mtimeMs ?? null];
  });
  return createHash('sha256')
    .update(JSON.stringify([files, settings]))
    .digest('hex')
    .slice(0, 32);
}

export class WorkFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #columns: number;
  readonly #table: ModelTable;

  /** @throws FailureError where the directory is not safe, or cannot be made */
  constructor(directory: string, key: string, table: ModelTable, columns: number) {
    ensureOwnDirectory(directory);
    this.#directory = directory;
    this.#path = join(directory, `training-${key}${SUFFIX}`);
    this.#columns = columns;
    this.#table = table;
  }

  /** Undefined where there is none, or none that can be gone on from. */
  read(): TrainingWork | undefined {
    const bytes = readOwn(this.#path);
    return bytes === undefined ? undefined : parseWork(bytes, this.#table, this.#columns);
  }

  /** Whole or not at all. @throws of the file system */
  write(work: TrainingWork): void {
    const temporary = `${this.#path}.new`;
    rmSync(temporary, { force: true });
    try {
      writeFileSync(temporary, workBytes(work), { flag: 'wx', mode: PRIVATE_FILE });
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  /** Takes away what nobody will go on with. */
  removeOld(nowMs: number): void {
    for (const name of readdirSync(this.#directory)) {
      if (!name.startsWith('training-') || !name.includes(SUFFIX)) continue;
      const path = join(this.#directory, name);
      const entry = statSync(path, { throwIfNoEntry: false });
      if (entry !== undefined && nowMs - entry.mtimeMs > KEPT_MS) rmSync(path, { force: true });
    }
  }
}

function readOwn(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const entry = fstatSync(descriptor);
    if (!entry.isFile() || entry.size > MAX_BYTES) return undefined;
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function workBytes({ sourcesRead, unreadable, rows, fitted }: TrainingWork): Buffer {
  const groups = rows.groups.map(({ group, seen, order }) => ({ group, seen, rows: order.length }));
  const { next, flagged, fromMs, untilMs } = rows;
  const head = {
    format: FORMAT,
    version: VERSION,
    sourcesRead,
    unreadable,
    next,
    flagged,
    fromMs,
    untilMs,
    groups,
    fitted,
  };
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify(head)}\n`)];
  for (const { order, values } of rows.groups) parts.push(bytesOf(order), bytesOf(values));
  return Buffer.concat(parts);
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

type Head = Readonly<Record<string, unknown>>;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): value is number | null => value === null || Number.isFinite(value);

function parseWork(bytes: Buffer, table: ModelTable, columns: number): TrainingWork | undefined {
  const end = bytes.indexOf(0x0a);
  const head = end < 0 ? undefined : parseHead(bytes.subarray(0, end).toString('utf8'));
  if (head === undefined || head.format !== FORMAT || head.version !== VERSION) return undefined;
  const { sourcesRead, unreadable, next, flagged, fromMs, untilMs } = head;
  if (![sourcesRead, unreadable, next, flagged].every(isCount) || !isTime(fromMs) || !isTime(untilMs)) return undefined;
  const known: readonly string[] = MODEL_GROUPS[table];
  const groups: GroupState[] = [];
  let at = end + 1;
  for (const each of Array.isArray(head.groups) ? (head.groups as unknown[]) : []) {
    const { group, seen, rows } = (each ?? {}) as Head;
    if (typeof group !== 'string' || !known.includes(group) || !isCount(seen) || !isCount(rows)) return undefined;
    const length = rows * (1 + columns) * Float64Array.BYTES_PER_ELEMENT;
    if (at + length > bytes.length) return undefined;
    const numbers = new Float64Array(rows * (1 + columns));
    bytesOf(numbers).set(bytes.subarray(at, at + length));
    groups.push({ group: group as ModelGroup, seen, order: numbers.slice(0, rows), values: numbers.slice(rows) });
    at += length;
  }
  if (at !== bytes.length) return undefined;
  const fitted = Array.isArray(head.fitted) ? (head.fitted as FittedGroup[]) : [];
  const rows = { groups, next, flagged, fromMs, untilMs } as RowsState;
  return { sourcesRead: sourcesRead as number, unreadable: unreadable as number, rows, fitted };
}

function parseHead(text: string): Head | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Head) : undefined;
  } catch {
    return undefined;
  }
}
