import type { FileFact } from '../../../../../contract/facts.ts';
import { latin1, NO_BYTES, viewOf } from '../bytes.ts';
import { inflatedStart } from '../file/inflate.ts';
import { type FileIdentity, FileTransfer, wholeFile } from '../file/transfer.ts';
import type { Unstamped } from '../protocol.ts';

export interface BodyOptions {
  /** So much of the beginning is kept. */
  readonly startBytes: number;
  /** Lower case; empty without one. */
  readonly contentEncoding: string;
  /** By what its sender says; -1 where it does not. */
  readonly bytes: number;
  /** Undefined for what is no file. */
  readonly file: FileIdentity | undefined;
  /** Of the file; yes where it is left out. */
  readonly wantsMd5?: boolean;
}

/** The body of one message while it is read: its beginning, and the file that it is. */
export class Body {
  readonly #options: BodyOptions;
  readonly #tell: (file: Unstamped<FileFact>) => void;
  #start: Buffer = viewOf(NO_BYTES);
  #transfer: FileTransfer | undefined;
  #isFileTold: boolean;

  constructor(options: BodyOptions, tell: (file: Unstamped<FileFact>) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#isFileTold = options.file === undefined;
  }

  /** The beginning is known as far as it is kept. */
  get hasStart(): boolean {
    return this.#start.length >= this.#options.startBytes;
  }

  /** Whether more bytes of it say more. */
  get isWanted(): boolean {
    return !this.hasStart || !this.#isFileTold;
  }

  /** The beginning as it was before compression, one character a byte. */
  get start(): string {
    const { contentEncoding, startBytes } = this.#options;
    const plain = inflatedStart(this.#start, contentEncoding);
    return latin1(plain, 0, plain.length, startBytes);
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const { startBytes, contentEncoding, file, wantsMd5 } = this.#options;
    if (this.#start.length < startBytes) {
      const piece = viewOf(bytes, start, Math.min(end, start + startBytes - this.#start.length));
      this.#start = this.#start.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#start, piece]);
    }
    if (this.#isFileTold || file === undefined) return;
    if (this.#transfer === undefined) {
      if (end - start === this.#options.bytes) {
        this.#isFileTold = true;
        this.#tell(wholeFile(file, bytes.subarray(start, end), { contentEncoding, wantsMd5 }));
        return;
      }
      this.#transfer = new FileTransfer({ contentEncoding, wantsMd5 });
    }
    this.#transfer.take(bytes, start, end);
    if (this.#transfer.isFull && this.#transfer.bytes !== this.#options.bytes) this.end(false);
  }

  /** Bytes are missing: what is known of the file ends here. */
  gap(): void {
    this.end(false);
  }

  end(isWhole: boolean): void {
    const { file } = this.#options;
    if (this.#isFileTold || file === undefined) return;
    this.#isFileTold = true;
    const fact = this.#transfer?.end(file, isWhole);
    this.#transfer = undefined;
    if (fact !== undefined) this.#tell(fact);
  }
}
