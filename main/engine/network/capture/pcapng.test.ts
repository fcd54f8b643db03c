import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import { clockOf, clockTimeUs } from './pcapng-interface.ts';
import type { PcapngOptions, TestPacket } from './testing.ts';
import { buildPcapng, pcapngBlock } from './testing.ts';
import { readBytes } from './testing-read.ts';

const START_US = 1_700_000_000_000_000;

function packets(count: number, length = 60): TestPacket[] {
  return Array.from({ length: count }, (_, index) => ({
    timeUs: START_US + index * 1000,
    bytes: new Uint8Array(length).fill(0xe0 + (index % 16)),
  }));
}

/** Section header without options, and one interface without options. */
const HEAD_BYTES = 28 + 20;
const BLOCK_BYTES = 32 + 60;
const blockAt = (index: number): number => HEAD_BYTES + index * BLOCK_BYTES;

describe('pcapng variants', () => {
  const variants: PcapngOptions[] = [
    {},
    { byteOrder: 'big' },
    { comments: true },
    { comments: true, byteOrder: 'big', knownSectionLength: true },
    { packetBlock: 'obsolete' },
    { packetBlock: 'obsolete', byteOrder: 'big', comments: true },
    { interfaces: [{ timeResolution: 9, timeOffsetSeconds: 1_600_000_000 }] },
    { interfaces: [{ timeResolution: 10 }] },
    { interfaces: [{ timeOffsetSeconds: -7200 }], byteOrder: 'big' },
  ];
  const some: TestPacket[] = [
    { timeUs: START_US + 123_456, bytes: Uint8Array.of(1, 2, 3) },
    { timeUs: START_US + 999_999, bytes: Uint8Array.of(4, 5), wireBytes: 1500 },
  ];
  it.each(variants)('%o', async (variant) => {
    const { summary, frames } = await readBytes(buildPcapng(variant, some));
    expect(frames).toEqual([
      { bytes: some[0].bytes, wireBytes: 3, timeUs: START_US + 123_456, linkType: LINK_TYPE.ethernet },
      { bytes: some[1].bytes, wireBytes: 1500, timeUs: START_US + 999_999, linkType: LINK_TYPE.ethernet },
    ]);
    expect(summary).toMatchObject({ format: 'pcapng', packets: 2, bytes: 5, truncatedPackets: 1, complete: true });
    expect(summary.notes).toEqual([]);
  });

  it.each([3, 0x80 | 10, 0x80 | 20, 0x80 | 33])('reads a clock of resolution %i', async (timeResolution) => {
    const { frames } = await readBytes(buildPcapng({ interfaces: [{ timeResolution }] }, some));
    const unitUs = timeResolution & 0x80 ? 1e6 / 2 ** (timeResolution & 0x7f) : 10 ** (6 - timeResolution);
    expect(Math.abs(frames[0].timeUs - some[0].timeUs)).toBeLessThanOrEqual(Math.max(unitUs, 0.25));
  });

  it('reads packets without a timestamp, and says so', async () => {
    const capture = buildPcapng({ packetBlock: 'simple', interfaces: [{ snapLength: 40 }] }, [
      { timeUs: 0, bytes: new Uint8Array(40).fill(7), wireBytes: 60 },
      { timeUs: 0, bytes: new Uint8Array(21).fill(8) },
    ]);
    const { summary, frames } = await readBytes(capture);
    expect(frames.map((frame) => [frame.bytes.length, frame.wireBytes, frame.timeUs])).toEqual([
      [40, 60, 0],
      [21, 21, 0],
    ]);
    expect(summary).toMatchObject({ firstSeenUs: null, lastSeenUs: null, truncatedPackets: 1, complete: true });
    expect(summary.notes).toMatchObject([{ code: 'no-timestamps', packetNumber: 1, count: 2 }]);
  });

  it('reads several interfaces, and sections in either byte order', async () => {
    const interfaces = [{}, { linkType: LINK_TYPE.linuxCooked, timeResolution: 9, fcsBytes: 4 }];
    const mixed = packets(4).map((packet, index) => ({ ...packet, interfaceId: index % 2 }));
    const raw = { linkType: LINK_TYPE.rawIp };
    const capture = Buffer.concat([
      buildPcapng({ interfaces }, mixed),
      buildPcapng({ interfaces: [raw], byteOrder: 'big' }, packets(2)),
      buildPcapng({ knownSectionLength: true }, packets(1)),
    ]);
    const { summary, frames } = await readBytes(capture);
    expect(frames.map((frame) => frame.linkType)).toEqual([1, 113, 1, 113, 101, 101, 1]);
    expect(frames.map((frame) => frame.bytes.length)).toEqual([60, 56, 60, 56, 60, 60, 60]);
    expect(summary.linkTypes).toEqual([1, 113, 101]);
  });

  it('skips blocks that hold no packets, however long', async () => {
    const otherBlocks = [
      pcapngBlock(4, Buffer.from('names')),
      pcapngBlock(10, Buffer.alloc(300, 1)),
      pcapngBlock(0xbad, Buffer.alloc(100_000, 2)),
      pcapngBlock(0x8000_1234, Buffer.alloc(0)),
    ];
    const { summary, frames } = await readBytes(buildPcapng({ otherBlocks }, packets(3)), { chunkBytes: 1000 });
    expect(frames).toHaveLength(3);
    expect(summary.notes).toEqual([]);
  });

  it('tells how many packets the capture itself lost', async () => {
    const statistics = Buffer.alloc(12 + 12 + 12);
    statistics.writeUInt16LE(5, 12);
    statistics.writeUInt16LE(8, 14);
    statistics.writeBigUInt64LE(40n, 16);
    statistics.writeUInt16LE(7, 24);
    statistics.writeUInt16LE(8, 26);
    statistics.writeBigUInt64LE(2n, 28);
    const { summary } = await readBytes(buildPcapng({ otherBlocks: [pcapngBlock(5, statistics)] }, packets(1)));
    expect(summary.notes).toMatchObject([{ code: 'dropped-while-capturing', count: 42 }]);
    expect(summary.complete).toBe(true);
  });
});

describe('a pcapng clock', () => {
  it('is exact for microseconds and for nanoseconds that are whole microseconds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }), (us) => {
        const split = (units: bigint): [number, number] => [Number(units >> 32n), Number(units & 0xffffffffn)];
        expect(clockTimeUs(clockOf(6, 0), ...split(us))).toBe(Number(us));
        expect(clockTimeUs(clockOf(9, 0), ...split(us * 1000n))).toBe(Number(us));
      }),
    );
  });

  it('is finite for any resolution byte', () => {
    for (let resolution = 0; resolution < 256; resolution++) {
      expect(Number.isFinite(clockTimeUs(clockOf(resolution, -5), 0xffffffff, 0xffffffff))).toBe(true);
    }
  });

  it('shows no moment before 1970 or after 9999, whatever it claims', () => {
    expect(clockTimeUs(clockOf(6, -5), 0, 4_000_000)).toBe(0);
    expect(clockTimeUs(clockOf(6, -5), 0, 6_000_000)).toBe(1_000_000);
    for (const offset of [-(2 ** 63), 2 ** 63]) {
      const timeUs = clockTimeUs(clockOf(6, offset), 0xffffffff, 0xffffffff);
      expect(timeUs).toBe(offset < 0 ? 0 : Date.UTC(9999, 11, 31, 23, 59, 59) * 1000);
    }
  });
});

describe('damaged pcapng files', () => {
  it.each([5, 40])('keeps everything before a cut %i bytes into a block', async (left) => {
    const capture = buildPcapng({}, packets(10)).subarray(0, blockAt(8) + left);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(8);
    expect(summary.complete).toBe(false);
    expect(summary.notes).toMatchObject([{ code: 'cut-off', byteOffset: blockAt(8), packetNumber: 9, count: 1 }]);
  });

  it.each([
    ['too small', 8],
    ['not a multiple of four', BLOCK_BYTES + 2],
    ['not the one at its end', BLOCK_BYTES + 8],
    ['impossible', 0xfffffff0],
    ['longer than the file', 1_000_000],
  ])('goes on behind a block whose length is %s', async (_, length) => {
    const capture = buildPcapng({}, packets(10));
    capture.writeUInt32LE(length, blockAt(4) + 4);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(9);
    expect(summary.notes).toEqual([
      {
        code: 'damaged-skipped',
        message: `Skipped ${BLOCK_BYTES} bytes of damaged data at byte ${blockAt(4)}, after packet 4.`,
        byteOffset: blockAt(4),
        packetNumber: 5,
        count: 1,
      },
    ]);
    expect(summary.complete).toBe(false);
  });

  it('skips zeros in the middle, even when blocks behind them are out of step', async () => {
    const capture = buildPcapng({}, packets(300));
    const holed = Buffer.concat([capture.subarray(0, blockAt(50)), Buffer.alloc(9999), capture.subarray(blockAt(250))]);
    const { summary, frames } = await readBytes(holed, { chunkBytes: 512 });
    expect(frames).toHaveLength(100);
    expect(summary.notes).toMatchObject([{ code: 'damaged-skipped', byteOffset: blockAt(50), packetNumber: 51 }]);
  });

  it('says when nothing readable follows', async () => {
    const capture = Buffer.concat([buildPcapng({}, packets(5)), Buffer.alloc(50_000, 0xff)]);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(5);
    expect(summary.notes).toMatchObject([{ code: 'damaged-rest', byteOffset: blockAt(5), packetNumber: 6 }]);
  });

  it('skips packets that their block cannot hold, and packets of interfaces that nobody described', async () => {
    const capture = buildPcapng({}, packets(10));
    capture.writeUInt32LE(61, blockAt(3) + 20);
    capture.writeUInt32LE(9, blockAt(5) + 8);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(8);
    expect(summary.notes).toMatchObject([
      { code: 'bad-packet-block', byteOffset: blockAt(3), packetNumber: 4 },
      { code: 'unknown-interface', byteOffset: blockAt(5), packetNumber: 5 },
    ]);
  });

  it('reads an interface whose options run past its end', async () => {
    const capture = buildPcapng({ interfaces: [{ timeResolution: 6 }] }, packets(2));
    capture.writeUInt16LE(5000, 28 + 8 + 8 + 2);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(2);
    expect(summary.notes.map((note) => note.code)).toEqual(['bad-options']);
  });

  it('bounds the interfaces of a section', async () => {
    const interfaces = Array.from({ length: 5000 }, () => ({}));
    const capture = buildPcapng({ interfaces }, [{ ...packets(1)[0], interfaceId: 4999 }]);
    const { summary } = await readBytes(capture);
    expect(summary.packets).toBe(0);
    expect(summary.notes.map((note) => note.code).sort()).toEqual([
      'no-packets',
      'too-many-interfaces',
      'too-many-interfaces',
      'too-many-interfaces',
      'unknown-interface',
    ]);
  });
});

describe('any pcapng file', () => {
  const packetArbitrary = fc.record({
    timeUs: fc.integer({ min: 0, max: START_US }),
    bytes: fc.uint8Array({ maxLength: 200 }),
    missing: fc.nat(1500),
    interfaceId: fc.nat(2),
  });

  it('reads back as it was written, whatever the chunks', async () => {
    const interfaces = [{}, { linkType: 113, timeResolution: 9 }, { linkType: 101, timeOffsetSeconds: 1000 }];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('little' as const, 'big' as const),
        fc.boolean(),
        fc.constantFrom('enhanced' as const, 'obsolete' as const),
        fc.array(packetArbitrary, { maxLength: 20 }),
        fc.integer({ min: 1, max: 700 }),
        async (byteOrder, comments, packetBlock, written, chunkBytes) => {
          const given = written.map(({ timeUs, bytes, missing, interfaceId }) => ({
            timeUs: timeUs + 2_000_000_000,
            bytes,
            wireBytes: bytes.length + missing,
            interfaceId,
          }));
          const capture = buildPcapng({ byteOrder, comments, packetBlock, interfaces }, given);
          const { summary, frames } = await readBytes(capture, { chunkBytes });
          expect(frames).toEqual(
            given.map(({ interfaceId, ...packet }) => ({ ...packet, linkType: interfaces[interfaceId].linkType ?? 1 })),
          );
          expect(summary.complete).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('never throws, hangs or floods when damaged, and does not depend on the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(packetArbitrary, { maxLength: 20 }),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 12 }),
        fc.nat(2000),
        fc.integer({ min: 1, max: 400 }),
        async (written, corruptions, length, chunkBytes) => {
          const given = written.map(({ timeUs, bytes }) => ({ timeUs, bytes }));
          const capture = buildPcapng({ comments: true }, given).subarray(0, 12 + length);
          for (const [at, value] of corruptions) if (at + 12 < capture.length) capture[12 + at] = value;
          const small = await readBytes(capture, { chunkBytes });
          const large = await readBytes(capture);
          expect(small).toEqual(large);
          expect(small.summary.notes.length).toBeLessThanOrEqual(32);
        },
      ),
      { numRuns: 200 },
    );
  });
});
