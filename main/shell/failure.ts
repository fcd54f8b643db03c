/** An error that carries what to tell the person. */
import type { Failure } from '../../contract/domain.ts';

export class ShellError extends Error {
  readonly failure: Failure;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'ShellError';
    this.failure = { code, message, hint };
  }
}
