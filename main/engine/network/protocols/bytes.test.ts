import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  hexText,
  indexOfByte,
  joinBytes,
  latin1,
  lineEnd,
  mayStartWith,
  nextLine,
  startsWith,
  startsWithAnyCase,
  utf8Text,
} from './bytes.ts';

const BYTES = Uint8Array.from([0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xff]);
const text = (value: string) => new TextEncoder().encode(value);

describe('ByteReader', () => {
  it('reads numbers of either order', () => {
    expect(new ByteReader(BYTES).u8()).toBe(0x80);
    expect(new ByteReader(BYTES).u16()).toBe(0x8001);
    expect(new ByteReader(BYTES).u16le()).toBe(0x0180);
    expect(new ByteReader(BYTES).u24()).toBe(0x800102);
    expect(new ByteReader(BYTES).u24le()).toBe(0x020180);
    expect(new ByteReader(BYTES).u32()).toBe(0x80010203);
    expect(new ByteReader(BYTES, 4).u32le()).toBe(0xff060504);
    expect(new ByteReader(BYTES).u64()).toBe(Number(0x80010203040506ffn));
    expect(new ByteReader(BYTES).u64le()).toBe(Number(0xff06050403020180n));
  });

  it('reads numbers of variable length as their standards give them', () => {
    // RFC 9000 A.1.
    const quic = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes)).quicVarint();
    expect(quic(0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c)).toBe(Number(151288809941952652n));
    expect(quic(0x9d, 0x7f, 0x3e, 0x7d)).toBe(494878333);
    expect(quic(0x7b, 0xbd)).toBe(15293);
    expect(quic(0x25)).toBe(37);
    // MQTT 5.0 1.5.5.
    expect(new ByteReader(Uint8Array.of(0xff, 0xff, 0xff, 0x7f)).varint()).toBe(268_435_455);
    expect(new ByteReader(Uint8Array.of(0x80, 0x01)).varint()).toBe(128);
    const tooLong = new ByteReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x01));
    expect([tooLong.varint(), tooLong.overrun]).toEqual([0, true]);
    // X.690 8.1.3.
    expect(new ByteReader(Uint8Array.of(0x82, 0x01, 0xb3)).berLength()).toBe(435);
    const indefinite = new ByteReader(Uint8Array.of(0x80, 1, 2));
    expect([indefinite.berLength(), indefinite.overrun]).toEqual([0, true]);
  });

  it('gives nothing past the end, and says so', () => {
    const reader = new ByteReader(BYTES, 6);
    expect(reader.u32()).toBe(0);
    expect(reader.overrun).toBe(true);
    expect([reader.u8(), reader.left, reader.take(1).length, reader.latin1(1)]).toEqual([0, 0, 0, '']);
    for (const count of [-1, Number.NaN, 1e12]) {
      const bad = new ByteReader(BYTES);
      expect([bad.take(count).length, bad.overrun]).toEqual([0, true]);
    }
  });

  it('keeps a part to itself', () => {
    const reader = new ByteReader(BYTES);
    const part = reader.part(2);
    expect([part.u16(), part.overrun, part.u8(), part.overrun]).toEqual([0x8001, false, 0, true]);
    expect([reader.u8(), reader.overrun]).toEqual([2, false]);
    expect(reader.part(100).overrun).toBe(true);
  });

  it('reads text, bounded', () => {
    const reader = new ByteReader(text('name\0rest'));
    expect([reader.latin1Zero(), reader.latin1(4, 2), reader.left]).toEqual(['name', 're', 0]);
    expect(reader.latin1Zero()).toBe('');
    expect(reader.overrun).toBe(true);
    expect(new ByteReader(Uint8Array.of(0x41, 0, 0xac, 0x20)).utf16le(4)).toBe('A€');
    expect(new ByteReader(text('größe')).utf8(7)).toBe('größe');
  });

  it('never leaves its bounds, whatever is asked', () => {
    const METHODS = ['u8', 'u16', 'u16le', 'u24', 'u32', 'u32le', 'u64', 'quicVarint', 'varint', 'berLength'] as const;
    const steps = fc.array(
      fc.oneof(
        fc.constantFrom(...METHODS).map((method) => (reader: ByteReader) => reader[method]()),
        fc.integer({ min: -5, max: 40 }).map((count) => (reader: ByteReader) => reader.take(count)),
        fc.integer({ min: -5, max: 40 }).map((count) => (reader: ByteReader) => reader.latin1(count)),
        fc.integer({ min: -5, max: 40 }).map((count) => (reader: ByteReader) => reader.part(count)),
        fc.constant((reader: ByteReader) => reader.latin1Zero()),
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(70), fc.nat(70), steps, (bytes, start, end, calls) => {
        const reader = new ByteReader(bytes, start, end);
        let before = reader.position;
        for (const call of calls) {
          call(reader);
          expect(reader.position).toBeGreaterThanOrEqual(before);
          expect(reader.position).toBeLessThanOrEqual(Math.min(bytes.length, Math.max(start, end)));
          before = reader.position;
        }
      }),
    );
  });
});

describe('text in bytes', () => {
  it('compares beginnings', () => {
    expect(startsWith(text('GET /'), 'GET ')).toBe(true);
    expect(startsWith(text('GE'), 'GET ')).toBe(false);
    expect(startsWith(text('a GET '), 'GET ', 2)).toBe(true);
    expect(startsWithAnyCase(text('HeLo x'), 'helo ')).toBe(true);
    expect(startsWithAnyCase(text('@elo'), '`elo')).toBe(false);
    expect([mayStartWith(text('SS'), 'SSH-'), mayStartWith(text('SSH-2'), 'SSH-')]).toEqual([true, true]);
    expect(mayStartWith(text('SX'), 'SSH-')).toBe(false);
  });

  it('finds lines of either ending, within a bound', () => {
    const bytes = text('one\r\ntwo\nthree');
    expect([lineEnd(bytes, 0, 100), nextLine(bytes, 3)]).toEqual([3, 5]);
    expect([lineEnd(bytes, 5, 100), nextLine(bytes, 8)]).toEqual([8, 9]);
    expect(lineEnd(bytes, 9, 100)).toBe(-1);
    expect(lineEnd(bytes, 0, 3)).toBe(-1);
    expect(lineEnd(text('\n'), 0, 10)).toBe(0);
  });

  it('works on memory that threads share', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
    shared.set(text('größ').subarray(0, 4));
    expect([utf8Text(shared), latin1(shared), hexText(shared)]).toEqual(['grö', 'grÃ¶', '6772c3b6']);
  });

  it('joins and searches', () => {
    expect([...joinBytes(Uint8Array.of(1), Uint8Array.of(2, 3))]).toEqual([1, 2, 3]);
    expect([indexOfByte(BYTES, 3), indexOfByte(BYTES, 3, 0, 3), indexOfByte(BYTES, 9)]).toEqual([3, -1, -1]);
  });
});
