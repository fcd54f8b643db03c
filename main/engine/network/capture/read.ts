/** Reads a capture of any supported format from a file or standard input, in constant memory. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FrameSink } from '../../../../contract/traffic.ts';
import { DecompressedSource } from './decompress.ts';
import { cutInHeader, damagedFromTheStart, empty, stoppedEarly, unreadable } from './failures.ts';
import type { Compression, Identity } from './identify.ts';
import { describeForeign, HEAD_BYTES, identify } from './identify.ts';
import type { CaptureParser } from './parser.ts';
import { PCAP_HEADER_BYTES, PcapParser } from './pcap.ts';
import { PcapngParser } from './pcapng.ts';
import { CHUNK_BYTES, pump } from './pump.ts';
import type { ByteSource } from './source.ts';
import { FileSource, HeadedSource, readHead, StreamSource } from './source.ts';
import type { CaptureProgress, CaptureSummary } from './summary.ts';
import { CaptureError } from './summary.ts';
import { Tally } from './tally.ts';

export type { CaptureNote, CaptureProgress, CaptureSummary } from './summary.ts';
export { CaptureError } from './summary.ts';

export interface ReadCaptureOptions {
  /** Stops reading between two chunks; what was read until then is kept. */
  signal?: AbortSignal;
  onProgress?: (progress: CaptureProgress) => void;
  /** Least time between two calls of `onProgress`; 100 if left out. */
  progressIntervalMs?: number;
  /** Read for the path '-'; process.stdin if left out. */
  stdin?: NodeJS.ReadableStream;
  /** Bytes per read; CHUNK_BYTES if left out. */
  chunkBytes?: number;
}

/** Ten updates a second look smooth to a person and cost nothing. */
const PROGRESS_INTERVAL_MS = 100;

/** The name of standard input, as usual on command lines. */
const STDIN_PATH = '-';

interface OpenedSource {
  readonly source: ByteSource;
  /** Size on disk; null where nobody knows. */
  readonly size: number | null;
  /** Gives the same bytes again from the beginning; null where that is impossible. */
  readonly reopen: (() => Promise<ByteSource>) | null;
}

/**
 * Reads a capture and gives every frame to `sink`, in order.
 *
 * What is damaged is skipped as far as anything readable follows, and told in the summary's notes.
 *
 * @param path a file or named pipe, or '-' for standard input
 * @throws CaptureError when there is nothing to read: missing, unreadable, empty, not a capture, or stopped
 *   before its first bytes came
 */
export async function readCapture(
  path: string,
  sink: FrameSink,
  options: ReadCaptureOptions = {},
): Promise<CaptureSummary> {
  const name = path === STDIN_PATH ? 'Standard input' : path;
  const opened = await openSource(path, options.stdin);
  const stop = watch(options.signal);
  // The source to close is the outermost that was made.
  let source = opened.source;
  try {
    const tally = new Tally();
    const begun = await begin(opened, name, stop.stopped);
    source = begun.source;
    const { wrapping, unpacked } = begun;
    const parser = makeParser(begun.identity, begun.head, sink, tally, name, wrapping);
    const report = progressReporter(source, opened.size, tally, options);
    const { bytes, ended, error } = await pump(source, parser, options.chunkBytes ?? CHUNK_BYTES, stop.stopped, () => {
      report(false);
      return options.signal?.aborted !== true;
    });
    const damage = unpacked?.damage ?? null;
    if (damage !== null) {
      tally.notes.add(damage.code, () => damage.message, bytes, tally.packets + 1);
    }
    if (error !== null) {
      const message = (): string => `Reading failed after ${bytes} bytes: ${messageOf(error)}.`;
      tally.notes.add('read-error', message, bytes, tally.packets + 1);
    } else if (!ended) {
      const message = (): string => `Reading was stopped after packet ${tally.packets}, as asked.`;
      tally.notes.add('stopped', message, null, tally.packets + 1);
    }
    parser.finish();
    tally.finish();
    report(true);
    return summarise(path, parser.format, wrapping, opened.size ?? source.bytesTaken, tally);
  } finally {
    stop.release();
    closeQuietly(source);
  }
}

interface BegunSource {
  /** Gives the capture from its first byte on, unpacked. */
  readonly source: ByteSource;
  /** The first bytes of the capture, and what they say it is. */
  readonly head: Uint8Array;
  readonly identity: Identity;
  readonly wrapping: Compression | null;
  readonly unpacked: DecompressedSource | null;
}

/** Looks at the first bytes, and through the packing if it is packed. */
async function begin(opened: OpenedSource, name: string, stopped: Promise<null>): Promise<BegunSource> {
  const outer = await headOf(opened.source, name, stopped);
  const source = new HeadedSource(outer, opened.source);
  const wrapping = identify(outer);
  if (wrapping !== 'gzip' && wrapping !== 'zstd') {
    return { source, head: outer, identity: wrapping, wrapping: null, unpacked: null };
  }
  const unpacked = new DecompressedSource(wrapping, source, opened.reopen);
  try {
    const head = await headOf(unpacked, name, stopped);
    if (head.length === 0 && unpacked.damage !== null) throw new CaptureError(damagedFromTheStart(name, wrapping));
    return { source: new HeadedSource(head, unpacked), head, identity: identify(head), wrapping, unpacked };
  } catch (error) {
    closeQuietly(unpacked);
    throw error;
  }
}

async function openSource(path: string, stdin: NodeJS.ReadableStream | undefined): Promise<OpenedSource> {
  if (path === STDIN_PATH) {
    return { source: new StreamSource(stdin ?? process.stdin), size: null, reopen: null };
  }
  try {
    const file = await open(path, constants.O_RDONLY);
    const status = await file.stat();
    if (status.isDirectory()) {
      await file.close();
      throw new CaptureError(unreadable(path, 'EISDIR'));
    }
    const reopen = async (): Promise<ByteSource> => new FileSource(await open(path, constants.O_RDONLY));
    const regular = status.isFile();
    return { source: new FileSource(file), size: regular ? status.size : null, reopen: regular ? reopen : null };
  } catch (error) {
    throw error instanceof CaptureError ? error : new CaptureError(unreadable(path, codeOf(error)), { cause: error });
  }
}

async function headOf(source: ByteSource, name: string, stopped: Promise<null>): Promise<Uint8Array> {
  const reading = readHead(source, HEAD_BYTES).catch((error: unknown) => {
    throw new CaptureError(unreadable(name, codeOf(error)), { cause: error });
  });
  const head = await Promise.race([reading, stopped]);
  if (head === null) throw new CaptureError(stoppedEarly(name));
  return head;
}

function makeParser(
  identity: Identity,
  head: Uint8Array,
  sink: FrameSink,
  tally: Tally,
  name: string,
  wrapping: Compression | null,
): CaptureParser {
  if (head.length === 0) throw new CaptureError(empty(name, wrapping));
  if (identity === 'pcapng') return new PcapngParser(sink, tally);
  if (identity !== 'pcap') throw new CaptureError(describeForeign(name, head, wrapping));
  if (head.length < PCAP_HEADER_BYTES) throw new CaptureError(cutInHeader(name, head.length, PCAP_HEADER_BYTES));
  return new PcapParser(new DataView(head.buffer, head.byteOffset, head.byteLength), 0, sink, tally);
}

/** Calls onProgress, but not too often; `always` for the last time. */
function progressReporter(
  source: ByteSource,
  bytesTotal: number | null,
  tally: Tally,
  options: ReadCaptureOptions,
): (always: boolean) => void {
  const { onProgress, progressIntervalMs = PROGRESS_INTERVAL_MS } = options;
  if (onProgress === undefined) return () => {};
  let reportedMs = performance.now();
  return (always) => {
    const nowMs = performance.now();
    if (!always && nowMs - reportedMs < progressIntervalMs) return;
    reportedMs = nowMs;
    const timeUs = Number.isFinite(tally.lastUs) ? tally.lastUs : 0;
    onProgress({ bytesRead: source.bytesTaken, bytesTotal, packets: tally.packets, timeUs });
  };
}

/** A promise that resolves when the signal is aborted, and a way to stop listening to it. */
function watch(signal: AbortSignal | undefined): { stopped: Promise<null>; release: () => void } {
  if (signal === undefined) return { stopped: new Promise(() => {}), release: () => {} };
  let release = (): void => {};
  const stopped = new Promise<null>((resolve) => {
    const onAbort = (): void => resolve(null);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    release = () => signal.removeEventListener('abort', onAbort);
  });
  return { stopped, release };
}

function summarise(
  path: string,
  format: string,
  wrapping: Compression | null,
  fileBytes: number,
  tally: Tally,
): CaptureSummary {
  const timed = Number.isFinite(tally.firstUs);
  return {
    path,
    format: wrapping === null ? format : `${format}+${wrapping}`,
    packets: tally.packets,
    bytes: tally.bytes,
    fileBytes,
    linkTypes: tally.linkTypes,
    firstSeenUs: timed ? tally.firstUs : null,
    lastSeenUs: timed ? tally.lastUs : null,
    truncatedPackets: tally.truncatedPackets,
    notes: tally.notes.notes,
    complete: tally.notes.lossless,
  };
}

/** Closing a file that was only read can fail in no way that matters; a pipe without a writer may never answer. */
function closeQuietly(source: ByteSource): void {
  source.close().catch(() => {});
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
