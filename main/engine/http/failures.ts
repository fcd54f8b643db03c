/** Failures as HTTP answers: one table from codes to statuses (RFC 9110, section 15). */
import type { Failure } from '../../../contract/domain.ts';
import { FailureError } from '../runtime/failure.ts';

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  'bad-input': 400,
  'bad-query': 400,
  'bad-request': 400,
  unauthenticated: 401,
  'not-allowed': 403,
  'forbidden-origin': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'answer-too-large': 400,
  'too-large': 413,
  'wrong-media-type': 415,
  'wrong-host': 421,
  'too-many-requests': 429,
  internal: 500,
  'too-busy': 503,
  'engine-lost': 503,
  'engine-not-running': 503,
  'engine-not-reachable': 503,
  'engine-too-slow': 504,
  'timed-out': 504,
};

/** Families of codes, looked at where the table has no row. */
const STATUS_BY_FORM: readonly (readonly [RegExp, number])[] = [
  [/^no-such-/, 404],
  [/-too-large$/, 413],
  [/^(already|too-many)-/, 409],
];

/** The request was understood, and the engine says why it does not do it. */
const REFUSED = 422;

export function statusOf({ code }: Failure): number {
  return STATUS_BY_CODE[code] ?? STATUS_BY_FORM.find(([form]) => form.test(code))?.[1] ?? REFUSED;
}

/** Statuses that the table can give, for the documentation. */
export const FAILURE_STATUSES: readonly number[] = [
  ...new Set([...Object.values(STATUS_BY_CODE), ...STATUS_BY_FORM.map(([, status]) => status), REFUSED]),
].sort((a, b) => a - b);

export function refuse(code: string, message: string, hint: string): FailureError {
  return new FailureError({ code, message, hint });
}

export const NOT_FOUND: Failure = {
  code: 'not-found',
  message: 'There is nothing at this address.',
  hint: 'What there is stands in /api/docs.',
};

export const INTERNAL: Failure = {
  code: 'internal',
  message: 'The console made a mistake while it answered.',
  hint: 'The log of the engine says more. Please report this.',
};

/** What the web server itself refuses, by its status. */
const SERVER_FAILURES: Readonly<Record<number, Failure>> = {
  400: { code: 'bad-request', message: 'The request cannot be understood.', hint: 'Send JSON as /api/docs says.' },
  404: NOT_FOUND,
  413: { code: 'too-large', message: 'The body of the request is too large.', hint: 'Send less at once.' },
  415: {
    code: 'wrong-media-type',
    message: 'The body of the request is of a type that is not taken here.',
    hint: 'Send it as application/json; captures as application/octet-stream or multipart/form-data.',
  },
  429: {
    code: 'too-many-requests',
    message: 'This client asks too often.',
    hint: 'Wait as long as Retry-After says; http.requestsPerMinute is the bound.',
  },
};

/** Anything that was thrown while a request was handled, as data; undefined where it is a mistake of ours. */
export function knownFailure(error: unknown): Failure | undefined {
  if (error instanceof FailureError) return error.failure;
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status < 500 ? (SERVER_FAILURES[status] ?? SERVER_FAILURES[400]) : undefined;
}
