import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_SLOT, RecordDecoder } from './records.ts';
import {
  concatenate,
  helloRecord,
  interfaceRecord,
  packetRecord,
  statisticsRecord,
  tickRecord,
} from './testing/encode-records.ts';

interface Seen {
  readonly frames: { bytes: number[]; wireBytes: number; timeUs: number; linkType: number }[];
  readonly events: unknown[][];
}

function decoderInto(seen: Seen): RecordDecoder {
  return new RecordDecoder(
    {
      frame(bytes, start, capturedBytes, wireBytes, timeUs, linkType) {
        expect(start + capturedBytes).toBeLessThanOrEqual(bytes.length);
        seen.frames.push({ bytes: [...bytes.subarray(start, start + capturedBytes)], wireBytes, timeUs, linkType });
      },
    },
    {
      status: (...values) => seen.events.push(['status', ...values]),
      statistics: (...values) => seen.events.push(['statistics', ...values]),
      tick: (...values) => seen.events.push(['tick', ...values]),
    },
  );
}

/** Feeds `stream` in pieces of the given lengths, in turn. */
function decode(stream: Uint8Array, pieces: readonly number[] = [65_536]) {
  const seen: Seen = { frames: [], events: [] };
  const decoder = decoderInto(seen);
  let offset = 0;
  for (let turn = 0; offset < stream.length; turn++) {
    const piece = stream.subarray(offset, offset + pieces[turn % pieces.length]);
    decoder.buffer.set(piece, decoder.filled);
    offset += piece.length;
    if (!decoder.accept(piece.length)) break;
  }
  return { ...seen, decoder };
}

const GREETING = concatenate([helloRecord(2), interfaceRecord({ name: 'eth0' })]);

describe('RecordDecoder', () => {
  it('hands on every kind of record', () => {
    const { frames, events, decoder } = decode(
      concatenate([
        GREETING,
        interfaceRecord({
          slot: 1,
          name: 'sixteen-letters-',
          linkType: 101,
          state: 3,
          error: 19,
          detail: 'it is gone',
        }),
        packetRecord({
          slot: 0,
          seconds: 1_700_000_000,
          nanoseconds: 500,
          bytes: Uint8Array.of(1, 2, 3),
          wireBytes: 9,
        }),
        packetRecord({ slot: 1, seconds: 4_000_000_000, nanoseconds: 0, bytes: new Uint8Array(0), wireBytes: 0 }),
        statisticsRecord(0, [1, 9, 2 ** 40, 3]),
        tickRecord(1_700_000_001, 250_000_000),
      ]),
    );
    expect(decoder.problem).toBeUndefined();
    expect(frames).toEqual([
      { bytes: [1, 2, 3], wireBytes: 9, timeUs: 1_700_000_000_000_000.5, linkType: 1 },
      { bytes: [], wireBytes: 0, timeUs: 4e15, linkType: 101 },
    ]);
    expect(events).toEqual([
      ['status', 0, 'eth0', 1, 'up', 0, ''],
      ['status', 1, 'sixteen-letters-', 101, 'missing', 19, 'it is gone'],
      ['statistics', 0, 1, 9, 2 ** 40, 3],
      ['tick', 1_700_000_001_250_000],
    ]);
    expect(decoder.pendingBytes).toBe(0);
  });

  it('takes an interface for which there was no slot', () => {
    const { events, decoder } = decode(
      concatenate([helloRecord(1), interfaceRecord({ slot: NO_SLOT, name: 'tap9', state: 4, detail: 'too many' })]),
    );
    expect(decoder.problem).toBeUndefined();
    expect(events).toEqual([['status', NO_SLOT, 'tap9', 1, 'failed', 0, 'too many']]);
  });

  it('gives the same whatever the pieces in which the stream comes', () => {
    const packet = fc.record({
      slot: fc.constant(0),
      seconds: fc.nat(0xffff_ffff),
      nanoseconds: fc.nat(999_999_999),
      bytes: fc.uint8Array({ maxLength: 200 }),
      wireBytes: fc.integer({ min: 200, max: 70_000 }),
    });
    fc.assert(
      fc.property(fc.array(packet), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (packets, pieces) => {
        const { frames, decoder } = decode(concatenate([GREETING, ...packets.map(packetRecord)]), pieces);
        expect(decoder.problem).toBeUndefined();
        expect(decoder.pendingBytes).toBe(0);
        expect(frames).toEqual(
          packets.map(({ seconds, nanoseconds, bytes, wireBytes }) => ({
            bytes: [...bytes],
            wireBytes,
            timeUs: seconds * 1e6 + nanoseconds / 1e3,
            linkType: 1,
          })),
        );
      }),
    );
  });

  it.each([
    ['no greeting', tickRecord(1)],
    [
      'a packet before the greeting',
      packetRecord({ slot: 0, seconds: 1, nanoseconds: 0, bytes: new Uint8Array(4), wireBytes: 4 }),
    ],
    ['another magic', helloRecord(1, 0x12345678)],
    ['another version', helloRecord(1, undefined, 2)],
    ['no slots', helloRecord(0)],
    ['millions of slots', helloRecord(2 ** 31)],
    ['two greetings', concatenate([GREETING, helloRecord()])],
    ['a length of 0', concatenate([GREETING, new Uint8Array(16)])],
    ['an odd length', concatenate([GREETING, Uint8Array.of(17, 0, 0, 0, 5, 0, 0, 0), new Uint8Array(16)])],
    ['a huge length', concatenate([GREETING, Uint8Array.of(0, 0, 0, 128, 5, 0, 0, 0)])],
    ['an unknown type', concatenate([GREETING, Uint8Array.of(8, 0, 0, 0, 99, 0, 0, 0)])],
    [
      'an unknown slot',
      concatenate([
        GREETING,
        packetRecord({ slot: 7, seconds: 1, nanoseconds: 0, bytes: new Uint8Array(4), wireBytes: 4 }),
      ]),
    ],
    [
      'a slot that stands for nothing',
      concatenate([
        GREETING,
        packetRecord({ slot: 1, seconds: 1, nanoseconds: 0, bytes: new Uint8Array(4), wireBytes: 4 }),
      ]),
    ],
    [
      'more captured than was on the wire',
      concatenate([
        GREETING,
        packetRecord({ slot: 0, seconds: 1, nanoseconds: 0, bytes: new Uint8Array(4), wireBytes: 3 }),
      ]),
    ],
    [
      'too many nanoseconds',
      concatenate([
        GREETING,
        packetRecord({ slot: 0, seconds: 1, nanoseconds: 1e9, bytes: new Uint8Array(4), wireBytes: 4 }),
      ]),
    ],
    ['an unknown state', concatenate([GREETING, interfaceRecord({ name: 'x', state: 9 })])],
    ['an endless detail', concatenate([GREETING, interfaceRecord({ name: 'x', detail: 'x'.repeat(300) })])],
  ])('refuses %s', (_what, stream) => {
    const { decoder, frames } = decode(stream);
    expect(decoder.problem).toBeDefined();
    expect(frames).toEqual([]);
    expect(decoder.accept(0)).toBe(false);
  });

  it('survives arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.boolean(), (bytes, greeted) => {
        decode(greeted ? concatenate([GREETING, bytes]) : bytes);
      }),
    );
  });

  it('survives a sound stream with bytes changed, and stays within its buffer', () => {
    const sound = concatenate([
      GREETING,
      packetRecord({ slot: 0, seconds: 1, nanoseconds: 2, bytes: new Uint8Array(60).fill(7), wireBytes: 60 }),
      statisticsRecord(0, [1, 60, 0, 0]),
      interfaceRecord({ name: 'eth0', state: 2, detail: 'it has no link' }),
      tickRecord(2),
    ]);
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 64 }),
        (changes, piece) => {
          const damaged = sound.slice();
          for (const [at, value] of changes) damaged[at] = value;
          const { decoder } = decode(damaged, [piece]);
          expect(decoder.pendingBytes).toBeLessThanOrEqual(damaged.length);
        },
      ),
    );
  });
});
