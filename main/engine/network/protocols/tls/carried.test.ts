import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { certificate, commonName } from '../certificate/testing.ts';
import { CarriedTls } from './carried.ts';
import { HANDSHAKE, RECORD } from './numbers.ts';
import { CHANGE_CIPHER_SPEC, chain, handshake, hello, record, serverHello, serverName } from './testing.ts';

const CLIENT = hello({ extensions: [serverName('inner.example')] });
const SERVER = handshake(
  [HANDSHAKE.serverHello, serverHello()],
  [HANDSHAKE.certificate, chain(certificate({ subject: commonName('gate.example') }))],
);
const ENCRYPTED = record(RECORD.applicationData, Buffer.alloc(3_000, 0xe7));

/** Types of facts, and what carries them. */
function carry(): { readonly tls: CarriedTls; readonly told: string[] } {
  const told: string[] = [];
  const tls = new CarriedTls({
    transport: PROTOCOL.udp,
    initiatorPort: 40_000,
    responderPort: 1_194,
    tell: (fact) => told.push(fact.type),
    become: () => told.push('became another'),
    expect: () => {},
    expectedFile: undefined,
    finish: () => told.push('finished'),
  });
  return { tls, told };
}

function inPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

describe('TLS that is carried', () => {
  it('is told alike however it is cut, and ends by itself where all is encrypted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (size) => {
        const { tls, told } = carry();
        for (const piece of inPieces(CLIENT, size)) tls.push(piece, true);
        for (const piece of inPieces(SERVER, size)) tls.push(piece, false);
        for (const piece of inPieces(Buffer.concat([CHANGE_CIPHER_SPEC, ENCRYPTED]), size)) tls.push(piece, true);
        expect(tls.isFinished).toBe(false);
        tls.push(CHANGE_CIPHER_SPEC, false);
        expect(tls.isFinished).toBe(true);
        tls.push(CLIENT, true);
        // Whatever carries it goes on.
        expect(told).toEqual(['tls-client', 'tls-server', 'certificate']);
      }),
      { numRuns: 40 },
    );
  });

  it('is given up where it is none, and where it is too much', () => {
    const other = carry();
    other.tls.push(Buffer.from('GET / HTTP/1.1\r\n\r\n'), true);
    expect(other).toMatchObject({ tls: { isFinished: true }, told: [] });
    const long = carry();
    for (let i = 0; i < 12; i++) long.tls.push(ENCRYPTED, true);
    expect(long.tls.isFinished).toBe(true);
  });

  it('bears any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
        const { tls } = carry();
        tls.push(CLIENT.subarray(0, 20), true);
        for (const [index, piece] of pieces.entries()) tls.push(piece, index % 2 === 0);
      }),
    );
  });
});
