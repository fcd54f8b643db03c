import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { certificate, commonName } from '../certificate/testing.ts';
import { big16, big32, bytesOf, type Exchange, expectRobust, propertiesOf } from '../service-testing.ts';
import { type FeedOptions, feed, type Side } from '../testing.ts';
import { HANDSHAKE } from '../tls/numbers.ts';
import { chain, handshake, hello, serverHello, serverName } from '../tls/testing.ts';
import { openvpn } from './openvpn.ts';

const udp = { transport: PROTOCOL.udp };

describe('OpenVPN', () => {
  const session = 'ABCDEFGH';
  const client = bytesOf(0x38, session, 0, big32(0));
  const server = bytesOf(0x40, 'abcdefgh', 1, big32(0), session, big32(0));
  const data = bytesOf(0x48, 0, 0, 1, new Uint8Array(40));
  const overTcp = (message: Uint8Array) => bytesOf(big16(message.length), message);

  it('is told bare, with tls-auth and with tls-crypt', () => {
    const facts = feed(
      openvpn,
      [
        ['initiator', client],
        ['responder', server],
        ['initiator', data],
      ],
      udp,
    );
    expect(propertiesOf(facts, 'protection')).toEqual(['none']);
    expect(propertiesOf(facts, 'tunnel')).toEqual(['established']);
    const replay = bytesOf(big32(1), big32(1_700_000_000));
    const authenticated = bytesOf(0x38, session, new Uint8Array(20).fill(5), replay, 0, big32(0));
    expect(propertiesOf(feed(openvpn, [['initiator', authenticated]], udp), 'protection')).toEqual(['tls-auth']);
    const hidden = bytesOf(0x38, session, replay, new Uint8Array(37).fill(5));
    expect(propertiesOf(feed(openvpn, [['initiator', hidden]], udp), 'protection')).toEqual(['tls-crypt']);
    expect(feed(openvpn, [['initiator', bytesOf(0x38, new Uint8Array(41).fill(5))]], udp)).toEqual([]);
  });

  const clientTls = hello({ extensions: [serverName('vpn.example')] });
  const serverTls = handshake(
    [HANDSHAKE.serverHello, serverHello()],
    [HANDSHAKE.certificate, chain(certificate({ subject: commonName('gate.example') }))],
  );
  /** Control packets with `step` bytes of TLS in each, counted from 1. */
  const control = (tls: Uint8Array, head: Uint8Array, step: number) =>
    Array.from({ length: Math.ceil(tls.length / step) }, (_, i) =>
      bytesOf(0x20, session, head, 1, big32(i), session, big32(i + 1), tls.subarray(i * step, (i + 1) * step)),
    );
  const from = (side: Side, packets: readonly Uint8Array[]) => packets.map((packet) => [side, packet] as const);
  const tlsFacts = (exchange: Exchange, options: FeedOptions = udp) =>
    feed(openvpn, exchange, options)
      .filter((fact) => fact.type !== 'property')
      .map((fact) => {
        if (fact.type === 'tls-client') return fact.serverName;
        return fact.type === 'certificate' ? `${fact.commonName} ${fact.fromInitiator}` : fact.type;
      });
  const handshakeFacts = ['protocol', 'vpn.example', 'tls-server', 'gate.example false'];
  const none = new Uint8Array(0);
  const authenticating = bytesOf(new Uint8Array(64).fill(5), big32(2), big32(1_700_000_000));

  it('reads the TLS of its control channel, in any order, with tls-auth and from the middle', () => {
    const server40 = control(serverTls, none, 40);
    const disordered = [server40[1], server40[2], server40[0], ...server40.slice(2)];
    expect(
      tlsFacts([
        ['initiator', client],
        ['responder', server],
        ...from('initiator', control(clientTls, none, 100)),
        ...from('responder', disordered),
      ]),
    ).toEqual(handshakeFacts);
    const withCode = [
      ...from('initiator', control(clientTls, authenticating, 1_000)),
      ...from('responder', control(serverTls, authenticating, 1_000)),
    ];
    expect(tlsFacts(withCode)).toEqual(handshakeFacts);
    const stream = withCode.map(([side, packet]) => [side, overTcp(packet)] as const);
    expect(tlsFacts(stream, { transport: PROTOCOL.tcp })).toEqual(handshakeFacts);
  });

  it('reads no TLS of another key, far ahead, or behind tls-crypt', () => {
    const [first] = control(clientTls, none, 1_000);
    const start: Exchange = [['initiator', client]];
    expect(tlsFacts([...start, ['initiator', first.with(0, 0x21)]])).toEqual(['protocol']);
    expect(tlsFacts([...start, ['initiator', first.with(1 + 8 + 1 + 4 + 8 + 3, 200)]])).toEqual(['protocol']);
    const hidden = bytesOf(0x38, session, big32(1), big32(1_700_000_000), new Uint8Array(37).fill(5));
    expect(
      tlsFacts([
        ['initiator', hidden],
        ['initiator', first],
      ]),
    ).toEqual(['protocol']);
  });

  it('stands cuts and damage', () => {
    const exchange: Exchange = [
      ['initiator', overTcp(client)],
      ['responder', overTcp(server)],
      ['initiator', overTcp(data)],
    ];
    expectRobust(openvpn, exchange, { transport: PROTOCOL.tcp });
    expectRobust(
      openvpn,
      [
        ['initiator', client],
        ['responder', server],
      ],
      udp,
    );
    const tls: Exchange = [
      ['initiator', client],
      ...from('initiator', control(clientTls, none, 60)),
      ...from('responder', control(serverTls, none, 500)),
    ];
    expectRobust(openvpn, tls, udp);
    expectRobust(
      openvpn,
      tls.map(([side, packet]) => [side, overTcp(packet)] as const),
      { transport: PROTOCOL.tcp },
    );
  });
});
