/** A version as a file: what was learnt, and who says so. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Profile, profileSchema } from '../../../../contract/api-models.ts';
import type { ModelDocument } from '../../models/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { parseBounded } from './bounded-json.ts';
import { type InstallKey, isSignedBy } from './model-key.ts';

const FORMAT = 'holdfast-profile';
const FORMAT_VERSION = 1;
/** Unpacked; several times what all models of default settings take. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
/** As a file: a little more than what it holds takes compressed. */
export const MAX_FILE_BYTES = 96 * 1024 * 1024;

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  /** Compressed JSON of the version and its document. */
  payload: z.base64(),
  /** Ed25519: who wrote the file, and the signature over all before. */
  key: z.base64(),
  signature: z.base64(),
});

/** The document is checked by whoever reads it, field by field: to look at each value here would take seconds. */
const payloadSchema = z.strictObject({ profile: profileSchema, document: z.record(z.string(), z.unknown()) });

/** SHA-256, hexadecimal: what stands here is shown to people. */
const DIGEST = /^[0-9a-f]{64}$/;

export interface OpenedProfile {
  /** As the file says; a stranger may say anything that has this shape. */
  readonly profile: Profile;
  /** Not checked but for being JSON of a bounded shape. */
  readonly document: unknown;
  /** Raw public key of who wrote it. */
  readonly key: Buffer;
}

/** Numbers in base64 lose their fourth letter at any level; a higher one takes three times as long for a twentieth. */
const QUICKLY = { level: 1 };

/** The document of a version, as it is kept. */
export function packDocument(document: ModelDocument): Buffer {
  return gzipSync(JSON.stringify(document), QUICKLY);
}

/** @throws SyntaxError or an error of zlib for anything else than what `packDocument` gave */
export function unpackDocument(bytes: Uint8Array): unknown {
  return parseBounded(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }));
}

/** The same bytes for the same version and key. */
export function sealProfile(profile: Profile, document: unknown, key: InstallKey): Buffer {
  const payload = gzipSync(JSON.stringify({ profile, document }), QUICKLY);
  const file = {
    format: FORMAT,
    version: FORMAT_VERSION,
    payload: payload.toString('base64'),
    key: key.publicKey.toString('base64'),
    signature: key.sign(signedBytes(payload)).toString('base64'),
  };
  return Buffer.from(`${JSON.stringify(file)}\n`);
}

/**
 * Reads a file that anybody may have made: nothing is unpacked before its signature fits.
 *
 * @throws FailureError `bad-profile`, saying what is wrong with it
 */
export function openProfileFile(bytes: Uint8Array): OpenedProfile {
  const file = fileSchema.safeParse(jsonOf(bytes));
  if (!file.success) throw badProfile('it is not a file that Holdfast wrote, or of another version');
  const payload = Buffer.from(file.data.payload, 'base64');
  const key = Buffer.from(file.data.key, 'base64');
  if (!isSignedBy(key, signedBytes(payload), Buffer.from(file.data.signature, 'base64'))) {
    throw badProfile('its signature does not fit: it was changed or damaged on its way');
  }
  let content: unknown;
  try {
    content = unpackDocument(payload);
  } catch {
    throw badProfile('what is in it cannot be unpacked');
  }
  const opened = payloadSchema.safeParse(content);
  if (opened.success) {
    const { profile, document } = opened.data;
    if (!DIGEST.test(profile.digest)) throw badProfile('profile.digest is wrong: it is no SHA-256');
    return { profile, document, key };
  }
  const [issue] = opened.error.issues;
  throw badProfile(`${issue.path.join('.') || 'it'} is wrong: ${issue.message}`);
}

export function badProfile(why: string, cause?: unknown): FailureError {
  const message = `This is no profile that can be taken in: ${why}. Nothing was changed.`;
  const hint = 'Give a file that "holdfast models export" of this version of Holdfast wrote, as it was written.';
  return new FailureError({ code: 'bad-profile', message, hint }, cause);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseBounded(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

/** With the purpose before them, so that no signature of this key for anything else fits. */
function signedBytes(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${FORMAT} ${FORMAT_VERSION}\n`), payload]);
}
