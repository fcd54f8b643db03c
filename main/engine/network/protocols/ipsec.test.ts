import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { certificate, commonName } from './certificate/testing.ts';
import { ipsec } from './ipsec.ts';
import { big16, big32, bytesOf, type Exchange, expectRobust, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

const udp = { transport: PROTOCOL.udp };

describe('IPsec', () => {
  const vendor = bytesOf(0, 0, big16(20), 'strongSwan 5.9.1');
  const message = (marker: Uint8Array) =>
    bytesOf(marker, 'INITIATE', new Uint8Array(8), 43, 0x20, 34, 8, big32(0), big32(28 + vendor.length), vendor);

  it('tells exchange and vendor, on the port that is shared with ESP too', () => {
    const facts = feed(ipsec, [['initiator', message(new Uint8Array(0))]], udp);
    expect(propertiesOf(facts, 'version')).toEqual(['IKEv2']);
    expect(propertiesOf(facts, 'exchange')).toEqual(['ike-sa-init']);
    expect(propertiesOf(facts, 'vendor')).toEqual(['strongSwan 5.9.1']);
    expect(propertiesOf(feed(ipsec, [['initiator', message(new Uint8Array(4))]], udp), 'version')).toEqual(['IKEv2']);
    expect(feed(ipsec, [['initiator', bytesOf(message(new Uint8Array(0)), 1)]], udp)).toEqual([]);
  });

  it('tells what is no name with the others of the message', () => {
    const first = bytesOf(43, 0, big16(8), 1, 2, 3, 0xff);
    const second = bytesOf(0, 0, big16(12), 'ABCDEFG', 7);
    const payloads = bytesOf(first, second);
    const header = bytesOf('INITIATE', new Uint8Array(8), 43, 0x20, 34, 8, big32(0), big32(28 + payloads.length));
    const facts = feed(ipsec, [['initiator', bytesOf(header, payloads)]], udp);
    expect(propertiesOf(facts, 'vendor-ids')).toEqual(['010203ff 4142434445464707']);
    expect(propertiesOf(facts, 'vendor')).toEqual([]);
  });

  const payload = (next: number, content: Uint8Array) => bytesOf(next, 0, big16(4 + content.length), content);
  /** A certificate behind a payload of another kind. */
  const withCertificate = (version: 1 | 2, flags: number, encoding: number, der: Uint8Array) => {
    const numbers =
      version === 1 ? { certificate: 6, first: 1, exchange: 4 } : { certificate: 37, first: 33, exchange: 34 };
    const payloads = bytesOf(payload(numbers.certificate, new Uint8Array(8)), payload(0, bytesOf(encoding, der)));
    const header = bytesOf('INITIATE', 'RESPONDE', numbers.first, version << 4, numbers.exchange, flags, big32(0));
    return bytesOf(header, big32(28 + payloads.length), payloads);
  };
  const peer = certificate({ subject: commonName('gateway.example') });

  it('tells certificates that are sent in the clear, each once', () => {
    for (const version of [1, 2] as const) {
      const shown = withCertificate(version, 0, 4, peer);
      const facts = feed(
        ipsec,
        [
          ['initiator', shown],
          ['initiator', shown],
        ],
        udp,
      ).filter((fact) => fact.type === 'certificate');
      expect(facts).toMatchObject([{ commonName: 'gateway.example', position: 0 }]);
    }
    const kinds = [
      withCertificate(1, 1, 4, peer),
      withCertificate(1, 0, 11, peer),
      withCertificate(1, 0, 4, peer.subarray(1)),
    ];
    for (const hidden of kinds) {
      expect(feed(ipsec, [['initiator', hidden]], udp).some((fact) => fact.type === 'certificate')).toBe(false);
    }
  });

  it('is told behind ESP on the port that they share', () => {
    const esp = bytesOf(big32(0xdeadbeef), big32(1), new Uint8Array(24).fill(7));
    const exchange: Exchange = [
      ['initiator', Uint8Array.of(0xff)],
      ['initiator', esp],
      ['responder', message(new Uint8Array(4))],
    ];
    expect(propertiesOf(feed(ipsec, exchange, { ...udp, responderPort: 4_500 }), 'version')).toEqual(['IKEv2']);
    expect(feed(ipsec, exchange.slice(0, 2), { ...udp, responderPort: 4_500 })).toEqual([]);
  });

  it('stands damage', () => {
    expectRobust(ipsec, [['initiator', message(new Uint8Array(0))]], udp);
    expectRobust(ipsec, [['initiator', withCertificate(1, 0, 4, peer)]], udp);
  });
});
