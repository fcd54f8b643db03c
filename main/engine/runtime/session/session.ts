import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION, type Role } from '../../../../contract/api-roles.ts';
import type { Failure } from '../../../../contract/domain.ts';
import type { Clock, Timer } from '../clock.ts';
import { failureOf, messageOf } from '../failure.ts';
import { BoundedQueue } from '../queue.ts';
import type { Backend } from './backend.ts';
import { parseClientMessage } from './message.ts';
import { RateLimit } from './rate.ts';

/** What sessions of one transport count, all of them together. */
export interface SessionCounters {
  calls: number;
  /** Sessions that were closed because they sent what is no message. */
  hostile: number;
  /** Sessions that were closed because they did not read. */
  slowReaders: number;
  /** Items of streams that were left out because their reader was slow. */
  droppedItems: number;
}

/** Bounds of one session. */
export interface SessionSettings {
  readonly maxCallsInFlight: number;
  readonly callsPerSecond: number;
  readonly streamQueueItems: number;
  readonly slowReaderSeconds: number;
  readonly idleSeconds: number;
}

/** The way to the client, whatever it is made of. */
export interface SessionLink {
  /** Whether what was sent still waits for the client; when it no longer does, `drained` is to be called. */
  readonly isFull: boolean;
  /** Sends one message. */
  send(text: string): void;
  /** Stops and goes on reading from the client. */
  pause(): void;
  resume(): void;
  /** Closes when everything that was sent has gone out. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface SessionOptions {
  readonly link: SessionLink;
  readonly role: Role;
  /** Who is at the other end, for the journal. */
  readonly actor: string;
  readonly backend: Backend;
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  readonly clock: Clock;
  readonly version: string;
}

const MS_PER_SECOND = 1000;
/** How many calls may come at once, in seconds of the average rate. */
const BURST_SECONDS = 2;

interface OpenCall {
  readonly controller: AbortController;
  /** Streams only: items that wait for the link. */
  readonly waiting?: BoundedQueue<unknown>;
  /** Items left out since the last one that was sent. */
  dropped: number;
  end?: () => void;
}

/**
 * One client's side of the protocol in contract/api-roles.ts, over any transport: answers its messages, and keeps
 * everything that it could make us hold bounded. Whatever comes in, the worst that happens is that it is closed.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #link: SessionLink;
  readonly #rate: RateLimit;
  readonly #open = new Map<number, OpenCall>();
  /** Messages that came with others and wait for the rate limit. */
  #inbox: string[] = [];
  #pause: Timer | undefined;
  #drainTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  /** Nothing more is sent or taken. */
  #isEnding = false;
  #isClosed = false;

  /** Sends the greeting. */
  constructor(options: SessionOptions) {
    const { link, settings, clock, version, role } = options;
    this.#options = options;
    this.#link = link;
    const burst = Math.max(1, settings.callsPerSecond * BURST_SECONDS);
    this.#rate = new RateLimit(settings.callsPerSecond, burst, clock.monotonicMs());
    this.#send({ holdfast: PROTOCOL_VERSION, version, role });
    this.#armIdle();
  }

  /** Whether messages wait for the rate limit or for the client to read. */
  get isBehind(): boolean {
    return this.#inbox.length > 0;
  }

  /** Messages as they came, each one whole. */
  take(messages: readonly string[]): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#inbox.push(...messages);
    this.#work();
  }

  /** To be called when the link is no longer full. */
  drained(): void {
    this.#drainTimer?.cancel();
    this.#drainTimer = undefined;
    for (const [id, call] of this.#open) {
      while (call.waiting !== undefined && call.waiting.length > 0 && !this.#link.isFull) {
        this.#sendItem(id, call, call.waiting.shift());
      }
    }
    this.#work();
  }

  /** Says why and closes: after a message that is none, nothing that follows can be trusted. */
  refuse(why: string): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#options.counters.hostile += 1;
    const hint = 'The other side of this connection speaks another protocol, or another version of it.';
    this.#inbox = [];
    this.#sendFailure(null, { code: 'bad-message', message: `The connection is closed: ${why}.`, hint });
    this.#isEnding = true;
    this.#link.pause();
    this.#link.end();
    // One that does not even read why keeps its place no longer than any other that does not read.
    const { clock, settings } = this.#options;
    this.#idleTimer?.cancel();
    this.#idleTimer = clock.after(settings.slowReaderSeconds * MS_PER_SECOND, () => this.#link.destroy());
    this.#endCalls();
  }

  /** To be called once the link is closed. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of [this.#pause, this.#drainTimer, this.#idleTimer]) timer?.cancel();
    this.#inbox = [];
    this.#endCalls();
  }

  /** Takes messages as fast as the rate and the client's own reading allow. */
  #work(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    let next = 0;
    while (next < this.#inbox.length && !this.#isClosed) {
      if (this.#link.isFull) break;
      const waitMs = this.#rate.take(this.#options.clock.monotonicMs());
      if (waitMs > 0) {
        this.#pause = this.#options.clock.after(waitMs, () => this.#work());
        break;
      }
      this.#take(this.#inbox[next]);
      next += 1;
    }
    this.#inbox = this.#inbox.slice(next);
    if (this.#isEnding || this.#isClosed) return;
    if (this.#inbox.length > 0) this.#link.pause();
    else this.#link.resume();
  }

  #take(text: string): void {
    if (text.trim() === '') return;
    this.#idleTimer?.cancel();
    let message: ReturnType<typeof parseClientMessage>;
    try {
      message = parseClientMessage(text);
    } catch (error) {
      this.refuse(messageOf(error));
      return;
    }
    const { id } = message;
    if ('cancel' in message) {
      this.#cancel(id);
    } else if (this.#open.has(id)) {
      this.refuse(`the id ${id} is in use`);
    } else if (this.#open.size >= this.#options.settings.maxCallsInFlight) {
      this.#sendFailure(id, TOO_BUSY);
    } else {
      this.#options.counters.calls += 1;
      this.#call(id, message.call, message.input);
    }
    if (!this.#isEnding) this.#armIdle();
  }

  #call(id: number, name: string, input: unknown): void {
    const { backend, role, actor, settings } = this.#options;
    const controller = new AbortController();
    const context = { role, actor, signal: controller.signal };
    const fail = (error: unknown): void =>
      this.#finish(id, controller, { id, error: failureOf(error, 'internal', '') });
    if (backend.kindOf(name) !== 'stream') {
      this.#open.set(id, { controller, dropped: 0 });
      void backend
        .request(name, input, context)
        .then((result) => this.#finish(id, controller, { id, result: result ?? null }), fail);
      return;
    }
    const call: OpenCall = { controller, waiting: new BoundedQueue(settings.streamQueueItems), dropped: 0 };
    this.#open.set(id, call);
    const emit = (item: unknown, dropped = 0): void => this.#emit(id, call, item, dropped);
    const onEnd = (error?: Failure): void =>
      this.#finish(id, controller, error === undefined ? { id, result: null } : { id, error });
    try {
      call.end = backend.open(name, input, emit, context, onEnd);
      // It may have ended while it was being opened.
      if (this.#open.get(id) !== call) call.end();
    } catch (error) {
      fail(error);
    }
  }

  #emit(id: number, call: OpenCall, item: unknown, dropped: number): void {
    if (this.#open.get(id) !== call) return;
    call.dropped += dropped;
    if (!this.#link.isFull) this.#sendItem(id, call, item);
    else if (call.waiting?.push(item) === false) {
      call.dropped += 1;
      this.#options.counters.droppedItems += 1;
    }
  }

  #sendItem(id: number, call: OpenCall, item: unknown): void {
    this.#send({ id, item, dropped: call.dropped });
    call.dropped = 0;
  }

  #finish(id: number, controller: AbortController, answer: object): void {
    // The id may have been given up, and be in use again.
    if (this.#open.get(id)?.controller !== controller) return;
    this.#open.delete(id);
    this.#send(answer);
    this.#armIdle();
  }

  #cancel(id: number): void {
    const call = this.#open.get(id);
    // It may have been answered while the client gave it up.
    if (call === undefined) return;
    this.#open.delete(id);
    end(call);
    this.#send({ id, result: null });
  }

  #sendFailure(id: number | null, error: Failure): void {
    this.#send({ id, error });
  }

  #send(message: object): void {
    if (this.#isClosed || this.#isEnding) return;
    const text = JSON.stringify(message);
    // A message on a socket has the end of its line as well.
    if (text.length >= MAX_MESSAGE_BYTES || Buffer.byteLength(text) >= MAX_MESSAGE_BYTES) {
      const id = 'id' in message && typeof message.id === 'number' ? message.id : null;
      const call = id === null ? undefined : this.#open.get(id);
      // An error is the end of a stream.
      if (id !== null && call !== undefined) {
        this.#open.delete(id);
        end(call);
      }
      this.#sendFailure(id, TOO_LARGE);
      return;
    }
    this.#link.send(text);
    if (!this.#link.isFull || this.#drainTimer !== undefined) return;
    const { clock, settings, counters } = this.#options;
    this.#drainTimer = clock.after(settings.slowReaderSeconds * MS_PER_SECOND, () => {
      counters.slowReaders += 1;
      this.#link.destroy();
    });
  }

  #armIdle(): void {
    this.#idleTimer?.cancel();
    if (this.#isClosed || this.#open.size > 0) return;
    const { clock, settings } = this.#options;
    this.#idleTimer = clock.after(settings.idleSeconds * MS_PER_SECOND, () => this.#link.destroy());
  }

  #endCalls(): void {
    for (const call of this.#open.values()) end(call);
    this.#open.clear();
  }
}

function end(call: OpenCall): void {
  call.controller.abort();
  call.end?.();
}

const TOO_BUSY: Failure = {
  code: 'too-busy',
  message: 'Too many calls of this connection are in flight.',
  hint: 'Wait for answers, or end streams that are no longer needed.',
};

const TOO_LARGE: Failure = {
  code: 'answer-too-large',
  message: 'The answer is too large for one message.',
  hint: 'Ask for less at once, for example with a smaller limit.',
};
