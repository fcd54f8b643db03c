/** The thread that reads and hashes; what people work with goes first. */
import { parentPort, workerData } from 'node:worker_threads';
import { BACKGROUND_NICE, setNice } from '../runtime/priority.ts';
import { hashFile } from './hash-file.ts';
import type { HashReply, HashTask, HashWorkerData } from './hash-messages.ts';

const { stop, bytes } = workerData as HashWorkerData;
const stopped = new Int32Array(stop);
const total = new BigInt64Array(bytes);

setNice(BACKGROUND_NICE);

parentPort?.on('message', ({ paths, wantsMd5 }: HashTask) => {
  const digests = paths.map((path) =>
    hashFile(path, wantsMd5, (read) => {
      Atomics.add(total, 0, BigInt(read));
      return Atomics.load(stopped, 0) === 0;
    }),
  );
  parentPort?.postMessage({ digests } satisfies HashReply);
});
