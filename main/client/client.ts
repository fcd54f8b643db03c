/** The engine's table of calls, typed, over a connection. */
import type { ApiClient, CallInput, CallName, CallOutput, RequestName, StreamName } from '../../contract/api.ts';
import type { BridgeMessage } from '../../contract/bridge.ts';
import { type EngineConnection, OTHER_VERSION_HINT } from './connection.ts';
import { ClientError, clientError } from './failure.ts';
import { type FindOptions, findEngine } from './find.ts';

const SLOW_MS = 60_000;
/**
 * Calls that look at the whole computer, read thousands of rules, or end and begin the watching, which takes seconds where
 * it is busy; milliseconds that they may take.
 */
const SLOW_CALLS: Partial<Record<RequestName, number>> = {
  inventory: SLOW_MS,
  'indicators.import': SLOW_MS,
  'protection.pause': SLOW_MS,
  'protection.resume': SLOW_MS,
  'persistence.list': SLOW_MS,
  'rules.list': SLOW_MS,
  'rules.text': SLOW_MS,
  'rules.check': SLOW_MS,
  'rules.enable': SLOW_MS,
  'rules.import': SLOW_MS,
  'rules.reload': SLOW_MS,
  'attack.matrix': SLOW_MS,
};
/** Items of a stream that wait for whoever reads them; the engine keeps its own bound. */
const MAX_WAITING_ITEMS = 1_024;

export interface ConnectOptions extends FindOptions {
  /** Of this program. */
  readonly version: string;
}

/** Opens the first socket that an engine answers at. @throws ClientError `engine-not-running`, `engine-not-reachable` */
export async function connectToEngine(options: ConnectOptions): Promise<ApiClient> {
  return new SocketClient(await findEngine(options), options.version);
}

/** The typed calls of an open connection. @param version of this program */
export class SocketClient implements ApiClient {
  readonly #connection: EngineConnection;
  readonly #isSameVersion: boolean;

  constructor(connection: EngineConnection, version: string) {
    this.#connection = connection;
    this.#isSameVersion = connection.version === version;
  }

  async request<N extends RequestName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    return this.#parse(name, await this.#connection.request(name, input, SLOW_CALLS[name]));
  }

  async *watch<N extends StreamName>(
    name: N,
    input: CallInput<N>,
    signal?: AbortSignal,
  ): AsyncGenerator<CallOutput<N>, void> {
    const waiting: unknown[] = [];
    let end: Extract<BridgeMessage, { type: 'end' }> | undefined;
    let wake: (() => void) | undefined;
    const close = this.#connection.open(name, input, (message) => {
      if (message.type === 'end') end = message;
      else waiting.push(message.item);
      if (waiting.length > MAX_WAITING_ITEMS) waiting.shift();
      wake?.();
    });
    const stop = (): void => wake?.();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      while (!signal?.aborted) {
        if (waiting.length > 0) {
          yield await this.#parse(name, waiting.shift());
        } else if (end !== undefined) {
          if (end.error === undefined) return;
          throw new ClientError(end.error);
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      close();
    }
  }

  close(): void {
    this.#connection.close();
  }

  /**
   * The socket belongs to root or to this user (see find.ts), and an engine of the same version has the same table:
   * its answers have the right shape, and loading zod would take longer than everything else together. An engine of
   * another version may answer in another shape.
   */
  async #parse<N extends CallName>(name: N, data: unknown): Promise<CallOutput<N>> {
    if (this.#isSameVersion) return data as CallOutput<N>;
    const { API } = await import('../../contract/api.ts');
    const parsed = API[name].output.safeParse(data);
    if (parsed.success) return parsed.data as CallOutput<N>;
    const message = `The engine's answer to "${name}" cannot be understood.`;
    throw clientError('engine-not-reachable', message, OTHER_VERSION_HINT);
  }
}
