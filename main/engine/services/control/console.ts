/** The console as the engine and the command line serve it: one way to make it, from the configuration. */
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../../../../contract/domain.ts';
import { apiSettings } from '../../api/index.ts';
import { createHttpServer, type HttpServer, httpSettings, type TokenVerifier } from '../../http/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Config } from '../../runtime/config.ts';
import { failureOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Backend } from '../../runtime/session/backend.ts';

export interface ConsoleOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly version: string;
  readonly backend: Backend;
  /** Left out where tokens cannot be looked up: no token is good there. */
  readonly verifyToken?: TokenVerifier;
  /** Whether this process is the engine. */
  readonly isEngineProcess: boolean;
  readonly health?: HealthPart;
  /** Room for captures that come in; the system's place for temporary files, often in memory, if left out. */
  readonly temporaryDirectory?: string;
}

/** Beside the code in a checkout and in an installed tree alike. */
const RENDERER = new URL('../../../../dist/renderer/', import.meta.url);
const DOCS = new URL('../../../../node_modules/@fastify/swagger-ui/static/', import.meta.url);

/** Not yet listening; `start` throws a FailureError where it cannot. */
export function createConsole({ config, ...options }: ConsoleOptions): Promise<HttpServer> {
  return createHttpServer({
    temporaryDirectory: tmpdir(),
    ...options,
    settings: config.section('http', httpSettings),
    sessionSettings: config.section('api', apiSettings),
    clock: systemClock,
    rendererDirectory: fileURLToPath(RENDERER),
    docsDirectory: fileURLToPath(DOCS),
  });
}

export interface EngineConsoleOptions extends Omit<ConsoleOptions, 'backend' | 'isEngineProcess' | 'health'> {
  readonly health: HealthRegistry;
  backend(): Promise<Backend>;
}

/** The console of the engine's own process, where `http.enabled` asks for it. */
export class EngineConsole {
  readonly #options: EngineConsoleOptions;
  readonly #health: HealthPart;
  #server: HttpServer | undefined;
  #failure: Failure | undefined;

  constructor(options: EngineConsoleOptions) {
    this.#options = options;
    const counters = (): Record<string, number> =>
      this.#server === undefined ? {} : { sessions: this.#server.sessions, ...this.#server.counters };
    this.#health = options.health.part('http', counters);
  }

  /** While it listens. */
  get server(): HttpServer | undefined {
    return this.#server;
  }

  /** Why it does not listen although it should. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Never throws: a computer without its console is still watched. */
  async start(): Promise<void> {
    const { config, logger } = this.#options;
    if (!config.section('http', httpSettings).enabled) {
      this.#health.off('Not switched on (http.enabled).');
      return;
    }
    try {
      const backend = await this.#options.backend();
      const server = await createConsole({ ...this.#options, backend, isEngineProcess: true, health: this.#health });
      await server.start();
      this.#server = server;
    } catch (error) {
      this.#failure = failureOf(error, 'internal', 'The log says more. Please report this.');
      this.#health.failed(this.#failure.message, this.#failure.hint);
      logger.error('The console could not be started', { error });
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}
