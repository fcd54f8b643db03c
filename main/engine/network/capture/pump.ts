/** Moves bytes from a source to a parser, reading ahead while the parser works. */
import type { CaptureParser } from './parser.ts';
import type { ByteSource } from './source.ts';

/** Two buffers of this size take turns. Larger ones leave the processor's cache, smaller ones cost more calls. */
export const CHUNK_BYTES = 1024 * 1024;
/** Room before each chunk for the record that began in the one before; any pcap record fits. */
const HEADROOM_BYTES = 512 * 1024;

interface ChunkBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView<ArrayBufferLike>;
  /** Where the chunk begins; what is left over from the one before ends here. */
  readonly headroom: number;
}

function chunkBuffer(headroom: number, chunkBytes: number): ChunkBuffer {
  // A plain Uint8Array, because a Buffer's slice() does not copy and would surprise a sink.
  const bytes = new Uint8Array(headroom + chunkBytes);
  return { bytes, view: new DataView(bytes.buffer), headroom };
}

/**
 * Reads the source to its end. At most two chunks and one record of the parser's are in memory.
 *
 * @param afterChunk called after each chunk; false stops reading
 * @returns the bytes that came from the source and whether it was read to its end; an error of the source
 *   is returned, after all that came before it was parsed
 */
export async function pump(
  source: ByteSource,
  parser: CaptureParser,
  chunkBytes: number,
  stopped: Promise<null>,
  afterChunk: () => boolean,
): Promise<{ bytes: number; ended: boolean; error: unknown }> {
  const headroom = Math.min(HEADROOM_BYTES, chunkBytes);
  let current = chunkBuffer(headroom, chunkBytes);
  let other = chunkBuffer(headroom, chunkBytes);
  let error: unknown = null;
  const fill = ({ bytes, headroom: at }: ChunkBuffer): Promise<number | null> => {
    const reading = source.read(bytes, at, chunkBytes).catch((reason: unknown) => {
      error = reason;
      return 0;
    });
    return Promise.race([reading, stopped]);
  };
  let total = 0;
  let start = current.headroom;
  let end = current.headroom;
  // Where in the capture the buffer's first byte would stand.
  let captureOffset = -current.headroom;
  let got = await fill(current);
  for (;;) {
    if (got === null) return { bytes: total, ended: false, error };
    if (got === 0) {
      parser.parse(current.bytes, current.view, start, end, captureOffset, true);
      return { bytes: total, ended: error === null, error };
    }
    total += got;
    end += got;
    const pending = fill(other);
    start = parser.parse(current.bytes, current.view, start, end, captureOffset, false);
    if (!afterChunk()) return { bytes: total, ended: false, error };
    got = await pending;
    if (got === null || got === 0) continue;
    const left = end - start;
    if (left > other.headroom) {
      // A long block: a larger buffer takes over what was just read.
      const larger = chunkBuffer(2 ** Math.ceil(Math.log2(left)), chunkBytes);
      larger.bytes.set(other.bytes.subarray(other.headroom, other.headroom + got), larger.headroom);
      other = larger;
    }
    other.bytes.set(current.bytes.subarray(start, end), other.headroom - left);
    captureOffset += end - other.headroom;
    [current, other] = [other, current];
    start = current.headroom - left;
    end = current.headroom;
  }
}
