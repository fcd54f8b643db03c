/**
 * Unpacks gzip and zstd while reading, several members or frames in a row included, and keeps whatever
 * can be unpacked of a stream that is cut off or damaged.
 */
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from './identify.ts';
import type { ByteSource } from './source.ts';

/** Unpacked bytes per step; large enough that the steps cost nothing. */
const OUTPUT_BYTES = 262144;
/** Packed bytes per step. Twice as fast as steps of 4 KiB. */
const STEP_BYTES = 64 * 1024;
/**
 * An unpacker that meets an error throws away what the failing step gave before it. Where the source
 * cannot be read a second time, steps are small so that little is lost.
 */
const CAREFUL_STEP_BYTES = 4 * 1024;
/**
 * Where it can be read again, the step that failed is repeated in steps so small that next to nothing is
 * lost: no longer than the 8 bytes that end a gzip member, so that nothing is lost to what follows one.
 */
const FINE_STEP_BYTES = 8;

type Decoder = Transform & { readonly bytesWritten: number };

const DECODERS: Readonly<Record<Compression, () => Decoder>> = {
  gzip: () => createGunzip({ chunkSize: OUTPUT_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: OUTPUT_BYTES }),
};

/** What was wrong with the packed data. */
export interface CompressionDamage {
  readonly code: 'compression-cut-off' | 'compression-damaged';
  readonly message: string;
}

export class DecompressedSource implements ByteSource {
  readonly #compression: Compression;
  readonly #reopen: (() => Promise<ByteSource>) | null;
  #input: ByteSource;
  #decoder: Decoder;
  #error: NodeJS.ErrnoException | null = null;
  #inputError: unknown = null;
  #wake: () => void = () => {};
  /** Called when the decoder has run dry, so that an error never takes unread bytes with it. */
  #resumeFeeding: () => void = () => {};
  /** Holds the newest step; a decoder is done with it before the next. */
  readonly #step = Buffer.allocUnsafeSlow(STEP_BYTES);
  /** Packed bytes that a finished frame left over for the next one. */
  #leftOver: Uint8Array | null = null;
  /** Unpacked bytes taken from the decoder and not yet handed out. */
  #chunk: Uint8Array = new Uint8Array(0);
  #handedOut = 0;
  /** Of the unpacked bytes to come: how many were handed out before the source was read again. */
  #toSkip = 0;
  /** Packed bytes that were given to decoders, and where the newest step began. */
  #position = 0;
  #stepStart = 0;
  /** From this packed byte on, steps are fine. */
  #fineFrom = Number.POSITIVE_INFINITY;
  #closed = false;
  #mostTaken = 0;
  /** Set when reading returned 0 because of it. */
  damage: CompressionDamage | null = null;

  /** @param reopen gives the packed bytes again from the beginning, where that is possible */
  constructor(compression: Compression, input: ByteSource, reopen: (() => Promise<ByteSource>) | null) {
    this.#compression = compression;
    this.#input = input;
    this.#reopen = reopen;
    this.#decoder = this.#startDecoder();
  }

  get bytesTaken(): number {
    this.#mostTaken = Math.max(this.#mostTaken, this.#input.bytesTaken);
    return this.#mostTaken;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#chunk.length === 0) {
      if (this.damage !== null || this.#closed) return 0;
      const chunk: Buffer | null = this.#decoder.read();
      if (chunk !== null) {
        const skipped = Math.min(this.#toSkip, chunk.length);
        this.#toSkip -= skipped;
        this.#chunk = chunk.subarray(skipped);
        if (this.#decoder.readableLength === 0) this.#resumeFeeding();
      } else if (this.#inputError !== null) {
        throw this.#inputError;
      } else if (this.#error !== null) {
        await this.#recover(this.#error);
      } else if (this.#decoder.readableEnded) {
        if (this.#leftOver === null) return 0;
        this.#decoder = this.#startDecoder();
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    const taken = Math.min(length, this.#chunk.length);
    target.set(this.#chunk.subarray(0, taken), offset);
    this.#chunk = this.#chunk.subarray(taken);
    this.#handedOut += taken;
    return taken;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#decoder.destroy();
    this.#wake();
    return this.#input.close();
  }

  #startDecoder(): Decoder {
    const decoder = DECODERS[this.#compression]();
    const wake = (): void => this.#wake();
    decoder.on('readable', wake);
    decoder.on('end', wake);
    decoder.on('error', (error) => {
      // A decoder that was replaced has nothing to say any more.
      if (decoder === this.#decoder) this.#error = error;
      this.#wake();
    });
    void this.#feed(decoder);
    return decoder;
  }

  /** Gives packed bytes to a decoder until its frame or the input ends, a step whenever it ran dry. */
  async #feed(decoder: Decoder): Promise<void> {
    let given = 0;
    try {
      for (;;) {
        const step = this.#leftOver ?? (await this.#nextStep());
        this.#leftOver = null;
        if (decoder.destroyed) return;
        if (step.length === 0) {
          decoder.end();
          return;
        }
        await new Promise<void>((resolve) => decoder.write(step, () => resolve()));
        given += step.length;
        if (decoder.destroyed) return;
        if (decoder.bytesWritten < given) {
          // The frame ended inside of the step. gzip goes on to its next member by itself, so that what
          // it leaves is padding; zstd leaves the next frame.
          if (this.#compression === 'zstd')
            this.#leftOver = step.subarray(step.length - (given - decoder.bytesWritten));
          this.#wake();
          return;
        }
        if (decoder.readableLength > 0) {
          await new Promise<void>((resolve) => {
            this.#resumeFeeding = resolve;
          });
        }
      }
    } catch (error) {
      this.#inputError = error;
      this.#wake();
    }
  }

  async #nextStep(): Promise<Uint8Array> {
    const usual = this.#reopen === null ? CAREFUL_STEP_BYTES : STEP_BYTES;
    const limit = this.#position >= this.#fineFrom ? FINE_STEP_BYTES : Math.min(usual, this.#fineFrom - this.#position);
    this.#stepStart = this.#position;
    const got = await this.#input.read(this.#step, 0, limit);
    this.#position += got;
    return this.#step.subarray(0, got);
  }

  /** After an error: begins again if that can save something, else ends here. */
  async #recover(error: NodeJS.ErrnoException): Promise<void> {
    const cutOff = error.code === 'Z_BUF_ERROR';
    if (!cutOff && this.#reopen !== null && this.#fineFrom === Number.POSITIVE_INFINITY) {
      this.#fineFrom = this.#stepStart;
      this.#toSkip = this.#handedOut;
      this.#position = 0;
      this.#leftOver = null;
      this.#error = null;
      await this.#input.close();
      this.#input = await this.#reopen();
      this.#decoder = this.#startDecoder();
      return;
    }
    const place = `${this.#handedOut} unpacked bytes`;
    this.damage = cutOff
      ? { code: 'compression-cut-off', message: `The ${this.#compression} data is cut off after ${place}.` }
      : {
          code: 'compression-damaged',
          message: `The ${this.#compression} data is damaged near its byte ${this.#stepStart}, after ${place}; what follows was not read.`,
        };
  }
}
