import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from './context.ts';

describe('jsonText', () => {
  it('writes what a terminal would obey or hide as escapes', () => {
    expect(jsonText({ name: '\u001b\u007f\u009b31m\u202e\u{e0001}é😀' })).toBe(
      '{"name":"\\u001b\\u007f\\u009b31m\\u202e\\udb40\\udc01é😀"}\n',
    );
  });

  it('reads as the same document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (document, indent) => {
        const text = jsonText(document, indent);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });
});
