/** Builds protected packets of QUIC for tests. */
import { createCipheriv } from 'node:crypto';
import { initialKeys } from './protection.ts';
import { quicVersion } from './versions.ts';

/** A variable-length integer of at most 14 bits, in two bytes. */
export function varint(value: number): Buffer {
  return Buffer.from([0x40 | (value >> 8), value & 0xff]);
}

export function cryptoFrame(offset: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x06]), varint(offset), varint(content.length), content]);
}

export interface InitialParts {
  readonly version: number;
  /** What the keys are made of: the client's first destination. */
  readonly keyId: Uint8Array;
  readonly isClient: boolean;
  readonly payload: Uint8Array;
  readonly destinationId?: Uint8Array;
  readonly sourceId?: Uint8Array;
  readonly token?: Uint8Array;
  readonly number?: number;
  /** Payloads are padded to this; by default the packet has more than 1,200 bytes, as those of clients have. */
  readonly paddedBytes?: number;
}

/** An Initial packet (RFC 9001 5). */
export function initialPacket(parts: InitialParts): Buffer {
  const rules = quicVersion(parts.version);
  if (rules === undefined) throw new Error(`no version of QUIC: ${parts.version}`);
  const { token = new Uint8Array(0), number = 0, paddedBytes = 1_180 } = parts;
  const keys = initialKeys(rules, parts.keyId, parts.isClient);
  const payload = Buffer.concat([parts.payload, Buffer.alloc(Math.max(0, paddedBytes - parts.payload.length))]);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(parts.version);
  const ids = [parts.destinationId ?? parts.keyId, parts.sourceId ?? new Uint8Array(0)];
  const header = Buffer.concat([
    Buffer.from([0xc0 | (rules.types.initial << 4) | 0x01]),
    version,
    ...ids.flatMap((id) => [Buffer.from([id.length]), id]),
    varint(token.length),
    token,
    varint(2 + payload.length + 16),
    Buffer.from([number >> 8, number & 0xff]),
  ]);
  const nonce = Buffer.from(keys.iv);
  nonce.writeUInt16BE(nonce.readUInt16BE(10) ^ number, 10);
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce, { authTagLength: 16 });
  cipher.setAAD(header);
  const sealed = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const numberAt = header.length - 2;
  const packet = Buffer.concat([header, sealed]);
  const mask = createCipheriv('aes-128-ecb', keys.hp, null).update(packet.subarray(numberAt + 4, numberAt + 20));
  packet[0] ^= mask[0] & 0x0f;
  packet[numberAt] ^= mask[1];
  packet[numberAt + 1] ^= mask[2];
  return packet;
}

/** A CHLO of Google's QUIC with these tags, as it stands in a packet. */
export function googleHello(tags: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(tags);
  const count = Buffer.alloc(4);
  count.writeUInt16LE(entries.length);
  let end = 0;
  const index = entries.map(([tag, value]) => {
    const entry = Buffer.alloc(8);
    entry.write(tag.padEnd(4, '\0'), 'latin1');
    end += value.length;
    entry.writeUInt32LE(end, 4);
    return entry;
  });
  return Buffer.concat([
    Buffer.from('CHLO'),
    count,
    ...index,
    ...entries.map(([, value]) => Buffer.from(value, 'latin1')),
  ]);
}
