import type { Failure } from '../../../contract/domain.ts';

/** A Failure on its way to the boundary that will show it as data. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause });
    this.name = 'FailureError';
    this.failure = failure;
  }
}

/** What anything that was thrown says about itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system or SQLite error ("ENOSPC", "SQLITE_FULL"), or an empty string. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) {
    return '';
  }
  return typeof error.code === 'string' ? error.code : '';
}

/** Turns anything that was thrown into data; a FailureError keeps its own. */
export function failureOf(error: unknown, code: string, hint: string): Failure {
  return error instanceof FailureError ? error.failure : { code, message: messageOf(error), hint };
}
