/** The decoding thread of a large capture: reads and decodes, and hands decoded packets on in batches. */
import { parentPort, workerData } from 'node:worker_threads';
import { CaptureError, readCapture } from './capture/read.ts';
import { Decoder } from './decode/decoder.ts';
import { CONTROL, CONTROL_BYTES, type DecodeMessage, type DecodeWorkerData, RING_BATCHES } from './decode-messages.ts';
import { BATCH_SIZE, PacketBatch } from './packet-batch.ts';

const port = parentPort;
if (port === null) throw new Error('decode-worker.ts runs as a worker thread of the engine');
const { path, memory } = workerData as DecodeWorkerData;
const control = new Int32Array(memory, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT);
const batches = Array.from({ length: RING_BATCHES }, (_, i) => new PacketBatch(memory, CONTROL_BYTES + i * BATCH_SIZE));
const decoder = new Decoder();
const stop = new AbortController();
const post = (message: DecodeMessage): void => port.postMessage(message);
// The only message there is says: stop.
port.on('message', () => stop.abort());

let produced = 0;
let batch = batches[0];

function handOver(): void {
  produced++;
  Atomics.store(control, CONTROL.produced, produced);
  Atomics.notify(control, CONTROL.produced);
  for (;;) {
    const consumed = Atomics.load(control, CONTROL.consumed);
    if (produced - consumed < RING_BATCHES) break;
    Atomics.wait(control, CONTROL.consumed, consumed);
  }
  batch = batches[produced % RING_BATCHES];
  batch.clear();
}

try {
  const summary = await readCapture(
    path,
    {
      frame(bytes, start, capturedBytes, wireBytes, timeUs, linkType) {
        decoder.decode(bytes, start, capturedBytes, wireBytes, timeUs, linkType);
        if (batch.add(decoder.packet, capturedBytes)) return;
        handOver();
        batch.add(decoder.packet, capturedBytes);
      },
    },
    { signal: stop.signal, onProgress: (progress) => post({ type: 'progress', progress }) },
  );
  if (batch.packets > 0) handOver();
  post({ type: 'done', summary, counters: decoder.counters() });
} catch (error) {
  if (!(error instanceof CaptureError)) throw error;
  post({ type: 'failed', failure: error.failure });
}
port.close();
