/** The thread that reads and hashes; what people work with goes first. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { hashFile } from './hash-file.ts';
import type { HashReply, HashTask, HashWorkerData } from './hash-messages.ts';

/** Lower than all work, but not the lowest: somebody waits for it, and a busy computer would not let it run at all. */
const LOW_PRIORITY = 10;

const { stop, bytes } = workerData as HashWorkerData;
const stopped = new Int32Array(stop);
const total = new BigInt64Array(bytes);

// On Linux it is the priority of the calling thread alone.
setPriority(0, LOW_PRIORITY);

parentPort?.on('message', ({ paths, wantsMd5 }: HashTask) => {
  const digests = paths.map((path) =>
    hashFile(path, wantsMd5, (read) => {
      Atomics.add(total, 0, BigInt(read));
      return Atomics.load(stopped, 0) === 0;
    }),
  );
  parentPort?.postMessage({ digests } satisfies HashReply);
});
