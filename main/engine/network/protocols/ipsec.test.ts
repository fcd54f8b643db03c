import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ipsec } from './ipsec.ts';
import { big16, big32, bytesOf, expectRobust, propertiesOf } from './service-testing.ts';
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

  it('stands damage', () => expectRobust(ipsec, [['initiator', message(new Uint8Array(0))]], udp));
});
