/**
 * One page's use of the bridge: checks what it asks for, hands it to the shell's handlers or to the engine, and
 * bounds what it can keep open. The page is not trusted: everything here is `unknown` until it is parsed.
 */
import { API } from '../../contract/api.ts';
import { MAX_MESSAGE_BYTES } from '../../contract/api-roles.ts';
import type { CallKind } from '../../contract/api-table.ts';
import type { BridgeAnswer, BridgeMessage } from '../../contract/bridge.ts';
import { type AppFrame, MAX_ITEMS_UNDERWAY } from '../../contract/bridge-channels.ts';
import type { Failure } from '../../contract/domain.ts';
import { SHELL_API, type ShellCallName, type ShellHandlers } from '../../contract/shell-api.ts';
import { plainText } from '../../contract/text.ts';

/** Calls of one page that wait for their answer; a page with every part open has about ten. */
const MAX_PENDING_REQUESTS = 64;
/** Streams of one page; a page with every part open has about eight. */
const MAX_OPEN_STREAMS = 32;
/** Room in a message to the engine for what is not its input. */
const ENVELOPE_BYTES = 1_024;
const MAX_INPUT_BYTES = MAX_MESSAGE_BYTES - ENVELOPE_BYTES;
const MAX_NUMBER = 2 ** 31;
/** Problems of an input that are told; the first ones say what is wrong. */
const TOLD_PROBLEMS = 3;
const MAX_NAME_SHOWN = 64;

/** The way to the engine, which parses what it is given. */
export interface EngineCalls {
  /** @param signal gives it up: the answer is the error `cancelled` */
  request(call: string, input: unknown, signal: AbortSignal): Promise<BridgeAnswer>;
  open(call: string, input: unknown, tell: (message: BridgeMessage) => void): () => void;
}

export interface BridgeOptions {
  readonly engine: EngineCalls;
  readonly shell: ShellHandlers;
  /** A handler threw what is no failure: a mistake of ours. */
  onMistake(call: string, error: unknown): void;
}

interface OpenStream {
  close: () => void;
  underway: number;
  dropped: number;
}

type AnyRequest = (input: unknown) => unknown;
type AnyStream = (input: unknown, emit: (item: unknown) => void) => () => void;

export class BridgeSession {
  readonly #options: BridgeOptions;
  readonly #tell: (frame: AppFrame) => void;
  readonly #streams = new Map<number, OpenStream>();
  /** Requests that the engine has not answered. */
  readonly #requests = new Set<{ readonly id: unknown; readonly kind: CallKind; readonly abort: AbortController }>();
  #pending = 0;
  #lastId = 0;

  constructor(options: BridgeOptions, tell: (frame: AppFrame) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  /** A query or a command. Never rejects. @param id to give it up by */
  async request(call: unknown, input: unknown, id?: unknown): Promise<BridgeAnswer> {
    if (this.#pending >= MAX_PENDING_REQUESTS) return { error: TOO_BUSY };
    this.#pending++;
    try {
      const checked = checkCall(call, input, false);
      if ('error' in checked) return checked;
      if (checked.table === 'engine') return await this.#askEngine(checked, id);
      const handler = this.#options.shell[checked.name as ShellCallName] as AnyRequest;
      return { result: await handler(checked.input) };
    } catch (error) {
      return { error: this.#failureOf(String(call), error) };
    } finally {
      this.#pending--;
    }
  }

  async #askEngine({ name, kind, input }: CheckedCall, id: unknown): Promise<BridgeAnswer> {
    const request = { id, kind, abort: new AbortController() };
    this.#requests.add(request);
    try {
      return await this.#options.engine.request(name, input, request.abort.signal);
    } finally {
      this.#requests.delete(request);
    }
  }

  /** A frame of the stream channel. What is none is left aside: an honest page sends no other. */
  receive(frame: unknown): void {
    if (typeof frame !== 'object' || frame === null) return;
    if ('begin' in frame) {
      this.end();
      this.#lastId = 0;
    } else if ('open' in frame && isNumber(frame.open)) {
      const { call, input } = frame as { call?: unknown; input?: unknown };
      this.#open(frame.open, call, input);
    } else if ('close' in frame && isNumber(frame.close)) {
      this.#close(frame.close);
    } else if ('cancel' in frame && isNumber(frame.cancel)) {
      const { cancel } = frame;
      for (const { id, abort } of this.#requests) if (id === cancel) abort.abort();
    } else if ('took' in frame && 'count' in frame && isNumber(frame.took) && isNumber(frame.count)) {
      const stream = this.#streams.get(frame.took);
      if (stream !== undefined) stream.underway = Math.max(0, stream.underway - frame.count);
    }
  }

  /** The page is gone. What it commanded is done all the same; what it asked nobody waits for. */
  end(): void {
    for (const { kind, abort } of this.#requests) if (kind === 'query') abort.abort();
    for (const id of [...this.#streams.keys()]) this.#close(id);
  }

  /** Streams that are open now. */
  get openStreams(): number {
    return this.#streams.size;
  }

  #open(id: number, call: unknown, input: unknown): void {
    // A number that was used before could mix two streams up.
    if (id <= this.#lastId) return;
    this.#lastId = id;
    const end = (error?: Failure): void => this.#tell({ id, message: { type: 'end', error } });
    const checked = this.#streams.size >= MAX_OPEN_STREAMS ? { error: TOO_BUSY } : checkCall(call, input, true);
    if ('error' in checked) {
      end(checked.error);
      return;
    }
    const stream: OpenStream = { close: () => {}, underway: 0, dropped: 0 };
    this.#streams.set(id, stream);
    const take = (message: BridgeMessage): void => this.#pass(id, stream, message);
    try {
      if (checked.table === 'engine') {
        stream.close = this.#options.engine.open(checked.name, checked.input, take);
      } else {
        const handler = this.#options.shell[checked.name as ShellCallName] as AnyStream;
        stream.close = handler(checked.input, (item) => take({ type: 'item', item, dropped: 0 }));
      }
    } catch (error) {
      this.#streams.delete(id);
      end(this.#failureOf(checked.name, error));
    }
  }

  #pass(id: number, stream: OpenStream, message: BridgeMessage): void {
    if (this.#streams.get(id) !== stream) return;
    if (message.type === 'end') {
      this.#streams.delete(id);
    } else if (stream.underway >= MAX_ITEMS_UNDERWAY) {
      stream.dropped += 1 + message.dropped;
      return;
    } else {
      stream.underway++;
      if (stream.dropped > 0) {
        this.#tell({ id, message: { ...message, dropped: message.dropped + stream.dropped } });
        stream.dropped = 0;
        return;
      }
    }
    this.#tell({ id, message });
  }

  #close(id: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.close();
  }

  #failureOf(call: string, error: unknown): Failure {
    const failure = carriedFailure(error);
    if (failure !== undefined) return failure;
    this.#options.onMistake(plainText(call, MAX_NAME_SHOWN), error);
    return INTERNAL;
  }
}

interface CheckedCall {
  readonly table: 'engine' | 'shell';
  readonly name: string;
  readonly kind: CallKind;
  readonly input: unknown;
}

/** The shell's inputs are parsed here; the engine parses its own, so they are only bounded. */
function checkCall(call: unknown, input: unknown, asStream: boolean): CheckedCall | { readonly error: Failure } {
  const name = typeof call === 'string' ? call : '';
  const kind = kindOf(name);
  if (kind === undefined || (kind === 'stream') !== asStream) {
    return { error: wrong('no-such-call', `There is no call "${plainText(name, MAX_NAME_SHOWN)}".`) };
  }
  const size = sizeOf(input);
  if (size === undefined) return { error: wrong('bad-input', `The input of "${name}" cannot be sent.`) };
  if (size > MAX_INPUT_BYTES) return { error: wrong('bad-input', `The input of "${name}" is too large.`) };
  if (!isShellCall(name)) return { table: 'engine', name, kind, input: input ?? {} };
  const parsed = SHELL_API[name].input.safeParse(input ?? {});
  if (parsed.success) return { table: 'shell', name, kind, input: parsed.data };
  const problems = parsed.error.issues
    .slice(0, TOLD_PROBLEMS)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  return { error: wrong('bad-input', plainText(`The input of "${name}" is wrong: ${problems.join('; ')}.`)) };
}

function kindOf(name: string): CallKind | undefined {
  if (isShellCall(name)) return SHELL_API[name].kind;
  return Object.hasOwn(API, name) ? API[name as keyof typeof API].kind : undefined;
}

function isShellCall(name: string): name is ShellCallName {
  return Object.hasOwn(SHELL_API, name);
}

/** Bytes as JSON, which is how it goes on; undefined for what is not JSON: a circle, a BigInt. */
function sizeOf(input: unknown): number | undefined {
  try {
    return Buffer.byteLength(JSON.stringify(input ?? null) ?? '');
  } catch {
    return undefined;
  }
}

/** A number that a page gives to a stream or a request. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < MAX_NUMBER;
}

function wrong(code: string, message: string): Failure {
  return { code, message, hint: 'Restart the app: its window and its program may be of different versions.' };
}

const TOO_BUSY: Failure = {
  code: 'too-busy',
  message: 'Too much was asked for at the same time.',
  hint: 'Wait a moment and try again.',
};

const INTERNAL: Failure = {
  code: 'internal',
  message: 'The app made a mistake while it answered.',
  hint: 'Try again; if it comes back, report it.',
};

/** An error that is meant for people carries what to tell them. */
function carriedFailure(error: unknown): Failure | undefined {
  if (typeof error !== 'object' || error === null || !('failure' in error)) return undefined;
  const { failure } = error;
  const isFailure = typeof failure === 'object' && failure !== null && 'code' in failure && 'message' in failure;
  return isFailure ? (failure as Failure) : undefined;
}
