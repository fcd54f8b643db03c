import { describe, expect, it } from 'vitest';
import { LINK_TYPE, PACKET_KIND, PROTOCOL } from '../../../../contract/traffic.ts';
import { Decoder } from './decoder.ts';
import { arp, ethernet, ip, joined, tcp, u16, u32, udp } from './testing.ts';

const OUTER = { from: '192.0.2.1', to: '192.0.2.2' };
const INNER = { from: '10.0.0.1', to: '10.0.0.2' };
const INNER6 = { from: '2001:0:1::1', to: '2001:db8::2' };
const SEGMENT = tcp(INNER, { sourcePort: 1234, destinationPort: 80 }, 'hello');
const PACKET = ip(INNER, 6, SEGMENT);
const PACKET6 = ip(INNER6, 6, SEGMENT);
const FRAME = ethernet(0x0800, PACKET, { sourceMac: '02:00:00:00:00:77' });

function decode(frame: Uint8Array, limits = {}) {
  const decoder = new Decoder(limits);
  decoder.decode(frame, 0, frame.length, frame.length, 1, LINK_TYPE.ethernet);
  return decoder;
}

/** An outer IPv4 packet in Ethernet around `protocol`. */
function carried(protocol: number, content: Uint8Array): Uint8Array {
  return ethernet(0x0800, ip(OUTER, protocol, content));
}

function inUdp(destinationPort: number, content: Uint8Array, sourcePort = 50_000): Uint8Array {
  return carried(17, udp(OUTER, { sourcePort, destinationPort }, content));
}

function vxlan(network: number, content: Uint8Array): Uint8Array {
  return joined([8, 0, 0, 0], u32(network << 8), content);
}

const GRE_ALL = joined([0xb0, 0], u16(0x0800), [1, 2, 0, 0], u32(99), u32(5), PACKET);
const GRE_ROUTED = joined([0x40, 0], u16(0x0800), [0, 0, 0, 0], [0, 1, 0, 4, 9, 9, 9, 9], [0, 0, 0, 0], PACKET);
const ERSPAN2 = joined([0x10, 0], u16(0x88be), u32(1), [0x10, 0, 0, 1, 0, 0, 0, 0], FRAME);
const ERSPAN3 = joined([0x10, 0], u16(0x22eb), u32(1), [0x20, 0, 0, 1], u32(7), [0, 0, 0, 1], new Uint8Array(8), FRAME);
const PPTP = joined(
  [0x30, 0x81],
  u16(0x880b),
  u16(PACKET.length + 4),
  u16(7),
  u32(1),
  u32(1),
  [0xff, 3, 0, 0x21],
  PACKET,
);
const GENEVE = joined([2, 0], u16(0x6558), [0, 0, 5, 0], new Uint8Array(8), FRAME);
const TEREDO = joined([0, 1, 2, 3], new Uint8Array(5 + 8 + 1), new Uint8Array(8), PACKET6);
const GTP = joined(
  [0x36, 0xff],
  u16(PACKET.length + 12),
  u32(0xaaaa),
  [0, 1, 0, 0x85],
  [1, 0, 0, 0xc0],
  [1, 0, 0, 0],
  PACKET,
);

/** LLC and SNAP before an IPv4 packet. */
const SNAP = joined([0xaa, 0xaa, 3, 0, 0, 0], u16(0x0800), PACKET);
/** From a station to its access point: control, flags and duration, three addresses, sequence. */
const STATION = joined(
  [0x08, 0x01, 0x2c, 0],
  new Uint8Array(6),
  [2, 0, 0, 0, 0, 0x77],
  new Uint8Array(6),
  [0x70, 0x30],
);
/** To a station, with quality of service. */
const TO_STATION = joined([0x88, 0x02, 0x2c, 0], new Uint8Array(18), [0x70, 0x30, 0, 0]);
/** Each number of two bytes the other way round. */
const SWAPPED = STATION.with(0, 0x01).with(1, 0x08).with(22, 0x30).with(23, 0x70);
/** @param flags the fourth byte */
const capwap = (options: Uint8Array, isNative: boolean, flags: number, frame: Uint8Array) =>
  joined([0, ((8 + options.length) / 4) << 3, 2 + Number(isNative), flags], new Uint8Array(4), options, frame);
const NO_OPTIONS = new Uint8Array(0);

describe('tunnels', () => {
  it.each([
    ['IP in IP', carried(4, PACKET)],
    ['IPv6 in IPv4', carried(41, PACKET6)],
    ['IPv4 in IPv6', ethernet(0x86dd, ip({ from: 'fd00::1', to: 'fd00::2' }, 4, PACKET))],
    ['GRE', carried(47, joined([0, 0], u16(0x0800), PACKET))],
    ['GRE with IPv6', carried(47, joined([0, 0], u16(0x86dd), PACKET6))],
    ['GRE with checksum, key and sequence', carried(47, GRE_ALL)],
    ['GRE with source routes', carried(47, GRE_ROUTED)],
    ['GRE with Ethernet', carried(47, joined([0x20, 0], u16(0x6558), u32(0x1234), FRAME))],
    ['GRE with WCCP', carried(47, joined([0, 0], u16(0x883e), [0, 0, 0, 0], PACKET))],
    ['GRE with MPLS', carried(47, joined([0, 0], u16(0x8847), [0, 0, 0x11, 64], PACKET))],
    ['PPTP', carried(47, PPTP)],
    ['ERSPAN I', carried(47, joined([0, 0], u16(0x88be), FRAME))],
    ['ERSPAN II', carried(47, ERSPAN2)],
    ['ERSPAN III', carried(47, ERSPAN3)],
    ['EtherIP', carried(97, joined([0x30, 0], FRAME))],
    ['MPLS in IP', carried(137, joined([0, 0, 0x11, 64], PACKET))],
    ['VXLAN', inUdp(4789, vxlan(42, FRAME))],
    ['VXLAN on the Linux port', inUdp(8472, vxlan(42, FRAME))],
    ['VXLAN-GPE', inUdp(4790, joined([0x0c, 0, 0, 1], u32(42 << 8), PACKET))],
    ['Geneve', inUdp(6081, GENEVE)],
    ['Teredo', inUdp(3544, TEREDO)],
    ['Teredo, the answer', inUdp(50_000, PACKET6, 3544)],
    ['GTP-U', inUdp(2152, GTP)],
    ['CAPWAP with 802.11', inUdp(5247, capwap(NO_OPTIONS, true, 0, joined(STATION, SNAP)))],
    ['CAPWAP with 802.11 to a station', inUdp(40_000, capwap(NO_OPTIONS, true, 0, joined(TO_STATION, SNAP)), 5247)],
    ['CAPWAP with turned 802.11', inUdp(5247, capwap(new Uint8Array(8), true, 0x20, joined(SWAPPED, SNAP)))],
    ['CAPWAP with 802.3', inUdp(5247, capwap(NO_OPTIONS, false, 0, FRAME))],
    ['GTP-U, short header', inUdp(2152, joined([0x30, 0xff], u16(PACKET.length), u32(1), PACKET), 2152)],
  ])('%s', (_name, frame) => {
    const { packet } = decode(frame);
    expect(packet).toMatchObject({ kind: PACKET_KIND.ip, protocol: PROTOCOL.tcp, sourcePort: 1234, payloadBytes: 5 });
    expect(Buffer.from(packet.bytes.subarray(packet.payloadStart, packet.payloadEnd)).toString()).toBe('hello');
    expect(packet.tunnel).not.toBe(0);
    expect(packet.wireBytes).toBe(frame.length);
  });

  it('shows the MAC addresses and the ARP of the inner Ethernet', () => {
    expect(decode(inUdp(4789, vxlan(1, FRAME))).packet.sourceMacLow).toBe(0x77);
    const inner = ethernet(0x0806, arp({ operation: 1, senderAddress: '10.0.0.1', targetAddress: '10.0.0.2' }));
    expect(decode(inUdp(4789, vxlan(1, inner))).packet).toMatchObject({ kind: PACKET_KIND.arp, sourcePort: 1 });
  });

  it('tells tunnels apart by kind and by the id that both directions share', () => {
    const gre = (key: number) => carried(47, joined([0x20, 0], u16(0x0800), u32(key), PACKET));
    const gtp = (id: number) => inUdp(2152, joined([0x30, 0xff], u16(PACKET.length), u32(id), PACKET));
    const nvgre = (key: number) => carried(47, joined([0x20, 0], u16(0x6558), u32(key), FRAME));
    const tunnel = (frame: Uint8Array) => decode(frame).packet.tunnel;
    const different = [
      gre(1),
      gre(2),
      gtp(1),
      inUdp(4789, vxlan(1, FRAME)),
      inUdp(4789, vxlan(2, FRAME)),
      carried(4, PACKET),
      inUdp(4789, vxlan(1, carried(4, PACKET))),
      nvgre(0x100),
    ].map(tunnel);
    expect(new Set(different).size).toBe(different.length);
    expect(tunnel(gtp(1))).toBe(tunnel(gtp(2)));
    expect(tunnel(nvgre(0x101))).toBe(tunnel(nvgre(0x1ff)));
  });

  it('leaves alone what only uses the port of a tunnel', () => {
    for (const port of [2152, 3544, 4789, 4790, 5247, 6081, 8472]) {
      for (const content of [new Uint8Array(0), new Uint8Array(60), new Uint8Array(60).fill(0xff), PACKET]) {
        const { packet } = decode(inUdp(port, content));
        expect(packet).toMatchObject({ kind: PACKET_KIND.ip, protocol: 17, destinationPort: port, tunnel: 0 });
        expect(packet.payloadBytes).toBe(content.length);
      }
    }
  });

  it('leaves CAPWAP as it is that is encrypted, in fragments, or no data', () => {
    const contents = [
      joined([1, 0, 0, 0, 22], new Uint8Array(60)),
      capwap(NO_OPTIONS, true, 0x80, joined(STATION, SNAP)),
      capwap(NO_OPTIONS, true, 0x08, joined(STATION, SNAP)),
      capwap(NO_OPTIONS, true, 0, joined(STATION.with(1, 0x41), SNAP)),
      capwap(NO_OPTIONS, true, 0, joined(STATION.with(0, 0x80), SNAP)),
      capwap(NO_OPTIONS, true, 0, joined(STATION, SNAP)).with(1, 0xf8),
    ];
    for (const content of contents) {
      const decoder = decode(inUdp(5247, content));
      expect(decoder.packet).toMatchObject({ protocol: 17, destinationPort: 5247, tunnel: 0 });
      expect(decoder.counters()).toMatchObject({ tunnelsEntered: 0, tunnelsUnreadable: 0 });
    }
  });

  it('reports the carrier of what it cannot read', () => {
    const broken = ip(INNER, 6, new Uint8Array(3));
    for (const [protocol, content] of [
      [4, broken],
      [4, PACKET6],
      [41, PACKET],
      [47, joined([0, 0], u16(0x6558), ethernet(0x88cc, new Uint8Array(30)))],
      [47, joined([0, 0], u16(0x0800), broken)],
    ] as const) {
      const decoder = decode(carried(protocol, content));
      expect(decoder.packet).toMatchObject({ kind: PACKET_KIND.ip, protocol, tunnel: 0, sourceMacLow: 1 });
      expect(decoder.packet.payloadBytes).toBe(content.length);
      expect(decoder.counters()).toMatchObject({ ipFrames: 1, malformedFrames: 0, tunnelsUnreadable: 1 });
    }
    expect(decode(carried(47, joined([0, 0], u16(0x1234), PACKET))).packet.protocol).toBe(47);
  });

  it('goes as deep as it is told and no deeper', () => {
    let packet = PACKET;
    for (let depth = 0; depth < 12; depth++) packet = ip(OUTER, 4, packet);
    const decoder = decode(ethernet(0x0800, packet));
    expect(decoder.packet).toMatchObject({ kind: PACKET_KIND.ip, protocol: 4 });
    expect(decoder.packet.ipBytes).toBe(packet.length - 8 * 20);
    expect(decoder.counters()).toMatchObject({ tunnelsTooDeep: 1, tunnelsEntered: 8, tunnelsUnreadable: 0 });
    expect(decode(ethernet(0x0800, packet), { maxTunnelDepth: 12 }).packet.protocol).toBe(6);
    const shut = decode(inUdp(4789, vxlan(1, FRAME)), { maxTunnelDepth: 0 });
    expect(shut.packet).toMatchObject({ protocol: 17, destinationPort: 4789 });
    expect(shut.counters().tunnelsTooDeep).toBe(1);
  });
});
