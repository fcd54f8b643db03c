/** Talks to a running engine over its Unix sockets. */
import { lstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ApiClient, CallInput, CallName, CallOutput, RequestName, StreamName } from '../../contract/api.ts';
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION, SOCKETS } from '../../contract/api-roles.ts';
import type { Failure } from '../../contract/domain.ts';
import { EXIT } from './exit-codes.ts';
import { CommandError } from './failure.ts';

/** An engine that does not answer for so long is stuck; it usually takes milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Items of a stream that wait for whoever reads them; the engine keeps its own bound. */
const MAX_WAITING_ITEMS = 1_024;

export interface ConnectOptions {
  /** Of this program. */
  readonly version: string;
  /** Where sockets may be, the most likely first. */
  readonly directories: readonly string[];
  readonly userId: number;
}

/** Opens the first socket that an engine answers at. @throws CommandError `engine-not-running`, `engine-not-reachable` */
export async function connectToEngine({ directories, userId, version }: ConnectOptions): Promise<ApiClient> {
  let refused: string | undefined;
  for (const directory of directories) {
    for (const { file } of SOCKETS) {
      const path = join(directory, file);
      const outcome = await open(path, userId);
      if (typeof outcome !== 'string') return SocketClient.greet(outcome, version);
      if (outcome === 'refused') refused ??= path;
    }
  }
  if (refused !== undefined) {
    throw failed(
      'engine-not-reachable',
      `Holdfast runs here, but this user may not talk to it (${refused}).`,
      'Run the command as root, or ask for a place in the group of api.viewGroup.',
    );
  }
  throw failed(
    'engine-not-running',
    'Holdfast is not running here: nothing answers.',
    `Start it with "holdfast daemon". Looked in ${directories.join(' and ')}.`,
  );
}

/** A socket that is somebody else's could be anybody posing as the engine. */
function isTrusted(path: string, userId: number): boolean | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isSocket() && (found.uid === 0 || found.uid === userId);
  } catch (error) {
    return codeOf(error) === 'EACCES' ? false : undefined;
  }
}

function open(path: string, userId: number): Promise<Socket | 'absent' | 'refused'> {
  const trusted = isTrusted(path, userId);
  if (trusted !== true) return Promise.resolve(trusted === undefined ? 'absent' : 'refused');
  const { promise, resolve } = Promise.withResolvers<Socket | 'absent' | 'refused'>();
  const socket = connect(path);
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    resolve(socket);
  });
  socket.once('error', (error) => resolve(['EACCES', 'EPERM'].includes(codeOf(error)) ? 'refused' : 'absent'));
  return promise;
}

type Message = Readonly<Record<string, unknown>>;

interface Pending {
  /** Takes a message of this call. */
  readonly take: (message: Message) => void;
  readonly fail: (error: Error) => void;
}

class SocketClient implements ApiClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #text = '';
  #lost: Error | undefined;
  #isSameVersion = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => this.#end(lost()));
    socket.on('close', () => this.#end(lost()));
  }

  /** Waits for the engine's first line. */
  static async greet(socket: Socket, version: string): Promise<SocketClient> {
    const client = new SocketClient(socket);
    const greeting = await client.#answer(GREETING);
    if (greeting.holdfast !== PROTOCOL_VERSION) {
      socket.destroy();
      const hint = 'Update the older of the two, and start the engine again.';
      throw failed('engine-not-reachable', 'The engine that runs here is of another version than this command.', hint);
    }
    client.#isSameVersion = greeting.version === version;
    return client;
  }

  async request<N extends RequestName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const id = this.#nextId++;
    const answer = this.#answer(id);
    this.#send({ id, call: name, input });
    return this.#parse(name, (await answer).result);
  }

  async *watch<N extends StreamName>(
    name: N,
    input: CallInput<N>,
    signal?: AbortSignal,
  ): AsyncGenerator<CallOutput<N>, void> {
    const id = this.#nextId++;
    const waiting: Message[] = [];
    let failure: Error | undefined;
    let isOver = false;
    let wake: (() => void) | undefined;
    const stop = (): void => {
      isOver = true;
      wake?.();
    };
    this.#pending.set(id, {
      take: (message) => {
        if ('error' in message) failure = failureIn(message.error);
        if ('item' in message) {
          waiting.push(message);
          if (waiting.length > MAX_WAITING_ITEMS) waiting.shift();
          wake?.();
        } else {
          stop();
        }
      },
      fail: (error) => {
        failure = error;
        stop();
      },
    });
    signal?.addEventListener('abort', stop, { once: true });
    this.#send({ id, call: name, input });
    try {
      while (!signal?.aborted) {
        const message = waiting.shift();
        if (message !== undefined) {
          yield await this.#parse(name, message.item);
        } else if (failure !== undefined) {
          throw failure;
        } else if (isOver) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#pending.delete(id);
      if (!isOver || signal?.aborted) this.#send({ id, cancel: true });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(id: number): Promise<Message> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => settle(() => reject(tooSlow())), ANSWER_TIMEOUT_MS);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      this.#pending.delete(id);
      how();
    };
    this.#pending.set(id, {
      take: (message) => settle(() => ('error' in message ? reject(failureIn(message.error)) : resolve(message))),
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
      if (message.id === null) this.#end(failureIn(message.error));
      else this.#pending.get(typeof message.id === 'number' ? message.id : GREETING)?.take(message);
    }
  }

  /**
   * The socket belongs to root or to this user (see isTrusted), and an engine of the same version has the same
   * table: its answers have the right shape, and loading zod would take longer than everything else together.
   * An engine of another version may answer in another shape.
   */
  async #parse<N extends CallName>(name: N, data: unknown): Promise<CallOutput<N>> {
    if (this.#isSameVersion) return data as CallOutput<N>;
    const { API } = await import('../../contract/api.ts');
    const parsed = API[name].output.safeParse(data);
    if (parsed.success) return parsed.data as CallOutput<N>;
    const hint = 'Update the older of the two, and start the engine again.';
    throw failed('engine-not-reachable', `The engine's answer to "${name}" cannot be understood.`, hint);
  }

  #end(error: Error): void {
    this.#lost ??= error;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of waiting) call.fail(this.#lost);
  }
}

/** The id under which the engine's first line is awaited; calls count from 1. */
const GREETING = 0;

function parseMessage(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** Checked by hand: an error must be told even when nothing else can be loaded. */
function failureIn(error: unknown): CommandError {
  const { code, message, hint } = (typeof error === 'object' && error !== null ? error : {}) as Partial<Failure>;
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
  const isInput = INPUT_CODES.has(text(code, ''));
  return new CommandError(
    { code: text(code, 'internal'), message: text(message, 'The engine gave no reason.'), hint: text(hint, '') },
    isInput ? EXIT.wrongInput : EXIT.failed,
  );
}

/** Errors of the engine that are about what was asked. */
const INPUT_CODES: ReadonlySet<string> = new Set(['bad-input', 'no-such-alert']);

function failed(code: string, message: string, hint: string): CommandError {
  return new CommandError({ code, message, hint }, EXIT.failed);
}

function tooSlow(): CommandError {
  const message = `The engine did not answer within ${ANSWER_TIMEOUT_MS / 1000} s.`;
  return failed('engine-too-slow', message, 'The machine may be very busy. Try again; its log says more.');
}

function lost(): CommandError {
  return failed('engine-lost', 'The engine closed the connection.', 'It may have been stopped: see "holdfast status".');
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
