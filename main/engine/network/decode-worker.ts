/** The decoding thread of a large capture: reads and decodes, and hands decoded packets on in batches. */
import { workerData } from 'node:worker_threads';
import { RingProducer } from './batch-ring.ts';
import { Decoder } from './decode/decoder.ts';
import { PacketBatch } from './packet-batch.ts';
import { readInThread } from './reading-thread.ts';

/** What the thread is started with. */
export interface DecodeWorkerData {
  readonly path: string;
  readonly memory: SharedArrayBuffer;
}

const { path, memory } = workerData as DecodeWorkerData;
const ring = new RingProducer(memory, PacketBatch);
const decoder = new Decoder();
let batch = ring.batch;

function handOver(): void {
  ring.handOver();
  batch = ring.batch;
  batch.clear();
}

await readInThread(
  path,
  {
    frame(bytes, start, capturedBytes, wireBytes, timeUs, linkType) {
      decoder.decode(bytes, start, capturedBytes, wireBytes, timeUs, linkType);
      if (batch.add(decoder.packet, capturedBytes)) return;
      handOver();
      batch.add(decoder.packet, capturedBytes);
    },
  },
  () => {
    if (batch.packets > 0) handOver();
    return decoder.counters();
  },
);
