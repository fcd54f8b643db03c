import { createHash, type Hash, hash } from 'node:crypto';
import type { FileFact, ProtocolId } from '../../../../../contract/facts.ts';
import { MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { NO_BYTES, viewOf } from '../bytes.ts';
import type { Unstamped } from '../protocol.ts';
import { bounded } from '../text-lines.ts';
import { inflatedStart } from './inflate.ts';
import { isMedia, kindOf, SNIFFED_BYTES } from './kind.ts';

/**
 * So much of a file is hashed. What malware is sent in is smaller nearly always, and hashing more would let a
 * download cost more than everything else that is looked at.
 */
export const MAX_HASHED_BYTES = 16 * 1024 * 1024;

/** So much of pictures, sound and video: hashing all of them would cost more than all parsers together. */
export const MAX_MEDIA_HASHED_BYTES = 1024 * 1024;

/** Hashed at once: several segments, because each call costs as much as a kilobyte. */
const HASHED_AT_ONCE_BYTES = 8 * 1024;

export interface FileIdentity {
  readonly protocol: ProtocolId;
  readonly name: string;
  readonly claimedType: string;
}

export interface TransferOptions {
  /** Of HTTP, lower case: the kind is that of what is inside, the hashes of what is sent. Empty where it is left out. */
  readonly contentEncoding?: string;
  /** Whether anybody asks for the MD5, which takes longer than the SHA-256; left out: yes. */
  readonly wantsMd5?: boolean;
}

/** A file while it is transferred: its beginning, and hashes of what was seen of it from its first byte on. */
export class FileTransfer {
  readonly #contentEncoding: string;
  readonly #wantsMd5: boolean;
  #sha256: Hash | undefined;
  #md5: Hash | undefined;
  /** Taken and not yet hashed: #block[0..#blockBytes). */
  #block: Buffer | undefined;
  #blockBytes = 0;
  #start: Buffer = viewOf(NO_BYTES);
  #bytes = 0;
  #limit = MAX_HASHED_BYTES;

  constructor({ contentEncoding = '', wantsMd5 = true }: TransferOptions = {}) {
    this.#contentEncoding = contentEncoding;
    this.#wantsMd5 = wantsMd5;
  }

  /** Bytes seen and hashed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** No more is hashed. */
  get isFull(): boolean {
    return this.#bytes >= this.#limit;
  }

  /** Takes bytes in [start, end) in. */
  take(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#start.length < SNIFFED_BYTES) this.#sniff(bytes, start, end);
    const count = Math.min(end - start, this.#limit - this.#bytes);
    if (count <= 0) return;
    this.#hash(viewOf(bytes, start, start + count));
    this.#bytes += count;
  }

  #hash(bytes: Buffer): void {
    if (bytes.length >= HASHED_AT_ONCE_BYTES) {
      this.#hashBlock();
      this.#update(bytes);
      return;
    }
    this.#block ??= Buffer.allocUnsafeSlow(HASHED_AT_ONCE_BYTES);
    if (this.#blockBytes + bytes.length > HASHED_AT_ONCE_BYTES) this.#hashBlock();
    this.#block.set(bytes, this.#blockBytes);
    this.#blockBytes += bytes.length;
  }

  #hashBlock(): void {
    if (this.#block === undefined || this.#blockBytes === 0) return;
    this.#update(this.#block.subarray(0, this.#blockBytes));
    this.#blockBytes = 0;
  }

  #update(bytes: Buffer): void {
    this.#sha256 ??= createHash('sha256');
    this.#sha256.update(bytes);
    if (!this.#wantsMd5) return;
    this.#md5 ??= createHash('md5');
    this.#md5.update(bytes);
  }

  /** Before anything is hashed, so that the pieces in which a file comes make no difference. */
  #sniff(bytes: Uint8Array, start: number, end: number): void {
    const missing = SNIFFED_BYTES - this.#start.length;
    const piece = viewOf(bytes, start, Math.min(end, start + missing));
    this.#start = this.#start.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#start, piece]);
    const isKnown = this.#start.length >= SNIFFED_BYTES && this.#contentEncoding === '';
    if (isKnown && isMedia(kindOf(this.#start))) this.#limit = MAX_MEDIA_HASHED_BYTES;
  }

  /** The fact about what was seen; the transfer must not be used again. Undefined for no bytes at all. */
  end(identity: FileIdentity, isWhole: boolean): Unstamped<FileFact> | undefined {
    const digests = this.#digests();
    return digests && fileFact(identity, this.#start, this.#contentEncoding, this.#bytes, isWhole, digests);
  }

  #digests(): Digests | undefined {
    // Nearly all files are so small that nothing was hashed yet.
    if (this.#sha256 === undefined && this.#block !== undefined) {
      return digestsOf(this.#block.subarray(0, this.#blockBytes), this.#wantsMd5);
    }
    this.#hashBlock();
    if (this.#sha256 === undefined) return undefined;
    return { sha256: this.#sha256.digest('hex'), md5: this.#md5?.digest('hex') ?? '' };
  }
}

/** The fact about a file of which all bytes are at hand: half the price of a transfer in pieces. */
export function wholeFile(
  identity: FileIdentity,
  bytes: Uint8Array,
  { contentEncoding = '', wantsMd5 = true }: TransferOptions = {},
): Unstamped<FileFact> {
  const view = viewOf(bytes);
  const start = view.subarray(0, SNIFFED_BYTES);
  return fileFact(identity, start, contentEncoding, bytes.length, true, digestsOf(view, wantsMd5));
}

interface Digests {
  readonly sha256: string;
  readonly md5: string;
}

function digestsOf(bytes: Buffer, wantsMd5: boolean): Digests {
  return { sha256: hash('sha256', bytes), md5: wantsMd5 ? hash('md5', bytes) : '' };
}

function fileFact(
  identity: FileIdentity,
  start: Uint8Array,
  contentEncoding: string,
  bytes: number,
  isWhole: boolean,
  digests: Digests,
): Unstamped<FileFact> {
  return {
    type: 'file',
    protocol: identity.protocol,
    name: bounded(identity.name, MAX_FACT_TEXT),
    kind: kindOf(inflatedStart(start, contentEncoding)),
    claimedType: bounded(identity.claimedType, MAX_FACT_TEXT),
    bytes,
    isWhole,
    ...digests,
  };
}
