import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerEnvironment } from '../runtime/worker-environment.ts';
import { CaptureError, type CaptureSummary, type ReadCaptureOptions, readCapture } from './capture/read.ts';
import type { DecodeCounters } from './decode/decoder.ts';
import {
  CONTROL,
  CONTROL_BYTES,
  type DecodeMessage,
  type DecodeWorkerData,
  RING_BATCHES,
  RING_BYTES,
} from './decode-messages.ts';
import { BATCH_SIZE, PacketBatch } from './packet-batch.ts';
import type { TrafficEngine } from './traffic-engine.ts';

/** Below this a capture is read before a second thread has started. */
const THREAD_FROM_BYTES = 32 << 20;
/** So long the event loop may stand still; then it is waited in turns, for the end of the thread to be heard of. */
const BLOCKING_WAIT_MS = 20;
/** Batches in a row before the event loop gets a turn: for progress and Ctrl-C, some fifty times a second. */
const BATCHES_PER_TURN = 16;

/**
 * Reads a capture into the engine: a large file with a second thread that reads and decodes, anything else
 * in this one. The result is the same. See readCapture for options and errors.
 *
 * @param threadFromBytes files from this size on are decoded in a thread; for tests
 */
export async function readTraffic(
  path: string,
  engine: TrafficEngine,
  options: ReadCaptureOptions = {},
  threadFromBytes = THREAD_FROM_BYTES,
): Promise<CaptureSummary> {
  const file = await stat(path).catch(() => undefined);
  const isLarge = file?.isFile() && file.size >= threadFromBytes;
  if (!isLarge || availableParallelism() < 2) return readCapture(path, engine, options);
  return new ThreadedReading(path, engine, options).run();
}

/** One reading of a capture by two threads. */
class ThreadedReading {
  readonly #engine: TrafficEngine;
  readonly #options: ReadCaptureOptions;
  readonly #control: Int32Array;
  readonly #batches: readonly PacketBatch[];
  readonly #worker: Worker;
  readonly #outcome: Promise<{ summary: CaptureSummary; counters: DecodeCounters }>;
  #isOver = false;
  #consumed = 0;

  constructor(path: string, engine: TrafficEngine, options: ReadCaptureOptions) {
    this.#engine = engine;
    this.#options = options;
    const memory = new SharedArrayBuffer(RING_BYTES);
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#batches = Array.from(
      { length: RING_BATCHES },
      (_, i) => new PacketBatch(memory, CONTROL_BYTES + i * BATCH_SIZE),
    );
    const data: DecodeWorkerData = { path, memory };
    this.#worker = new Worker(new URL('./decode-worker.ts', import.meta.url), {
      workerData: data,
      env: workerEnvironment(),
    });
    this.#outcome = this.#listen();
    // Awaited after the last batch; until then a failure is no unhandled one.
    this.#outcome.catch(() => {});
  }

  #listen(): Promise<{ summary: CaptureSummary; counters: DecodeCounters }> {
    return new Promise((resolve, reject) => {
      this.#worker.on('message', (message: DecodeMessage) => {
        if (message.type === 'progress') this.#options.onProgress?.(message.progress);
        else if (message.type === 'done') resolve(message);
        else reject(new CaptureError(message.failure));
      });
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => {
        this.#isOver = true;
        // Whoever waits for another batch waits for nothing.
        Atomics.notify(this.#control, CONTROL.produced);
        reject(new Error(`the decoding thread ended with code ${code}`));
      });
    });
  }

  async run(): Promise<CaptureSummary> {
    const { signal } = this.#options;
    const stop = () => this.#worker.postMessage('stop');
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    try {
      while (await this.#hasMore()) {
        this.#consumeOne();
        if (this.#consumed % BATCHES_PER_TURN === 0) await new Promise(setImmediate);
      }
      const { summary, counters } = await this.#outcome;
      this.#engine.decodedElsewhere(counters);
      return summary;
    } finally {
      signal?.removeEventListener('abort', stop);
      await this.#worker.terminate();
    }
  }

  /** Waits for a batch; false when the thread has ended and all its batches are read. */
  async #hasMore(): Promise<boolean> {
    for (;;) {
      const produced = Atomics.load(this.#control, CONTROL.produced);
      if (produced > this.#consumed) return true;
      if (this.#isOver) return false;
      // Nearly always the next batch is moments away: waking from a blocking wait is ten times quicker.
      if (Atomics.wait(this.#control, CONTROL.produced, produced, BLOCKING_WAIT_MS) !== 'timed-out') continue;
      const waiting = Atomics.waitAsync(this.#control, CONTROL.produced, produced);
      if (waiting.async) await waiting.value;
    }
  }

  #consumeOne(): void {
    const batch = this.#batches[this.#consumed % RING_BATCHES];
    const engine = this.#engine;
    const packet = engine.packet;
    const packets = batch.packets;
    for (let n = 0; n < packets; n++) engine.deliver(batch.read(n, packet));
    this.#consumed++;
    Atomics.store(this.#control, CONTROL.consumed, this.#consumed);
    Atomics.notify(this.#control, CONTROL.consumed);
  }
}
