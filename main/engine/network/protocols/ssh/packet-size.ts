import type { DirectionMethods } from './key-exchange.ts';

/** Bytes of a message on the wire once it is encrypted. */
export type PacketSize = (payloadBytes: number) => number;

/** Ciphers that authenticate their packets themselves: nothing but a tag of 16 bytes is added. */
const AUTHENTICATED_CIPHERS: Readonly<Record<string, number>> = {
  'chacha20-poly1305@openssh.com': 8,
  'chacha20-poly1305': 8,
  'aes128-gcm@openssh.com': 16,
  'aes256-gcm@openssh.com': 16,
  AEAD_AES_128_GCM: 16,
  AEAD_AES_256_GCM: 16,
};
const TAG_BYTES = 16;

/** Length of the code that is added to each packet, by the beginning of its method's name. */
const MAC_BYTES: readonly (readonly [name: string, bytes: number])[] = [
  ['hmac-sha2-256-96', 12],
  ['hmac-sha2-512-96', 12],
  ['hmac-sha1-96', 12],
  ['hmac-md5-96', 12],
  ['hmac-sha2-256', 32],
  ['hmac-sha2-512', 64],
  ['hmac-sha1', 20],
  ['hmac-md5', 16],
  ['hmac-ripemd160', 20],
  ['umac-64', 8],
  ['umac-128', 16],
];

/** A length, and the length of the padding (RFC 4253 6). */
const LENGTH_BYTES = 4;
const PADDING_LENGTH_BYTES = 1;
const LEAST_PADDING_BYTES = 4;

/** How long messages become with what was agreed on; undefined for a method that is not known. */
export function packetSizeOf(methods: DirectionMethods): PacketSize | undefined {
  // Compressed from the first message on, sizes say nothing; zlib@openssh.com begins after the login only.
  if (methods.compression === 'zlib') return undefined;
  const { cipher } = methods;
  const block = Object.hasOwn(AUTHENTICATED_CIPHERS, cipher) ? AUTHENTICATED_CIPHERS[cipher] : undefined;
  if (block !== undefined) return (payload) => LENGTH_BYTES + padded(PADDING_LENGTH_BYTES + payload, block) + TAG_BYTES;
  const blockBytes = blockBytesOf(methods.cipher);
  const macBytes = MAC_BYTES.find(([name]) => methods.mac.startsWith(name))?.[1];
  if (blockBytes === undefined || macBytes === undefined) return undefined;
  // Encrypt-then-MAC leaves the length out of what is padded.
  return methods.mac.includes('-etm@')
    ? (payload) => LENGTH_BYTES + padded(PADDING_LENGTH_BYTES + payload, blockBytes) + macBytes
    : (payload) => padded(LENGTH_BYTES + PADDING_LENGTH_BYTES + payload, blockBytes) + macBytes;
}

function padded(bytes: number, block: number): number {
  return Math.ceil((bytes + LEAST_PADDING_BYTES) / block) * block;
}

function blockBytesOf(cipher: string): number | undefined {
  if (cipher.startsWith('aes') || cipher.startsWith('rijndael') || cipher.startsWith('camellia')) return 16;
  if (cipher.startsWith('twofish') || cipher.startsWith('serpent')) return 16;
  if (cipher.startsWith('3des') || cipher.startsWith('blowfish') || cipher.startsWith('cast128')) return 8;
  return cipher.startsWith('arcfour') ? 8 : undefined;
}
