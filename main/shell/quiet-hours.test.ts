import { describe, expect, it } from 'vitest';
import { isQuiet } from './quiet-hours.ts';

const at = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

describe('quiet hours', () => {
  it.each([
    ['22:00', '07:00', '23:30', true],
    ['22:00', '07:00', '06:59', true],
    ['22:00', '07:00', '07:00', false],
    ['22:00', '07:00', '21:59', false],
    ['09:00', '17:00', '12:00', true],
    ['09:00', '17:00', '17:00', false],
    ['09:00', '17:00', '03:00', false],
    ['00:00', '00:00', '12:00', true],
    ['', '', '12:00', false],
    ['22:00', '', '23:00', false],
  ])('from %s until %s: %s is %s', (from, until, time, wanted) => {
    expect(isQuiet(from, until, at(time))).toBe(wanted);
  });
});
