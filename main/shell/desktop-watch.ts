/** What the app itself follows of the engine, for its tray and its notifications, and the few things it asks for. */
import type { ApiClient } from '../../contract/api.ts';
import type { AlertRecord, Status } from '../../contract/api-schemas.ts';
import type { Failure } from '../../contract/domain.ts';
import { ClientError, SocketClient } from '../client/index.ts';
import type { EngineConnections } from './engine-link.ts';
import { Changing, type Watched } from './watched.ts';

/** What was asked for before there was an engine is done when one comes; a late one would surprise. */
const ASK_WITHIN_MS = 60_000;

export interface DesktopWatchOptions {
  /** Of this program. */
  readonly version: string;
  readonly connections: Watched<EngineConnections | undefined>;
  onAlert(alert: AlertRecord): void;
}

export class DesktopWatch {
  readonly #options: DesktopWatchOptions;
  readonly #status = new Changing<Status | undefined>(undefined);
  readonly #stop: () => void;
  #client: ApiClient | undefined;
  #ending = new AbortController();

  constructor(options: DesktopWatchOptions) {
    this.#options = options;
    this.#stop = options.connections.watch((connections) => this.#follow(connections));
  }

  get status(): Watched<Status | undefined> {
    return this.#status;
  }

  /** Does it with the engine: at once, or when the engine is there. @throws ClientError */
  async ask<T>(work: (client: ApiClient) => Promise<T>): Promise<T> {
    return work(this.#client ?? (await this.#nextClient()));
  }

  /** Resolves when the engine says how it stands; never, while it does not. */
  answers(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unwatch = this.#status.watch((status) => {
      if (status !== undefined) resolve();
    });
    return promise.finally(unwatch);
  }

  stop(): void {
    this.#stop();
    this.#ending.abort();
  }

  #nextClient(): Promise<ApiClient> {
    const { promise, resolve, reject } = Promise.withResolvers<ApiClient>();
    const late = setTimeout(() => reject(new ClientError(NO_ENGINE)), ASK_WITHIN_MS);
    const unwatch = this.#options.connections.watch(() => {
      if (this.#client !== undefined) resolve(this.#client);
    });
    return promise.finally(() => {
      clearTimeout(late);
      unwatch();
    });
  }

  #follow(connections: EngineConnections | undefined): void {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#status.set(undefined);
    this.#client = undefined;
    if (connections === undefined) return;
    const client = new SocketClient(connections.desktop, this.#options.version);
    const { signal } = this.#ending;
    this.#client = client;
    void follow(client.watch('status.watch', {}, signal), (status) => {
      if (!signal.aborted) this.#status.set(status);
    });
    void follow(client.watch('alerts.watch', {}, signal), ({ alert }) => {
      if (!signal.aborted) this.#options.onAlert(alert);
    });
  }
}

/** The link says when a connection ends; there is nothing to say here. */
async function follow<T>(items: AsyncIterable<T>, take: (item: T) => void): Promise<void> {
  try {
    for await (const item of items) take(item);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  }
}

const NO_ENGINE: Failure = {
  code: 'engine-not-running',
  message: 'The engine did not come.',
  hint: 'Open the window: it says why.',
};
