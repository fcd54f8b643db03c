/** Extended attributes of files, asked of `sense xattrs`: file capabilities, access lists, labels. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';

/** What could not be read is not known, and compared with nothing. */
export const UNKNOWN_ATTRIBUTES = '?';
/** A run over a million files takes some ten seconds. */
const LONGEST_MS = 120_000;
/** Of one file 4 MB would be possible; of all files together a label each is a tenth of it. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
/** Longer ones are told by their digest. */
const MAX_SHOWN = 512;
const NEWLINE = 0x0a;

/**
 * Attributes by path as "name=value name=value" (values hexadecimal, names in order), empty where there are none.
 * Undefined where the helper is not there or fails.
 *
 * @throws the signal's reason once it is aborted
 */
export async function readAttributes(
  helper: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> {
  signal.throwIfAborted();
  const output = await ask(helper, paths, signal);
  signal.throwIfAborted();
  if (output === undefined) return undefined;
  const found = new Map<string, string>();
  let start = 0;
  for (const path of paths) {
    const end = output.indexOf(NEWLINE, start);
    // Fewer lines than paths: it ended early.
    if (end === -1) return undefined;
    found.set(path, attributesOf(output.toString('latin1', start, end)));
    start = end + 1;
  }
  return found;
}

function ask(helper: string, paths: readonly string[], signal: AbortSignal): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const child = spawn(helper, ['xattrs'], { stdio: ['pipe', 'pipe', 'ignore'], env: {}, timeout: LONGEST_MS });
  const pieces: Buffer[] = [];
  let bytes = 0;
  const abort = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  child.on('error', () => resolve(undefined));
  child.on('close', (code) => resolve(code === 0 ? Buffer.concat(pieces, bytes) : undefined));
  child.stdout.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
    else pieces.push(piece);
  });
  // Whoever ended is told of by its end.
  child.stdin.on('error', () => {});
  child.stdin.end(paths.map((path) => `${path}\0`).join(''));
  return promise.finally(() => signal.removeEventListener('abort', abort));
}

/** One line of what sense writes. */
export function attributesOf(line: string): string {
  if (line === '') return '';
  const attributes = line.split(' ').map((each) => {
    const [name = '', value = ''] = each.split('=', 2);
    return `${Buffer.from(name, 'hex').toString('utf8')}=${value}`;
  });
  if (line === '!' || attributes.some((each) => each.endsWith('=!'))) return UNKNOWN_ATTRIBUTES;
  const whole = attributes.sort().join(' ');
  return whole.length <= MAX_SHOWN ? whole : `sha256:${createHash('sha256').update(whole).digest('hex')}`;
}
