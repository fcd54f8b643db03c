import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, type Role } from '../../../contract/api-roles.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { messageOf } from '../runtime/failure.ts';
import type { Backend } from '../runtime/session/backend.ts';
import { Session, type SessionCounters } from '../runtime/session/session.ts';
import { LineSplitter } from './lines.ts';
import type { ApiSettings } from './settings.ts';

/** What connections count, all of them together. */
export interface ApiCounters extends SessionCounters {
  /** Connections that were refused because there were too many. */
  refused: number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly role: Role;
  /** Who is at the other end, for the journal; see `socketActor`. */
  readonly actor: string;
  readonly backend: Backend;
  readonly settings: ApiSettings;
  readonly counters: ApiCounters;
  readonly clock: Clock;
  readonly version: string;
  onClose(): void;
}

const MS_PER_SECOND = 1000;

/** A session over a Unix socket: one message a line, each of which must be whole in time. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #lines = new LineSplitter(MAX_MESSAGE_BYTES);
  #messageTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    const { socket, onClose, ...rest } = options;
    this.#options = options;
    this.#socket = socket;
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('drain', () => this.#session.drained());
    socket.on('close', () => this.#closed());
    // What went wrong does not matter: the client has gone, and `close` follows.
    socket.on('error', () => socket.destroy());
    const link = {
      get isFull(): boolean {
        return socket.writableNeedDrain;
      },
      send: (text: string): void => void (socket.writableEnded || socket.write(`${text}\n`)),
      pause: (): void => void socket.pause(),
      resume: (): void => void socket.resume(),
      end: (): void => void socket.end(() => socket.destroy()),
      destroy: (): void => void socket.destroy(),
    };
    this.#session = new Session({ ...rest, link });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    let lines: readonly string[];
    try {
      lines = this.#lines.push(chunk);
    } catch (error) {
      this.#session.refuse(messageOf(error));
      return;
    }
    this.#session.take(lines);
    this.#timeMessage(lines.length > 0);
  }

  /** The time of a message counts from its first byte: one that trickles in does not win time with every byte. */
  #timeMessage(hasCompletedOne: boolean): void {
    if (hasCompletedOne || !this.#lines.isWaiting) {
      this.#messageTimer?.cancel();
      this.#messageTimer = undefined;
    }
    if (!this.#lines.isWaiting || this.#messageTimer !== undefined || this.#isClosed) return;
    const { clock, settings } = this.#options;
    this.#messageTimer = clock.after(settings.messageSeconds * MS_PER_SECOND, () => {
      this.#messageTimer = undefined;
      // While earlier messages wait for the rate limit, nothing is read, and the client is not late.
      if (this.#session.isBehind) this.#timeMessage(false);
      else this.#session.refuse('a message was not completed in time');
    });
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#messageTimer?.cancel();
    this.#session.closed();
    this.#options.onClose();
  }
}
