import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import type { PcapOptions, TestPacket } from './testing.ts';
import { buildPcap } from './testing.ts';
import { readBytes } from './testing-read.ts';

const START_US = 1_700_000_000_000_000;

/** Packets with bytes that cannot be taken for record headers, a millisecond apart. */
function packets(count: number, length = 60): TestPacket[] {
  return Array.from({ length: count }, (_, index) => ({
    timeUs: START_US + index * 1000,
    bytes: new Uint8Array(length).fill(0xe0 + (index % 16)),
  }));
}

const RECORD_BYTES = 16 + 60;
const recordAt = (index: number): number => 24 + index * RECORD_BYTES;

describe('pcap variants', () => {
  const variants: PcapOptions[] = [
    {},
    { byteOrder: 'big' },
    { nanoseconds: true },
    { nanoseconds: true, byteOrder: 'big' },
    { modified: true },
    { modified: true, byteOrder: 'big' },
    { version: [2, 2] },
  ];
  const some: TestPacket[] = [
    { timeUs: START_US + 123_456, bytes: Uint8Array.of(1, 2, 3) },
    { timeUs: START_US + 999_999, bytes: Uint8Array.of(4, 5), wireBytes: 1500 },
  ];
  it.each(variants)('%o', async (variant) => {
    const { summary, frames } = await readBytes(buildPcap(variant, some));
    expect(frames).toEqual([
      { bytes: some[0].bytes, wireBytes: 3, timeUs: START_US + 123_456, linkType: LINK_TYPE.ethernet },
      { bytes: some[1].bytes, wireBytes: 1500, timeUs: START_US + 999_999, linkType: LINK_TYPE.ethernet },
    ]);
    expect(summary).toMatchObject({
      format: variant.nanoseconds ? 'pcap-ns' : 'pcap',
      packets: 2,
      bytes: 5,
      truncatedPackets: 1,
      firstSeenUs: START_US + 123_456,
      lastSeenUs: START_US + 999_999,
      notes: [],
      complete: true,
    });
  });

  it('keeps the fraction of nanoseconds', async () => {
    const capture = buildPcap({ nanoseconds: true }, [{ timeUs: 1_000_000.25, bytes: Uint8Array.of(1) }]);
    expect((await readBytes(capture)).frames[0].timeUs).toBe(1_000_000.25);
  });

  it('takes the frame check sequence off, as far as it was captured', async () => {
    const capture = buildPcap({ fcsBytes: 4, linkType: LINK_TYPE.ethernet }, [
      { timeUs: START_US, bytes: new Uint8Array(64).fill(1) },
      { timeUs: START_US, bytes: new Uint8Array(62).fill(1), wireBytes: 64 },
      { timeUs: START_US, bytes: new Uint8Array(20).fill(1), wireBytes: 64 },
      { timeUs: START_US, bytes: new Uint8Array(2).fill(1) },
    ]);
    const { summary, frames } = await readBytes(capture);
    expect(frames.map((frame) => frame.bytes.length)).toEqual([60, 60, 20, 0]);
    expect(frames.map((frame) => frame.wireBytes)).toEqual([64, 64, 64, 2]);
    expect(summary.linkTypes).toEqual([LINK_TYPE.ethernet]);
  });

  it('says when it has no packets', async () => {
    const { summary } = await readBytes(buildPcap({}, []));
    expect(summary).toMatchObject({ packets: 0, firstSeenUs: null, lastSeenUs: null, complete: true });
    expect(summary.notes.map((note) => note.code)).toEqual(['no-packets']);
  });

  it('says where the time jumps back, how often and how far', async () => {
    const times = [5_000_000, 6_000_000, 5_500_000, 7_000_000, 4_000_000];
    const capture = buildPcap(
      {},
      times.map((time) => ({ timeUs: START_US + time, bytes: Uint8Array.of(1, 2, 3, 4) })),
    );
    const { summary } = await readBytes(capture);
    expect(summary.complete).toBe(true);
    expect(summary.notes).toEqual([
      {
        code: 'time-backwards',
        message: 'The timestamps jump back 2 times, by at most 3 s; first at packet 3.',
        byteOffset: 24 + 2 * 20,
        packetNumber: 3,
        count: 2,
      },
    ]);
    expect(summary).toMatchObject({ firstSeenUs: START_US + 4_000_000, lastSeenUs: START_US + 7_000_000 });
  });
});

describe('pcap files that are unusual but whole', () => {
  it('believes a jump of years', async () => {
    const some = packets(4);
    some[2].timeUs += 3 * 365 * 86_400e6;
    some[3].timeUs -= 3 * 365 * 86_400e6;
    const { summary, frames } = await readBytes(buildPcap({}, some));
    expect(frames.map((frame) => frame.timeUs)).toEqual(some.map((packet) => packet.timeUs));
    expect(summary.complete).toBe(true);
  });

  it('reads packets that are longer than the snap length, or than they say they were', async () => {
    const some = packets(5);
    some[1] = { ...some[1], bytes: new Uint8Array(300).fill(0xee) };
    some[4] = { ...some[4], wireBytes: 20 };
    const { summary, frames } = await readBytes(buildPcap({ snapLength: 96 }, some));
    expect(frames.map((frame) => frame.bytes.length)).toEqual([60, 300, 60, 60, 60]);
    expect(frames.map((frame) => frame.wireBytes)).toEqual([60, 300, 60, 60, 60]);
    expect(summary.notes.map((note) => note.code)).toEqual(['captured-exceeds-wire']);
    expect(summary.complete).toBe(true);
  });

  it('reads a file of another version, and says so', async () => {
    const { summary, frames } = await readBytes(buildPcap({ version: [3, 1] }, packets(2)));
    expect(frames).toHaveLength(2);
    expect(summary.notes.map((note) => note.code)).toEqual(['odd-version']);
  });
});

describe('damaged pcap files', () => {
  it.each([
    ['in a record header', 7],
    ['in a packet', 40],
  ])('keeps everything before a cut %s', async (_, left) => {
    const capture = buildPcap({}, packets(10)).subarray(0, recordAt(8) + left);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(8);
    expect(summary.complete).toBe(false);
    expect(summary.notes).toEqual([
      {
        code: 'cut-off',
        message: `The capture is cut off in the middle of packet 9, at byte ${recordAt(8)}: ${left} bytes of it are there and were skipped.`,
        byteOffset: recordAt(8),
        packetNumber: 9,
        count: 1,
      },
    ]);
  });

  it('goes on behind a record with an impossible length', async () => {
    const capture = buildPcap({}, packets(10));
    capture.writeUInt32LE(0xfffffff0, recordAt(4) + 8);
    const { summary, frames } = await readBytes(capture);
    expect(frames.map((frame) => frame.timeUs - START_US)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9].map((ms) => ms * 1000));
    expect(summary.notes).toEqual([
      {
        code: 'damaged-skipped',
        message: `Skipped ${RECORD_BYTES} bytes of damaged data at byte ${recordAt(4)}, after packet 4.`,
        byteOffset: recordAt(4),
        packetNumber: 5,
        count: 1,
      },
    ]);
    expect(summary.complete).toBe(false);
  });

  it('goes on behind a length that runs past the end of the file', async () => {
    const capture = buildPcap({}, packets(10));
    capture.writeUInt32LE(60_000, recordAt(4) + 8);
    capture.writeUInt32LE(60_000, recordAt(4) + 12);
    const { summary, frames } = await readBytes(capture);
    expect(frames).toHaveLength(9);
    expect(summary.notes.map((note) => note.code)).toEqual(['damaged-skipped']);
  });

  it('finds its way back after bytes that were lost', async () => {
    const capture = buildPcap({}, packets(30));
    const holed = Buffer.concat([capture.subarray(0, recordAt(10) + 30), capture.subarray(recordAt(14) + 11)]);
    const { summary, frames } = await readBytes(holed);
    // Packet 11 swallows the beginning of what follows the hole; 15 is lost with it.
    expect(frames).toHaveLength(26);
    expect(frames.at(-1)?.timeUs).toBe(START_US + 29_000);
    expect(summary.notes.map((note) => note.code)).toEqual(['damaged-skipped']);
  });

  it('skips zeros in the middle, as a crashed disk leaves them', async () => {
    const capture = buildPcap({}, packets(3000));
    capture.fill(0, recordAt(500), recordAt(2500));
    const { summary, frames } = await readBytes(capture, { chunkBytes: 4096 });
    expect(frames).toHaveLength(1000);
    expect(summary.notes).toMatchObject([{ code: 'damaged-skipped', byteOffset: recordAt(500), packetNumber: 501 }]);
    expect(summary).toMatchObject({ firstSeenUs: START_US, lastSeenUs: START_US + 2_999_000 });
  });

  it('says when nothing readable follows', async () => {
    const capture = Buffer.concat([buildPcap({}, packets(5)), Buffer.alloc(100_000, 0xff)]);
    const { summary, frames } = await readBytes(capture, { chunkBytes: 4096 });
    expect(frames).toHaveLength(5);
    expect(summary.notes).toMatchObject([{ code: 'damaged-rest', byteOffset: recordAt(5), packetNumber: 6 }]);
    expect(summary.complete).toBe(false);
  });

  it('goes on when the very first record is damaged', async () => {
    const capture = buildPcap({}, packets(10));
    capture.fill(0xff, recordAt(0), recordAt(0) + 16);
    const { frames, summary } = await readBytes(capture);
    expect(frames).toHaveLength(9);
    expect(summary.firstSeenUs).toBe(START_US + 1000);
  });

  it('keeps its notes few', async () => {
    const capture = buildPcap({}, packets(3000));
    for (let index = 1; index < 3000; index += 3) capture.writeUInt32LE(0xffffffff, recordAt(index) + 8);
    const { summary } = await readBytes(capture);
    expect(summary.packets).toBe(2000);
    expect(summary.notes.map((note) => note.count)).toEqual([1, 1, 998]);
  });
});

describe('any pcap file', () => {
  const packetArbitrary = fc.record({
    // Up to a day apart, to the microsecond.
    stepUs: fc.integer({ min: 0, max: 80_000_000_000 }),
    bytes: fc.uint8Array({ maxLength: 200 }),
    missing: fc.integer({ min: 1, max: 1500 }),
    cut: fc.boolean(),
  });

  it('reads back as it was written, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          byteOrder: fc.constantFrom('little' as const, 'big' as const),
          nanoseconds: fc.boolean(),
        }),
        fc.array(packetArbitrary, { maxLength: 20 }),
        fc.integer({ min: 1, max: 700 }),
        async (options, steps, chunkBytes) => {
          let timeUs = START_US;
          const written = steps.map(({ stepUs, bytes, missing, cut }) => {
            timeUs += stepUs;
            return { timeUs, bytes, wireBytes: cut || bytes.length === 0 ? bytes.length + missing : bytes.length };
          });
          const { summary, frames } = await readBytes(buildPcap(options, written), { chunkBytes });
          expect(frames).toEqual(written.map((packet) => ({ ...packet, linkType: LINK_TYPE.ethernet })));
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
        async (steps, corruptions, length, chunkBytes) => {
          const some = steps.map(({ bytes }, index) => ({ timeUs: START_US + index, bytes }));
          const capture = buildPcap({}, some).subarray(0, 24 + length);
          for (const [at, value] of corruptions) if (at + 24 < capture.length) capture[24 + at] = value;
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
