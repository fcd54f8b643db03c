/** Reads captures in a worker thread for tests, as the engine does, and counts what comes. */
import { parentPort } from 'node:worker_threads';
import { type InterfaceState, type PumpEnd, pumpCapture } from '../reader.ts';
import type { CaptureStream } from '../sensor.ts';

/** What it is told. */
export interface WorkerOrder {
  readonly stream: CaptureStream;
  /** After the first frame, sleep this long: a flow engine that is stuck. */
  readonly stallMs: number;
}

/** What it says. */
export type WorkerReport =
  | { readonly kind: 'interfaces'; readonly run: number; readonly interfaces: readonly InterfaceState[] }
  | { readonly kind: 'end'; readonly run: number; readonly end: PumpEnd; readonly tally: Tally };

export interface Tally {
  readonly frames: number;
  /** Frames of the generator, and how many different ones. */
  readonly numbered: number;
  readonly distinct: number;
  /** Times at which a frame was older than a tick before it. */
  readonly lateFrames: number;
  readonly ticks: number;
  readonly longestSilenceMs: number;
  /** The first frames, in hexadecimal, with their link type in front. */
  readonly samples: readonly string[];
}

/** Layout of the generator's frames; see native-helpers/sense/test/blast.c. */
const GENERATOR_MAC_TAIL = 0x6602;
const NUMBER_OFFSET = 42;
const MAX_NUMBER = 4_000_000;
const MAX_SAMPLES = 64;

const port = parentPort;
if (port === null) throw new Error('runs in a worker thread only');

port.on('message', ({ stream, stallMs }: WorkerOrder) => {
  const seen = new Uint8Array(MAX_NUMBER);
  const samples: string[] = [];
  let frames = 0;
  let numbered = 0;
  let distinct = 0;
  let lateFrames = 0;
  let ticks = 0;
  let lastTickUs = 0;
  let lastNewsMs = performance.now();
  let longestSilenceMs = 0;
  const news = (): void => {
    const nowMs = performance.now();
    longestSilenceMs = Math.max(longestSilenceMs, nowMs - lastNewsMs);
    lastNewsMs = nowMs;
  };
  const end = pumpCapture(
    stream.fd,
    {
      frame(bytes, start, capturedBytes, _wireBytes, timeUs, linkType) {
        frames++;
        if (frames === 1 && stallMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
        if (timeUs < lastTickUs) lateFrames++;
        if (samples.length < MAX_SAMPLES) {
          samples.push(`${linkType}:${Buffer.from(bytes.subarray(start, start + capturedBytes)).toString('hex')}`);
        }
        if (capturedBytes < NUMBER_OFFSET + 4 || ((bytes[start + 4] << 8) | bytes[start + 5]) !== GENERATOR_MAC_TAIL)
          return;
        numbered++;
        const at = start + NUMBER_OFFSET;
        const number = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
        if (seen[number] === 0) distinct++;
        seen[number] = 1;
      },
    },
    {
      onTick(nowUs) {
        news();
        ticks++;
        lastTickUs = nowUs;
      },
      onInterfaces(interfaces) {
        port.postMessage({ kind: 'interfaces', run: stream.run, interfaces } satisfies WorkerReport);
      },
    },
  );
  const tally: Tally = { frames, numbered, distinct, lateFrames, ticks, longestSilenceMs, samples };
  port.postMessage({ kind: 'end', run: stream.run, end, tally } satisfies WorkerReport);
});
