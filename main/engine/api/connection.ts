import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION, type Role } from '../../../contract/api-roles.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { failureOf, messageOf } from '../runtime/failure.ts';
import { BoundedQueue } from '../runtime/queue.ts';
import type { Dispatcher } from './dispatcher.ts';
import { LineSplitter } from './lines.ts';
import { parseClientMessage } from './message.ts';
import { RateLimit } from './rate.ts';
import type { ApiSettings } from './settings.ts';

/** What connections count, all of them together. */
export interface ApiCounters {
  calls: number;
  /** Connections that were refused because there were too many. */
  refused: number;
  /** Connections that were closed because they sent what is no message. */
  hostile: number;
  /** Connections that were closed because they did not read. */
  slowReaders: number;
  /** Items of streams that were left out because their reader was slow. */
  droppedItems: number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly role: Role;
  /** Who is at the other end, for the journal; see `socketActor`. */
  readonly actor: string;
  readonly dispatcher: Dispatcher;
  readonly settings: ApiSettings;
  readonly counters: ApiCounters;
  readonly clock: Clock;
  readonly version: string;
  onClose(): void;
}

const MS_PER_SECOND = 1000;
/** How many calls may come at once, in seconds of the average rate. */
const BURST_SECONDS = 2;

interface OpenCall {
  readonly controller: AbortController;
  /** Streams only: items that wait for the socket. */
  readonly waiting?: BoundedQueue<unknown>;
  /** Items left out since the last one that was sent. */
  dropped: number;
  end?: () => void;
}

/**
 * One client: reads its messages, answers them, and keeps everything that it could make us hold bounded. Whatever
 * comes in, the worst that happens is that the connection is closed.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #lines = new LineSplitter(MAX_MESSAGE_BYTES);
  readonly #rate: RateLimit;
  readonly #open = new Map<number, OpenCall>();
  /** Lines that came with others and wait for the rate limit. */
  #inbox: string[] = [];
  #pause: Timer | undefined;
  #messageTimer: Timer | undefined;
  #drainTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    const { socket, settings, clock, version, role } = options;
    this.#options = options;
    this.#socket = socket;
    const burst = Math.max(1, settings.callsPerSecond * BURST_SECONDS);
    this.#rate = new RateLimit(settings.callsPerSecond, burst, clock.monotonicMs());
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('close', () => this.#closed());
    // What went wrong does not matter: the client has gone, and `close` follows.
    socket.on('error', () => socket.destroy());
    this.#send({ holdfast: PROTOCOL_VERSION, version, role });
    this.#armIdle();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    let lines: readonly string[];
    try {
      lines = this.#lines.push(chunk);
    } catch (error) {
      this.#refuse(messageOf(error));
      return;
    }
    this.#inbox.push(...lines);
    this.#timeMessage(lines.length > 0);
    this.#work();
  }

  /** The time of a message counts from its first byte: one that trickles in does not win time with every byte. */
  #timeMessage(hasCompletedOne: boolean): void {
    if (hasCompletedOne || !this.#lines.isWaiting) {
      this.#messageTimer?.cancel();
      this.#messageTimer = undefined;
    }
    if (!this.#lines.isWaiting || this.#messageTimer !== undefined) return;
    const { clock, settings } = this.#options;
    this.#messageTimer = clock.after(settings.messageSeconds * MS_PER_SECOND, () => {
      this.#messageTimer = undefined;
      // While earlier messages wait for the rate limit, nothing is read, and the client is not late.
      if (this.#inbox.length > 0) this.#timeMessage(false);
      else this.#refuse('a message was not completed in time');
    });
  }

  /** Takes messages as fast as the rate and the client's own reading allow. */
  #work(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    let next = 0;
    while (next < this.#inbox.length && !this.#isClosed) {
      if (this.#socket.writableNeedDrain) break;
      const waitMs = this.#rate.take(this.#options.clock.monotonicMs());
      if (waitMs > 0) {
        this.#pause = this.#options.clock.after(waitMs, () => this.#work());
        break;
      }
      this.#take(this.#inbox[next]);
      next += 1;
    }
    this.#inbox = this.#inbox.slice(next);
    if (this.#inbox.length > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  #take(line: string): void {
    if (line.trim() === '') return;
    this.#idleTimer?.cancel();
    let message: ReturnType<typeof parseClientMessage>;
    try {
      message = parseClientMessage(line);
    } catch (error) {
      this.#refuse(messageOf(error));
      return;
    }
    const { id } = message;
    if ('cancel' in message) {
      this.#cancel(id);
    } else if (this.#open.has(id)) {
      this.#refuse(`the id ${id} is in use`);
    } else if (this.#open.size >= this.#options.settings.maxCallsInFlight) {
      this.#sendFailure(id, TOO_BUSY);
    } else {
      this.#options.counters.calls += 1;
      this.#call(id, message.call, message.input);
    }
    this.#armIdle();
  }

  #call(id: number, name: string, input: unknown): void {
    const { dispatcher, role, actor, settings } = this.#options;
    const controller = new AbortController();
    const context = { role, actor, signal: controller.signal };
    if (dispatcher.kindOf(name) !== 'stream') {
      this.#open.set(id, { controller, dropped: 0 });
      void dispatcher.request(name, input, context).then(
        (result) => this.#finish(id, controller, { id, result }),
        (error: unknown) => this.#finish(id, controller, { id, error: failureOf(error, 'internal', '') }),
      );
      return;
    }
    const call: OpenCall = { controller, waiting: new BoundedQueue(settings.streamQueueItems), dropped: 0 };
    this.#open.set(id, call);
    try {
      call.end = dispatcher.open(name, input, (item) => this.#emit(id, call, item), context);
    } catch (error) {
      this.#finish(id, controller, { id, error: failureOf(error, 'internal', '') });
    }
  }

  #emit(id: number, call: OpenCall, item: unknown): void {
    if (call.controller.signal.aborted) return;
    if (!this.#socket.writableNeedDrain) this.#sendItem(id, call, item);
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

  #drained(): void {
    this.#drainTimer?.cancel();
    this.#drainTimer = undefined;
    for (const [id, call] of this.#open) {
      while (call.waiting !== undefined && call.waiting.length > 0 && !this.#socket.writableNeedDrain) {
        this.#sendItem(id, call, call.waiting.shift());
      }
    }
    this.#work();
  }

  #sendFailure(id: number | null, error: Failure): void {
    this.#send({ id, error });
  }

  #send(message: object): void {
    if (this.#isClosed || this.#socket.writableEnded) return;
    const line = `${JSON.stringify(message)}\n`;
    if (line.length > MAX_MESSAGE_BYTES || Buffer.byteLength(line) > MAX_MESSAGE_BYTES) {
      const id = 'id' in message && typeof message.id === 'number' ? message.id : null;
      this.#sendFailure(id, TOO_LARGE);
      return;
    }
    if (this.#socket.write(line) || this.#drainTimer !== undefined) return;
    const { clock, settings, counters } = this.#options;
    this.#drainTimer = clock.after(settings.slowReaderSeconds * MS_PER_SECOND, () => {
      counters.slowReaders += 1;
      this.#socket.destroy();
    });
  }

  /** Says why and closes: after a message that is none, nothing that follows can be trusted. */
  #refuse(why: string): void {
    if (this.#isClosed || this.#socket.writableEnded) return;
    this.#options.counters.hostile += 1;
    const hint = 'The other side of this socket speaks another protocol, or another version of it.';
    this.#inbox = [];
    this.#sendFailure(null, { code: 'bad-message', message: `The connection is closed: ${why}.`, hint });
    this.#socket.pause();
    this.#socket.end(() => this.#socket.destroy());
    // One that does not even read why keeps its place no longer than any other that does not read.
    const { clock, settings } = this.#options;
    this.#idleTimer?.cancel();
    this.#idleTimer = clock.after(settings.slowReaderSeconds * MS_PER_SECOND, () => this.#socket.destroy());
    this.#endCalls();
  }

  #armIdle(): void {
    this.#idleTimer?.cancel();
    if (this.#isClosed || this.#open.size > 0) return;
    const { clock, settings } = this.#options;
    this.#idleTimer = clock.after(settings.idleSeconds * MS_PER_SECOND, () => this.#socket.destroy());
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of [this.#pause, this.#messageTimer, this.#drainTimer, this.#idleTimer]) timer?.cancel();
    this.#inbox = [];
    this.#endCalls();
    this.#options.onClose();
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
