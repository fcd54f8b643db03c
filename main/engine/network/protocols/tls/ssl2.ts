/** The ClientHello of SSL 2.0, which clients of SSL 3.0 and TLS 1.0 sent too (RFC 5246 E.2). */
import type { TlsClientFact } from '../../../../../contract/facts.ts';
import { MAX_FACT_LIST } from '../../../../../contract/facts.ts';
import { ByteReader, hexText } from '../bytes.ts';
import type { Unstamped } from '../protocol.ts';
import { VERDICT, type Verdict } from '../protocol.ts';
import { VERSION } from './numbers.ts';

const CLIENT_HELLO = 1;
const HEADER_BYTES = 2;
/** Type, version and three lengths. */
const FIXED_BYTES = 9;
const CIPHER_BYTES = 3;

/** Bytes of the record whose header stands at the beginning, header included: two bytes, the first bit set. */
export function ssl2RecordBytes(bytes: Uint8Array): number {
  return HEADER_BYTES + (((bytes[0] & 0x7f) << 8) | bytes[1]);
}

/** Its lengths must add up, which says more than its three constant bytes. */
export function isSsl2ClientHello(bytes: Uint8Array): Verdict {
  if (bytes[0] < 0x80) return VERDICT.no;
  if (bytes.length < HEADER_BYTES + FIXED_BYTES) {
    return bytes.length < 3 || bytes[2] === CLIENT_HELLO ? VERDICT.maybe : VERDICT.no;
  }
  const reader = new ByteReader(bytes, HEADER_BYTES);
  const type = reader.u8();
  const version = reader.u16();
  const [ciphers, session, challenge] = [reader.u16(), reader.u16(), reader.u16()];
  const isHello = type === CLIENT_HELLO && (version === VERSION.ssl2 || version >> 8 === 3);
  const isWhole = HEADER_BYTES + FIXED_BYTES + ciphers + session + challenge === ssl2RecordBytes(bytes);
  const isSane = ciphers > 0 && ciphers % CIPHER_BYTES === 0 && challenge >= 16 && challenge <= 32;
  return isHello && isWhole && isSane ? VERDICT.yes : VERDICT.no;
}

/**
 * What it says; the caller knows that it is one, and whole. There is no JA3 or JA4 of it: these are told from the
 * hello of later versions. Ciphers that only SSL 2.0 knows have three bytes.
 */
export function ssl2ClientFact(bytes: Uint8Array): Unstamped<TlsClientFact> {
  const reader = new ByteReader(bytes, HEADER_BYTES + 1);
  const version = reader.u16();
  const [cipherBytes, sessionBytes] = [reader.u16(), reader.u16()];
  reader.skip(2);
  const list = reader.part(cipherBytes);
  const ciphers: number[] = [];
  while (list.left >= CIPHER_BYTES && ciphers.length < MAX_FACT_LIST) ciphers.push(list.u24());
  return {
    type: 'tls-client',
    protocol: 'tls',
    version,
    serverName: '',
    alpn: [],
    ciphers,
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: hexText(reader.take(sessionBytes)),
  };
}
