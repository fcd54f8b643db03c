import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_UNTAKEN_BYTES } from './protocol.ts';
import { Stream, type StreamReader } from './stream.ts';

/** Remembers what it is given; takes as the function says. */
class Recorder implements StreamReader {
  readonly taken: number[] = [];
  readonly gaps: { at: number; missingBytes: number }[] = [];
  reads = 0;
  readonly #take: (bytes: Uint8Array) => number;

  constructor(take: (bytes: Uint8Array) => number = (bytes) => bytes.length) {
    this.#take = take;
  }

  read(bytes: Uint8Array): number {
    this.reads++;
    const count = this.#take(bytes);
    this.taken.push(...bytes.subarray(0, count));
    return count;
  }

  gap(missingBytes: number): void {
    this.gaps.push({ at: this.taken.length, missingBytes });
  }
}

function bytesOf(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) * 7 + ((from + i) >> 8));
}

describe('Stream', () => {
  it('gives any cut, shuffled and doubled bytes in order, whatever number they begin with', () => {
    const segments = fc.record({
      first: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      length: fc.integer({ min: 1, max: 400 }),
      cuts: fc.array(fc.tuple(fc.nat(399), fc.integer({ min: 1, max: 120 })), { maxLength: 25 }),
      order: fc.array(fc.nat(), { maxLength: 60 }),
      step: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(segments, ({ first, length, cuts, order, step }) => {
        const all = bytesOf(length);
        // Pieces that cover everything, and others that say part of it again.
        const pieces: { at: number; end: number }[] = [];
        for (let at = 0; at < length; at += 40) pieces.push({ at, end: Math.min(length, at + 40) });
        for (const [at, size] of cuts) if (at < length) pieces.push({ at, end: Math.min(length, at + size) });
        order.forEach((n, i) => {
          const [a, b] = [i % pieces.length, n % pieces.length];
          [pieces[a], pieces[b]] = [pieces[b], pieces[a]];
        });
        // A reader that takes messages of `step` bytes only.
        const recorder = new Recorder((bytes) => bytes.length - (bytes.length % step));
        const stream = new Stream(first);
        for (const { at, end } of pieces) stream.push((first + at) | 0, all.slice(at, end), 0, recorder);
        expect(recorder.gaps).toEqual([]);
        expect([...recorder.taken, ...stream.untaken]).toEqual([...all]);
        expect(stream.deliveredBytes).toBe(length);
      }),
    );
  });

  it('stays within its bounds and never goes back, whatever the numbers are', () => {
    const hostile = fc.array(
      fc.record({
        sequence: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 300_000 })),
        length: fc.integer({ min: 0, max: 1_500 }),
        missing: fc.oneof(fc.constant(0), fc.nat(2 ** 31)),
        confirmed: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(hostile, (packets) => {
        const held = { bytes: 0 };
        const stream = new Stream(undefined, 0, held);
        let given = 0;
        const reader: StreamReader = {
          read: (bytes) => {
            given += bytes.length;
            return bytes.length;
          },
          gap: (missingBytes) => expect(missingBytes).toBeGreaterThan(0),
        };
        let sent = 0;
        for (const { sequence, length, missing, confirmed } of packets) {
          sent += length;
          stream.push(sequence, new Uint8Array(length), missing, reader);
          if (confirmed !== null) stream.confirmed(confirmed, reader);
          expect(held.bytes).toBeLessThanOrEqual(128 * 1024);
        }
        stream.flush(reader);
        expect(held.bytes).toBe(0);
        expect(given).toBeLessThanOrEqual(sent);
      }),
      { numRuns: 60 },
    );
  });

  it('waits for the true beginning when the first segments are swapped', () => {
    const recorder = new Recorder();
    const stream = new Stream(100);
    stream.push(103, Uint8Array.of(4, 5), 0, recorder);
    expect(recorder.taken).toEqual([]);
    stream.push(100, Uint8Array.of(1, 2, 3), 0, recorder);
    expect(recorder.taken).toEqual([1, 2, 3, 4, 5]);
  });

  it('goes by the first segment where the handshake was another one', () => {
    const recorder = new Recorder();
    const stream = new Stream(100);
    stream.push(0x40000000, Uint8Array.of(1), 0, recorder);
    stream.push(0x40000001, Uint8Array.of(2), 0, recorder);
    expect(recorder.taken).toEqual([1, 2]);
    expect(recorder.gaps).toEqual([]);
  });

  it('makes a hole a gap once the other side has confirmed it', () => {
    const recorder = new Recorder();
    const stream = new Stream(0);
    stream.push(0, Uint8Array.of(1), 0, recorder);
    stream.push(11, Uint8Array.of(2), 0, recorder);
    stream.confirmed(5, recorder);
    expect(recorder.gaps).toEqual([]);
    stream.confirmed(12, recorder);
    expect(recorder.gaps).toEqual([{ at: 1, missingBytes: 10 }]);
    expect(recorder.taken).toEqual([1, 2]);
  });

  it('makes a hole a gap when too much waits behind it', () => {
    const recorder = new Recorder();
    const stream = new Stream(0);
    for (let n = 0; n < 200; n++) stream.push(1_000 + n * 1_000, bytesOf(1_000), 0, recorder);
    expect(recorder.gaps).toEqual([{ at: 0, missingBytes: 1_000 }]);
    expect(recorder.taken).toHaveLength(200_000);
  });

  it('is not led astray by a few segments far ahead', () => {
    const recorder = new Recorder();
    const held = { bytes: 0 };
    const stream = new Stream(0, 0, held);
    stream.push(0, Uint8Array.of(1), 0, recorder);
    for (let n = 0; n < 1_000; n++) stream.push(500_000_000 + n * 7, bytesOf(1_400), 0, recorder);
    stream.push(1, Uint8Array.of(2), 0, recorder);
    expect(recorder.taken).toEqual([1, 2]);
    expect(recorder.gaps).toEqual([]);
    expect(held.bytes).toBeLessThan(256 * 1024);
  });

  it('tells of bytes that the capture cut off', () => {
    const recorder = new Recorder();
    const stream = new Stream(0);
    stream.push(0, Uint8Array.of(1, 2), 98, recorder);
    stream.push(100, Uint8Array.of(3), 0, recorder);
    expect(recorder.gaps).toEqual([{ at: 2, missingBytes: 98 }]);
    // Also of a segment that had to wait.
    stream.push(201, Uint8Array.of(5), 0, recorder);
    stream.push(101, Uint8Array.of(4), 99, recorder);
    expect(recorder.taken).toEqual([1, 2, 3, 4, 5]);
    expect(recorder.gaps.at(-1)).toEqual({ at: 4, missingBytes: 99 });
  });

  it('spares the reader what it skips, gaps in it too', () => {
    let isFirst = true;
    const recorder = new Recorder((bytes) => {
      const take = isFirst ? bytes.length + 1_000 : bytes.length;
      isFirst = false;
      return take;
    });
    const stream = new Stream(0);
    stream.push(0, bytesOf(10), 0, recorder);
    stream.push(10, bytesOf(400), 0, recorder);
    stream.push(500, bytesOf(520), 0, recorder);
    stream.flush(recorder);
    expect(recorder.gaps).toEqual([]);
    expect(recorder.taken).toHaveLength(20);
    expect(stream.deliveredBytes).toBe(20);
  });

  it('keeps untaken bytes in no more than twice their size', () => {
    const held = { bytes: 0 };
    const stream = new Stream(0, 0, held);
    const reader: StreamReader = { read: () => 0, gap: () => {} };
    for (let at = 0; at < MAX_UNTAKEN_BYTES; at += 64) stream.push(at, bytesOf(64, at), 0, reader);
    expect(stream.untaken).toEqual(bytesOf(MAX_UNTAKEN_BYTES));
    expect(held.bytes).toBeLessThanOrEqual(2 * MAX_UNTAKEN_BYTES);
  });

  it('offers what was left again to who comes next', () => {
    const stream = new Stream(0);
    stream.push(0, bytesOf(5), 0, { read: () => 2, gap: () => {} });
    const recorder = new Recorder();
    stream.reread(recorder);
    expect(recorder.taken).toEqual([...bytesOf(3, 2)]);
    expect(stream.untaken).toHaveLength(0);
  });
});
