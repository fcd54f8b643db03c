/** Runs what the test sends inside the app's process, as Playwright does with Electron itself. */
import * as electron from './electron.ts';

export interface ControlRequest {
  readonly id: number;
  /** A function of Electron's module and one more argument, as text. */
  readonly source: string;
  readonly argument: unknown;
}

export interface ControlAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

process.on('message', (request: ControlRequest) => {
  const answer = (rest: Omit<ControlAnswer, 'id'>): void => {
    process.send?.({ id: request.id, ...rest } satisfies ControlAnswer);
  };
  run(request).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The test may be gone before the app.
process.on('disconnect', () => process.exit(1));

async function run({ source, argument }: ControlRequest): Promise<unknown> {
  const work = new Function(`return (${source});`)() as (module: typeof electron, argument: unknown) => unknown;
  return work(electron, argument);
}
