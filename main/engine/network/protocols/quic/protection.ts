/** Keys of QUIC's Initial packets, which everybody can work out, and what they protect (RFC 9001 5). */
import { createCipheriv, createDecipheriv, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { viewOf } from '../bytes.ts';
import type { QuicVersion } from './versions.ts';

/** Keys as objects: to make a cipher of one costs a fifth of making it of bytes. */
export interface InitialKeys {
  readonly key: KeyObject;
  readonly iv: Buffer;
  /** Header protection. */
  readonly hp: KeyObject;
}

const SECRET_BYTES = 32;
const KEY_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SAMPLE_BYTES = 16;
/** Of SHA-256, and what HMAC fills it with. */
const BLOCK_BYTES = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** The sample begins where the packet number would end if it had four bytes. */
const SAMPLE_OFFSET = 4;

/**
 * Keys of one side's Initial packets.
 * @param connectionId the destination that the client chose for its first packet
 */
export function initialKeys(version: QuicVersion, connectionId: Uint8Array, isClient: boolean): InitialKeys {
  const initial = hmac(version.salt, viewOf(connectionId));
  const secret = expand(initial, isClient ? 'client in' : 'server in', SECRET_BYTES);
  return {
    key: createSecretKey(expand(secret, `${version.label} key`, KEY_BYTES)),
    iv: expand(secret, `${version.label} iv`, IV_BYTES),
    hp: createSecretKey(expand(secret, `${version.label} hp`, KEY_BYTES)),
  };
}

/** HKDF-Expand-Label (RFC 8446 7.1) of at most one block of SHA-256. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const info = Buffer.from(`\0${String.fromCharCode(length, 6 + label.length)}tls13 ${label}\0\x01`, 'latin1');
  return hmac(secret, info).subarray(0, length);
}

/** HMAC (RFC 2104) with SHA-256 of a key of at most a block. Two plain hashes are a fraction of what Node's Hmac costs. */
function hmac(key: Buffer, message: Buffer): Buffer {
  const inner = Buffer.alloc(BLOCK_BYTES + message.length, INNER_PAD);
  const outer = Buffer.alloc(BLOCK_BYTES + SECRET_BYTES, OUTER_PAD);
  for (let i = 0; i < key.length; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  inner.set(message, BLOCK_BYTES);
  outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES);
  return hash('sha256', outer, 'buffer');
}

/**
 * The payload of a protected packet; undefined where the keys are not those that it was protected with, or it was
 * damaged.
 * @param packet from its first byte to its end
 * @param numberAt where the packet number is
 */
export function openPacket(packet: Uint8Array, numberAt: number, keys: InitialKeys): Uint8Array | undefined {
  const sampleAt = numberAt + SAMPLE_OFFSET;
  if (sampleAt + SAMPLE_BYTES > packet.length) return undefined;
  const cipher = createCipheriv('aes-128-ecb', keys.hp, null);
  const mask = cipher.update(viewOf(packet, sampleAt, sampleAt + SAMPLE_BYTES));
  const numberBytes = 1 + ((packet[0] ^ mask[0]) & 0x03);
  const header = Buffer.from(viewOf(packet, 0, numberAt + numberBytes));
  header[0] ^= mask[0] & 0x0f;
  const nonce = Buffer.from(keys.iv);
  for (let i = 0; i < numberBytes; i++) {
    header[numberAt + i] ^= mask[1 + i];
    nonce[IV_BYTES - numberBytes + i] ^= header[numberAt + i];
  }
  const sealedEnd = packet.length - TAG_BYTES;
  if (sealedEnd < header.length) return undefined;
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(viewOf(packet, sealedEnd));
  const payload = decipher.update(viewOf(packet, header.length, sealedEnd));
  try {
    decipher.final();
  } catch {
    // The tag is not that of these bytes under these keys: OpenSSL has no other way to say so.
    return undefined;
  }
  return payload;
}
