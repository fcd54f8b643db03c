/** Finds the socket of a running engine, and trusts none that could be somebody else's. */
import { lstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { SOCKETS } from '../../contract/api-roles.ts';
import { EngineConnection } from './connection.ts';
import { clientError } from './failure.ts';

/** Where an engine that belongs to the whole machine has its sockets. */
export const SYSTEM_RUNTIME_DIRECTORY = '/run/holdfast';

export interface FindOptions {
  /** Where sockets may be, the most likely first. */
  readonly directories: readonly string[];
  readonly userId: number;
}

/** Opens the first socket that an engine answers at. @throws ClientError `engine-not-running`, `engine-not-reachable` */
export async function findEngine({ directories, userId }: FindOptions): Promise<EngineConnection> {
  let refused: string | undefined;
  for (const directory of directories) {
    for (const { file } of SOCKETS) {
      const path = join(directory, file);
      const outcome = await openSocket(path, userId);
      if (typeof outcome !== 'string') return EngineConnection.greet(outcome, directory);
      if (outcome === 'refused') refused ??= path;
    }
  }
  if (refused !== undefined) {
    throw clientError(
      'engine-not-reachable',
      `Holdfast runs here, but this user may not talk to it (${refused}).`,
      'Run the command as root, or ask for a place in the group of api.viewGroup.',
    );
  }
  throw clientError(
    'engine-not-running',
    'Holdfast is not running here: nothing answers.',
    `Start it with "holdfast daemon". Looked in ${directories.join(' and ')}.`,
  );
}

/** A socket that is somebody else's could be anybody posing as the engine. */
function isTrusted(path: string, userId: number): boolean | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isSocket() && (found.uid === 0 || found.uid === userId);
  } catch (error) {
    return codeOf(error) === 'EACCES' ? false : undefined;
  }
}

function openSocket(path: string, userId: number): Promise<Socket | 'absent' | 'refused'> {
  const trusted = isTrusted(path, userId);
  if (trusted !== true) return Promise.resolve(trusted === undefined ? 'absent' : 'refused');
  const { promise, resolve } = Promise.withResolvers<Socket | 'absent' | 'refused'>();
  const socket = connect(path);
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    resolve(socket);
  });
  socket.once('error', (error) => resolve(['EACCES', 'EPERM'].includes(codeOf(error)) ? 'refused' : 'absent'));
  return promise;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
