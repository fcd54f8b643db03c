import type { HandlersOf } from '../../../../contract/api.ts';
import type { CONSOLE_CALLS } from '../../../../contract/api-console.ts';
import type { Failure } from '../../../../contract/domain.ts';
import type { HttpServer } from '../../http/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';

/** What the handlers need of the engine. */
export interface ConsoleAnswering {
  readonly console: () => {
    readonly server: Pick<HttpServer, 'link' | 'sessions'> | undefined;
    readonly failure: Failure | undefined;
  };
  /** Throws before the start and after the stop. */
  store(): Store;
}

const CONSOLE_OFF: Failure = {
  code: 'console-off',
  message: 'The engine that runs serves no console.',
  hint: 'Set http.enabled and start it again, or run "holdfast serve", which serves one for as long as it runs.',
};

export function consoleHandlers(engine: ConsoleAnswering): HandlersOf<typeof CONSOLE_CALLS> {
  return {
    'console.link': (_input, { actor }) => {
      const { server, failure } = engine.console();
      if (server === undefined) throw new FailureError(failure ?? CONSOLE_OFF);
      // Whoever opens it may do everything, as with a token.
      engine.store().appendJournal({ actor, action: 'console-link-made', subject: 'console' });
      return { ...server.link('admin'), sessions: server.sessions };
    },
  };
}
