/** Shells inside TLS as bytes on the wire, through parsers and all detectors. */
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../../contract/domain.ts';
import { type Said, Wire } from './wire-testing.ts';

const HOST = '10.0.0.7';
const OTHER = '203.0.113.9';
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;

const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const sized = (content: Uint8Array) => Buffer.concat([u16(content.length), content]);

/** RFC 8446 5.1. */
function record(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3]), sized(content)]);
}

/** RFC 8446 4.1.2 and 4.1.3: version, random and session id, which both hellos begin with. */
function hello(type: number, rest: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 0x11), Buffer.from([0]), ...rest]);
  return record(HANDSHAKE, Buffer.concat([Buffer.from([type, 0]), sized(body)]));
}

const extension = (type: number, content: Uint8Array) => Buffer.concat([u16(type), sized(content)]);
const TLS13 = extension(43, Buffer.from([2, 3, 4]));
const WEB = extension(16, sized(Buffer.from('\x08http/1.1', 'latin1')));
const padding = (length: number) => extension(21, Buffer.alloc(length));

function clientHello(...extensions: readonly Uint8Array[]): Buffer {
  return hello(1, [sized(u16(0x1301)), Buffer.from([1, 0]), sized(Buffer.concat([TLS13, ...extensions]))]);
}

const SERVER_HELLO = hello(2, [u16(0x1301), Buffer.from([0]), sized(extension(43, u16(0x0304)))]);
const sealed = (length: number) => record(APPLICATION_DATA, Buffer.alloc(length, 0xa5));

const ORDERS = [
  [20, 56],
  [26, 85],
  [40, 1_187],
  [24, 22],
  [23, 321],
  [31, 640],
] as const;

function shell(first: Uint8Array): Said[] {
  const opening: Said[] = [
    ['>', first],
    ['<', SERVER_HELLO],
    ['<', sealed(1_200)],
    ['>', sealed(70)],
    ['<', sealed(250)],
    ['<', sealed(250)],
  ];
  const session = ORDERS.flatMap(([order, answer]): Said[] => [2, ['<', sealed(order)], ['>', sealed(answer)]]);
  return [...opening, ...session];
}

function alertsOf(port: number, says: readonly Said[]): readonly Alert[] {
  const wire = new Wire();
  wire.talk({ from: HOST, to: OTHER, port }, says);
  return wire.finish().filter(({ kind }) => kind === 'reverse-shell');
}

describe('a shell inside TLS on the wire', () => {
  it.each([
    ['a hello in one segment', clientHello()],
    ['a hello in two segments', clientHello(padding(1_600))],
  ])('is told by its turned roles, with %s', (_name, first) => {
    for (const port of [443, 8_443, 4_444]) {
      expect(alertsOf(port, shell(first)), `port ${port}`).toMatchObject([
        { severity: 'medium', attackers: [OTHER], victims: [HOST] },
      ]);
    }
  });

  it('is not seen where a browser or a program for the web calls', () => {
    expect(alertsOf(443, shell(clientHello(WEB)))).toEqual([]);
    expect(alertsOf(443, shell(clientHello(WEB, padding(1_600))))).toEqual([]);
  });
});
