/** Reads captures that tests have in memory. */
import { Readable } from 'node:stream';
import type { ReadCaptureOptions } from './read.ts';
import { readCapture } from './read.ts';
import type { CaptureSummary } from './summary.ts';
import { CaptureError } from './summary.ts';
import type { CollectedFrame } from './testing.ts';
import { collectFrames } from './testing.ts';

export interface ReadBytes {
  readonly summary: CaptureSummary;
  readonly frames: CollectedFrame[];
}

/** Reads a capture through standard input. */
export async function readBytes(bytes: Uint8Array, options: ReadCaptureOptions = {}): Promise<ReadBytes> {
  const sink = collectFrames();
  const stdin = Readable.from(bytes.length === 0 ? [] : [Buffer.from(bytes)], { objectMode: false });
  const summary = await readCapture('-', sink, { ...options, stdin });
  return { summary, frames: sink.frames };
}

/** The code of the CaptureError that reading fails with. */
export async function failureCode(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof CaptureError) return error.failure.code;
    throw error;
  }
  return 'none';
}
