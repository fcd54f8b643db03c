import { type FileHandle, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, FailureError, messageOf } from '../../runtime/failure.ts';
import { ensureOwnDirectory } from '../../runtime/paths.ts';

/** What is left free on the disk for the database and everybody else. */
const RESERVED_BYTES = 256 * 1024 * 1024;
const PRIVATE_FILE = 0o600;
/** What the files are called: never anything that somebody gave. */
const OWN_NAME = /^c-[0-9a-z]{1,32}\.capture$/;

/** The files of captures while they are received and analysed, in a private directory of their own. */
export class CaptureFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory, and removes what an engine left there that did not end well. */
  async prepare(): Promise<void> {
    ensureOwnDirectory(this.#directory);
    for (const name of await readdir(this.#directory)) {
      if (OWN_NAME.test(name)) await rm(join(this.#directory, name), { force: true });
    }
  }

  path(id: string): string {
    return join(this.#directory, `${id}.capture`);
  }

  /** @throws FailureError `no-room` when so many bytes would fill the disk */
  async assertRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#directory);
    if (bavail * bsize >= bytes + RESERVED_BYTES) return;
    throw new FailureError({
      code: 'no-room',
      message: 'There is not enough room on the disk for this capture.',
      hint: 'Make room on the disk that holds the data directory, or use "holdfast analyze FILE", which needs none.',
    });
  }

  /** A new, empty, private file. */
  create(id: string): Promise<FileHandle> {
    return open(this.path(id), 'wx', PRIVATE_FILE);
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }
}

/** Writes all of a piece at its place. @throws FailureError `no-room` or `not-written` */
export async function writePiece(file: FileHandle, piece: Uint8Array, offset: number): Promise<void> {
  try {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece, done, piece.length - done, offset + done);
      done += bytesWritten;
    }
  } catch (error) {
    const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error));
    const failure = {
      code: isFull ? 'no-room' : 'not-written',
      message: isFull ? 'The disk became full.' : `The capture could not be written: ${messageOf(error)}.`,
      hint: isFull ? 'Make room on the disk that holds the data directory.' : 'Check the disk of the data directory.',
    };
    throw new FailureError(failure, error);
  }
}
