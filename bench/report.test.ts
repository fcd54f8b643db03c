import { describe, expect, it } from 'vitest';
import { atLeast, atMost, exactly, memoryBelow } from './benchmark.ts';
import { columns, type Outcome, outcomeText, summaryText } from './report.ts';

const spread = { min: 1, median: 2, max: 3 };
const measured: Outcome = {
  benchmark: { name: 'flows', claim: 'It is fast.' },
  result: {
    programs: [
      { name: 'ours', wallSeconds: spread, cpuSeconds: spread, memoryBytes: 2.5e8, ratio: spread },
      { name: 'theirs', wallSeconds: spread, cpuSeconds: spread, memoryBytes: 1e6, ratio: null },
    ],
    gates: [atMost('time', 2, 0.75, 'x'), memoryBelow('resident', 2e8, 250)],
    notes: ['Of a busy machine.'],
  },
  problem: '',
};
const unmeasured: Outcome = {
  benchmark: { name: 'live', claim: 'None is lost.' },
  result: null,
  problem: 'needs root',
};

describe('gates', () => {
  it('hold up to their limit, memory below it', () => {
    expect(atMost('', 1, 1, 'x').isMet).toBe(true);
    expect(atMost('', 1.01, 1, 'x').isMet).toBe(false);
    expect(atLeast('', 1, 1, '').isMet).toBe(true);
    expect(exactly('', 2, 1).isMet).toBe(false);
    expect(memoryBelow('', 250e6, 250).isMet).toBe(false);
  });
});

describe('the report', () => {
  it('aligns names to the left and numbers to the right', () => {
    expect(
      columns([
        ['a', 'long'],
        ['name', '1'],
      ]),
    ).toEqual(['a     long', 'name     1']);
  });

  it('says what was measured and which claims hold', () => {
    const text = outcomeText(measured);
    expect(text).toContain('ours       2.00  1.00  3.00   2.00  250   2.00  1.00  3.00');
    expect(text).toContain('NOT MET  time: 2.00 x (limit 0.75)');
    expect(text).toContain('met      resident: 200 MB (limit 250)');
    expect(text).toContain('- Of a busy machine.');
  });

  it('says why there is nothing', () => {
    expect(outcomeText(unmeasured)).toBe('live: None is lost.\n  not measured: needs root\n');
    expect(summaryText([measured, unmeasured])).toBe('1 of 2 claims met, 1 benchmarks not measured\n');
  });
});
