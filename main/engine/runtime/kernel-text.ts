/** Reads what the kernel tells in files of procfs, again and again. */
import { closeSync, openSync, readSync } from 'node:fs';

/** As much as the kernel gives in one read of most of its files. */
const PIECE_BYTES = 64 * 1024;
let piece: Buffer | undefined;

/**
 * A whole file as latin1: each byte is a character. These files have no size, so that readFileSync makes a buffer of
 * 64 KiB for each of them; here there is one for all looks of a thread.
 *
 * @throws what the kernel says
 */
export function readKernelText(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
    let text = '';
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece)) {
      text += piece.toString('latin1', 0, read);
    }
    return text;
  } finally {
    closeSync(descriptor);
  }
}
