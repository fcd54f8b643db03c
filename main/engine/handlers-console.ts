import type { HandlersOf } from '../../contract/api.ts';
import type { CONSOLE_CALLS } from '../../contract/api-console.ts';
import type { Failure } from '../../contract/domain.ts';
import type { HttpServer } from './http/index.ts';
import { FailureError } from './runtime/failure.ts';

/** What the handlers need of the engine. */
export interface ConsoleAnswering {
  readonly console: () => { readonly server: HttpServer | undefined; readonly failure: Failure | undefined };
}

const CONSOLE_OFF: Failure = {
  code: 'console-off',
  message: 'The engine that runs serves no console.',
  hint: 'Set http.enabled and start it again, or run "holdfast serve", which serves one for as long as it runs.',
};

export function consoleHandlers(engine: ConsoleAnswering): HandlersOf<typeof CONSOLE_CALLS> {
  return {
    'console.link': () => {
      const { server, failure } = engine.console();
      if (server === undefined) throw new FailureError(failure ?? CONSOLE_OFF);
      return { ...server.link('admin'), sessions: server.sessions };
    },
  };
}
