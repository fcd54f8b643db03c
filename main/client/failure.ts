/** What goes wrong between a client and the engine, as data that an error carries. */
import type { Failure } from '../../contract/domain.ts';

/** A failure of the link, or one that the engine answered with. */
export class ClientError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = 'ClientError';
    this.failure = failure;
  }
}

export function clientError(code: string, message: string, hint: string): ClientError {
  return new ClientError({ code, message, hint });
}

export function engineLost(): ClientError {
  const hint = 'It may have been stopped: see "holdfast status".';
  return clientError('engine-lost', 'The engine closed the connection.', hint);
}

/** Reads the error of an answer by hand: it must be told even where nothing else can be loaded. */
export function errorIn(answer: unknown): ClientError {
  const { code, message, hint } = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<Failure>;
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
  return clientError(text(code, 'internal'), text(message, 'The engine gave no reason.'), text(hint, ''));
}
