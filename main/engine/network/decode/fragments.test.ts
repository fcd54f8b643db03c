import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINK_TYPE, PACKET_KIND } from '../../../../contract/traffic.ts';
import { Decoder, type DecoderLimits } from './decoder.ts';
import { ethernet, ipv4, ipv4Fragments, ipv6Fragments, joined, udp } from './testing.ts';

const V4 = { from: '10.0.0.1', to: '10.0.0.2' };
const V6 = { from: 'fd00::1', to: 'fd00::2' };
const SECOND = 1_000_000;

class Wire {
  readonly decoder: Decoder;
  constructor(limits: Partial<DecoderLimits> = {}) {
    this.decoder = new Decoder(limits);
  }
  send(packet: Uint8Array, timeUs = 0): number {
    return this.decoder.decode(packet, 0, packet.length, packet.length, timeUs, LINK_TYPE.rawIp);
  }
  payload(): Uint8Array {
    const { bytes, payloadStart, payloadEnd } = this.decoder.packet;
    return bytes.slice(payloadStart, payloadEnd);
  }
}

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8));
}

const CONTENT = numbered(4000);
const DATAGRAM = udp(V4, { sourcePort: 5000, destinationPort: 53 }, CONTENT);
const PIECES = ipv4Fragments({ ...V4, protocol: 17, identification: 9, hopLimit: 33 }, DATAGRAM, 1480);
const DATAGRAM6 = udp(V6, { sourcePort: 5000, destinationPort: 53 }, CONTENT);
const PIECES6 = ipv6Fragments({ ...V6, protocol: 17, identification: 9 }, DATAGRAM6, 1448);

describe('reassembly', () => {
  it.each([
    ['IPv4', PIECES, 20],
    ['IPv6', PIECES6, 40],
  ])('of %s, in any order', (_name, pieces, headerBytes) => {
    for (const order of [pieces, pieces.toReversed(), [...pieces.slice(1), pieces[0]]]) {
      const wire = new Wire();
      for (const piece of order.slice(0, -1)) expect(wire.send(piece)).toBe(PACKET_KIND.fragment);
      expect(wire.send(order.at(-1)!)).toBe(PACKET_KIND.ip);
      expect(wire.decoder.packet).toMatchObject({ sourcePort: 5000, destinationPort: 53, payloadBytes: 4000 });
      expect(wire.decoder.packet.ipBytes).toBe(headerBytes + DATAGRAM.length);
      expect(wire.payload()).toEqual(CONTENT);
      expect(wire.decoder.counters()).toMatchObject({ datagramsReassembled: 1, fragmentsSeen: pieces.length });
    }
  });

  it('takes hop limit and addresses from the packets', () => {
    const wire = new Wire();
    for (const piece of PIECES) wire.send(piece);
    expect(wire.decoder.packet).toMatchObject({ hopLimit: 33, source2: 0xffff, source3: 0x0a000001 });
  });

  it('gives the original for any cut, order and repetition', () => {
    const lengths = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 300 }), fc.infiniteStream(fc.nat()), (length, units, order) => {
        const datagram = udp(V4, { sourcePort: 1, destinationPort: 2 }, numbered(length));
        const pieces = ipv4Fragments({ ...V4, protocol: 17 }, datagram, units * 8);
        if (pieces.length < 2) return;
        const shuffled = pieces
          .slice(0, -1)
          .flatMap((piece) => [piece, piece])
          .map((piece) => ({ piece, rank: order.next().value }))
          .sort((a, b) => a.rank - b.rank);
        const wire = new Wire();
        for (const { piece } of shuffled) expect(wire.send(piece)).toBe(PACKET_KIND.fragment);
        expect(wire.send(pieces.at(-1)!)).toBe(PACKET_KIND.ip);
        expect(wire.payload()).toEqual(numbered(length));
        expect(wire.decoder.counters().fragmentsOverlapping).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('agrees with a plain model on overlapping fragments: the first bytes stay', () => {
    const fragment = fc.record({ unit: fc.nat(20), units: fc.integer({ min: 1, max: 8 }), fill: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (fragments) => {
        const wire = new Wire();
        const model: (number | undefined)[] = Array.from({ length: 28 * 8 });
        let complete = false;
        const send = (offset: number, more: boolean, bytes: Uint8Array) => {
          bytes.forEach((byte, index) => {
            model[offset + index] ??= byte;
          });
          const packet = ipv4({ ...V4, protocol: 50, fragmentOffset: offset, moreFragments: more }, bytes);
          complete = wire.send(packet) === PACKET_KIND.ip;
        };
        send(27 * 8, false, new Uint8Array(8).fill(1));
        for (const { unit, units, fill } of fragments) {
          if (complete) break;
          send(unit * 8, true, new Uint8Array(Math.min(units, 28 - unit) * 8).fill(fill));
        }
        expect(complete).toBe(!model.includes(undefined));
        if (complete) expect(wire.payload()).toEqual(Uint8Array.from(model as number[]));
      }),
    );
  });

  it('drops IPv6 datagrams with overlaps, and all that comes later of them', () => {
    const wire = new Wire();
    const other = ipv6Fragments({ ...V6, protocol: 17, identification: 9 }, joined(DATAGRAM6).fill(1, 100), 1448);
    wire.send(PIECES6[0]);
    wire.send(PIECES6[0]);
    expect(wire.decoder.counters().datagramsPoisoned).toBe(0);
    wire.send(other[0]);
    for (const piece of PIECES6) expect(wire.send(piece)).toBe(PACKET_KIND.fragment);
    expect(wire.decoder.counters()).toMatchObject({ datagramsPoisoned: 1, datagramsReassembled: 0 });
  });
});

describe('hostile fragments', () => {
  const piece = (identification: number, fragmentOffset: number, moreFragments: boolean, bytes: number) =>
    ipv4({ ...V4, protocol: 17, identification, fragmentOffset, moreFragments }, new Uint8Array(bytes));

  it('refuses what would end beyond the largest packet, is empty, or is odd in the middle', () => {
    const wire = new Wire();
    for (const bad of [piece(1, 65_528, false, 1480), piece(1, 8, true, 0), piece(1, 8, true, 9)]) {
      expect(wire.send(bad)).toBe(PACKET_KIND.malformed);
    }
    expect(wire.decoder.counters().malformed.fragmentBounds).toBe(3);
  });

  it('refuses fragments that contradict the known end, and counts tiny ones', () => {
    const wire = new Wire();
    wire.send(piece(1, 64, false, 16));
    wire.send(piece(1, 80, true, 8));
    wire.send(piece(1, 64, false, 8));
    expect(wire.decoder.counters().fragmentsContradicting).toBe(2);
    wire.send(ipv4({ ...V4, protocol: 6, identification: 2, moreFragments: true }, new Uint8Array(8)));
    expect(wire.decoder.counters().fragmentsTiny).toBe(1);
  });

  it('gives up on datagrams that wait too long, also when the clock jumps back', () => {
    for (const later of [31 * SECOND, -31 * SECOND]) {
      const wire = new Wire();
      wire.send(PIECES[0], 100 * SECOND);
      wire.send(PIECES[1], 100 * SECOND + later);
      expect(wire.send(PIECES[2], 100 * SECOND + later)).toBe(PACKET_KIND.fragment);
      expect(wire.decoder.counters()).toMatchObject({ datagramsExpired: 1, datagramsReassembled: 0 });
    }
  });

  it('stays within its limits under a flood and still puts together what comes quickly', () => {
    for (const limits of [{ maxFragmentDatagrams: 50 }, { fragmentMemoryBytes: 100_000 }, {}]) {
      const wire = new Wire(limits);
      const flood = 9000;
      for (let count = 0; count < flood; count++) wire.send(piece(count, 8, true, 1480));
      expect(wire.decoder.counters().datagramsEvicted).toBeGreaterThan(flood - 4097);
      for (const good of PIECES) wire.send(good);
      expect(wire.decoder.counters().datagramsReassembled).toBe(1);
    }
  });

  it('puts the largest datagram together in the smallest memory', () => {
    const wire = new Wire({ fragmentMemoryBytes: 0, maxFragmentDatagrams: 2 });
    const pieces = ipv4Fragments({ ...V4, protocol: 50 }, numbered(65_515), 1480);
    wire.send(piece(77, 8, true, 1480));
    const kinds = pieces.toReversed().map((part) => wire.send(part));
    expect(kinds.at(-1)).toBe(PACKET_KIND.ip);
    expect(wire.payload()).toEqual(numbered(65_515));
  });

  it('reads the ports of a first fragment that the capture cut, and keeps nothing of it', () => {
    const wire = new Wire();
    const first = PIECES[0];
    expect(wire.decoder.decode(first, 0, 60, first.length, 0, LINK_TYPE.rawIp)).toBe(PACKET_KIND.ip);
    expect(wire.decoder.packet.sourcePort).toBe(5000);
    expect(wire.decoder.decode(PIECES[1], 0, 60, first.length, 0, LINK_TYPE.rawIp)).toBe(PACKET_KIND.fragment);
    expect(wire.decoder.counters().fragmentsCut).toBe(2);
  });

  it('unwraps a tunnel out of a reassembled packet, fragmented again inside', () => {
    const wire = new Wire();
    const inner = ipv4Fragments({ ...V4, protocol: 17, identification: 4 }, DATAGRAM, 2048);
    const outer = inner.flatMap((part, index) =>
      ipv4Fragments({ ...V6, from: '1.1.1.1', to: '1.1.1.2', protocol: 4, identification: index }, part, 512),
    );
    const kinds = outer.map((part) => wire.send(part));
    expect(kinds.at(-1)).toBe(PACKET_KIND.ip);
    expect(wire.payload()).toEqual(CONTENT);
    expect(wire.decoder.packet.tunnel).not.toBe(0);
  });

  it('keeps datagrams of different VLANs apart', () => {
    const decoder = new Decoder();
    const kinds = PIECES.map((part, index) => {
      const frame = ethernet(0x0800, part, { vlans: [index === 1 ? 2 : 1] });
      return decoder.decode(frame, 0, frame.length, frame.length, 0, LINK_TYPE.ethernet);
    });
    expect(kinds).toEqual([PACKET_KIND.fragment, PACKET_KIND.fragment, PACKET_KIND.fragment]);
  });
});
