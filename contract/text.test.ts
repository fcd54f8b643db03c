import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, plainText } from './text.ts';

describe('plainText', () => {
  it('leaves ordinary text of any script alone', () => {
    for (const text of ['', 'example.org', 'Grüße, 日本語, עברית, 🙂', "a <b> & 'c'"])
      expect(plainText(text)).toBe(text);
  });

  it('makes what is invisible or obeyed visible', () => {
    expect(plainText('a\u001b[31mb\n')).toBe('a\\u{1b}[31mb\\u{a}');
    expect(plainText('exe\u202Egpj.\u200B')).toBe('exe\\u{202e}gpj.\\u{200b}');
    expect(plainText('\u{E0041}\u2028\uFEFF')).toBe('\\u{e0041}\\u{2028}\\u{feff}');
    expect(plainText('\uD800')).toBe('\\u{d800}');
  });

  it('cuts long text and says so, never through an escape or a character', () => {
    expect(plainText('abcdef', 6)).toBe('abcdef');
    expect(plainText('abcdefg', 6)).toBe('abcde…');
    expect(plainText('abcd\u202E', 8)).toBe('abcd…');
    expect(plainText('🙂🙂🙂', 4)).toBe('🙂…');
    expect(plainText('ab', 1)).toBe('…');
    expect(plainText('ab', 0)).toBe('');
  });

  it('is harmless, bounded and stable for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(fc.constantFrom('\u202E', '\uD83D', 'a', '🙂', '\u0000', '\\u{'), { maxLength: 200 })
        .map((x) => x.join('')),
    );
    fc.assert(
      fc.property(text, fc.nat(320), (hostile, maxLength) => {
        const plain = plainText(hostile, maxLength);
        expect(plain.length).toBeLessThanOrEqual(maxLength);
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(plainText(plain, maxLength)).toBe(plain);
      }),
    );
  });

  it('does not read a text of any length to its end', () => {
    const began = performance.now();
    plainText('\u202E'.repeat(10_000_000), 100);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('jsonText', () => {
  it('writes what a terminal would obey or hide as escapes', () => {
    expect(jsonText({ name: '\u001b\u007f\u009b31m\u202e\u{e0001}é😀' })).toBe(
      '{"name":"\\u001b\\u007f\\u009b31m\\u202e\\udb40\\udc01é😀"}',
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
