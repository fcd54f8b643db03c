import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { codeOf, FailureError, messageOf } from '../../runtime/failure.ts';

const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;
/** A key in PEM is a tenth of it. */
const MAX_KEY_BYTES = 4_096;
/** Raw bytes of a public key (RFC 8032). */
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** What stands before the raw key in the DER form of an Ed25519 public key (RFC 8410). */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The key of this install, by which it knows what it wrote itself: Ed25519 (RFC 8032). */
export class InstallKey {
  readonly #private: KeyObject;
  /** Raw. */
  readonly publicKey: Buffer;

  private constructor(key: KeyObject) {
    this.#private = key;
    this.publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-PUBLIC_KEY_BYTES);
  }

  /**
   * Reads it, and makes it where there is none. Follows no symbolic links.
   *
   * @throws FailureError `no-key`
   */
  static open(path: string): InstallKey {
    try {
      const text = readKey(path) ?? makeKey(path) ?? readKey(path);
      if (text !== undefined) return new InstallKey(createPrivateKey(text));
      throw new Error('it comes and goes');
    } catch (error) {
      const message = `The key of this install cannot be used: ${path}: ${messageOf(error)}.`;
      const hint =
        'It must be a file of its own that only the user that runs Holdfast can read; remove it for a new one.';
      throw new FailureError({ code: 'no-key', message, hint }, error);
    }
  }

  sign(bytes: Uint8Array): Buffer {
    return sign(null, bytes, this.#private);
  }
}

/** Whether the owner of a key signed these bytes. False for anything that is no key or no signature. */
export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([DER_PREFIX, publicKey]), format: 'der', type: 'spki' });
    return verify(null, bytes, key, signature);
  } catch {
    // No point on the curve: nobody's key.
    return false;
  }
}

/** A key as people compare it. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}

function readKey(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode, uid, size } = fstatSync(descriptor);
    if (uid !== process.geteuid?.()) throw new Error(`it belongs to user ${uid}`);
    if ((mode & OTHERS) !== 0) throw new Error('others can read it');
    if (size > MAX_KEY_BYTES) throw new Error('it is no key');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined where somebody else was quicker. */
function makeKey(path: string): string | undefined {
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', PRIVATE_FILE);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  try {
    writeSync(descriptor, text);
  } catch (error) {
    // Half a key would be in the way for ever.
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return text;
}
