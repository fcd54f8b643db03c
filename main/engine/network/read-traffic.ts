import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Fact } from '../../../contract/facts.ts';
import { workerEnvironment } from '../runtime/worker-environment.ts';
import { createRing, RingConsumer } from './batch-ring.ts';
import { CaptureError, type CaptureSummary, type ReadCaptureOptions, readCapture } from './capture/read.ts';
import type { DecodeCounters } from './decode/decoder.ts';
import type { DecodeWorkerData } from './decode-worker.ts';
import { ENOUGH_SEGMENTS_BYTES, EnoughSegments } from './enough-segments.ts';
import type { FlowWorkerData } from './flow-worker.ts';
import { NEWS_BATCH_SIZE, NewsBatch } from './news-batch.ts';
import { NewsReader } from './news-reader.ts';
import { BATCH_SIZE, PacketBatch } from './packet-batch.ts';
import type { ReadingMessage } from './reading-messages.ts';
import type { FollowingOrder, TrafficCounters, TrafficEngine } from './traffic-engine.ts';

/** Below this a capture is read before a second thread has started. */
const THREAD_FROM_BYTES = 32 << 20;
/**
 * Of the thread that follows flows, half of what one has that also tells observers (see runtime/heap.ts): facts are
 * written out with their batch, and only conversations live longer.
 */
const FOLLOWING_YOUNG_GENERATION_MB = 12;
/** Batches in a row before the event loop gets a turn: for progress and Ctrl-C, some fifty times a second. */
const BATCHES_PER_TURN = 16;

export interface ReadTrafficOptions extends ReadCaptureOptions {
  /**
   * The second thread of a large capture may also follow the flows and look into conversations, so that this one only
   * tells observers. `engine.flowSource` then has nothing to show, and `engine.features` only what is asked for here.
   */
  readonly mayFollowElsewhere?: boolean | { readonly features: boolean };
}

/**
 * Reads a capture into the engine: a large file with a second thread, anything else in this one. The result is the
 * same. See readCapture for options and errors.
 *
 * @param threadFromBytes files from this size on are read in a thread; for tests
 */
export async function readTraffic(
  path: string,
  engine: TrafficEngine,
  options: ReadTrafficOptions = {},
  threadFromBytes = THREAD_FROM_BYTES,
): Promise<CaptureSummary> {
  const file = await stat(path).catch(() => undefined);
  const isLarge = file?.isFile() && file.size >= threadFromBytes;
  if (!isLarge || availableParallelism() < 2) return readCapture(path, engine, options);
  const { mayFollowElsewhere: may } = options;
  const order = may ? engine.followingOrder(may !== true && may.features) : undefined;
  return order === undefined ? readDecoded(path, engine, options) : readFollowed(path, engine, order, options);
}

/** Another thread reads and decodes; flows are followed here. */
async function readDecoded(path: string, engine: TrafficEngine, options: ReadCaptureOptions): Promise<CaptureSummary> {
  const memory = createRing(BATCH_SIZE);
  const data: DecodeWorkerData = { path, memory };
  const worker = new Worker(new URL('./decode-worker.ts', import.meta.url), {
    workerData: data,
    env: workerEnvironment(),
  });
  const { packet } = engine;
  const { summary, counters } = await consume<PacketBatch, DecodeCounters>(
    { worker, ring: new RingConsumer(memory, PacketBatch), options },
    (batch) => {
      const { packets } = batch;
      for (let n = 0; n < packets; n++) engine.deliver(batch.read(n, packet));
    },
  );
  engine.decodedElsewhere(counters);
  return summary;
}

/** Another thread does all but telling the engine's observers. */
async function readFollowed(
  path: string,
  engine: TrafficEngine,
  order: FollowingOrder,
  options: ReadCaptureOptions,
): Promise<CaptureSummary> {
  const memory = createRing(NEWS_BATCH_SIZE);
  const enough = new SharedArrayBuffer(ENOUGH_SEGMENTS_BYTES);
  const { port1: factPort, port2 } = new MessageChannel();
  const data: FlowWorkerData = { path, memory, order, facts: port2, enough };
  const worker = new Worker(new URL('./flow-worker.ts', import.meta.url), {
    workerData: data,
    transferList: [port2],
    env: workerEnvironment(),
    resourceLimits: { maxYoungGenerationSizeMb: FOLLOWING_YOUNG_GENERATION_MB },
  });
  const reader = new NewsReader(engine.audience, order.settings.flowCapacity, new EnoughSegments(enough));
  if (order.wanted.features) engine.followElsewhere(reader);
  try {
    const { summary, counters } = await consume<NewsBatch, TrafficCounters>(
      { worker, ring: new RingConsumer(memory, NewsBatch), options },
      (batch) => reader.take(batch, batch.factCount === 0 ? [] : nextFacts(factPort)),
    );
    engine.followedElsewhere(counters);
    return summary;
  } finally {
    factPort.close();
  }
}

/** Those of the batch at hand: they were sent before it. */
function nextFacts(port: Parameters<typeof receiveMessageOnPort>[0]): readonly Fact[] {
  const received = receiveMessageOnPort(port);
  if (received === undefined) throw new Error('the facts of a batch are missing');
  return JSON.parse(received.message as string) as Fact[];
}

interface Reading<B> {
  readonly worker: Worker;
  readonly ring: RingConsumer<B>;
  readonly options: ReadCaptureOptions;
}

/** Takes all batches of a thread that reads a capture, and ends the thread. */
async function consume<B, Counters>(
  { worker, ring, options }: Reading<B>,
  take: (batch: B) => void,
): Promise<{ readonly summary: CaptureSummary; readonly counters: Counters }> {
  const outcome = outcomeOf<Counters>(worker, ring, options);
  // Awaited after the last batch; until then a failure is no unhandled one.
  outcome.catch(() => {});
  const { signal } = options;
  const stop = () => worker.postMessage('stop');
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    for (let batch = await ring.next(); batch !== undefined; batch = await ring.next()) {
      take(batch);
      ring.release();
      if (ring.consumed % BATCHES_PER_TURN === 0) await new Promise(setImmediate);
    }
    return await outcome;
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function outcomeOf<Counters>(worker: Worker, ring: RingConsumer<unknown>, { onProgress }: ReadCaptureOptions) {
  return new Promise<{ readonly summary: CaptureSummary; readonly counters: Counters }>((resolve, reject) => {
    worker.on('message', (message: ReadingMessage<Counters>) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message);
      else reject(new CaptureError(message.failure));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      ring.end();
      reject(new Error(`the thread that reads the capture ended with code ${code}`));
    });
  });
}
