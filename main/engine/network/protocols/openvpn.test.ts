import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { openvpn } from './openvpn.ts';
import { big16, big32, bytesOf, type Exchange, expectRobust, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

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
  });
});
