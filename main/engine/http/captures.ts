/** Captures that are posted: handed to the engine piece by piece, as fast as it takes them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallContext } from '../../../contract/api.ts';
import { CAPTURE_PIECE_BYTES, type Capture } from '../../../contract/api-captures.ts';
import { plainText } from '../../../contract/text.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Backend } from '../runtime/session/backend.ts';
import { refuse } from './failures.ts';

export interface CaptureUpload {
  readonly name: string;
  readonly stream: Readable;
  /** Undefined where only the end tells: the stream is then kept in a file first, since the engine asks beforehand. */
  readonly sizeBytes: number | undefined;
}

export interface UploadOptions {
  readonly backend: Backend;
  readonly context: CallContext;
  readonly maximumBytes: number;
  /** Where a stream of unknown length is kept meanwhile; nobody else may look into it. */
  readonly temporaryDirectory: string;
  readonly clock: Clock;
}

/** A capture that sends nothing for so long has been given up by whoever sent it. */
const IDLE_MS = 30_000;
const MAX_NAME = 255;
/** What is kept until its length is known is in folders of such names. */
const UPLOAD_PREFIX = 'holdfast.upload-';
/** What a nameless capture is called. */
const NO_NAME = 'capture';

/** Resolves when the engine has all of it. @throws FailureError */
export async function receiveCapture(upload: CaptureUpload, options: UploadOptions): Promise<Capture> {
  const { sizeBytes } = upload;
  if (sizeBytes === 0) throw refuse('bad-input', 'The capture is empty.', 'Send the bytes of a pcap or pcapng file.');
  if (sizeBytes !== undefined) {
    checkSize(sizeBytes, options.maximumBytes);
    return forward(upload.name, sizeBytes, withIdleLimit(upload.stream, options.clock), options);
  }
  const folder = await mkdtemp(join(options.temporaryDirectory, UPLOAD_PREFIX));
  try {
    const path = join(folder, 'capture');
    const bounded = boundedBy(options.maximumBytes);
    await pipeline(withIdleLimit(upload.stream, options.clock), bounded, createWriteStream(path, { mode: 0o600 }));
    const { size } = await stat(path);
    return await receiveCapture({ ...upload, sizeBytes: size, stream: createReadStream(path) }, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what an earlier run left behind when it ended in the middle of a capture. */
export async function removeLeftUploads(temporaryDirectory: string): Promise<void> {
  const names = await readdir(temporaryDirectory);
  const left = names.filter((name) => name.startsWith(UPLOAD_PREFIX));
  await Promise.all(left.map((name) => rm(join(temporaryDirectory, name), { recursive: true, force: true })));
}

/** A file name as somebody gave it: without folders, and safe to look at. */
export function captureName(given: string | undefined): string {
  const name = plainText(given?.split(/[/\\]/).at(-1)?.trim() ?? '', MAX_NAME);
  return name === '' ? NO_NAME : name;
}

async function forward(name: string, sizeBytes: number, stream: Readable, options: UploadOptions): Promise<Capture> {
  const { backend, context } = options;
  const capture = (await backend.request('captures.begin', { name, sizeBytes }, context)) as Capture;
  const { id } = capture;
  try {
    let offset = 0;
    for await (const piece of piecesOf(stream)) {
      if (offset + piece.length > sizeBytes) throw cutShort();
      const data = piece.toString('base64');
      await backend.request('captures.append', { id, offset, data }, context);
      offset += piece.length;
    }
    if (offset !== sizeBytes) throw cutShort();
    return (await backend.request('captures.get', { id }, context)) as Capture;
  } catch (error) {
    // Nobody will send the rest. That it is not there any more, or the engine either, changes nothing.
    await backend
      .request('captures.remove', { id }, { ...context, signal: new AbortController().signal })
      .catch(() => {});
    throw error;
  }
}

/** The same bytes in pieces of the size that the engine takes at once; the next is read when the last was taken. */
async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < CAPTURE_PIECE_BYTES) continue;
    const all = Buffer.concat(held, bytes);
    let at = 0;
    for (; bytes - at >= CAPTURE_PIECE_BYTES; at += CAPTURE_PIECE_BYTES) {
      yield all.subarray(at, at + CAPTURE_PIECE_BYTES);
    }
    held = [all.subarray(at)];
    bytes -= at;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}

function checkSize(bytes: number, maximumBytes: number): void {
  if (bytes > maximumBytes) throw tooLarge(maximumBytes);
}

function boundedBy(maximumBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maximumBytes) done(tooLarge(maximumBytes));
      else done(null, chunk);
    },
  });
}

/** Ends a stream that has stopped coming. */
function withIdleLimit(stream: Readable, clock: Clock): Readable {
  let wasRead = true;
  const timer = clock.every(IDLE_MS, () => {
    // While the engine takes its time, nothing is read, and the sender is not late.
    if (!wasRead && stream.readableLength === 0) stream.destroy(cutShort());
    wasRead = false;
  });
  stream.on('data', () => {
    wasRead = true;
  });
  // Listening for data sets a stream flowing; whoever reads it begins.
  stream.pause();
  stream.on('close', () => timer.cancel());
  return stream;
}

function tooLarge(maximumBytes: number): Error {
  const message = `The capture is larger than the ${maximumBytes} bytes that are taken over HTTP.`;
  return refuse('capture-too-large', message, 'http.maxCaptureMegabytes is the bound; "holdfast analyze" has none.');
}

function cutShort(): Error {
  return refuse('bad-input', 'The capture did not arrive whole.', 'Send it again; nothing of it was kept.');
}
