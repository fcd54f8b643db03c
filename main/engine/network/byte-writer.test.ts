import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../runtime/address.ts';
import { ByteWriter } from './byte-writer.ts';

/** The text that `use` writes. */
function written(use: (writer: ByteWriter) => void): string {
  const pieces: Buffer[] = [];
  const writer = new ByteWriter((bytes) => pieces.push(Buffer.from(bytes)));
  use(writer);
  writer.flush();
  return Buffer.concat(pieces).toString();
}

const numberText = (value: number) => written((writer) => writer.number(value));

describe('number', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [-7, '-7'],
    [0.5, '0.5'],
    [-0.25, '-0.25'],
    [1.000001, '1.000001'],
    [1.0000004, '1'],
    [0.9999999, '1'],
    [2_147_483_648, '2147483648'],
    [4_294_967_295.5, '4294967295.5'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [1e20, '100000000000000000000'],
    [Number.NaN, '0'],
    [Number.POSITIVE_INFINITY, '0'],
    [Number.NEGATIVE_INFINITY, '0'],
  ])('%d is "%s"', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('writes whole numbers as String does', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(numberText(value)).toBe(String(value));
      }),
    );
  });

  it('writes others to six decimals, without zeros at the end', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        const text = numberText(value);
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d{0,5}[1-9])?$/);
        // Half a unit of the last decimal, and what a double of this size cannot tell apart.
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(0.5e-6 + Math.abs(value) * 1e-15);
      }),
    );
  });
});

describe('fields', () => {
  it('writes what number writes, with a comma before each', () => {
    const value = fc.oneof(
      fc.nat(),
      fc.integer(),
      fc.double(),
      fc.constantFrom(-0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 90 }), fc.nat(90), (values, from) => {
        const row = Float64Array.from(values);
        const text = written((writer) => writer.fields(row, from, row.length));
        expect(text).toBe(
          values
            .slice(from)
            .map((each) => `,${numberText(each)}`)
            .join(''),
        );
      }),
    );
  });
});

describe('the rest', () => {
  it('writes any text as UTF-8', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 50 })), (texts) => {
        const text = written((writer) => {
          for (const each of texts) writer.text(each);
        });
        expect(text).toBe(texts.join(''));
      }),
    );
  });

  it('writes addresses as everybody else does', () => {
    const word = fc.oneof(fc.constantFrom(0, 0xffff, -1), fc.integer());
    fc.assert(
      fc.property(word, word, word, word, (w0, w1, w2, w3) => {
        expect(written((writer) => writer.address(w0, w1, w2, w3))).toBe(formatAddress(w0, w1, w2, w3));
      }),
    );
    expect(written((writer) => writer.address(0, 0, 0xffff, 0xc0a80001 | 0))).toBe('192.168.0.1');
  });

  it('writes times with microseconds, UTC', () => {
    const time = (timeUs: number) => written((writer) => writer.timestamp(timeUs));
    expect(time(1_499_072_158_123_456)).toBe('2017-07-03 08:55:58.123456');
    expect(time(0)).toBe('1970-01-01 00:00:00.000000');
    expect(time(1_499_072_158_000_000.5)).toBe('2017-07-03 08:55:58.000000');
    expect(() => time(Number.MAX_SAFE_INTEGER * 1e6)).not.toThrow();
    expect(() => time(-Number.MAX_SAFE_INTEGER * 1e6)).not.toThrow();
  });

  it('pads', () => {
    expect(written((writer) => writer.padded(42, 6))).toBe('000042');
  });

  it('copies what was written since a mark', () => {
    const text = written((writer) => {
      writer.text('ab');
      const mark = writer.mark;
      writer.text('cd');
      writer.bytes(writer.copyFrom(mark));
    });
    expect(text).toBe('abcdcd');
  });

  it('hands its buffer on when it is full, and loses nothing', () => {
    const sizes: number[] = [];
    const writer = new ByteWriter((bytes) => sizes.push(bytes.length));
    const line = 'x'.repeat(999);
    for (let row = 0; row < 5_000; row++) {
      writer.text(`${line}\n`);
      writer.rowDone();
    }
    writer.flush();
    writer.flush();
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(5_000_000);
  });
});
