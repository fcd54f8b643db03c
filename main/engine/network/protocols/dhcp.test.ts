import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DhcpFact, Fact } from '../../../../contract/facts.ts';
import { dhcp } from './dhcp.ts';
import { dhcpv6 } from './dhcpv6.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { feed, mutations } from './testing.ts';

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const option = (code: number, ...value: number[]): number[] => [code, value.length, ...value];

function message(type: number, options: readonly number[][], fields: Readonly<Record<number, readonly number[]>> = {}) {
  const bytes = new Uint8Array(240);
  bytes.set([type === 1 || type === 3 ? 1 : 2, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  bytes.set([0x02, 0x42, 0xac, 0x11, 0, 7], 28);
  bytes.set([0x63, 0x82, 0x53, 0x63], 236);
  for (const [at, value] of Object.entries(fields)) bytes.set(value, Number(at));
  return Uint8Array.from([...bytes, ...option(53, type), ...options.flat(), 255]);
}

function told(definition: ProtocolDefinition, bytes: Uint8Array): DhcpFact {
  const facts = feed(definition, [['initiator', bytes]]);
  expect(facts.map((fact: Fact) => fact.type)).toEqual(['protocol', 'dhcp']);
  return facts[1] as DhcpFact;
}

describe('DHCP', () => {
  it('reads what a client says of itself', () => {
    const options = [
      option(12, ...ascii('laptop')),
      option(50, 192, 0, 2, 30),
      option(55, 1, 3, 6, 15, 119),
      option(60, ...ascii('MSFT 5.0'), 0),
      option(61, 1, 2, 3),
    ];
    expect(told(dhcp, message(1, options))).toMatchObject({
      messageType: 'discover',
      transactionId: 0xdeadbeef,
      clientMac: '02:42:ac:11:00:07',
      clientId: '010203',
      hostname: 'laptop',
      requestedAddress: '192.0.2.30',
      fingerprint: '1,3,6,15,119',
      vendorClass: 'MSFT 5.0',
      leaseSeconds: -1,
      assignedAddress: '',
    });
  });

  it('reads what a server would have a client believe', () => {
    const options = [
      option(54, 192, 0, 2, 1),
      option(51, 0, 0, 0x0e, 0x10),
      option(3, 192, 0, 2, 1, 192, 0, 2, 2),
      option(6, 198, 51, 100, 53),
      option(15, ...ascii('corp.example')),
      option(252, ...ascii('http://wpad/x')),
      // A route that is more exact than the default one (TunnelVision, CVE-2024-3661).
      option(121, 1, 0, 192, 0, 2, 66, 24, 203, 0, 113, 192, 0, 2, 66),
      [...option(67, ...ascii('pxe')), ...option(67, ...ascii('linux.0'))],
    ];
    expect(told(dhcp, message(5, options, { 16: [192, 0, 2, 30], 24: [10, 0, 0, 9] }))).toMatchObject({
      messageType: 'ack',
      assignedAddress: '192.0.2.30',
      server: '192.0.2.1',
      relay: '10.0.0.9',
      routers: ['192.0.2.1', '192.0.2.2'],
      nameServers: ['198.51.100.53'],
      domain: 'corp.example',
      proxyUrl: 'http://wpad/x',
      routes: ['0.0.0.0/1 192.0.2.66', '203.0.113.0/24 192.0.2.66'],
      bootFile: 'pxelinux.0',
      leaseSeconds: 3_600,
    });
  });

  it('reads options that are put into other fields, and names in labels', () => {
    const inFile = message(3, [option(52, 1)], { 108: [...option(12, ...ascii('hidden')), 255] });
    expect(told(dhcp, inFile).hostname).toBe('hidden');
    const full = message(3, [option(81, 4, 0, 0, 4, ...ascii('host'), 7, ...ascii('example'), 0)]);
    expect(told(dhcp, full).hostname).toBe('host.example');
    expect(told(dhcp, message(3, [option(81, 0, 0, 0, ...ascii('host.example'))])).hostname).toBe('host.example');
  });
});

describe('DHCPv6', () => {
  const option6 = (code: number, ...value: number[]): number[] => [
    0,
    code,
    value.length >> 8,
    value.length & 255,
    ...value,
  ];
  const address = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 5];
  const duid = [0, 1, 0, 1, 1, 2, 3, 4, 0x02, 0x42, 0xac, 0x11, 0, 7];
  const inner = [
    ...[7, 1, 2, 3],
    ...option6(1, ...duid),
    ...option6(2, 0, 3, 0, 1, 9),
    ...option6(3, ...Array(12).fill(0), ...option6(5, ...address, 0, 0, 0, 1, 0, 0, 0x0e, 0x10)),
    ...option6(6, 0, 23, 0, 24),
    ...option6(23, ...address),
    ...option6(39, 1, 4, ...ascii('host'), 0),
    ...option6(16, 0, 0, 1, 0x37, 0, 4, ...ascii('MSFT')),
  ];
  const expected = {
    protocol: 'dhcpv6',
    messageType: 'reply',
    transactionId: 0x010203,
    clientMac: '02:42:ac:11:00:07',
    server: '0003000109',
    assignedAddress: '2001:db8::5',
    fingerprint: '23,24',
    nameServers: ['2001:db8::5'],
    hostname: 'host',
    vendorClass: 'MSFT',
    leaseSeconds: 3_600,
  };

  it('reads a message, relayed or not', () => {
    expect(told(dhcpv6, Uint8Array.from(inner))).toMatchObject(expected);
    const relay = (message: readonly number[]) => [13, 0, ...address, ...address, ...option6(9, ...message)];
    expect(told(dhcpv6, Uint8Array.from(relay(relay(inner))))).toMatchObject({ ...expected, relay: '2001:db8::5' });
  });

  it('is told on its ports only, by options that fit', () => {
    expect(feed(dhcpv6, [['initiator', Uint8Array.from(inner)]], { responderPort: 9_999 })).toEqual([]);
    expect(feed(dhcpv6, [['initiator', Uint8Array.from([...inner, 1])]])).toEqual([]);
  });

  it('bears any bytes', () => {
    const valid = message(5, [option(12, ...ascii('laptop')), option(121, 24, 1, 2, 3, 4, 5, 6, 7), option(52, 3)]);
    for (const bytes of mutations(valid, 5, 150)) feed(dhcp, [['initiator', bytes]]);
    for (const bytes of mutations(Uint8Array.from(inner), 6, 150)) {
      const facts = feed(dhcpv6, [['initiator', bytes]]);
      expect(facts.some((fact) => fact.type === 'broken')).toBe(false);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (options) => {
        const facts = feed(dhcp, [['initiator', Uint8Array.from([...valid.subarray(0, 240), ...options])]]);
        expect(facts.map((fact) => fact.type)).toEqual(['protocol', 'dhcp']);
      }),
      { numRuns: 50 },
    );
  });
});
