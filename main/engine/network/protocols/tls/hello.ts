/** ClientHello and ServerHello of TLS (RFC 5246, 8446) and DTLS (RFC 6347, 9147). */
import { MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { ByteReader, hexText, latin1 } from '../bytes.ts';
import { EXTENSION } from './numbers.ts';

export interface ClientHello {
  /** As the hello's own field has it: 0x0303 also where more is offered. */
  readonly legacyVersion: number;
  /** Of supported_versions, in order, GREASE among them; empty without the extension. */
  readonly supportedVersions: readonly number[];
  readonly sessionId: string;
  readonly ciphers: readonly number[];
  /** All in order, GREASE among them. */
  readonly extensions: readonly number[];
  /** Empty without one. */
  readonly serverName: string;
  /** Latin-1. */
  readonly alpn: readonly string[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** The content of QUIC's transport parameters, where there are. A view. */
  readonly transportParameters: Uint8Array | undefined;
}

export interface ServerHello {
  readonly legacyVersion: number;
  /** Of supported_versions; 0 without the extension. */
  readonly selectedVersion: number;
  readonly sessionId: string;
  readonly cipher: number;
  readonly extensions: readonly number[];
  readonly alpn: string;
  /** It asks for another ClientHello (RFC 8446 4.1.4). */
  readonly isRetryRequest: boolean;
}

/** SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3), its first and last four bytes: enough beside 24 equal ones. */
const RETRY_RANDOM_START = 0xcf21ad74;
const RETRY_RANDOM_END = 0xc8a8339c;
const RANDOM_BYTES = 32;
const HOST_NAME = 0;
const EMPTY: readonly number[] = [];

/**
 * Reads the body of a ClientHello; undefined where it is damaged.
 * @param hasCookie DTLS has one behind the session id
 */
export function readClientHello(body: Uint8Array, hasCookie: boolean): ClientHello | undefined {
  const reader = new ByteReader(body);
  const legacyVersion = reader.u16();
  reader.skip(RANDOM_BYTES);
  const sessionId = hexText(reader.take(reader.u8()));
  if (hasCookie) reader.skip(reader.u8());
  const ciphers = u16List(reader.part(reader.u16()));
  reader.skip(reader.u8()); // Compression methods.
  if (reader.overrun) return undefined;

  const extensions: number[] = [];
  let supportedVersions = EMPTY;
  let serverName = '';
  let alpn: readonly string[] = [];
  let groups = EMPTY;
  let pointFormats = EMPTY;
  let signatureAlgorithms = EMPTY;
  let transportParameters: Uint8Array | undefined;
  // SSL 3.0 and early TLS have no extensions at all.
  const list = reader.left > 0 ? reader.part(reader.u16()) : reader;
  while (list.left > 0) {
    const type = list.u16();
    const content = list.part(list.u16());
    if (list.overrun) return undefined;
    extensions.push(type);
    switch (type) {
      case EXTENSION.serverName:
        serverName = hostName(content);
        break;
      case EXTENSION.alpn:
        alpn = alpnNames(content);
        break;
      case EXTENSION.supportedVersions:
        supportedVersions = u16List(content.part(content.u8()));
        break;
      case EXTENSION.supportedGroups:
        groups = u16List(content.part(content.u16()));
        break;
      case EXTENSION.pointFormats:
        pointFormats = [...content.take(content.u8())];
        break;
      case EXTENSION.signatureAlgorithms:
        signatureAlgorithms = u16List(content.part(content.u16()));
        break;
      case EXTENSION.quicTransportParameters:
      case EXTENSION.quicTransportParametersDraft:
        transportParameters = content.rest();
        break;
    }
  }
  if (list.overrun) return undefined;
  return {
    legacyVersion,
    supportedVersions,
    sessionId,
    ciphers,
    extensions,
    serverName,
    alpn,
    groups,
    pointFormats,
    signatureAlgorithms,
    transportParameters,
  };
}

/** Reads the body of a ServerHello or HelloRetryRequest; undefined where it is damaged. */
export function readServerHello(body: Uint8Array): ServerHello | undefined {
  const reader = new ByteReader(body);
  const legacyVersion = reader.u16();
  const random = reader.part(RANDOM_BYTES);
  const randomStart = random.u32();
  random.skip(RANDOM_BYTES - 8);
  const isRetryRequest = randomStart === RETRY_RANDOM_START && random.u32() === RETRY_RANDOM_END;
  // Drafts of TLS 1.3 before 22 had neither session id nor compression here.
  const isEarlyDraft = legacyVersion >> 8 === 0x7f;
  const sessionId = isEarlyDraft ? '' : hexText(reader.take(reader.u8()));
  const cipher = reader.u16();
  if (!isEarlyDraft) reader.skip(1);
  if (reader.overrun) return undefined;

  const extensions: number[] = [];
  let selectedVersion = 0;
  let alpn = '';
  const list = reader.left > 0 ? reader.part(reader.u16()) : reader;
  while (list.left > 0) {
    const type = list.u16();
    const content = list.part(list.u16());
    if (list.overrun) return undefined;
    extensions.push(type);
    if (type === EXTENSION.supportedVersions) selectedVersion = content.u16();
    if (type === EXTENSION.alpn) alpn = alpnNames(content)[0] ?? '';
  }
  if (list.overrun) return undefined;
  return { legacyVersion, selectedVersion, sessionId, cipher, extensions, alpn, isRetryRequest };
}

/** What is behind the last whole item is left out. */
function u16List(reader: ByteReader): readonly number[] {
  const list: number[] = [];
  while (reader.left >= 2) list.push(reader.u16());
  return list;
}

/** The first host name of server_name (RFC 6066 3). */
function hostName(content: ByteReader): string {
  const list = content.part(content.u16());
  while (list.left > 0) {
    const type = list.u8();
    const name = list.take(list.u16());
    if (type === HOST_NAME) return latin1(name);
  }
  return '';
}

/** RFC 7301 3.1. */
function alpnNames(content: ByteReader): readonly string[] {
  const names: string[] = [];
  const list = content.part(content.u16());
  while (list.left > 0) {
    const name = list.latin1(list.u8(), MAX_FACT_TEXT);
    if (!list.overrun) names.push(name);
  }
  return names;
}
