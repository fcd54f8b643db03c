/**
 * The signed list of what is released on a channel. An update is taken for no other reason than this document:
 * where a file comes from, its name and whatever else the server says count for nothing.
 *
 * ```
 * { "payload": base64 of the JSON below, "signatures": [{ "key": id, "signature": base64 of 64 bytes }] }
 * ```
 * Ed25519 (RFC 8032) over DOMAIN followed by the bytes of the payload. A key's id is the first 16 hexadecimal digits
 * of the SHA-256 of its 32 bytes. The ideas against rollback, freeze and mix-and-match are those of The Update
 * Framework (https://theupdateframework.github.io/specification/latest/).
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { UpdateError } from './failure.ts';
import { isVersion } from './version.ts';

/** So that a signature made for something else is never one for a list of releases. */
export const DOMAIN = 'holdfast-release-manifest-v1\n';
/** A list holds one release; its notes are a page. */
export const MAX_MANIFEST_BYTES = 256 * 1024;
const MAX_SIGNATURES = 8;
const MAX_FILE_BYTES = 2 * 1024 ** 3;
/** A list that never runs out could be shown for ever by somebody who holds newer ones back. */
const MAX_LIFE_MS = 90 * 86_400_000;
/** Clocks of honest machines differ. */
const CLOCK_SLACK_MS = 24 * 3_600_000;

export const CHANNELS = ['stable', 'beta'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What a package is, by the program that installs it. */
export const PACKAGE_FORMATS = ['AppImage', 'deb', 'rpm', 'nsis', 'zip'] as const;
export type PackageFormat = (typeof PACKAGE_FORMATS)[number];

const version = z.string().refine(isVersion, { error: 'is not a version' });

const fileSchema = z
  .strictObject({
    platform: z.enum(['linux', 'win32', 'darwin']),
    arch: z.enum(['x64', 'arm64']),
    format: z.enum(PACKAGE_FORMATS),
    /** Beside the list; never a path, never another server. */
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,120}$/),
    size: z.number().int().min(1).max(MAX_FILE_BYTES),
    /** Base64. */
    sha512: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  })
  .readonly();

const manifestSchema = z
  .strictObject({
    product: z.literal('holdfast'),
    format: z.literal(1),
    channel: z.enum(CHANNELS),
    /** Grows with every list of the channel, also when only the rollout or a recall changed. */
    sequence: z.number().int().min(1),
    issued: z.iso.datetime(),
    expires: z.iso.datetime(),
    version,
    /** Plain text. */
    notes: z.string().max(20_000),
    /** Which part of all installs it is offered to, 0 to 1. */
    rollout: z.number().min(0).max(1),
    recalled: z
      .array(z.strictObject({ version, reason: z.string().max(500) }).readonly())
      .max(100)
      .readonly(),
    files: z.array(fileSchema).min(1).max(32).readonly(),
  })
  .readonly();

const envelopeSchema = z.strictObject({
  payload: z.base64().max(MAX_MANIFEST_BYTES),
  signatures: z
    .array(z.strictObject({ key: z.string().regex(/^[0-9a-f]{16}$/), signature: z.base64().max(88) }))
    .min(1)
    .max(MAX_SIGNATURES),
});

export type ReleaseManifest = z.infer<typeof manifestSchema>;
export type ReleaseFile = z.infer<typeof fileSchema>;

/** Public keys by id. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** DER head of an Ed25519 SubjectPublicKeyInfo (RFC 8410, section 4). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const RAW_KEY_BYTES = 32;

export function keyId(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}

/** @param keys base64 of 32 bytes each. Throws for what is no key: the list is part of the program. */
export function trustedKeys(keys: readonly string[]): TrustedKeys {
  return new Map(
    keys.map((text) => {
      const raw = Buffer.from(text, 'base64');
      if (raw.length !== RAW_KEY_BYTES) throw new Error('a release key must have 32 bytes');
      const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw]), format: 'der', type: 'spki' });
      return [keyId(raw), key];
    }),
  );
}

/**
 * Judges a list by itself: signed by a trusted key, of this channel, not run out at `nowMs`.
 * @throws UpdateError `update-malformed`, `update-not-signed`, `update-expired`
 */
export function openManifest(text: string, keys: TrustedKeys, channel: Channel, nowMs: number): ReleaseManifest {
  const envelope = envelopeSchema.safeParse(parseJson(text));
  if (!envelope.success) throw new UpdateError('update-malformed');
  const payload = Buffer.from(envelope.data.payload, 'base64');
  const signed = Buffer.concat([Buffer.from(DOMAIN), payload]);
  const isSigned = envelope.data.signatures.some(({ key, signature }) => {
    const trusted = keys.get(key);
    return trusted !== undefined && verify(null, signed, trusted, Buffer.from(signature, 'base64'));
  });
  if (!isSigned) throw new UpdateError('update-not-signed');
  const manifest = manifestSchema.safeParse(parseJson(payload.toString('utf8')));
  if (!manifest.success) throw new UpdateError('update-malformed');
  if (manifest.data.channel !== channel) throw new UpdateError('update-malformed', 'it is of another channel');
  assertInTime(manifest.data, nowMs);
  return manifest.data;
}

/** @throws UpdateError `update-expired` */
export function assertInTime(manifest: ReleaseManifest, nowMs: number): void {
  const issuedMs = Date.parse(manifest.issued);
  const expiresMs = Date.parse(manifest.expires);
  const isInTime = nowMs < expiresMs && issuedMs <= nowMs + CLOCK_SLACK_MS && expiresMs - issuedMs <= MAX_LIFE_MS;
  if (!isInTime) throw new UpdateError('update-expired', `good until ${manifest.expires}`);
}

function parseJson(text: string): unknown {
  if (text.length > MAX_MANIFEST_BYTES * 2) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
