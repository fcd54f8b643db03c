import { describe, expect, it } from 'vitest';
import { linkToProcess, parseProcessItem, processItem } from './process-link.ts';

describe('the name of a process in the address', () => {
  it('is read as it is written', () => {
    for (const name of [{ pid: 1 }, { pid: 4_194_304, startedMs: 1_763_776_000_120 }]) {
      expect(parseProcessItem(processItem(name))).toEqual(name);
    }
    expect(processItem({ pid: 12, startedMs: 99.6 })).toBe('12-100');
    expect(linkToProcess({ pid: 12 })).toBe('#/processes/12');
  });

  it.each(['', '-', '12-', '-12', '12-x', '0x12', '12-1-1', '4194305', '99999999', '12 ', '<b>'])(
    'is not %j',
    (item) => {
      expect(parseProcessItem(item)).toBeNull();
    },
  );
});
