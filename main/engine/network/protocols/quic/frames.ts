/** Frames of QUIC's Initial packets (RFC 9000 19): only a few kinds may be there (12.4). */
import { ByteReader } from '../bytes.ts';

const FRAME = { padding: 0x00, ping: 0x01, ack: 0x02, ackWithEcn: 0x03, crypto: 0x06, googleCrypto: 0x08 } as const;

/**
 * Gives the content of each CRYPTO frame with its place, up to the first frame that may not be there or is damaged.
 * Google's versions before it spoke the IETF's (Q050, T050, T051) have another number for it.
 */
export function* cryptoFrames(payload: Uint8Array): Generator<readonly [offset: number, content: Uint8Array]> {
  const reader = new ByteReader(payload);
  while (reader.left > 0) {
    const type = reader.u8();
    if (type === FRAME.padding || type === FRAME.ping) continue;
    if (type === FRAME.ack || type === FRAME.ackWithEcn) {
      skipAck(reader, type === FRAME.ackWithEcn);
    } else if (type === FRAME.crypto || type === FRAME.googleCrypto) {
      const offset = reader.quicVarint();
      const content = reader.take(reader.quicVarint());
      if (!reader.overrun) yield [offset, content];
    } else {
      return;
    }
  }
}

function skipAck(reader: ByteReader, hasEcn: boolean): void {
  reader.quicVarint(); // Largest acknowledged.
  reader.quicVarint(); // Delay.
  const ranges = reader.quicVarint();
  reader.quicVarint(); // First range.
  for (let i = 0; i < ranges && !reader.overrun; i++) {
    reader.quicVarint();
    reader.quicVarint();
  }
  for (let i = 0; hasEcn && i < 3; i++) reader.quicVarint();
}
