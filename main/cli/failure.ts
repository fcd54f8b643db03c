import type { Failure } from '../../contract/domain.ts';
import { plainText } from '../../contract/text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** A Failure on its way to standard error, with the exit status that it asks for. */
export class CommandError extends Error {
  readonly failure: Failure;
  readonly exitCode: ExitCode;

  constructor(failure: Failure, exitCode: ExitCode, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = 'CommandError';
    this.failure = failure;
    this.exitCode = exitCode;
  }
}

/** The person gave something that cannot be used. */
export function wrongInput(code: string, message: string, hint: string): CommandError {
  return new CommandError({ code, message, hint }, EXIT.wrongInput);
}

const WRITE_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is full',
  EISDIR: 'it is a directory',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is not a directory',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * What standard output or a file of the person's does not take, in words.
 *
 * @param path as the person knows it
 */
export function cannotWrite(path: string, error: unknown): CommandError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const why = WRITE_REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  const hint = 'Nothing was left behind. Name another file, or make room or rights there.';
  const failure = { code: 'cannot-write', message: `Cannot write ${path}: ${why}.`, hint };
  return new CommandError(failure, EXIT.failed, { cause: error });
}

/** Failures that are no fault of the input. All others (not a capture, bad configuration) are. */
const NOT_THE_INPUT: ReadonlySet<string> = new Set([
  'engine-not-running',
  'engine-not-reachable',
  'engine-too-slow',
  'engine-lost',
  'already-running',
  'internal',
  'timed-out',
  'too-busy',
  'not-allowed',
  'cannot-write',
  'port-in-use',
  'cannot-listen',
  'console-off',
  'no-directory',
  'unsafe-directory',
  'unsafe-socket',
  'cannot-listen',
  'database-too-new',
  'answer-too-large',
  'bad-message',
  'no-such-call',
]);

interface Explained {
  readonly failure: Failure;
  readonly exitCode: ExitCode;
}

/** What is known about anything that was thrown: the engine's and this program's errors carry a Failure. */
export function explain(error: unknown): Explained {
  const failure = carriedFailure(error);
  if (failure === undefined) {
    const message = `Something went wrong inside Holdfast: ${error instanceof Error ? error.message : String(error)}.`;
    const hint = 'Run the command again with --verbose, and report what it prints.';
    return { failure: { code: 'internal', message, hint }, exitCode: EXIT.failed };
  }
  if (error instanceof CommandError) return { failure, exitCode: error.exitCode };
  return { failure, exitCode: NOT_THE_INPUT.has(failure.code) ? EXIT.failed : EXIT.wrongInput };
}

function carriedFailure(error: unknown): Failure | undefined {
  if (typeof error !== 'object' || error === null || !('failure' in error)) return undefined;
  const { failure } = error;
  const known = typeof failure === 'object' && failure !== null && 'message' in failure && 'hint' in failure;
  return known ? (failure as Failure) : undefined;
}

/** Longest line of an error that is shown; names of files are the longest thing in it. */
const MAX_LINE = 4_096;

/** Where in this program something went wrong, for --verbose; safe to print whatever names it holds. */
export function stackText(error: unknown): string {
  const lines = String(error instanceof Error ? error.stack : error).split('\n');
  return lines.map((line) => `${plainText(line, MAX_LINE)}\n`).join('');
}

/** "holdfast: what happened" and below it what to do; safe to print whatever names it holds. */
export function failureText(failure: Failure): string {
  const lines = [...failure.message.split('\n'), ...(failure.hint === '' ? [] : failure.hint.split('\n'))];
  const [first, ...rest] = lines.map((line) => plainText(line, MAX_LINE));
  return `holdfast: ${first}\n${rest.map((line) => `  ${line}\n`).join('')}`;
}
