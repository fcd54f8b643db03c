import { describe, expect, it } from 'vitest';
import { packetSizeOf } from './packet-size.ts';

describe('sizes of packets', () => {
  it('are known of ciphers that authenticate themselves', () => {
    const sizeOf = packetSizeOf({ cipher: 'aes128-gcm@openssh.com', mac: '', compression: 'none' });
    // 4 of length, 1 + 10 padded to 32 with at least 4, and a tag of 16 (RFC 5647).
    expect(sizeOf?.(10)).toBe(36);
  });

  it.each(['constructor', 'toString', '__proto__'])('are unknown of a cipher by the name “%s”', (cipher) => {
    expect(packetSizeOf({ cipher, mac: 'hmac-sha2-256', compression: 'none' })).toBeUndefined();
  });
});
