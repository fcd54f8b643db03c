import { describe, expect, it } from 'vitest';
import { ENDED_SHOWN_MS, ProcessBook } from './process-book.ts';
import { sampleProcess } from './testing.ts';

const item = (change: Partial<Parameters<ProcessBook['take']>[0]>) => ({
  isFirst: false,
  changed: [],
  ended: [],
  limits: '',
  ...change,
});
const name = (pid: number) => ({ pid, startedMs: pid * 1_000 });
const keys = (book: ProcessBook) => book.list().map(({ key, isEnded }) => `${key}${isEnded ? ' ended' : ''}`);

describe('the book of processes', () => {
  it('takes changes in, and shows an ended one for a while', () => {
    const book = new ProcessBook();
    book.take(item({ isFirst: true, changed: [sampleProcess(1), sampleProcess(2)] }), 0);
    book.take(item({ changed: [sampleProcess(3)] }), 0);
    book.take(item({ changed: [sampleProcess(1, { cpu: 0.5 })], ended: [name(2), name(99)] }), 1_000);
    expect(keys(book)).toEqual(['1-1000', '2-2000 ended', '3-3000']);
    expect(book.list()[0].cpu).toBe(0.5);
    expect(book.list()[1]).toMatchObject({ memoryBytes: null, connections: 0 });
    book.take(item({ ended: [name(2)] }), 1_000 + ENDED_SHOWN_MS);
    expect(keys(book)).toContain('2-2000 ended');
    book.take(item({}), 1_001 + ENDED_SHOWN_MS);
    expect(keys(book)).toEqual(['1-1000', '3-3000']);
  });

  it('tells apart who has the same number one after the other', () => {
    const book = new ProcessBook();
    book.take(item({ isFirst: true, changed: [sampleProcess(5)] }), 0);
    book.take(item({ changed: [sampleProcess(5, { startedMs: 70_000 })], ended: [name(5)] }), 0);
    expect(keys(book)).toEqual(['5-5000 ended', '5-70000']);
  });

  it('begins anew where all is told anew', () => {
    const book = new ProcessBook();
    book.take(item({ isFirst: true, changed: [sampleProcess(1), sampleProcess(2)] }), 0);
    book.take(item({ isFirst: true, changed: [sampleProcess(2)] }), 0);
    expect(keys(book)).toEqual(['2-2000']);
  });

  it('keeps few of a flood of short ones', () => {
    const book = new ProcessBook();
    for (let from = 1; from < 20_000; from += 100) {
      const pids = Array.from({ length: 100 }, (_, index) => from + index);
      book.take(item({ changed: pids.map((pid) => sampleProcess(pid)) }), 0);
      book.take(item({ ended: pids.map(name) }), 0);
    }
    expect(book.list().length).toBeLessThanOrEqual(500);
    expect(keys(book).at(-1)).toBe('20000-20000000 ended');
  });
});
