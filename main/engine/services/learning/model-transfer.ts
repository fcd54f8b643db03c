import { join } from 'node:path';
import { PROFILE_PIECE_BYTES, type Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import { plainText } from '../../../../contract/text.ts';
import { type ModelDocument, ModelDocumentError, type Profile, readProfile } from '../../models/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { ensureOwnDirectory } from '../../runtime/paths.ts';
import { badProfile, MAX_FILE_BYTES, openProfileFile, sealProfile } from './model-file.ts';
import { fingerprintOf, InstallKey } from './model-key.ts';
import type { ModelRegistry } from './model-registry.ts';

export interface ModelTransferOptions {
  readonly registry: ModelRegistry;
  /** Of the key of this install; need not exist. */
  readonly directory: string;
}

export interface ProfilePiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

export interface Received {
  readonly receivedBytes: number;
  readonly profile: ProfileInfo | null;
}

const KEY_NAME = 'key.pem';
/** Files that are being sent; whoever goes away in the middle makes room for the next. */
const MAX_UPLOADS = 2;
const MEBIBYTE = 1024 * 1024;
const MAX_NAME = 100;

/** Versions that leave as files, and files that become versions. */
export class ModelTransfer {
  readonly #options: ModelTransferOptions;
  readonly #uploads = new Map<string, { readonly pieces: Uint8Array[]; bytes: number }>();
  #key: InstallKey | undefined;
  /** What is being fetched piece by piece. */
  #sealed: { readonly id: string; readonly bytes: Buffer } | undefined;

  constructor(options: ModelTransferOptions) {
    this.#options = options;
  }

  /** @throws FailureError `no-such-version`, `broken-version`, `no-key`, `wrong-offset` */
  exportPiece(id: string, offset: number): { readonly bytes: number; readonly data: string } {
    const info = this.#options.registry.get(id);
    if (this.#sealed?.id !== id || offset === 0) {
      this.#sealed = { id, bytes: sealProfile(info, this.#options.registry.document(id), this.#ownKey()) };
    }
    const { bytes } = this.#sealed;
    if (offset > bytes.length) throw wrongOffset(`The file has ${bytes.length} bytes.`);
    const end = offset + PROFILE_PIECE_BYTES;
    const data = bytes.subarray(offset, end).toString('base64');
    if (end >= bytes.length) this.#sealed = undefined;
    return { bytes: bytes.length, data };
  }

  /** With the last piece it is checked, and kept as a candidate. @throws FailureError; nothing is changed then */
  importPiece(name: string, { offset, bytes, isLast }: ProfilePiece, actor: string): Received {
    if (offset === 0) this.#beginUpload(name);
    const upload = this.#uploads.get(name);
    if (upload === undefined || upload.bytes !== offset)
      throw wrongOffset('This piece does not follow the one before.');
    if (upload.bytes + bytes.length > MAX_FILE_BYTES) {
      this.#uploads.delete(name);
      throw badProfile(`it is larger than ${MAX_FILE_BYTES / MEBIBYTE} MiB`);
    }
    if (bytes.length > 0) upload.pieces.push(bytes);
    upload.bytes += bytes.length;
    if (!isLast) return { receivedBytes: upload.bytes, profile: null };
    this.#uploads.delete(name);
    return { receivedBytes: upload.bytes, profile: this.#keep(name, Buffer.concat(upload.pieces), actor) };
  }

  #keep(given: string, bytes: Buffer, actor: string): ProfileInfo {
    const name = plainText(given, MAX_NAME);
    const { profile: told, document, key } = openProfileFile(bytes);
    const learnt = readLearnt(document);
    if (learnt.table !== told.table) throw badProfile('it says two things of its table');
    const isOwn = key.equals(this.#ownKey().publicKey);
    const { table, trainedMs, rows, fromMs, untilMs, digest, metrics } = told;
    const who = `another computer (key ${fingerprintOf(key)})`;
    return this.#options.registry.add({
      info: {
        table,
        trainedMs,
        rows,
        fromMs,
        untilMs,
        metrics,
        digest,
        reason: isOwn
          ? 'It was made on this computer and taken in from a file; nobody has put it in use.'
          : `It is from ${who}, whose habits may be others; nobody has put it in use.`,
        source: `imported from ${name}`,
        kinds: [...learnt.kinds],
        groups: [...learnt.groups],
        parent: null,
      },
      // It was read without an error, so it is a document.
      document: document as ModelDocument,
      isUsed: false,
      journal: {
        actor,
        action: 'model-imported',
        detail: { name, isOwn, key: fingerprintOf(key), digest },
      },
    });
  }

  #ownKey(): InstallKey {
    if (this.#key === undefined) {
      ensureOwnDirectory(this.#options.directory);
      this.#key = InstallKey.open(join(this.#options.directory, KEY_NAME));
    }
    return this.#key;
  }

  #beginUpload(name: string): void {
    this.#uploads.delete(name);
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size >= MAX_UPLOADS && oldest !== undefined) this.#uploads.delete(oldest);
    this.#uploads.set(name, { pieces: [], bytes: 0 });
  }
}

function readLearnt(document: unknown): Profile {
  try {
    return readProfile(document);
  } catch (error) {
    if (error instanceof ModelDocumentError) throw badProfile(plainText(error.message, 200), error);
    throw error;
  }
}

function wrongOffset(message: string): FailureError {
  const hint = 'Send or fetch the file from its beginning, one piece after the other.';
  return new FailureError({ code: 'wrong-offset', message, hint });
}
