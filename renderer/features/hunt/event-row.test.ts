import { describe, expect, it } from 'vitest';
import { eventRow, namesProcess } from './event-row.ts';
import type { ResultColumn } from './query-edit.ts';

const COLUMNS: readonly ResultColumn[] = [
  { name: 'time', type: 'time' },
  { name: 'program', type: 'text' },
  { name: 'pid', type: 'number' },
  { name: 'id', type: 'id' },
];

describe('the process of an event', () => {
  it('is looked for where a row says which event it is and whose', () => {
    expect(eventRow(COLUMNS, [1_000, '/bin/sh', 42, 'e-7'])).toEqual({ id: 'e-7', timeMs: 1_000, pid: 42 });
    expect(eventRow(COLUMNS, [1_000, '/bin/sh', null, 'e-7'])).toBeNull();
    expect(eventRow(COLUMNS, [1_000, '/bin/sh', 42, 's-7'])).toBeNull();
    expect(eventRow(COLUMNS.slice(0, 3), [1_000, '/bin/sh', 42])).toBeNull();
    expect(eventRow([{ name: 'program', type: 'text' }], ['/bin/sh'])).toBeNull();
  });

  it('is reached from its program and its number, not from its parent', () => {
    expect(
      [...COLUMNS, { name: 'parent', type: 'text' } as const].filter(namesProcess).map(({ name }) => name),
    ).toEqual(['program', 'pid']);
  });
});
