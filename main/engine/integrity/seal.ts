/** The key by which Holdfast knows that a baseline is its own: 32 random bytes that only its user can read. */
import { createHmac, type Hmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { codeOf, FailureError, messageOf } from '../runtime/failure.ts';

const KEY_BYTES = 32;
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;

export class SealKey {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /**
   * Reads it, and makes it where there is none and `mayMake`. Follows no links.
   *
   * @throws FailureError `no-integrity-key`
   */
  static open(path: string, mayMake: boolean): SealKey {
    try {
      const key = readKey(path) ?? (mayMake ? (makeKey(path) ?? readKey(path)) : undefined);
      if (key !== undefined) return new SealKey(key);
      throw new Error('it is not there');
    } catch (error) {
      const message = `The key of the integrity baseline cannot be used: ${path}: ${messageOf(error)}.`;
      const hint =
        'Without it nobody can say whether the baseline is still the same. Make a new one: "holdfast integrity init".';
      throw new FailureError({ code: 'no-integrity-key', message, hint }, error);
    }
  }

  /**
   * The same for a new baseline: a key that cannot be used seals nothing that matters any more, so it is replaced.
   *
   * @throws FailureError `no-integrity-key`
   */
  static openForNew(path: string): SealKey {
    try {
      return SealKey.open(path, true);
    } catch {
      rmSync(path, { force: true });
      return SealKey.open(path, true);
    }
  }

  /** HMAC-SHA-256 (RFC 2104), to be fed with what is sealed. */
  begin(): Hmac {
    return createHmac('sha256', this.#key);
  }
}

/** Takes as long for a wrong seal as for a right one. */
export function isSameSeal(computed: string, found: string): boolean {
  const [a, b] = [Buffer.from(computed), Buffer.from(found)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function readKey(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode, uid, size } = fstatSync(fd);
    if (uid !== process.geteuid?.()) throw new Error(`it belongs to user ${uid}`);
    if ((mode & OTHERS) !== 0) throw new Error('others can read it');
    const key = Buffer.alloc(KEY_BYTES);
    if (size !== KEY_BYTES || readSync(fd, key, 0, KEY_BYTES, 0) !== KEY_BYTES) throw new Error('it is no key');
    return key;
  } finally {
    closeSync(fd);
  }
}

/** Undefined where somebody else was quicker. */
function makeKey(path: string): Buffer | undefined {
  const key = randomBytes(KEY_BYTES);
  let fd: number;
  try {
    fd = openSync(path, 'wx', PRIVATE_FILE);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  try {
    writeSync(fd, key);
  } catch (error) {
    // Half a key would be in the way for ever.
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
  return key;
}
