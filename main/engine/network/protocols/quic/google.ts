/** Google's QUIC before it spoke TLS: Q009 to Q048 in clear text ("QUIC Wire Layout Specification", "QUIC Crypto"). */
import { ByteReader, startsWith, u32At, viewOf } from '../bytes.ts';
import { isGoogleVersion } from './versions.ts';

/** Public flags: the version is there; the connection id has eight bytes. A client's first packets have both. */
const HAS_VERSION = 0x01;
const HAS_CONNECTION_ID = 0x08;
const UNUSED = 0x40;
const CONNECTION_ID_BYTES = 8;
const LONG_HEADER_BIT = 0x80;
/** Where the hello is in its packet: behind the headers of packet and stream, and a hash. */
const MAX_HELLO_OFFSET = 128;
const HELLO = 'CHLO';
/** Entries of a hello beyond these are not looked at: Chrome's have about thirty. */
const MAX_TAGS = 64;

export interface GoogleHello {
  readonly serverName: string;
  readonly userAgent: string;
  /** False: it goes on behind the bytes at hand. */
  readonly isWhole: boolean;
}

/** The version in the public header of a client's packet; 0 where there is none. */
export function googleVersion(datagram: Uint8Array): number {
  const flags = datagram[0];
  const isLong = (flags & LONG_HEADER_BIT) !== 0;
  const isFirst = (flags & (HAS_VERSION | HAS_CONNECTION_ID | UNUSED)) === (HAS_VERSION | HAS_CONNECTION_ID);
  const at = isLong ? 1 : 1 + CONNECTION_ID_BYTES;
  if ((!isLong && !isFirst) || datagram.length < at + 4) return 0;
  const version = u32At(datagram, at);
  return isGoogleVersion(version) ? version : 0;
}

/** What a hello tells; undefined where none begins near the beginning of the bytes. */
export function readGoogleHello(bytes: Uint8Array): GoogleHello | undefined {
  const at = viewOf(bytes, 0, MAX_HELLO_OFFSET).indexOf(HELLO, 0, 'latin1');
  if (at < 0) return undefined;
  const reader = new ByteReader(bytes, at + HELLO.length);
  const tags = reader.u16le();
  reader.skip(2);
  // Values stand behind all entries, each of which says where its own ends.
  const values = reader.position + tags * 8;
  let serverName = '';
  let userAgent = '';
  let start = 0;
  for (let i = 0; i < Math.min(tags, MAX_TAGS) && reader.has(8); i++) {
    const tag = reader.position;
    reader.skip(4);
    const end = reader.u32le();
    const value = new ByteReader(bytes, values + start, values + end);
    // Cut where the hello goes on in another packet: half a name is none.
    const isWhole = end >= start && values + end <= bytes.length;
    if (isWhole && startsWith(bytes, 'SNI\0', tag)) serverName = value.latin1(end - start);
    if (isWhole && startsWith(bytes, 'UAID', tag)) userAgent = value.latin1(end - start);
    start = end;
  }
  return { serverName, userAgent, isWhole: !reader.overrun && values + start <= bytes.length };
}
