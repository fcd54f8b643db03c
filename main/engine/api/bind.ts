/** Puts a Unix socket in its place so that nobody who must not can reach it, not even for a moment. */
import { chmodSync, chownSync, linkSync, lstatSync, mkdtempSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { codeOf, FailureError, messageOf } from '../runtime/failure.ts';

export interface SocketPlace {
  readonly path: string;
  /** File mode; connecting needs the right to write. */
  readonly mode: number;
  /** Owning group; the process's own where it is left out. */
  readonly groupId?: number;
}

/** sun_path of sockaddr_un has 108 bytes with its end (unix(7)). */
const MAX_PATH_BYTES = 107;
/** An engine that is alive takes a connection at once, even when it is too busy to answer. */
const PROBE_TIMEOUT_MS = 1_000;
/** Two engines that start at the same moment; more often than a few times in a row something else is wrong. */
const MAX_TRIES = 5;

/**
 * Listens at a place in a directory that only this user can write. The socket is bound in a new directory that
 * nobody else can enter, gets its mode and group, and is then linked into place: there is no moment in which it
 * can be reached with other rights, and linking fails where something is already. What is there is asked: an
 * engine that is alive keeps its place, the socket of a dead one is taken away.
 *
 * @returns the function that takes the socket away again
 * @throws FailureError `already-running`, `unsafe-socket`, `socket-path-too-long`, `cannot-listen`
 */
export async function bindSocket(server: Server, place: SocketPlace): Promise<() => void> {
  const { path } = place;
  const directory = dirname(path);
  let nursery: string | undefined;
  try {
    nursery = mkdtempSync(join(directory, '.new-'));
    const newborn = join(nursery, 's');
    if (Math.max(Buffer.byteLength(path), Buffer.byteLength(newborn)) > MAX_PATH_BYTES) throw tooLong(path);
    await listen(server, newborn);
    if (place.groupId !== undefined) chownSync(newborn, process.geteuid?.() ?? 0, place.groupId);
    chmodSync(newborn, place.mode);
    await linkIntoPlace(newborn, path);
    const { ino } = lstatSync(path);
    return () => {
      // Only what is ours: a newer engine may have the place by now.
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
    };
  } catch (error) {
    server.close();
    if (error instanceof FailureError) throw error;
    const message = `Cannot listen at ${path}: ${messageOf(error)}.`;
    const hint = 'Check the rights of its folder, or choose another place with --data-dir.';
    throw new FailureError({ code: 'cannot-listen', message, hint }, error);
  } finally {
    if (nursery !== undefined) rmSync(nursery, { recursive: true, force: true });
  }
}

/**
 * Asks whether an engine answers at a place, before anything is opened that two must not have open. Binding asks
 * again: this one only saves a second engine from beginning.
 * @throws FailureError `already-running`
 */
export async function assertNobodyAt(path: string): Promise<void> {
  if (isSocket(path) && (await isAlive(path))) throw alreadyRunning(path);
}

/** What cannot be looked at is told by whoever makes the folder, in better words. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

async function linkIntoPlace(newborn: string, path: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      linkSync(newborn, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    await removeStale(path);
  }
  throw alreadyRunning(path);
}

/** Takes the socket of a dead engine away. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    const what = found.isSymbolicLink() ? 'a symbolic link' : 'not a socket';
    const message = `${path} is ${what}; Holdfast did not put it there.`;
    throw new FailureError({ code: 'unsafe-socket', message, hint: 'Find out who did, and take it away.' });
  }
  if (await isAlive(path)) throw alreadyRunning(path);
  // Moved first, then looked at: another engine may have taken the place in between.
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (lstatSync(aside).ino !== found.ino) {
    linkSync(aside, path);
    unlinkSync(aside);
    throw alreadyRunning(path);
  }
  unlinkSync(aside);
}

function isAlive(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.setTimeout(PROBE_TIMEOUT_MS);
  const answer = (alive: boolean): void => {
    socket.destroy();
    resolve(alive);
  };
  socket.once('connect', () => answer(true));
  // A queue of connections that is full belongs to somebody.
  socket.once('timeout', () => answer(true));
  socket.on('error', (error) => answer(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))));
  return promise;
}

function alreadyRunning(path: string): FailureError {
  const message = `Holdfast is already running here: something answers at ${path}.`;
  const hint = 'See it with "holdfast status". To run a second one, give it its own --data-dir.';
  return new FailureError({ code: 'already-running', message, hint });
}

function tooLong(path: string): FailureError {
  const message = `The path ${path} is too long for a socket (${MAX_PATH_BYTES} bytes at most).`;
  return new FailureError({ code: 'socket-path-too-long', message, hint: 'Choose a shorter --data-dir.' });
}
