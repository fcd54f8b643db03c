import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBounded } from './bounded-json.ts';
import { unpackDocument } from './model-file.ts';

describe('JSON of strangers', () => {
  it('is read as JSON is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseBounded(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
    expect(parseBounded(Buffer.from(String.raw`{"a\\\"[[":"\\","b":["\"","]"]}`))).toEqual({
      'a\\"[[': '\\',
      b: ['"', ']'],
    });
  });

  it('is refused before anything is made of many parts, or of deep ones', () => {
    const many = Buffer.from(`[${'[],'.repeat(20_000_000)}0]`);
    const beforeBytes = process.memoryUsage().heapUsed;
    expect(() => unpackDocument(gzipSync(many, { level: 1 }))).toThrow(SyntaxError);
    expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(100_000_000);
    expect(() => parseBounded(Buffer.from('['.repeat(1_000) + ']'.repeat(1_000)))).toThrow(/too deep/);
    for (const broken of ['', '"', '["a', '{"a":1', '"\\"', ']]', '[1,]']) {
      expect(() => parseBounded(Buffer.from(broken)), broken).toThrow(SyntaxError);
    }
    // Brackets and commas in texts are none.
    expect(parseBounded(Buffer.from(JSON.stringify(',['.repeat(200_000))))).toHaveLength(400_000);
  });
});
