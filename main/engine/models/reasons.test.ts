import { describe, expect, it } from 'vitest';
import { type Column, TABLE_COLUMNS } from './index.ts';
import { readableRange, readableValue } from './readable.ts';
import { reasonsOf, reasonWords, type UsualColumn } from './reasons.ts';

const columnOf = (name: string): Column =>
  Object.values(TABLE_COLUMNS)
    .flat()
    .find((column) => column.name === name)!;
const usualOf = (name: string, low: number, high: number, names: readonly number[] = []): UsualColumn => ({
  column: columnOf(name),
  low,
  median: (low + high) / 2,
  high,
  names,
});

describe('the words of a reason', () => {
  it.each([
    ['Total Length of Fwd Packets', 0, 2e6, 214e6, 'sent 214 MB; usual is under 2 MB'],
    ['Flow Duration', 1_000, 9e6, 192e6, 'lasted 3 min 12 s; usual is under 9 s'],
    ['Flow Bytes/s', 0, 8_000, 1.25e6, 'transferred 1.25 MB/s; usual is under 8 kB/s'],
    ['RST Flag Count', 0, 0, 1, 'had 1 packet with RST; usual is none'],
    ['Init_Win_bytes_forward', 1_000, 65_535, 0, 'offered a first window of 0 B; usual is over 1 kB'],
    ['Init_Win_bytes_forward', 1_000, 65_535, -1, 'offered a first window of −1 B; usual is over 1 kB'],
    ['cpu_percent', 1, 20, 97.5, 'used 97.5 % of the processor; usual is under 20 %'],
    ['cpu_seconds', 1, 20, 3_000, 'used the processor for 50 min; usual is under 20 s'],
    [
      'process_starts',
      2,
      30,
      8,
      'started 8 processes; usual by itself (2 to 30 processes), but not together with the rest',
    ],
    ['users', 1, 1, 3, 'ran programs of 3 users; usual is 1 user'],
    ['users', 1, 1, 1, 'ran programs of 1 user; usual by itself, but not together with the rest'],
  ] as const)('of %s', (name, low, high, value, words) => {
    expect(reasonWords(usualOf(name, low, high), value)).toBe(words);
  });

  it('of names tell the usual ones', () => {
    const words = (names: number[], value: number) => reasonWords(usualOf('Service', 0, 20, names), value);
    expect(words([8, 20, 7, 0], 11)).toBe('spoke vnc; usual are tls, dns and http');
    expect(words([8], 0)).toBe('spoke an unknown protocol; usual is tls');
    expect(words([8, 20], 20)).toBe('spoke dns; usual by itself, but not together with the rest');
    expect(words([], 8)).toBe('spoke tls; nothing is usual here');
    expect(words([8], 999)).toBe('spoke number 999; usual is tls');
  });

  it('are there for every column, with the value in its place', () => {
    for (const column of Object.values(TABLE_COLUMNS).flat()) {
      expect(column.phrase.split('%'), column.name).toHaveLength(2);
      expect(column.phrase + column.label, column.name).not.toContain(';');
      expect(readableValue(column, 1), column.name).not.toBe('');
      expect(readableRange(column, 0, 1), column.name).toContain(' to ');
    }
  });
});

describe('reasons', () => {
  const usual = TABLE_COLUMNS.host.map(({ name }) => usualOf(name, 0, 1));
  const values = new Float64Array(usual.length + 1).fill(5);

  it('are the strongest few, without the missing and the negligible', () => {
    const shares = new Float64Array(usual.length).map((_, index) => (index < 12 ? 0.08 - index / 1_000 : 0.001));
    values[1] = Number.NaN;
    const reasons = reasonsOf(usual, shares, values, 1);
    expect(reasons).toHaveLength(8);
    expect(reasons.map(({ feature }) => feature)).toEqual(usual.slice(1, 9).map(({ column }) => column.name));
    expect(reasons[0]).toMatchObject({ value: 5, usual: { low: 0, median: 0.5, high: 1 } });
  });

  it('are none where nothing has a share', () => {
    expect(reasonsOf(usual, new Float64Array(usual.length), values, 0)).toEqual([]);
  });
});
