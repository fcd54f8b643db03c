import { codeOf, messageOf } from './failure.ts';
import { LogMemory, type RememberedLine } from './log-memory.ts';
import { ensureOwnDirectory } from './paths.ts';
import type { SettingTable, SettingValues } from './settings.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Data beside a message. Values of sensitive names (see REDACTED) never reach the log. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The one logger. A message is a constant sentence; what varies goes into the fields. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that puts the module's name on every line. */
  child(module: string): Logger;
  /** From now on; for all loggers that came from this one, too. */
  setLevel(level: LogLevel): void;
  /** Warnings and errors of this run, the latest first, at most `limit`. */
  recent(limit: number): readonly RememberedLine[];
  /** Resolves when what was logged is written, or cannot be. Only the logger that was created closes. */
  close(): Promise<void>;
}

export const logSettings = {
  level: {
    type: 'choice',
    choices: LOG_LEVELS,
    default: 'info',
    reason: 'How much is logged; info tells what started, stopped and went wrong, and stays small for years.',
  },
  rotateMegabytes: {
    type: 'number',
    default: 10,
    min: 1,
    max: 1024,
    integer: true,
    unit: 'MB',
    reason: 'A log file is rotated at this size; 10 MB still open at once in any editor.',
  },
  rotateDays: {
    type: 'number',
    default: 1,
    min: 1,
    max: 31,
    integer: true,
    unit: 'd',
    reason: 'A log file is rotated at this age, so that a file is about one day.',
  },
  keepFiles: {
    type: 'number',
    default: 14,
    min: 1,
    max: 365,
    integer: true,
    unit: 'files',
    reason: 'Rotated files that are kept; two weeks is how far back one usually looks.',
  },
  compress: {
    type: 'boolean',
    default: true,
    reason: 'Rotated files are compressed with gzip, which makes them about ten times smaller.',
  },
} as const satisfies SettingTable;

export type LogSettings = SettingValues<typeof logSettings>;

export interface LogRequest {
  readonly settings: LogSettings;
  /** Where holdfast.log goes; standard error when it is left out or cannot be written. */
  readonly directory?: string;
  /** Told once, in one sentence, when the file had to be given up for standard error. */
  readonly onFallback?: (reason: string) => void;
}

const LOG_FILE = 'holdfast.log';
const PRIVATE_FILE = 0o600;

/** Names whose values are hidden, at the top and one level down. */
const REDACTED = ['password', 'passphrase', 'secret', 'token', 'apiKey', 'authorization', 'cookie', 'privateKey'];

/** Lines wait in memory while a disk is slow; beyond this they are dropped and counted. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** How long `close` waits for the last lines: a hanging disk must not keep the engine up. */
const CLOSE_TIMEOUT_MS = 2_000;

interface Destination {
  write(line: string): void;
  close(): Promise<void>;
}

const standardError: Destination = {
  write: (line) => void process.stderr.write(line),
  close: async () => {},
};

/**
 * Opens the log: JSON lines, rotated by size and age. pino and the rotation are imported here and not
 * before, since quick commands log nothing. Never throws: without a file it logs to standard error.
 */
export async function createLogger(request: LogRequest): Promise<Logger> {
  const { default: pino } = await import('pino');
  const destination = await openDestination(request);
  const memory = new LogMemory();
  const root = pino(
    {
      level: request.settings.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
      serializers: { error: pino.stdSerializers.err },
    },
    {
      write(line: string) {
        memory.take(line);
        destination.write(line);
      },
    },
  );
  const family: PinoLike[] = [];
  const wrap = (target: PinoLike, close: () => Promise<void>): Logger => {
    family.push(target);
    return {
      trace: (message, fields = {}) => target.trace(fields, message),
      debug: (message, fields = {}) => target.debug(fields, message),
      info: (message, fields = {}) => target.info(fields, message),
      warn: (message, fields = {}) => target.warn(fields, message),
      error: (message, fields = {}) => target.error(fields, message),
      child: (module) => wrap(target.child({ module }, { level: root.level }), async () => {}),
      // A child of pino keeps the level that it was born with.
      setLevel(level) {
        for (const each of family) each.level = level;
      },
      recent: (limit) => memory.recent(limit),
      close,
    };
  };
  return wrap(root, () => destination.close());
}

type PinoLike = Pick<import('pino').Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'child' | 'level'>;

async function openDestination(request: LogRequest): Promise<Destination> {
  const { directory, settings } = request;
  if (directory === undefined) {
    return standardError;
  }
  const giveUp = (why: string): void => request.onFallback?.(`Logging to standard error: ${why}.`);
  try {
    ensureOwnDirectory(directory);
    const { createStream } = await import('rotating-file-stream');
    const stream = createStream(LOG_FILE, {
      path: directory,
      size: `${settings.rotateMegabytes}M`,
      interval: `${settings.rotateDays}d`,
      maxFiles: settings.keepFiles,
      mode: PRIVATE_FILE,
      ...(settings.compress ? { compress: 'gzip' } : {}),
    });
    return new FileDestination(stream, giveUp);
  } catch (error) {
    giveUp(messageOf(error));
    return standardError;
  }
}

/** The rotated file, and standard error from the moment on that the file fails. */
class FileDestination implements Destination {
  readonly #stream: import('node:stream').Writable;
  #failed = false;
  #dropped = 0;

  constructor(stream: import('node:stream').Writable, giveUp: (why: string) => void) {
    this.#stream = stream;
    stream.on('error', (error) => {
      if (!this.#failed) {
        this.#failed = true;
        giveUp(codeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error));
      }
    });
  }

  write(line: string): void {
    if (this.#failed) {
      standardError.write(line);
    } else if (this.#stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
    } else {
      if (this.#dropped > 0) {
        this.#stream.write(`${JSON.stringify({ level: 'warn', msg: 'Lines were lost', lines: this.#dropped })}\n`);
        this.#dropped = 0;
      }
      this.#stream.write(line);
    }
  }

  async close(): Promise<void> {
    if (this.#failed) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    this.#stream.once('error', () => resolve());
    this.#stream.end(() => resolve());
    await promise;
    clearTimeout(timer);
  }
}

/**
 * A logger for one-off commands: warnings and errors as plain sentences to `write` (nothing without it).
 * It imports nothing and holds nothing open.
 */
export function createQuietLogger(write?: (line: string) => void): Logger {
  const line = (message: string, fields: LogFields = {}): void => {
    const detail = fields.error === undefined ? '' : `: ${messageOf(fields.error)}`;
    write?.(`${message}${detail}\n`);
  };
  const ignore = (): void => {};
  const logger: Logger = {
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: line,
    error: line,
    child: () => logger,
    setLevel: ignore,
    recent: () => [],
    close: async () => {},
  };
  return logger;
}
