/** What was last known of the computer, kept so that changes made while nobody looked are noticed. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../runtime/failure.ts';
import type { Fact, FactForm, FactValue } from './collector.ts';

/** Facts of one collector. */
export interface SnapshotPart {
  readonly facts: ReadonlyMap<string, Fact>;
  /** When a fact was first seen; those that were there from the beginning have none. Milliseconds since the epoch. */
  readonly firstSeenMs: ReadonlyMap<string, number>;
  /** Homes that were looked into (Home.id). */
  readonly homes: ReadonlySet<string>;
}

export interface SystemSnapshot {
  readonly takenMs: number;
  /** Of the run of the kernel; empty where it is not known. */
  readonly bootId: string;
  /** Who looked: another user sees more or less of the computer, which is no change of it. */
  readonly userId: number;
  readonly parts: ReadonlyMap<string, SnapshotPart>;
}

/** Where the last snapshot is kept. `load` gives undefined where there is none or it cannot be used. */
export interface SnapshotStore {
  load(): SystemSnapshot | undefined;
  /** @throws what hinders it from being kept */
  save(snapshot: SystemSnapshot): void;
}

/** For as long as this process lives. */
export class MemorySnapshotStore implements SnapshotStore {
  #snapshot: SystemSnapshot | undefined;

  load(): SystemSnapshot | undefined {
    return this.#snapshot;
  }

  save(snapshot: SystemSnapshot): void {
    this.#snapshot = snapshot;
  }
}

export const EMPTY_PART: SnapshotPart = { facts: new Map(), firstSeenMs: new Map(), homes: new Set() };

/** Another form of facts, or other files that they are of: what an older version kept is not compared with. */
const VERSION = 2;
/** Of a desktop 1 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const PRIVATE_FILE = 0o600;
const OTHERS_CAN_WRITE = 0o022;
const MAX_FACTS = 50_000;
const MAX_HOMES = 2_048;
const MAX_VALUE = 8_192;
const MAX_LIST = 10_000;
const SNAPSHOT_FILE = 'holdfast.system.json';

/** As JSON in the data directory, which must be the engine's own (ensureOwnDirectory). */
export class FileSnapshotStore implements SnapshotStore {
  readonly #directory: string;
  readonly #forms: readonly FactForm[];
  readonly #onProblem: (message: string) => void;

  /** @param forms what the facts of each part look like: snapshotForms() */
  constructor(directory: string, forms: readonly FactForm[], onProblem: (message: string) => void = () => {}) {
    this.#directory = directory;
    this.#forms = forms;
    this.#onProblem = onProblem;
  }

  load(): SystemSnapshot | undefined {
    try {
      const text = readOwn(join(this.#directory, SNAPSHOT_FILE));
      if (text === undefined) return undefined;
      const snapshot = snapshotOf(JSON.parse(text), this.#forms);
      if (snapshot === undefined)
        this.#onProblem('What was known of the system is of another version; it begins anew.');
      return snapshot;
    } catch (error) {
      this.#onProblem(`What was known of the system cannot be read, so it begins anew: ${messageOf(error)}.`);
      return undefined;
    }
  }

  save(snapshot: SystemSnapshot): void {
    replaceFile(this.#directory, SNAPSHOT_FILE, JSON.stringify(documentOf(snapshot)));
  }
}

function readOwn(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { uid, mode, size } = fstatSync(fd);
    if (uid !== process.geteuid?.() || (mode & OTHERS_CAN_WRITE) !== 0) throw new Error('others can write it');
    if (size > MAX_FILE_BYTES) throw new Error('it is too large');
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Whoever reads it, and whatever fails on the way, finds the old one or the new one. */
function replaceFile(directory: string, name: string, text: string): void {
  const fresh = join(directory, `holdfast.${randomBytes(6).toString('hex')}.new`);
  try {
    const fd = openSync(fresh, 'wx', PRIVATE_FILE);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, join(directory, name));
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function documentOf({ takenMs, bootId, userId, parts }: SystemSnapshot): unknown {
  return {
    version: VERSION,
    takenMs,
    bootId,
    userId,
    parts: Object.fromEntries(
      [...parts].map(([name, { facts, firstSeenMs, homes }]) => [
        name,
        { facts: [...facts], firstSeenMs: [...firstSeenMs], homes: [...homes] },
      ]),
    ),
  };
}

/** Undefined for what is no snapshot of this version; parts and facts of a wrong form are left out. */
export function snapshotOf(document: unknown, forms: readonly FactForm[]): SystemSnapshot | undefined {
  if (!isRecord(document) || document.version !== VERSION || !isRecord(document.parts)) return undefined;
  const { takenMs, bootId, userId, parts } = document;
  if (typeof takenMs !== 'number' || typeof bootId !== 'string' || typeof userId !== 'number') return undefined;
  const found = new Map<string, SnapshotPart>();
  for (const form of forms) {
    const part = Object.hasOwn(parts, form.name) ? parts[form.name] : undefined;
    if (isRecord(part)) found.set(form.name, partOf(part, form));
  }
  return { takenMs, bootId, userId, parts: found };
}

function partOf(part: Readonly<Record<string, unknown>>, { shape }: FactForm): SnapshotPart {
  const facts = new Map<string, Fact>();
  for (const [key, value] of pairs(part.facts)) if (isFact(value, shape)) facts.set(key, value);
  const firstSeenMs = new Map<string, number>();
  for (const [key, value] of pairs(part.firstSeenMs))
    if (typeof value === 'number' && facts.has(key)) firstSeenMs.set(key, value);
  const homes = Array.isArray(part.homes) ? part.homes.slice(0, MAX_HOMES) : [];
  return { facts, firstSeenMs, homes: new Set(homes.filter((home): home is string => typeof home === 'string')) };
}

function* pairs(value: unknown): Generator<readonly [string, unknown]> {
  if (!Array.isArray(value)) return;
  for (const pair of value.slice(0, MAX_FACTS))
    if (Array.isArray(pair) && typeof pair[0] === 'string') yield [pair[0], pair[1]];
}

function isFact(value: unknown, shape: FactForm['shape']): value is Fact {
  if (!isRecord(value)) return false;
  const names = Object.keys(shape);
  return names.length === Object.keys(value).length && names.every((name) => isValue(value[name], shape[name]));
}

function isValue(value: unknown, type: string | undefined): value is FactValue {
  if (type !== 'list') return typeof value === type && (typeof value !== 'string' || value.length <= MAX_VALUE);
  return Array.isArray(value) && value.length <= MAX_LIST && value.every((each) => isValue(each, 'string'));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
