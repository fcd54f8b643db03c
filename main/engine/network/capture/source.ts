/** Where the bytes of a capture come from: a file, a pipe, standard input. */
import type { FileHandle } from 'node:fs/promises';

export interface ByteSource {
  /** How many bytes were taken so far from the disk or stream underneath. */
  readonly bytesTaken: number;
  /**
   * Reads at most `length` bytes into `target` at `offset`.
   *
   * @returns how many were read; 0 at the end
   * @throws what the system says when reading fails
   */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** A file or named pipe, read from its current position on. */
export class FileSource implements ByteSource {
  readonly #file: FileHandle;
  bytesTaken = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    const { bytesRead } = await this.#file.read(target, offset, length, null);
    this.bytesTaken += bytesRead;
    return bytesRead;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Hands out what a paused stream has, as bytes; waits when it has nothing. */
export class StreamSource implements ByteSource {
  readonly #stream: NodeJS.ReadableStream;
  readonly #onChange = (): void => this.#wake();
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake();
  };
  readonly #onError = (error: Error): void => {
    this.#error = error;
    this.#wake();
  };
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => {};
  /** What was taken from the stream and not yet handed out. */
  #chunk: Uint8Array = new Uint8Array(0);
  bytesTaken = 0;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
    stream.on('readable', this.#onChange);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
    stream.on('error', this.#onError);
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#chunk.length === 0) {
      const chunk = this.#stream.read();
      if (chunk !== null) {
        this.#chunk = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
        this.bytesTaken += this.#chunk.length;
      } else if (this.#error !== null) {
        throw this.#error;
      } else if (this.#ended) {
        return 0;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    const taken = Math.min(length, this.#chunk.length);
    target.set(this.#chunk.subarray(0, taken), offset);
    this.#chunk = this.#chunk.subarray(taken);
    return taken;
  }

  /** Lets go of the stream without closing it: it belongs to whoever gave it. */
  close(): Promise<void> {
    this.#stream.off('readable', this.#onChange);
    this.#stream.off('end', this.#onEnd);
    this.#stream.off('close', this.#onEnd);
    this.#stream.off('error', this.#onError);
    this.#stream.pause();
    return Promise.resolve();
  }
}

/** A source whose first bytes were already looked at. */
export class HeadedSource implements ByteSource {
  readonly #rest: ByteSource;
  #head: Uint8Array;

  constructor(head: Uint8Array, rest: ByteSource) {
    this.#head = head;
    this.#rest = rest;
  }

  get bytesTaken(): number {
    return this.#rest.bytesTaken;
  }

  read(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.#head.length === 0) return this.#rest.read(target, offset, length);
    const taken = Math.min(length, this.#head.length);
    target.set(this.#head.subarray(0, taken), offset);
    this.#head = this.#head.subarray(taken);
    return Promise.resolve(taken);
  }

  close(): Promise<void> {
    return this.#rest.close();
  }
}

/** Reads until `length` bytes are there or the source ends. */
export async function readHead(source: ByteSource, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const got = await source.read(head, filled, length - filled);
    if (got === 0) break;
    filled += got;
  }
  return head.subarray(0, filled);
}
