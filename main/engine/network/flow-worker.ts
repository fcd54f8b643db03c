/**
 * The thread that follows the flows of a large capture: reads, decodes, counts flows and looks into conversations, and
 * hands on what observers are to be told, in batches. Facts go beside them as text, one message for each batch with any.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import type { Fact } from '../../../contract/facts.ts';
import { RingProducer } from './batch-ring.ts';
import { EnoughSegments } from './enough-segments.ts';
import { NewsBatch } from './news-batch.ts';
import { NewsWriter } from './news-writer.ts';
import { readInThread } from './reading-thread.ts';
import { type FollowingOrder, TrafficEngine } from './traffic-engine.ts';

/** What the thread is started with. */
export interface FlowWorkerData {
  readonly path: string;
  readonly memory: SharedArrayBuffer;
  readonly order: FollowingOrder;
  readonly facts: MessagePort;
  /** Memory of EnoughSegments. */
  readonly enough: SharedArrayBuffer;
}

const { path, memory, order, facts: factPort, enough } = workerData as FlowWorkerData;
const ring = new RingProducer(memory, NewsBatch);

function handOver(facts: readonly Fact[]): NewsBatch {
  // Before the batch: whoever takes that one finds its facts there.
  if (facts.length > 0) factPort.postMessage(JSON.stringify(facts));
  ring.handOver();
  const { batch } = ring;
  batch.clear();
  return batch;
}

const writer = new NewsWriter(ring.batch, handOver, order.wanted, new EnoughSegments(enough), () => engine.features);
const engine: TrafficEngine = new TrafficEngine({
  ...order,
  observers: [writer],
  countsFeatures: order.wanted.features,
});

await readInThread(path, engine, () => {
  engine.finish();
  writer.finish();
  factPort.close();
  return engine.counters();
});
