import { describe, expect, it } from 'vitest';
import { remembering, rememberingBytes } from './memo.ts';

describe('a memo of texts', () => {
  it('asks once for each text, and again for one that was pushed out or is too long', () => {
    const asked: string[] = [];
    const double = remembering((text) => {
      asked.push(text);
      return text + text;
    }, 2);
    expect([double('a'), double('a'), double('b'), double('a')]).toEqual(['aa', 'aa', 'bb', 'aa']);
    expect(asked).toEqual(['a', 'b']);
    double('c');
    expect(double('a')).toBe('aa');
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
    const long = 'x'.repeat(2_000);
    double(long);
    double(long);
    expect(asked.filter((text) => text === long)).toHaveLength(2);
  });
});

describe('a memo of bytes', () => {
  const memo = (capacity: number) => {
    const asked: number[][] = [];
    const sum = rememberingBytes(
      (bytes) => {
        asked.push([...bytes]);
        return bytes.reduce((a, b) => a + b, 0);
      },
      { capacity, maxBytes: 64 },
    );
    return { asked, sum };
  };

  it('asks once for each, whatever memory they lie in', () => {
    const { asked, sum } = memo(4);
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set([1, 2, 3]);
    expect(sum(shared)).toBe(6);
    expect(sum(Uint8Array.of(9, 1, 2, 3).subarray(1))).toBe(6);
    expect(asked).toHaveLength(1);
    // Its own copy: the packet's memory is used again.
    shared.fill(0);
    expect(sum(Uint8Array.of(1, 2, 3))).toBe(6);
    expect(asked).toHaveLength(1);
  });

  it('tells those apart that end alike', () => {
    const { asked, sum } = memo(4);
    const [one, other] = [1, 2].map((first) => Uint8Array.from({ length: 40 }, (_, i) => (i === 0 ? first : 5)));
    expect([sum(one), sum(other), sum(one), sum(other)]).toEqual([196, 197, 196, 197]);
    expect(asked.length).toBeGreaterThan(1);
  });

  it('remembers neither more nor longer ones than it may', () => {
    const { asked, sum } = memo(1);
    for (const bytes of [[1], [2], [1]]) sum(Uint8Array.from(bytes));
    expect(asked).toHaveLength(3);
    sum(new Uint8Array(65));
    sum(new Uint8Array(65));
    expect(asked).toHaveLength(5);
  });
});
