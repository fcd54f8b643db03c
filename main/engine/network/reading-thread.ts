import { parentPort } from 'node:worker_threads';
import type { FrameSink } from '../../../contract/traffic.ts';
import { CaptureError, readCapture } from './capture/read.ts';
import type { ReadingMessage } from './reading-messages.ts';

/**
 * What a thread that reads a capture does: gives the frames to `sink`, tells of progress, and stops when it is asked.
 *
 * @param finish hands on what is left, and gives the counters
 */
export async function readInThread<Counters>(path: string, sink: FrameSink, finish: () => Counters): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('a capture is read here as a worker thread of the engine only');
  const stop = new AbortController();
  const post = (message: ReadingMessage<Counters>): void => port.postMessage(message);
  // The only message there is says: stop.
  port.on('message', () => stop.abort());
  try {
    const summary = await readCapture(path, sink, {
      signal: stop.signal,
      onProgress: (progress) => post({ type: 'progress', progress }),
    });
    post({ type: 'done', summary, counters: finish() });
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    post({ type: 'failed', failure: error.failure });
  }
  port.close();
}
