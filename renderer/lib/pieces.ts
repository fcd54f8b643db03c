/** Files cut into pieces, and pieces as base64: how files go to the engine and come from it. */

/** The part of a File that is needed. */
export interface PieceFile {
  readonly size: number;
  slice(from: number, until: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** The next bytes; undefined where the file has fewer than it said, or cannot be read. */
export async function readPiece(
  file: PieceFile,
  offset: number,
  pieceBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const until = Math.min(file.size, offset + pieceBytes);
  try {
    const bytes = new Uint8Array(await file.slice(offset, until).arrayBuffer());
    return bytes.length === until - offset ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Arguments of one call: far below what an engine of JavaScript takes. */
const CHUNK = 0x8000;

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** Undefined where it is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
