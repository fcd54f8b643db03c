import { describe, expect, it } from 'vitest';
import { LINK_TYPE, PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../../contract/traffic.ts';
import { formatAddress } from '../../runtime/address.ts';
import { Decoder } from './decoder.ts';
import type { Packet } from './packet.ts';
import {
  arpPacket,
  ethernet,
  extensionHeader,
  icmpPacket,
  ip,
  ipv4,
  ipv6,
  joined,
  tcp,
  tcpPacket,
  u16,
  u32,
  udp,
  udpPacket,
  vlan,
} from './testing.ts';

const V4 = { from: '10.0.0.1', to: '192.168.200.254' };
const V6 = { from: '2001:db8::1', to: 'fe80::ffff:2' };
const PORTS = { sourcePort: 40_000, destinationPort: 443 };
const SEGMENT = tcp(V4, { ...PORTS, flags: 'PA', sequence: 0xfffffff0, acknowledgment: 7, window: 512 }, 'hello');

/** Puts some bytes around the frame, so that a decoder that ignores its bounds is found out. */
function decode(frame: Uint8Array, linkType: number = LINK_TYPE.ethernet, wireBytes = frame.length) {
  const decoder = new Decoder();
  const bytes = joined([0xde, 0xad, 0xbe], frame, new Uint8Array(64).fill(0xee));
  const kind = decoder.decode(bytes, 3, frame.length, wireBytes, 1_700_000_000_000_000.5, linkType);
  return { decoder, kind, packet: decoder.packet, counters: decoder.counters() };
}

function source(packet: Packet): string {
  return formatAddress(packet.source0, packet.source1, packet.source2, packet.source3);
}

function destination(packet: Packet): string {
  return formatAddress(packet.destination0, packet.destination1, packet.destination2, packet.destination3);
}

function payload(packet: Packet): string {
  return Buffer.from(packet.bytes.subarray(packet.payloadStart, packet.payloadEnd)).toString();
}

/** Expects the segment above, from V4, whatever is around it. */
function expectSegment(packet: Packet): void {
  expect(packet.kind).toBe(PACKET_KIND.ip);
  expect([source(packet), destination(packet)]).toEqual([V4.from, V4.to]);
  expect([packet.protocol, packet.sourcePort, packet.destinationPort]).toEqual([PROTOCOL.tcp, 40_000, 443]);
  expect(payload(packet)).toBe('hello');
}

describe('Ethernet, IP and transports', () => {
  it('decodes TCP over IPv4', () => {
    const { kind, packet, counters } = decode(
      tcpPacket({
        ...V4,
        ...PORTS,
        flags: 'PA',
        sequence: 0xfffffff0,
        acknowledgment: 7,
        window: 512,
        payload: 'hello',
      }),
    );
    expect(kind).toBe(PACKET_KIND.ip);
    expectSegment(packet);
    expect(packet).toMatchObject({
      timeUs: 1_700_000_000_000_000.5,
      wireBytes: 14 + 20 + 20 + 5,
      sourceMacHigh: 0x0200,
      sourceMacLow: 1,
      destinationMacHigh: 0x0200,
      destinationMacLow: 2,
      vlan: 0,
      tunnel: 0,
      ipVersion: 4,
      hopLimit: 64,
      ipBytes: 45,
      transportStart: 3 + 34,
      transportHeaderBytes: 20,
      payloadBytes: 5,
      tcpFlags: TCP_FLAG.psh | TCP_FLAG.ack,
      sequence: -16,
      acknowledgment: 7,
      window: 512,
    });
    expect(counters).toMatchObject({ frames: 1, ipFrames: 1, malformedFrames: 0 });
  });

  it('decodes TCP and UDP over IPv6 and forgets what TCP left behind', () => {
    const decoder = new Decoder();
    const segment = tcpPacket({ ...V6, ...PORTS, flags: 'S', options: [2, 4, 5, 0xb4], sequence: 9 });
    decoder.decode(segment, 0, segment.length, segment.length, 0, LINK_TYPE.ethernet);
    expect(decoder.packet).toMatchObject({ ipVersion: 6, transportHeaderBytes: 24, sequence: 9, tcpFlags: 2 });
    expect([source(decoder.packet), destination(decoder.packet)]).toEqual([V6.from, V6.to]);
    const datagram = udpPacket({ ...V6, sourcePort: 53, destinationPort: 1024, payload: 'abc' });
    decoder.decode(datagram, 0, datagram.length, datagram.length, 0, LINK_TYPE.ethernet);
    expect(decoder.packet).toMatchObject({ protocol: 17, sequence: 0, tcpFlags: 0, window: 0, payloadBytes: 3 });
    expect(payload(decoder.packet)).toBe('abc');
  });

  it.each([
    [V4, PROTOCOL.icmp],
    [V6, PROTOCOL.icmpv6],
  ])('gives type and code of ICMP as ports: %o', (hosts, protocol) => {
    const { packet } = decode(icmpPacket({ ...hosts, type: 3, code: 1, payload: 'why' }));
    expect(packet).toMatchObject({ protocol, sourcePort: 3, destinationPort: 1, payloadBytes: 3 });
  });

  it('decodes SCTP, IGMP and protocols without ports', () => {
    const sctp = joined(u16(2905), u16(2906), u32(1), u32(2), [0, 0, 0, 4]);
    expect(decode(ethernet(0x0800, ip(V4, 132, sctp))).packet).toMatchObject({
      sourcePort: 2905,
      destinationPort: 2906,
      transportHeaderBytes: 12,
      payloadBytes: 4,
    });
    expect(decode(ethernet(0x0800, ip(V4, 2, new Uint8Array(8)))).packet).toMatchObject({
      protocol: 2,
      transportHeaderBytes: 8,
      payloadBytes: 0,
    });
    expect(decode(ethernet(0x0800, ip(V4, 50, new Uint8Array(30)))).packet).toMatchObject({
      protocol: 50,
      sourcePort: 0,
      payloadBytes: 30,
    });
  });

  it('gives the protocol addresses and the operation of ARP', () => {
    const { kind, packet } = decode(arpPacket({ from: '10.1.1.1', to: '10.1.1.2', operation: 2, vlans: [9] }));
    expect(kind).toBe(PACKET_KIND.arp);
    expect([source(packet), destination(packet)]).toEqual(['10.1.1.1', '10.1.1.2']);
    expect(packet).toMatchObject({ sourcePort: 2, vlan: 9, ipVersion: 0, transportHeaderBytes: 28, payloadBytes: 0 });
  });

  it('leaves Ethernet padding out of the payload', () => {
    const { packet } = decode(joined(tcpPacket({ ...V4, ...PORTS, payload: 'x' }), new Uint8Array(5)));
    expect(payload(packet)).toBe('x');
    expect(packet.payloadBytes).toBe(1);
  });

  it('steps over IPv4 options and AH, and over IPv6 extension headers', () => {
    const withOptions = ipv4({ ...V4, protocol: 6, options: [7, 7, 4, 0, 0, 0, 0, 0] }, SEGMENT);
    expectSegment(decode(ethernet(0x0800, withOptions)).packet);
    const ah = joined([6, 4, 0, 0], u32(1), u32(2), new Uint8Array(12), SEGMENT);
    expectSegment(decode(ethernet(0x0800, ip(V4, 51, ah))).packet);
    const chain = extensionHeader(43, [5, 2, 0, 0], extensionHeader(51, [0, 0, 0, 0], ah));
    const { packet } = decode(ethernet(0x86dd, ipv6({ ...V6, protocol: 0 }, chain)));
    expect(packet).toMatchObject({ protocol: 6, sourcePort: 40_000 });
    expect(payload(packet)).toBe('hello');
  });

  it('takes an atomic IPv6 fragment for the whole packet that it is', () => {
    const atomic = joined([6, 0, 0, 0], u32(77), SEGMENT);
    const { kind, packet } = decode(ethernet(0x86dd, ipv6({ ...V6, protocol: 44 }, atomic)));
    expect(kind).toBe(PACKET_KIND.ip);
    expect(payload(packet)).toBe('hello');
  });

  it('takes the length of the frame where the IP length is 0', () => {
    expectSegment(decode(ethernet(0x0800, ipv4({ ...V4, protocol: 6, totalLength: 0 }, SEGMENT))).packet);
    const { packet } = decode(ethernet(0x86dd, ipv6({ ...V6, protocol: 6, payloadLength: 0 }, SEGMENT)));
    expect(payload(packet)).toBe('hello');
  });
});

describe('captures that cut packets short', () => {
  const frame = tcpPacket({ ...V4, ...PORTS, flags: 'SA', payload: new Uint8Array(1000) });

  it('gives the lengths that the headers claim and the bytes that are there', () => {
    const { packet } = decode(frame.subarray(0, 96), LINK_TYPE.ethernet, frame.length);
    expect(packet).toMatchObject({ kind: PACKET_KIND.ip, ipBytes: 1040, payloadBytes: 1000, wireBytes: frame.length });
    expect(packet.payloadEnd - packet.payloadStart).toBe(96 - 54);
  });

  it('gives what is left of a cut transport header', () => {
    expect(decode(frame.subarray(0, 48), LINK_TYPE.ethernet, frame.length).packet).toMatchObject({
      sourcePort: 40_000,
      destinationPort: 443,
      tcpFlags: TCP_FLAG.syn | TCP_FLAG.ack,
      payloadBytes: 1000,
    });
    const { kind, packet, counters } = decode(frame.subarray(0, 36), LINK_TYPE.ethernet, frame.length);
    expect(kind).toBe(PACKET_KIND.ip);
    expect(packet).toMatchObject({ protocol: 6, sourcePort: 0, tcpFlags: 0, payloadBytes: 1000 });
    expect(counters.transportCut).toBe(1);
  });

  it('counts a frame without addresses as malformed', () => {
    const { kind, counters } = decode(frame.subarray(0, 30), LINK_TYPE.ethernet, frame.length);
    expect(kind).toBe(PACKET_KIND.malformed);
    expect(counters.malformed.ipHeaderCut).toBe(1);
  });
});

describe('damage', () => {
  const shortTcp = ip(V4, 6, new Uint8Array(10));
  const badOffset = ip(V4, 6, SEGMENT.with(12, 0x10));
  const badUdp = ip(V4, 17, udp(V4, { ...PORTS, length: 3 }, 'abc'));
  const endless = Array.from({ length: 40 }).reduce<Uint8Array>(
    (inner) => extensionHeader(60, [], inner),
    new Uint8Array(0),
  );
  it.each([
    ['linkHeaderCut', new Uint8Array(9)],
    ['ipVersion', ethernet(0x0800, new Uint8Array(40).fill(0x75))],
    ['ipHeaderLength', ethernet(0x0800, ip(V4, 6, SEGMENT).with(0, 0x44))],
    ['ipTotalLength', ethernet(0x0800, ipv4({ ...V4, protocol: 6, totalLength: 19 }, SEGMENT))],
    ['transportHeaderShort', ethernet(0x0800, shortTcp)],
    ['tcpDataOffset', ethernet(0x0800, badOffset)],
    ['udpLength', ethernet(0x0800, badUdp)],
    ['extensionHeader', ethernet(0x86dd, ipv6({ ...V6, protocol: 60 }, endless))],
    ['arpCut', arpPacket({ ...V4, operation: 1 }).subarray(0, 40)],
    ['fragmentBounds', ethernet(0x0800, ipv4({ ...V4, protocol: 17, fragmentOffset: 65_528 }, new Uint8Array(100)))],
  ] as const)('%s', (reason, frame) => {
    const { kind, packet, counters } = decode(frame);
    expect(kind).toBe(PACKET_KIND.malformed);
    expect(counters.malformed[reason]).toBe(1);
    expect(counters).toMatchObject({ frames: 1, malformedFrames: 1 });
    expect(packet).toMatchObject({ ipVersion: 0, source3: 0, sourcePort: 0, payloadBytes: 0 });
  });

  it('gives up on a frame of nothing but VLAN tags', () => {
    let frame: Uint8Array = new Uint8Array(0);
    for (let count = 0; count < 200; count++) frame = vlan(1, 0x8100, frame);
    expect(decode(ethernet(0x8100, frame)).counters.malformed.tooManyLayers).toBe(1);
  });

  it('accepts a packet that claims more than the frame had, and counts it', () => {
    const { kind, packet, counters } = decode(
      ethernet(0x0800, ipv4({ ...V4, protocol: 6, totalLength: 900 }, SEGMENT)),
    );
    expect(kind).toBe(PACKET_KIND.ip);
    expect(counters.lengthBeyondFrame).toBe(1);
    expect(packet.payloadBytes).toBe('hello'.length);
  });

  it('trusts a length beyond what was captured, where the frame on the wire had room for it', () => {
    const frame = ethernet(0x0800, ipv4({ ...V4, protocol: 6, totalLength: 900 }, SEGMENT));
    const { packet, counters } = decode(frame, LINK_TYPE.ethernet, 14 + 900);
    expect(counters.lengthBeyondFrame).toBe(0);
    expect(packet.payloadBytes).toBe(900 - 40);
  });
});
