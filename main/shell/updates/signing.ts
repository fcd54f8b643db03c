/** Makes what the updater reads: release keys, and signed lists of releases. Used by whoever releases and by tests; no part of the app that runs. */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DOMAIN, keyId, type ReleaseFile, type ReleaseManifest } from './manifest.ts';

export interface ReleaseKey {
  readonly id: string;
  /** Base64 of 32 bytes: what assets/updates/feed.json lists. */
  readonly publicKey: string;
  /** PEM, PKCS #8. Whoever has it can replace the program on every machine: it stays off the machines that build. */
  readonly privateKey: string;
}

const RAW_KEY_BYTES = 32;

export function makeReleaseKey(): ReleaseKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES);
  return {
    id: keyId(raw),
    publicKey: raw.toString('base64'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** The signed list as the updater reads it. */
export function signManifest(
  manifest: ReleaseManifest,
  keys: readonly Pick<ReleaseKey, 'id' | 'privateKey'>[],
): string {
  const payload = Buffer.from(JSON.stringify(manifest));
  const signed = Buffer.concat([Buffer.from(DOMAIN), payload]);
  const signatures = keys.map(({ id, privateKey }) => {
    const key: KeyObject = createPrivateKey(privateKey);
    return { key: id, signature: sign(null, signed, key).toString('base64') };
  });
  return `${JSON.stringify({ payload: payload.toString('base64'), signatures })}\n`;
}

/** "holdfast-1.2.0-linux-x64.AppImage": the end of the name says what the package is for. */
const PACKAGE_NAME = /-(linux|win32|darwin)-(x64|arm64)\.(AppImage|deb|rpm|exe|zip)$/;

/** @throws Error for a file whose name does not say what it is for */
export async function describePackage(path: string): Promise<ReleaseFile> {
  const name = basename(path);
  const parts = PACKAGE_NAME.exec(name);
  if (parts === null) throw new Error(`${name}: the name must end in "-<platform>-<arch>.<format>"`);
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return {
    name,
    platform: parts[1] as ReleaseFile['platform'],
    arch: parts[2] as ReleaseFile['arch'],
    format: parts[3] === 'exe' ? 'nsis' : (parts[3] as ReleaseFile['format']),
    size: (await stat(path)).size,
    sha512: hash.digest('base64'),
  };
}
