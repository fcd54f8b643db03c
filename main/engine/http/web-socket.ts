/** The engine's protocol over a WebSocket (RFC 6455): one JSON message in each text frame. */
import type { WebSocket } from 'ws';
import type { Clock } from '../runtime/clock.ts';
import type { Backend } from '../runtime/session/backend.ts';
import { Session, type SessionCounters, type SessionSettings } from '../runtime/session/session.ts';
import type { Caller } from './access.ts';

export interface SocketOptions {
  readonly socket: WebSocket;
  readonly caller: Caller;
  readonly backend: Backend;
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  readonly clock: Clock;
  readonly version: string;
}

/** What may wait in memory before the client counts as slow: about the answer of one page. */
const HIGH_WATER_BYTES = 256 * 1024;
/** How often the other side is asked whether it is there, and whether it may still be. */
const HEARTBEAT_MS = 15_000;
/** Of our own range (RFC 6455, section 7.4.2): the session or the token has ended. */
const NO_LONGER_IN = 4_401;

export function serveSocket({ socket, caller, ...options }: SocketOptions): void {
  let isAnswering = true;
  const link = {
    get isFull(): boolean {
      return socket.bufferedAmount > HIGH_WATER_BYTES;
    },
    send(text: string): void {
      if (socket.readyState !== socket.OPEN) return;
      const wasFull = link.isFull;
      socket.send(text, () => {
        if ((wasFull || hasBeenFull) && !link.isFull) {
          hasBeenFull = false;
          session.drained();
        }
      });
      hasBeenFull ||= link.isFull;
    },
    pause: (): void => socket.pause(),
    resume: (): void => socket.resume(),
    end: (): void => {
      // A paused socket would never see the other side's half of the closing.
      socket.resume();
      socket.close(POLICY_VIOLATION);
    },
    destroy: (): void => socket.terminate(),
  };
  let hasBeenFull = false;
  const leave = (): void => {
    socket.resume();
    socket.close(NO_LONGER_IN, 'The session has ended.');
  };
  const heartbeat = options.clock.every(HEARTBEAT_MS, () => {
    if (!isAnswering) return socket.terminate();
    if (!caller.isStillIn()) return leave();
    // One that is behind is not read from, so that its answer cannot be seen.
    isAnswering = session.isBehind;
    socket.ping();
  });
  const offEnd = caller.onEnd(leave);
  const { role, actor } = caller;
  const session = new Session({ ...options, link, role, actor });
  socket.on('pong', () => {
    isAnswering = true;
  });
  socket.on('message', (data, isBinary) => {
    isAnswering = true;
    // Asked here as well: what was revoked a moment ago must not do anything any more.
    if (!caller.isStillIn()) leave();
    else if (isBinary) session.refuse('a message is not text');
    else session.take([data.toString()]);
  });
  // What went wrong does not matter: `close` follows.
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    heartbeat.cancel();
    offEnd();
    session.closed();
  });
}

const POLICY_VIOLATION = 1_008;
