/**
 * The baseline on the disk: one line of JSON about it, one for each entry, and a last line with the seal over all
 * before it. A changed, inserted, removed or cut-off line breaks the seal.
 */
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
import { setImmediate } from 'node:timers/promises';
import { codeOf, FailureError, messageOf } from '../runtime/failure.ts';
import { ENTRY_KINDS, type Entry } from './entry.ts';
import { isSameSeal, SealKey } from './seal.ts';
import { MAX_ENTRIES } from './walk.ts';

export interface Baseline {
  readonly createdMs: number;
  /** When changes were last accepted; the same as `createdMs` at first. */
  readonly acceptedMs: number;
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly entries: ReadonlyMap<string, Entry>;
}

const BASELINE_FILE = 'holdfast.integrity';
const KEY_FILE = 'holdfast.integrity.key';
const FORMAT = 1;
const PRIVATE_FILE = 0o600;
/** A million entries of 300 bytes. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const LINES_A_TURN = 2_000;

/** @param isNew made anew, and not one that was read with its key @throws FailureError `integrity-not-stored`, `no-integrity-key` */
export async function writeBaseline(directory: string, baseline: Baseline, isNew: boolean): Promise<void> {
  const keyPath = join(directory, KEY_FILE);
  const key = isNew ? SealKey.openForNew(keyPath) : SealKey.open(keyPath, false);
  const seal = key.begin();
  const fresh = join(directory, `holdfast.${randomBytes(6).toString('hex')}.new`);
  try {
    const fd = openSync(fresh, 'wx', PRIVATE_FILE);
    try {
      const { entries, ...about } = baseline;
      let text = `${JSON.stringify({ format: FORMAT, ...about, count: entries.size })}\n`;
      let lines = 0;
      for (const entry of entries.values()) {
        text += `${JSON.stringify(rowOf(entry))}\n`;
        if (++lines % LINES_A_TURN !== 0) continue;
        seal.update(text);
        writeAll(fd, text);
        text = '';
        await setImmediate();
      }
      seal.update(text);
      writeAll(fd, `${text}${JSON.stringify({ seal: seal.digest('hex') })}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, join(directory, BASELINE_FILE));
  } catch (error) {
    rmSync(fresh, { force: true });
    const why = codeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
    const message = `The integrity baseline could not be stored, so nothing was changed: ${why}.`;
    const hint = 'Make the data directory writable, with room on its disk, and try again.';
    throw new FailureError({ code: 'integrity-not-stored', message, hint }, error);
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** @throws FailureError `no-baseline`, `baseline-tampered`, `no-integrity-key` */
export async function readBaseline(directory: string): Promise<Baseline> {
  const bytes = readBytes(join(directory, BASELINE_FILE));
  if (bytes === undefined) throw noBaseline();
  const key = SealKey.open(join(directory, KEY_FILE), false);
  // The last line ends the file, so the one before it ends at the newline before.
  const sealStart = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  const last = parsed(bytes.toString('utf8', sealStart)) as { readonly seal?: unknown } | undefined;
  const computed = key.begin().update(bytes.subarray(0, sealStart)).digest('hex');
  if (typeof last?.seal !== 'string' || !isSameSeal(computed, last.seal)) throw tampered();
  return await baselineOf(bytes.subarray(0, sealStart));
}

const NEWLINE = 0x0a;

async function baselineOf(bytes: Buffer): Promise<Baseline> {
  let head: Record<string, unknown> | undefined;
  const entries = new Map<string, Entry>();
  let lines = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start);
    const value = parsed(bytes.toString('utf8', start, end === -1 ? bytes.length : end));
    start = end === -1 ? bytes.length : end + 1;
    if (head === undefined) head = value as Record<string, unknown> | undefined;
    else {
      const entry = entryOf(value);
      if (entry === undefined || entries.size >= MAX_ENTRIES) throw tampered();
      entries.set(entry.path, entry);
    }
    if (++lines % LINES_A_TURN === 0) await setImmediate();
  }
  if (head?.format !== FORMAT || head.count !== entries.size) throw tampered();
  const { createdMs, acceptedMs, paths, exclude } = head;
  if (typeof createdMs !== 'number' || typeof acceptedMs !== 'number' || !isTexts(paths) || !isTexts(exclude))
    throw tampered();
  return { createdMs, acceptedMs, paths, exclude, entries };
}

function rowOf({
  path,
  kind,
  mode,
  uid,
  gid,
  size,
  digest,
  target,
  attributes,
  stamp,
}: Entry): readonly (string | number)[] {
  return [path, kind, mode, uid, gid, size, digest, target, attributes, stamp];
}

function entryOf(value: unknown): Entry | undefined {
  if (!Array.isArray(value)) return undefined;
  const [path, kindName, mode, uid, gid, size, digest, target, attributes, stamp] = value as readonly unknown[];
  const kind = ENTRY_KINDS.find((each) => each === kindName);
  const isWhole = isTexts([path, digest, target, attributes, stamp]) && [mode, uid, gid, size].every(Number.isInteger);
  if (kind === undefined || !isWhole) return undefined;
  return { path, kind, mode, uid, gid, size, digest, target, attributes, stamp } as Entry;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readBytes(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw tampered();
    return readFileSync(fd);
  } catch (error) {
    throw error instanceof FailureError ? error : unreadable(path, error);
  } finally {
    closeSync(fd);
  }
}

function noBaseline(): FailureError {
  const hint = 'Make one while you trust this computer: "holdfast integrity init".';
  return new FailureError({ code: 'no-baseline', message: 'There is no integrity baseline yet.', hint });
}

function tampered(): FailureError {
  const message = 'The integrity baseline is not as Holdfast wrote it: somebody changed it, or the disk has errors.';
  const hint = 'What it says cannot be believed. Look into it, and make a new one with "holdfast integrity init".';
  return new FailureError({ code: 'baseline-tampered', message, hint });
}

function unreadable(path: string, error: unknown): FailureError {
  const message = `The integrity baseline cannot be read: ${path}: ${messageOf(error)}.`;
  return new FailureError({ code: 'no-baseline', message, hint: 'Run the command as the user that made it.' }, error);
}
