/** One connection to an engine's socket: calls by name, their answers as they come. Knows no shape of any call. */
import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from '../../contract/api-roles.ts';
import type { BridgeMessage } from '../../contract/bridge.ts';
import { type ClientError, clientError, engineLost, errorIn } from './failure.ts';

/** An engine that does not answer for so long is stuck; it usually takes milliseconds, under attack on a busy machine seconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/** The id under which the engine's first line is awaited; calls count from 1. */
const GREETING = 0;

type Message = Readonly<Record<string, unknown>>;

interface Pending {
  /** Takes a message of this call. */
  readonly take: (message: Message) => void;
  readonly fail: (error: ClientError) => void;
}

export class EngineConnection {
  /** The folder of the socket: which engine this is. */
  readonly directory: string;
  /** Resolves when the connection has ended, with why. */
  readonly ended: Promise<ClientError>;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #tellEnd: (error: ClientError) => void;
  #nextId = GREETING + 1;
  #text = '';
  #lost: ClientError | undefined;
  #version = '';
  #role = '';

  private constructor(socket: Socket, directory: string) {
    this.directory = directory;
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<ClientError>();
    this.ended = promise;
    this.#tellEnd = resolve;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => this.#end(engineLost()));
    socket.on('close', () => this.#end(engineLost()));
  }

  /** Waits for the engine's first line. @throws ClientError `engine-not-reachable`, `engine-too-slow`, `engine-lost` */
  static async greet(socket: Socket, directory: string): Promise<EngineConnection> {
    const connection = new EngineConnection(socket, directory);
    try {
      const greeting = await connection.#answer(GREETING, ANSWER_TIMEOUT_MS);
      if (greeting.holdfast !== PROTOCOL_VERSION) {
        const message = 'The engine that runs here is of another version than this program.';
        throw clientError('engine-not-reachable', message, OTHER_VERSION_HINT);
      }
      connection.#version = typeof greeting.version === 'string' ? greeting.version : '';
      connection.#role = typeof greeting.role === 'string' ? greeting.role : '';
      return connection;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Of the engine. */
  get version(): string {
    return this.#version;
  }

  /** What may be done over this connection: one of ROLES. */
  get role(): string {
    return this.#role;
  }

  /** A query or a command; the answer as it came. @throws ClientError; `cancelled` once the signal is aborted */
  async request(
    call: string,
    input: unknown,
    timeoutMs: number = ANSWER_TIMEOUT_MS,
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (signal?.aborted) throw cancelled();
    const id = this.#nextId++;
    const answer = this.#answer(id, timeoutMs);
    const giveUp = (): void => {
      this.#pending.get(id)?.fail(cancelled());
      this.#send({ id, cancel: true });
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      this.#send({ id, call, input });
      return (await answer).result;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Opens a stream: items are told as they come, then one end. The function that is given ends it silently. */
  open(call: string, input: unknown, tell: (message: BridgeMessage) => void): () => void {
    const id = this.#nextId++;
    if (this.#lost !== undefined) {
      const { failure } = this.#lost;
      queueMicrotask(() => tell({ type: 'end', error: failure }));
      return () => {};
    }
    const end = (message: BridgeMessage): void => {
      this.#pending.delete(id);
      tell(message);
    };
    this.#pending.set(id, {
      take: (message) => {
        if ('item' in message) tell({ type: 'item', item: message.item, dropped: countIn(message.dropped) });
        else end('error' in message ? { type: 'end', error: errorIn(message.error).failure } : { type: 'end' });
      },
      fail: ({ failure }) => end({ type: 'end', error: failure }),
    });
    this.#send({ id, call, input });
    return () => {
      if (this.#pending.delete(id)) this.#send({ id, cancel: true });
    };
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(id: number, timeoutMs: number): Promise<Message> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      this.#pending.delete(id);
      how();
    };
    const timer = setTimeout(() => {
      settle(() => reject(tooSlow(timeoutMs)));
      // The engine need not go on with what nobody waits for.
      if (id !== GREETING) this.#send({ id, cancel: true });
    }, timeoutMs);
    this.#pending.set(id, {
      take: (message) => settle(() => ('error' in message ? reject(errorIn(message.error)) : resolve(message))),
      fail: (error) => settle(() => reject(error)),
    });
    return promise;
  }

  #send(message: object): void {
    if (this.#lost === undefined && this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #read(chunk: string): void {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop() ?? '';
    if (this.#text.length > MAX_MESSAGE_BYTES) this.#socket.destroy();
    for (const line of lines) {
      const message = parseMessage(line);
      if (message === undefined) {
        this.#socket.destroy();
        return;
      }
      if (message.id === null) this.#end(errorIn(message.error));
      else this.#pending.get(typeof message.id === 'number' ? message.id : GREETING)?.take(message);
    }
  }

  #end(error: ClientError): void {
    this.#lost ??= error;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of waiting) call.fail(this.#lost);
    this.#tellEnd(this.#lost);
  }
}

export const OTHER_VERSION_HINT = 'Update the older of the two, and start the engine again.';

function parseMessage(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

function countIn(dropped: unknown): number {
  return typeof dropped === 'number' && dropped > 0 ? dropped : 0;
}

function cancelled(): ClientError {
  return clientError('cancelled', 'This was given up before it was answered.', 'Ask again if it is still wanted.');
}

function tooSlow(timeoutMs: number): ClientError {
  const message = `The engine did not answer within ${timeoutMs / 1000} s.`;
  return clientError('engine-too-slow', message, 'The machine may be very busy. Try again; its log says more.');
}
