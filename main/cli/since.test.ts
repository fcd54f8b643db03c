import { describe, expect, it } from 'vitest';
import { parseDuration, parseSince } from './since.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

describe('parseSince', () => {
  it.each([
    ['30s', 30_000],
    ['30m', 1_800_000],
    ['5 min', 300_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
  ])('%s ago', (text, agoMs) => {
    expect(parseSince(text, NOW)).toBe(NOW - agoMs);
  });

  it('takes dates', () => {
    expect(parseSince('2026-11-20T10:00:00Z', NOW)).toBe(Date.parse('2026-11-20T10:00:00Z'));
  });

  it.each(['', 'yesterday', '1', '1y', '99999999h', '2026-99-99'])('refuses "%s" with a hint', (text) => {
    expect(() => parseSince(text, NOW)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['30m', 1_800_000],
    ['1.5h', 5_400_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '30', 'soon', '-1h', '2026-11-21'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
