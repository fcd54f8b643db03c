import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { cannotWrite } from '../failure.ts';

/** Whoever read our output has gone, as in `holdfast flows FILE --csv | head`. Not an error. */
export class OutputClosed extends Error {
  constructor() {
    super('nobody reads the output any more');
    this.name = 'OutputClosed';
  }
}

/** Standard output or standard error. Writes are complete when they return, so that nothing is lost at exit. */
export interface Output {
  readonly isTerminal: boolean;
  /** Whether colours are wanted and understood. */
  readonly hasColor: boolean;
  /** Columns; a usual width where there is no terminal. */
  readonly columns: number;
  readonly rows: number;
  /** @throws OutputClosed when nobody reads it any more; CommandError `cannot-write` when it takes nothing more */
  write(text: string | Uint8Array): void;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** Lines longer than this are hard to read, however wide the terminal is. */
export const READABLE_COLUMNS = 110;

const asBuffer = new TextEncoder();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
/** How long to wait for a reader of a pipe that is full and does not block. */
const FULL_PIPE_PAUSE_MS = 2;

/**
 * Writes everything, whatever kind of file it is. Not process.stdout, which for pipes may return before the
 * bytes are out, and would hold a whole export in memory.
 */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? asBuffer.encode(data) : data;
  for (let start = 0; start < bytes.length; ) {
    try {
      start += writeSync(fd, bytes, start, bytes.length - start);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Whoever started us may have made the pipe non-blocking for itself, and so for us.
      if (code === 'EAGAIN') Atomics.wait(sleeper, 0, 0, FULL_PIPE_PAUSE_MS);
      // A terminal that was closed answers EIO.
      else if (code === 'EPIPE' || code === 'EIO') throw new OutputClosed();
      else throw error;
    }
  }
}

const NAMES = { stdout: 'standard output', stderr: 'standard error' } as const;

/** @param wantsColor false for --no-color */
export function standardOutput(
  stream: 'stdout' | 'stderr',
  environment: Readonly<Record<string, string | undefined>>,
  wantsColor: boolean,
): Output {
  const fd = stream === 'stdout' ? 1 : 2;
  const isTerminal = isatty(fd);
  return {
    isTerminal,
    hasColor: isTerminal && wantsColor && colorsAllowed(environment),
    get columns() {
      return (isTerminal && process[stream].columns) || DEFAULT_COLUMNS;
    },
    get rows() {
      return (isTerminal && process[stream].rows) || DEFAULT_ROWS;
    },
    write: (text) => {
      try {
        writeAll(fd, text);
      } catch (error) {
        throw error instanceof OutputClosed ? error : cannotWrite(NAMES[stream], error);
      }
    },
  };
}

/** https://no-color.org: any value that is not empty; and terminals that understand no escapes. */
export function colorsAllowed(environment: Readonly<Record<string, string | undefined>>): boolean {
  return !environment.NO_COLOR && environment.TERM !== 'dumb';
}
