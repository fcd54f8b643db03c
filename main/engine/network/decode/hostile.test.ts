/** Whatever comes in: nothing is thrown, nothing outside of the frame is read, the results stay in their bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINK_TYPE, PACKET_KIND } from '../../../../contract/traffic.ts';
import { Decoder } from './decoder.ts';
import {
  arpPacket,
  ethernet,
  icmpPacket,
  ip,
  ipv4Fragments,
  joined,
  tcpPacket,
  u16,
  u32,
  udp,
  udpPacket,
} from './testing.ts';

const LINK_TYPES = [...Object.values(LINK_TYPE), 14, 104, 119, 163, 192, 9999];
const V4 = { from: '10.0.0.1', to: '10.0.0.2' };
const V6 = { from: 'fd00::1', to: 'fd00::2' };
const PORTS = { sourcePort: 1000, destinationPort: 2000, payload: 'some payload' };
const INNER = tcpPacket({ ...V4, ...PORTS, vlans: [4] });
const VALID = [
  tcpPacket({ ...V4, ...PORTS }),
  tcpPacket({ ...V6, ...PORTS, vlans: [1, 2] }),
  udpPacket({ ...V4, ...PORTS }),
  icmpPacket({ ...V6, type: 128 }),
  arpPacket({ ...V4, operation: 1 }),
  ethernet(0x0800, ip(V4, 4, ip(V6, 41, ip(V4, 17, udp(V4, PORTS, 'x'))))),
  ethernet(0x0800, ip(V4, 47, joined([0x30, 0], u16(0x6558), u32(1), u32(2), INNER))),
  udpPacket({ ...V4, sourcePort: 1, destinationPort: 4789, payload: joined([8, 0, 0, 0, 0, 0, 1, 0], INNER) }),
  ethernet(0x8847, joined([0, 0, 1, 9, 0, 0, 0, 0], INNER)),
  ...ipv4Fragments({ ...V4, protocol: 17 }, udp(V4, PORTS, 'a payload of some length'), 16).map((part) =>
    ethernet(0x0800, part),
  ),
];

/** A frame that ends where `bytes` end would hide reads beyond it: so it is checked against two surroundings. */
function check(
  decoders: readonly [Decoder, Decoder],
  frame: Uint8Array,
  linkType: number,
  extraWireBytes: number,
): void {
  const results = decoders.map((decoder, index) => {
    const bytes = joined(new Uint8Array(5).fill(index * 0x55), frame, new Uint8Array(99).fill(index * 0x55));
    const wireBytes = frame.length + extraWireBytes;
    const kind = decoder.decode(bytes, 5, frame.length, wireBytes, 1, linkType);
    const packet = decoder.packet;
    const { payloadStart, payloadEnd, payloadBytes } = packet;
    const isInFrame = payloadStart >= 5 && payloadEnd <= 5 + frame.length;
    const problems = Object.entries(packet)
      .filter(([name, value]) => name !== 'bytes' && name !== 'timeUs' && value !== (value | 0))
      .map(([name, value]) => `${name} is ${value}`);
    if (kind !== packet.kind) problems.push('the kind differs');
    if (kind === PACKET_KIND.ip && packet.bytes === bytes && !isInFrame) problems.push('payload outside of the frame');
    if (payloadStart > payloadEnd || payloadEnd > packet.bytes.length) problems.push('payload outside of the bytes');
    if (payloadBytes < payloadEnd - payloadStart) problems.push('more payload than claimed');
    expect(problems).toEqual([]);
    return { ...packet, bytes: null };
  });
  expect(results[0]).toEqual(results[1]);
}

describe('hostile frames', () => {
  it('random bytes under every link type', () => {
    const decoders = [new Decoder(), new Decoder()] as const;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...LINK_TYPES),
        fc.nat(100),
        (frame, link, extra) => check(decoders, frame, link, extra),
      ),
      { numRuns: 1500 },
    );
    const counters = decoders[0].counters();
    expect(counters.frames).toBeGreaterThanOrEqual(1500);
  });

  it('valid packets with bytes changed, cut off and inserted', () => {
    const decoders = [new Decoder(), new Decoder()] as const;
    const change = fc.record({ at: fc.nat(150), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...VALID),
        fc.array(change, { maxLength: 6 }),
        fc.nat(150),
        fc.nat(100),
        (valid, changes, cut, extra) => {
          const frame = valid.slice(0, Math.max(0, valid.length - (cut > 75 ? 0 : cut)));
          for (const { at, value } of changes) if (at < frame.length) frame[at] = value;
          check(decoders, frame, LINK_TYPE.ethernet, extra);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('IP-shaped noise, which gets deeper than plain noise', () => {
    const decoders = [new Decoder(), new Decoder()] as const;
    const protocols = [0, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 97, 132, 135, 137];
    fc.assert(
      fc.property(
        fc.constantFrom(V4, V6),
        fc.constantFrom(...protocols),
        fc.array(fc.oneof(fc.constantFrom(...protocols, 0x45, 0x60, 8, 0x86, 0xdd), fc.nat(255)), { maxLength: 90 }),
        (hosts, protocol, content) => check(decoders, ip(hosts, protocol, content), LINK_TYPE.rawIp, 0),
      ),
      { numRuns: 1500 },
    );
  });

  it('says the same of a frame that its array cuts off', () => {
    const frame = tcpPacket({ ...V4, ...PORTS });
    const decoder = new Decoder();
    expect(decoder.decode(frame.subarray(0, 40), 0, frame.length, frame.length, 1, LINK_TYPE.ethernet)).toBe(2);
    expect(decoder.packet.payloadEnd).toBeLessThanOrEqual(40);
  });
});
