/** A stream as server-sent events (WHATWG HTML, section 9.2), bounded for readers that are slow or gone. */
import type { ServerResponse } from 'node:http';
import type { Failure } from '../../../contract/domain.ts';
import { jsonText } from '../../../contract/text.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { BoundedQueue } from '../runtime/queue.ts';
import type { Backend } from '../runtime/session/backend.ts';
import type { SessionCounters, SessionSettings } from '../runtime/session/session.ts';
import type { Caller } from './access.ts';

export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly call: string;
  readonly input: unknown;
  readonly caller: Caller;
  readonly backend: Backend;
  readonly settings: SessionSettings;
  readonly counters: SessionCounters;
  readonly clock: Clock;
}

/** Proxies close what is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;
const MS_PER_SECOND = 1_000;

/** Answers until one side ends it. @throws FailureError before anything was answered */
export function serveEvents(options: EventStreamOptions): void {
  const { response, call, input, caller, backend, settings, counters, clock } = options;
  const controller = new AbortController();
  const waiting = new BoundedQueue<unknown>(settings.streamQueueItems);
  /** Headers are sent: until then items wait. */
  let isOpen = false;
  let endedEarly: { readonly failure: Failure | undefined } | undefined;
  let dropped = 0;
  let slow: Timer | undefined;
  let endStream: () => void = () => {};

  const write = (text: string): void => {
    if (response.write(text) || slow !== undefined) return;
    slow = clock.after(settings.slowReaderSeconds * MS_PER_SECOND, () => {
      counters.slowReaders += 1;
      response.destroy();
    });
  };
  const writeItem = (item: unknown): void => {
    if (dropped > 0) write(`event: dropped\ndata: ${dropped}\n\n`);
    dropped = 0;
    write(`data: ${jsonText(item)}\n\n`);
  };
  const flush = (): void => {
    while (waiting.length > 0 && !response.writableNeedDrain) writeItem(waiting.shift());
  };
  const emit = (item: unknown, lost = 0): void => {
    if (controller.signal.aborted) return;
    dropped += lost;
    if (isOpen && !response.writableNeedDrain && waiting.length === 0) {
      writeItem(item);
    } else if (!waiting.push(item)) {
      dropped += 1;
      counters.droppedItems += 1;
    }
  };
  const stop = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    heartbeat.cancel();
    slow?.cancel();
    offEnd();
    endStream();
  };
  const end = (failure?: Failure): void => {
    if (controller.signal.aborted) return;
    if (!isOpen) {
      endedEarly = { failure };
      return;
    }
    if (failure !== undefined) write(`event: failure\ndata: ${jsonText(failure)}\n\n`);
    stop();
    response.end();
  };
  const heartbeat = clock.every(HEARTBEAT_MS, () => {
    if (!caller.isStillIn()) end(NO_LONGER_IN);
    else if (!response.writableNeedDrain) write(': still here\n\n');
  });
  const offEnd = caller.onEnd(() => end(NO_LONGER_IN));
  try {
    const context = { role: caller.role, actor: caller.actor, signal: controller.signal };
    const close = backend.open(call, input, emit, context, end);
    endStream = close;
  } catch (error) {
    stop();
    throw error;
  }
  counters.calls += 1;
  response.on('close', stop);
  response.on('drain', () => {
    slow?.cancel();
    slow = undefined;
    flush();
  });
  response.writeHead(200, { ...options.headers, 'content-type': 'text/event-stream; charset=utf-8' });
  isOpen = true;
  // At once, so that the client knows that from now on it hears everything.
  write(': open\n\n');
  flush();
  if (endedEarly !== undefined) end(endedEarly.failure);
}

const NO_LONGER_IN: Failure = {
  code: 'unauthenticated',
  message: 'The session or the token has ended.',
  hint: 'Ask again with another one.',
};
