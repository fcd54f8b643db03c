import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../../contract/facts.ts';
import { certificate, commonName } from '../certificate/testing.ts';
import { VERDICT } from '../protocol.ts';
import { feed, mutations } from '../testing.ts';
import { dtls, identifyDatagram } from './dtls.ts';
import { HANDSHAKE, RECORD } from './numbers.ts';
import {
  chain,
  clientHello,
  datagramRecord,
  drive,
  extension,
  fragment,
  serverHello,
  supportedVersions,
} from './testing.ts';

const BODY = clientHello({ version: 0xfefd, cookie: Buffer.alloc(0), extensions: [extension(23)] });
const WITH_COOKIE = clientHello({ version: 0xfefd, cookie: Buffer.alloc(20, 1), extensions: [extension(23)] });
const SERVER = serverHello({ version: 0xfefd });
const CHAIN = chain(certificate({ subject: commonName('WebRTC') }));

function clear(...fragments: readonly Uint8Array[]): Buffer {
  return datagramRecord(RECORD.handshake, Buffer.concat(fragments));
}

function types(facts: readonly Fact[]): string[] {
  return facts.map(({ type }) => type);
}

describe('DTLS', () => {
  it('tells hellos and certificates, the repeated hello once', () => {
    const facts = feed(dtls, [
      ['initiator', clear(fragment(HANDSHAKE.clientHello, 0, BODY))],
      ['responder', clear(fragment(HANDSHAKE.helloVerifyRequest, 0, Buffer.alloc(23)))],
      ['initiator', clear(fragment(HANDSHAKE.clientHello, 1, WITH_COOKIE))],
      ['responder', Buffer.concat([clear(fragment(2, 1, SERVER)), clear(fragment(11, 2, CHAIN))])],
    ]);
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'tls-server', 'certificate']);
    expect(facts[1]).toMatchObject({ protocol: 'dtls', version: 0xfefd, ja4: 'dd2i020100_c1929292aa6b_1ca028f07214' });
    expect(facts[3]).toMatchObject({ commonName: 'WebRTC', fromInitiator: false });
  });

  it('puts fragments together in any order', () => {
    const cuts = [0, 60, 130, CHAIN.length];
    const parts = cuts.slice(1).map((end, i) => clear(fragment(11, 2, CHAIN, cuts[i], end)));
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 1, 2, 0],
    ]) {
      const facts = feed(
        dtls,
        order.map((index) => ['responder', parts[index]] as const),
      );
      expect(types(facts)).toEqual(['protocol', 'certificate']);
    }
  });

  it('is read behind the preamble of CAPWAP, on its ports', () => {
    const preamble = Buffer.from([1, 0, 0, 0]);
    const exchange = [
      ['initiator', Buffer.concat([preamble, clear(fragment(HANDSHAKE.clientHello, 0, BODY))])],
      ['responder', Buffer.concat([preamble, clear(fragment(2, 1, SERVER)), clear(fragment(11, 2, CHAIN))])],
    ] as const;
    const facts = feed(dtls, exchange, { responderPort: 5_246 });
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'tls-server', 'certificate']);
    expect(feed(dtls, exchange, { responderPort: 9_999 })).toEqual([]);
  });

  it('1.3 is told by its list of versions', () => {
    const facts = feed(dtls, [
      [
        'initiator',
        clear(
          fragment(
            1,
            0,
            clientHello({ version: 0xfefd, cookie: Buffer.alloc(0), extensions: [supportedVersions(0xfefc, 0xfefd)] }),
          ),
        ),
      ],
      ['responder', clear(fragment(2, 0, serverHello({ version: 0xfefd, selectedVersion: 0xfefc })))],
    ]);
    expect(facts[1]).toMatchObject({ version: 0xfefc });
    expect(facts[2]).toMatchObject({ version: 0xfefc });
  });

  it('reads on where other protocols share the flow, until both sides are encrypted', () => {
    const encrypted = datagramRecord(RECORD.applicationData, Buffer.alloc(40), { epoch: 1 });
    const facts = feed(dtls, [
      ['initiator', clear(fragment(1, 0, BODY))],
      ['responder', Buffer.from('000100002112a442000000000000000000000000', 'hex')],
      ['responder', clear(fragment(2, 0, SERVER))],
      ['responder', datagramRecord(RECORD.alert, Buffer.from([2, 40]))],
      ['initiator', encrypted],
      ['responder', encrypted],
      ['responder', datagramRecord(RECORD.alert, Buffer.from([2, 41]))],
    ]);
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'tls-server', 'tls-alert']);
  });

  it('is told by records that fill the datagram', () => {
    const encrypted = datagramRecord(RECORD.applicationData, Buffer.alloc(40), { epoch: 1 });
    expect(identifyDatagram(clear(fragment(1, 0, BODY)))).toBe(VERDICT.yes);
    expect(identifyDatagram(Buffer.concat([encrypted, encrypted]))).toBe(VERDICT.yes);
    expect(identifyDatagram(encrypted.subarray(0, -1))).toBe(VERDICT.no);
    expect(identifyDatagram(Buffer.concat([encrypted, Buffer.from([1])]))).toBe(VERDICT.no);
    expect(identifyDatagram(clear(fragment(99, 0, BODY)))).toBe(VERDICT.no);
    expect(identifyDatagram(datagramRecord(RECORD.handshake, Buffer.alloc(5)))).toBe(VERDICT.no);
    expect(identifyDatagram(new Uint8Array(0))).toBe(VERDICT.maybe);
  });

  it('holds a few messages at the most, and none that is too long', () => {
    const pieces = Array.from({ length: 50 }, (_, i) => ['initiator', clear(fragment(1, i, BODY, 0, 20))] as const);
    const rest = ['initiator', clear(fragment(1, 0, BODY, 20))] as const;
    expect(types(feed(dtls, [...pieces, rest]))).toEqual(['protocol']);
    const long = Buffer.alloc(60_000);
    expect(types(feed(dtls, [['initiator', clear(fragment(1, 0, long, 0, 100))]]))).toEqual(['protocol']);
  });

  it('never throws, whatever the bytes are', () => {
    const flight = Buffer.concat([
      clear(fragment(1, 0, BODY, 0, 50), fragment(1, 0, BODY, 50)),
      clear(fragment(11, 2, CHAIN)),
    ]);
    for (const damaged of mutations(new Uint8Array(flight), 3, 3_000)) {
      drive(dtls, [
        ['initiator', flight],
        ['initiator', damaged],
        ['responder', damaged],
      ]);
      identifyDatagram(damaged);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        drive(dtls, [
          ['initiator', clear(fragment(1, 0, random, 0, 10))],
          ['responder', random],
          ['responder', clear(random)],
        ]);
      }),
    );
  });
});
