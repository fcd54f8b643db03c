import { describe, expect, it } from 'vitest';
import { LINK_TYPE, PACKET_KIND } from '../../../../contract/traffic.ts';
import { Decoder } from './decoder.ts';
import { ethernet, ip, joined, tcp, u16, vlan } from './testing.ts';

const HOSTS = { from: '10.0.0.1', to: '10.0.0.2' };
const HOSTS6 = { from: '2001:db8::1', to: '2001:db8::2' };
const SEGMENT = tcp(HOSTS, { sourcePort: 1234, destinationPort: 80 }, 'hello');
const PACKET = ip(HOSTS, 6, SEGMENT);
const PACKET6 = ip(HOSTS6, 6, SEGMENT);
const SNAP_IP = joined([0xaa, 0xaa, 3, 0, 0, 0], u16(0x0800), PACKET);

function decode(frame: Uint8Array, linkType: number = LINK_TYPE.ethernet) {
  const decoder = new Decoder();
  decoder.decode(frame, 0, frame.length, frame.length, 1, linkType);
  return decoder;
}

function expectHello(frame: Uint8Array, linkType: number = LINK_TYPE.ethernet) {
  const { packet } = decode(frame, linkType);
  expect(packet).toMatchObject({ kind: PACKET_KIND.ip, protocol: 6, sourcePort: 1234, payloadBytes: 5 });
  expect(Buffer.from(packet.bytes.subarray(packet.payloadStart, packet.payloadEnd)).toString()).toBe('hello');
  return packet;
}

describe('Ethernet and what it carries', () => {
  it('combines stacked VLAN tags', () => {
    expect(expectHello(ethernet(0x0800, PACKET, { vlans: [7] })).vlan).toBe(7);
    expect(expectHello(ethernet(0x88a8, vlan(5, 0x8100, vlan(6, 0x0800, PACKET)))).vlan).toBe(5 * 4096 + 6);
    expect(expectHello(ethernet(0x0800, PACKET, { vlans: [1, 2, 3] })).vlan).toBe(2 * 4096 + 3);
    expect(expectHello(ethernet(0x9100, vlan(0xe001, 0x86dd, PACKET6))).vlan).toBe(1);
  });

  it('reads 802.3 frames with LLC and SNAP', () => {
    expectHello(ethernet(SNAP_IP.length, SNAP_IP));
    const llc = joined([6, 6, 3], PACKET);
    expectHello(ethernet(llc.length, llc));
    expect(decode(ethernet(38, joined([0x42, 0x42, 3], new Uint8Array(35)))).packet.kind).toBe(PACKET_KIND.other);
    const cdp = joined([0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], new Uint8Array(20));
    expect(decode(ethernet(cdp.length, cdp)).packet.kind).toBe(PACKET_KIND.other);
  });

  it('guesses what is behind MPLS labels', () => {
    const labels = [0, 1, 0x20, 64, 0, 2, 0x31, 64];
    expectHello(ethernet(0x8847, joined(labels, PACKET)));
    expectHello(ethernet(0x8847, joined(labels, PACKET6)));
    expectHello(ethernet(0x8847, joined(labels, [0, 0, 0, 0], ethernet(0x0800, PACKET))));
    expectHello(ethernet(0x8848, joined(labels, ethernet(0x0800, PACKET))));
    // A MAC address that begins like an IPv4 header.
    expectHello(ethernet(0x8847, joined(labels, ethernet(0x0800, PACKET, { destinationMac: '4c:5e:0c:28:00:01' }))));
    expect(decode(ethernet(0x8847, joined(labels, new Uint8Array(5)))).packet.kind).toBe(PACKET_KIND.other);
  });

  it('reads PPPoE sessions and takes discovery for other', () => {
    const session = joined([0x11, 0, 0, 9], u16(PACKET.length + 2), u16(0x0021), PACKET);
    expectHello(ethernet(0x8864, joined(session, [0, 0, 0])));
    expectHello(session, LINK_TYPE.pppoe);
    expect(decode(ethernet(0x8863, session)).packet.kind).toBe(PACKET_KIND.other);
  });
});

describe('other link types', () => {
  it.each([
    ['raw IPv4', LINK_TYPE.rawIp, PACKET],
    ['raw IPv6', LINK_TYPE.rawIp, PACKET6],
    ['raw 12', LINK_TYPE.rawIpAlternative, PACKET],
    ['raw 14', 14, PACKET],
    ['IPv4', LINK_TYPE.ipv4, PACKET],
    ['IPv6', LINK_TYPE.ipv6, PACKET6],
    ['loopback, little-endian', LINK_TYPE.bsdLoopback, joined([2, 0, 0, 0], PACKET)],
    ['loopback, big-endian', LINK_TYPE.bsdLoopback, joined([0, 0, 0, 30], PACKET6)],
    ['OpenBSD loopback', LINK_TYPE.openBsdLoopback, joined([0, 0, 0, 24], PACKET6)],
    ['PPP', LINK_TYPE.ppp, joined([0xff, 3], u16(0x0021), PACKET)],
    ['PPP, compressed', LINK_TYPE.ppp, joined([0x57], PACKET6)],
    ['PPP in HDLC', LINK_TYPE.pppHdlc, joined([0xff, 3], u16(0x0057), PACKET6)],
    ['Cisco HDLC', 104, joined([0x0f, 0], u16(0x0800), PACKET)],
    ['cooked with VLAN', LINK_TYPE.linuxCooked, joined(new Uint8Array(14), u16(0x8100), vlan(3, 0x0800, PACKET))],
    ['cooked 2', LINK_TYPE.linuxCooked2, joined(u16(0x86dd), new Uint8Array(18), PACKET6)],
  ])('%s', (_name, linkType, frame) => {
    expectHello(frame, linkType);
  });

  it('knows the sender of cooked frames', () => {
    const frame = joined([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0], u16(0x0800), PACKET);
    expect(expectHello(frame, LINK_TYPE.linuxCooked)).toMatchObject({ sourceMacHigh: 0x200, sourceMacLow: 9 });
  });

  it('counts link types that it does not know', () => {
    const decoder = decode(PACKET, 9999);
    expect(decoder.packet.kind).toBe(PACKET_KIND.other);
    expect(decoder.counters().unsupportedLinkTypes).toEqual(new Map([[9999, 1]]));
  });
});

describe('802.11', () => {
  const A1 = [2, 0, 0, 0, 0, 1];
  const A2 = [2, 0, 0, 0, 0, 2];
  const A3 = [2, 0, 0, 0, 0, 3];
  const A4 = [2, 0, 0, 0, 0, 4];
  const wifi = (control: number, flags: number, ...rest: (readonly number[] | Uint8Array)[]) =>
    joined([control, flags, 0, 0], A1, A2, A3, [0x10, 0], ...rest);

  it.each([
    ['to the access point', wifi(0x08, 1, SNAP_IP), [2, 3]],
    ['from the access point', wifi(0x08, 2, SNAP_IP), [3, 1]],
    ['between stations', wifi(0x08, 0, SNAP_IP), [2, 1]],
    ['four addresses', wifi(0x08, 3, A4, SNAP_IP), [4, 3]],
    ['QoS', wifi(0x88, 1, [0, 0], SNAP_IP), [2, 3]],
    ['QoS with HT control', wifi(0x88, 0x81, [0, 0, 0, 0, 0, 0], SNAP_IP), [2, 3]],
    ['A-MSDU', wifi(0x88, 1, [0x80, 0], A4, A1, u16(SNAP_IP.length), SNAP_IP, [0, 0]), [1, 4]],
  ])('%s', (_name, frame, [sender, receiver]) => {
    const packet = expectHello(frame, LINK_TYPE.ieee80211);
    expect(packet).toMatchObject({ sourceMacLow: sender, destinationMacLow: receiver });
  });

  it('reads nothing into encrypted, management and empty frames', () => {
    for (const [control, flags] of [
      [0x08, 0x41],
      [0x80, 0],
      [0x48, 1],
      [0xb4, 0],
    ]) {
      expect(decode(wifi(control, flags, SNAP_IP), LINK_TYPE.ieee80211).packet.kind).toBe(PACKET_KIND.other);
    }
  });

  it('uses the flags of radiotap', () => {
    const plain = joined([0, 0, 8, 0, 0, 0, 0, 0], wifi(0x08, 1, SNAP_IP));
    expectHello(plain, LINK_TYPE.ieee80211Radiotap);
    // Timestamp (aligned to 8) and flags: checksum at the end, header padded to four bytes.
    const header = [0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
    const rest = joined([1, 2, 3, 4, 5, 6, 7, 8], [0x30]);
    const padded = joined(header, rest, wifi(0x88, 1, [0, 0], [0, 0], SNAP_IP), [1, 2, 3, 4]);
    expectHello(padded, LINK_TYPE.ieee80211Radiotap);
    const bad = decode(padded.with(24, 0x70), LINK_TYPE.ieee80211Radiotap);
    expect(bad.counters().malformed.radioChecksum).toBe(1);
  });

  it('reads behind Prism, AVS and PPI headers', () => {
    const frame = wifi(0x08, 1, SNAP_IP);
    expectHello(joined([0x44, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0], frame), 119);
    expectHello(joined([0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0], frame), 163);
    expectHello(joined([0, 0, 8, 0, 105, 0, 0, 0], frame), 192);
  });
});
