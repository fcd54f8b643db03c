/** The thread that reads and hashes; everything else on the computer goes first. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { hashFile } from './hash-file.ts';
import type { HashReply, HashTask, HashWorkerData } from './hash-messages.ts';

const LOWEST_PRIORITY = 19;

const { stop, bytes } = workerData as HashWorkerData;
const stopped = new Int32Array(stop);
const total = new BigInt64Array(bytes);

// On Linux it is the priority of the calling thread alone.
setPriority(0, LOWEST_PRIORITY);

parentPort?.on('message', ({ paths, wantsMd5 }: HashTask) => {
  const digests = paths.map((path) =>
    hashFile(path, wantsMd5, (read) => {
      Atomics.add(total, 0, BigInt(read));
      return Atomics.load(stopped, 0) === 0;
    }),
  );
  parentPort?.postMessage({ digests } satisfies HashReply);
});
