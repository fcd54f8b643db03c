/**
 * What was learnt as a file, to keep or to take elsewhere. The first line is JSON and says what follows: its length,
 * its SHA-256, and, where the file is from an engine, an Ed25519 signature (RFC 8032) over it. The rest is gzip of
 * JSON: where it comes from, and the document of the profile. A file may be a stranger's: nothing is unpacked before
 * its digest is right, and nothing is believed before every length and range is checked.
 */
import { createHash, createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { z } from 'zod';
import { profileSchema } from '../../contract/api-models.ts';
import { plainText } from '../../contract/text.ts';
import { type ModelDocument, ModelDocumentError, type Profile, readProfile } from './models/index.ts';
import { FailureError } from './runtime/failure.ts';

/** Where a profile comes from: what is known of it besides what it is asked with. */
export const profileOriginSchema = profileSchema.unwrap().pick({
  table: true,
  trainedMs: true,
  source: true,
  rows: true,
  fromMs: true,
  untilMs: true,
  digest: true,
  metrics: true,
});
export type ProfileOrigin = z.infer<typeof profileOriginSchema>;

export interface ProfileFile {
  readonly origin: ProfileOrigin;
  readonly document: ModelDocument;
  readonly profile: Profile;
  /** SHA-256 of the key that signed it, hexadecimal; null where nobody did. */
  readonly signer: string | null;
}

const FORMAT = 'holdfast-profile';
const VERSION = 1;
const MAX_HEAD_BYTES = 4_096;
/** Several times what all models of all groups are. */
const MAX_UNPACKED_BYTES = 768 * 1_024 * 1_024;
const NEWLINE = 0x0a;

/** @param key signs the file, where it is an engine's own */
export function profileFileBytes(origin: ProfileOrigin, document: ModelDocument, key?: KeyObject): Buffer {
  const body = gzipSync(JSON.stringify({ origin, document }));
  const sha256 = createHash('sha256').update(body).digest('hex');
  const signed =
    key === undefined
      ? {}
      : {
          signer: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
          signature: signBytes(null, signedText(sha256), key).toString('base64'),
        };
  const head = { format: FORMAT, version: VERSION, bytes: body.length, sha256, ...signed };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/** What a signature is over: nothing else is ever signed in this form. */
function signedText(sha256: string): Buffer {
  return Buffer.from(`${FORMAT} ${VERSION} ${sha256}`);
}

/**
 * @param name of the file, for messages
 * @throws FailureError `not-a-profile` for anything else, `profile-too-new`, `profile-damaged`
 */
export function readProfileFile(bytes: Buffer, name: string): ProfileFile {
  const { head, body } = partsOf(bytes, name);
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (head.bytes !== body.length || head.sha256 !== sha256) {
    throw damaged(name, 'it is not as it was written: cut off, or changed since');
  }
  const signer = signerOf(head, sha256, name);
  const { origin, document } = unpacked(body, name);
  const checked = profileOriginSchema.safeParse(origin);
  if (!checked.success) throw damaged(name, 'it does not say where it comes from');
  try {
    const profile = readProfile(document);
    if (profile.table !== checked.data.table) throw damaged(name, 'it says two things of its table');
    return { origin: checked.data, document: document as ModelDocument, profile, signer };
  } catch (error) {
    if (error instanceof ModelDocumentError) throw damaged(name, error.message);
    throw error;
  }
}

type Json = Readonly<Record<string, unknown>>;

function partsOf(bytes: Buffer, name: string): { readonly head: Json; readonly body: Buffer } {
  const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(NEWLINE);
  const head = end < 0 ? undefined : objectOf(bytes.subarray(0, end));
  if (head?.format !== FORMAT) {
    throw new FailureError({
      code: 'not-a-profile',
      message: `${plainText(name)} holds nothing that Holdfast has learnt.`,
      hint: 'Give a file that "holdfast models export" or "holdfast train" wrote.',
    });
  }
  if (head.version !== VERSION) {
    const message = `${plainText(name)} is of another version of Holdfast.`;
    throw new FailureError({ code: 'profile-too-new', message, hint: 'Update Holdfast, or export it again there.' });
  }
  return { head, body: bytes.subarray(end + 1) };
}

function signerOf({ signer, signature }: Json, sha256: string, name: string): string | null {
  if (signer === undefined && signature === undefined) return null;
  if (typeof signer !== 'string' || typeof signature !== 'string')
    throw damaged(name, 'half of its signature is missing');
  const der = Buffer.from(signer, 'base64');
  let isRight = false;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    isRight =
      key.asymmetricKeyType === 'ed25519' &&
      verifyBytes(null, signedText(sha256), key, Buffer.from(signature, 'base64'));
  } catch {
    // No key at all is as wrong as another key.
  }
  if (!isRight) throw damaged(name, 'its signature is wrong');
  return createHash('sha256').update(der).digest('hex');
}

function unpacked(body: Buffer, name: string): Json {
  let text: Buffer;
  try {
    text = gunzipSync(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    throw damaged(name, 'it cannot be unpacked');
  }
  const found = objectOf(text);
  if (found === undefined) throw damaged(name, 'it is no JSON');
  return found;
}

function objectOf(bytes: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function damaged(name: string, why: string): FailureError {
  return new FailureError({
    code: 'profile-damaged',
    message: `${plainText(name)} cannot be used: ${plainText(why)}.`,
    hint: 'Export or train it again. Nothing was changed.',
  });
}
