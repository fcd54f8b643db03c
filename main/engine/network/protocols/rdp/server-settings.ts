import { ByteReader, NO_BYTES, viewOf } from '../bytes.ts';

/** What a server says about the security of a session (MS-RDPBCGR 2.2.1.4). */
export interface ServerSettings {
  /** "none", "rc4-40", "rc4-56", "rc4-128", "fips", or the number of one that nobody knows. */
  readonly encryption: string;
  /** X.509 certificates, the server's own first; empty where it has a key without one. Views. */
  readonly certificates: readonly Uint8Array[];
}

/** Key before the server's settings in the answer to a request for a conference (T.124). */
const SERVER_KEY = 'McDn';
const SECURITY_BLOCK = 0x0c02;
const MAX_BLOCKS = 12;
const ENCRYPTION: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'rc4-40',
  2: 'rc4-128',
  8: 'rc4-56',
  16: 'fips',
};
/** Version of a chain of certificates; the top bit says that it is temporary (MS-RDPELE 2.2.1.4). */
const CHAIN_VERSION = 2;
const VERSION_MASK = 0x7fffffff;
/** Of one chain: a server sends its own, and that of who signed it. */
const MAX_CERTIFICATES = 8;

/** Reads them from an MCS Connect Response; nothing where they are not there. */
export function readServerSettings(bytes: Uint8Array): ServerSettings | undefined {
  const key = viewOf(bytes).indexOf(SERVER_KEY, 0, 'latin1');
  if (key < 0) return undefined;
  const reader = new ByteReader(bytes, key + SERVER_KEY.length);
  // A length of one or two bytes (PER, X.691).
  if (reader.u8() >= 0x80) reader.skip(1);
  for (let i = 0; i < MAX_BLOCKS && reader.left >= 4; i++) {
    const type = reader.u16le();
    const length = reader.u16le();
    if (length < 4) break;
    const block = reader.part(Math.min(length - 4, reader.left));
    if (type === SECURITY_BLOCK) return security(block);
  }
  return undefined;
}

function security(block: ByteReader): ServerSettings | undefined {
  const method = block.u32le();
  block.skip(4);
  if (block.overrun) return undefined;
  // A server that does not encrypt ends here.
  const [randomBytes, certificateBytes] = [block.u32le(), block.u32le()];
  block.skip(randomBytes);
  const certificate = block.overrun ? new ByteReader(NO_BYTES) : block.part(certificateBytes);
  return { encryption: ENCRYPTION[method] ?? String(method), certificates: chain(certificate) };
}

/** On the wire the server's own is the last. */
function chain(reader: ByteReader): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  if ((reader.u32le() & VERSION_MASK) !== CHAIN_VERSION) return certificates;
  const count = Math.min(reader.u32le(), MAX_CERTIFICATES);
  for (let i = 0; i < count; i++) {
    const certificate = reader.take(reader.u32le());
    if (reader.overrun) break;
    certificates.push(certificate);
  }
  return certificates.reverse();
}
