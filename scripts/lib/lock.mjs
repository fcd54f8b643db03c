/** One set-up at a time in one tree: two `npm ci` would delete each other's files. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How often a waiting set-up looks whether the other has finished. */
const POLL_MS = 200;

/**
 * Does the work while holding the lock; waits as long as another live process holds it.
 * @template T
 * @param {string} path of the lock file, which holds the process id of its owner
 * @param {() => T} work
 * @param {(owner: number) => void} onWait called once when another process holds the lock
 * @returns {T}
 */
export function withLock(path, work, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  for (let waits = 0; !tryLock(path); ) {
    const owner = readOwner(path);
    if (owner === undefined) continue; // It finished just now.
    if (!isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (waits === 0) onWait(owner);
    waits += 1;
    sleep(POLL_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * The file appears under its name with its content, so that nobody takes it for one that a dead process left.
 * @param {string} path
 */
function tryLock(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {number | undefined} NaN when the file holds no process id
 */
function readOwner(path) {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM'; // A process of another user is alive too.
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** @param {number} ms */
function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
