/** Builds messages of TLS and DTLS for tests. */
import type { Fact } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import type { ProtocolDefinition } from '../protocol.ts';
import type { Side } from '../testing.ts';
import { EXTENSION, HANDSHAKE, RECORD } from './numbers.ts';

export function u16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function u24(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}

/** Bytes behind their length, which takes `lengthBytes`. */
function sized(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    lengthBytes === 1 ? Buffer.from([content.length]) : lengthBytes === 2 ? u16(content.length) : u24(content.length);
  return Buffer.concat([length, content]);
}

export function extension(type: number, content: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.concat([u16(type), sized(2, content)]);
}

export function serverName(name: string): Buffer {
  return extension(EXTENSION.serverName, sized(2, Buffer.from([0]), sized(2, Buffer.from(name, 'latin1'))));
}

export function alpn(...names: readonly string[]): Buffer {
  return extension(EXTENSION.alpn, sized(2, ...names.map((name) => sized(1, Buffer.from(name, 'latin1')))));
}

export function supportedVersions(...versions: readonly number[]): Buffer {
  return extension(EXTENSION.supportedVersions, sized(1, u16(...versions)));
}

export function groups(...values: readonly number[]): Buffer {
  return extension(EXTENSION.supportedGroups, sized(2, u16(...values)));
}

export function pointFormats(...values: readonly number[]): Buffer {
  return extension(EXTENSION.pointFormats, sized(1, Buffer.from(values)));
}

export function signatureAlgorithms(...values: readonly number[]): Buffer {
  return extension(EXTENSION.signatureAlgorithms, sized(2, u16(...values)));
}

export interface HelloParts {
  readonly version?: number;
  readonly ciphers?: readonly number[];
  /** None at all, not even their length, where this is undefined. */
  readonly extensions?: readonly Uint8Array[];
  readonly sessionId?: Uint8Array;
  /** DTLS. */
  readonly cookie?: Uint8Array;
}

export const SESSION_ID = Buffer.alloc(32, 0x5a);

/** The body of a ClientHello. */
export function clientHello(parts: HelloParts = {}): Buffer {
  return Buffer.concat([
    u16(parts.version ?? 0x0303),
    Buffer.alloc(32, 0x11),
    sized(1, parts.sessionId ?? SESSION_ID),
    ...(parts.cookie === undefined ? [] : [sized(1, parts.cookie)]),
    sized(2, u16(...(parts.ciphers ?? [0x1301, 0xc02f]))),
    Buffer.from([1, 0]),
    ...(parts.extensions === undefined ? [] : [sized(2, ...parts.extensions)]),
  ]);
}

export interface ServerHelloParts {
  readonly version?: number;
  readonly selectedVersion?: number;
  readonly cipher?: number;
  readonly extensions?: readonly Uint8Array[];
  readonly isRetryRequest?: boolean;
}

/** RFC 8446 4.1.3. */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/** The body of a ServerHello. */
export function serverHello(parts: ServerHelloParts = {}): Buffer {
  const selected =
    parts.selectedVersion === undefined ? [] : [extension(EXTENSION.supportedVersions, u16(parts.selectedVersion))];
  return Buffer.concat([
    u16(parts.version ?? 0x0303),
    parts.isRetryRequest ? RETRY_RANDOM : Buffer.alloc(32, 0x22),
    sized(1, SESSION_ID),
    u16(parts.cipher ?? 0xc02f),
    Buffer.from([0]),
    sized(2, ...selected, ...(parts.extensions ?? [])),
  ]);
}

/** The body of a Certificate message up to TLS 1.2. */
export function chain(...certificates: readonly Uint8Array[]): Buffer {
  return sized(3, ...certificates.map((certificate) => sized(3, certificate)));
}

export function message(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), sized(3, body)]);
}

export function record(type: number, content: Uint8Array, version = 0x0303): Buffer {
  return Buffer.concat([Buffer.from([type]), u16(version), sized(2, content)]);
}

/** One record with one or more whole messages. */
export function handshake(...messages: readonly (readonly [type: number, body: Uint8Array])[]): Buffer {
  return record(RECORD.handshake, Buffer.concat(messages.map(([type, body]) => message(type, body))));
}

export function hello(parts: HelloParts = {}): Buffer {
  return handshake([HANDSHAKE.clientHello, clientHello(parts)]);
}

export const CHANGE_CIPHER_SPEC = record(RECORD.changeCipherSpec, Buffer.from([1]));

export interface DatagramOptions {
  readonly epoch?: number;
  readonly version?: number;
}

export function datagramRecord(type: number, content: Uint8Array, options: DatagramOptions = {}): Buffer {
  const { epoch = 0, version = 0xfefd } = options;
  return Buffer.concat([Buffer.from([type]), u16(version, epoch), Buffer.alloc(6), sized(2, content)]);
}

/** A fragment of a handshake message of DTLS; the whole by default. */
export function fragment(type: number, sequence: number, body: Uint8Array, from = 0, to = body.length): Buffer {
  return Buffer.concat([
    Buffer.from([type]),
    u24(body.length),
    u16(sequence),
    u24(from),
    u24(to - from),
    body.subarray(from, to),
  ]);
}

/**
 * What a parser makes of bytes, without the flow table and the inspector around it: a hundred times as quick as
 * `feed`, and whatever the parser throws is thrown. Each item of the exchange is a datagram, or a segment.
 */
export function drive(definition: ProtocolDefinition, exchange: readonly (readonly [Side, Uint8Array])[]): Fact[] {
  const facts: Fact[] = [];
  let isFinished = false;
  let fromInitiator = true;
  const parser = definition.parser({
    transport: definition.transports[0],
    initiatorPort: 40_000,
    responderPort: definition.ports[0],
    tell: (fact) => facts.push({ ...fact, timeUs: 0, fromInitiator } as Fact),
    become: () => {},
    expect: () => {},
    expectedFile: undefined,
    finish: () => {
      isFinished = true;
    },
  });
  const untaken = { initiator: new Uint8Array(0), responder: new Uint8Array(0) };
  for (const [side, bytes] of exchange) {
    if (isFinished) break;
    fromInitiator = side === 'initiator';
    const joined = new Uint8Array(Buffer.concat([untaken[side], bytes]));
    const taken = parser.read(joined, fromInitiator);
    if (definition.transports[0] === PROTOCOL.tcp) untaken[side] = joined.slice(taken);
  }
  parser.end?.();
  return facts;
}
