import { describe, expect, it } from 'vitest';
import { groupRows, isGroup, keyOf, selectedIds, shownSelection } from './grouping.ts';
import { alertRow } from './testing.ts';

const ROWS = [
  alertRow({ id: 'a-4', kind: 'exploit', attackers: ['10.0.0.5'], severity: 'low' }),
  alertRow({ id: 'a-3', kind: 'port-scan', attackers: ['10.0.0.6', '10.0.0.5'] }),
  alertRow({ id: 'a-2', kind: 'exploit', attackers: [], severity: 'critical' }),
  alertRow({ id: 'a-1', kind: 'exploit', attackers: ['10.0.0.5'] }),
];
const NONE: ReadonlySet<string> = new Set();

describe('groupRows', () => {
  it('puts every alert below one heading, the group with the latest first', () => {
    const list = groupRows(ROWS, 'kind', NONE);
    expect(list.map(keyOf)).toEqual(['group kind exploit', 'a-4', 'a-2', 'a-1', 'group kind port-scan', 'a-3']);
    expect(list[0]).toMatchObject({ count: 3, worst: 'critical', isFolded: false });
  });

  it('names the most active attacker, and keeps those without one together', () => {
    const headings = groupRows(ROWS, 'attacker', NONE).filter(isGroup);
    expect(headings.map(({ value, count }) => [value, count])).toEqual([
      ['10.0.0.5', 2],
      ['10.0.0.6', 1],
      ['', 1],
    ]);
  });

  it('shows of a folded group its heading alone', () => {
    const list = groupRows(ROWS, 'kind', new Set(['group kind exploit']));
    expect(list.map(keyOf)).toEqual(['group kind exploit', 'group kind port-scan', 'a-3']);
  });

  it('gathers by the day of the last moment', () => {
    const noon = new Date(2026, 10, 21, 12).getTime();
    const days = groupRows(
      [noon, noon - 3_600_000, noon - 86_400_000].map((lastSeenMs, index) =>
        alertRow({ id: `a-${index}`, lastSeenMs }),
      ),
      'day',
      NONE,
    ).filter(isGroup);
    expect(days.map(({ count }) => count)).toEqual([2, 1]);
  });
});

describe('the selection of a grouped list', () => {
  const list = groupRows(ROWS, 'kind', new Set(['group kind exploit']));

  it('takes a group as all of its alerts, folded or not', () => {
    const chosen = selectedIds(NONE, NONE, new Set(['group kind exploit']), list);
    expect([...chosen].sort()).toEqual(['a-1', 'a-2', 'a-4']);
    const shown = shownSelection(chosen, list);
    expect([...shown]).toEqual(['group kind exploit']);
    expect(selectedIds(chosen, shown, NONE, list).size).toBe(0);
  });

  it('keeps what is selected in a folded group while something else is chosen', () => {
    const selection = new Set(['a-1']);
    const shown = shownSelection(selection, list);
    expect(shown.size).toBe(0);
    expect([...selectedIds(selection, shown, new Set(['a-3']), list)]).toEqual(['a-1', 'a-3']);
  });

  it('no longer shows a group as chosen when one of its alerts is taken out', () => {
    const open = groupRows(ROWS, 'kind', NONE);
    const all = selectedIds(NONE, NONE, new Set(['group kind exploit']), open);
    const shown = shownSelection(all, open);
    const next = new Set([...shown].filter((key) => key !== 'a-2'));
    const left = selectedIds(all, shown, next, open);
    expect([...left].sort()).toEqual(['a-1', 'a-4']);
    expect(shownSelection(left, open).has('group kind exploit')).toBe(false);
  });
});
