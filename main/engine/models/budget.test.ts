import { describe, expect, it } from 'vitest';
import {
  AlertBudget,
  type BudgetSettings,
  type JudgedRow,
  ModelDocumentError,
  previewBudget,
  Random,
} from './index.ts';

const DAY_MS = 86_400_000;
const START_MS = 1_700_000_000_000;
const settings = (perDay: number): BudgetSettings => ({ perDay, joinGapMs: 600_000 });

/** Unusual rows of some days: busy by day, quiet at night, every tenth hour a burst. */
function daysOf(days: number, seed: number, rowsPerDay = 20_000): JudgedRow[] {
  const random = new Random(seed);
  const rows: JudgedRow[] = [];
  for (let hour = 0; hour < days * 24; hour++) {
    const rate = (rowsPerDay / 24) * (hour % 24 < 8 ? 0.2 : 1.4) * (hour % 10 === 3 ? 3 : 1);
    for (let row = 0; row < rate; row++) {
      const pValue = 1 - random.next();
      const timeMs = START_MS + (hour + row / rate) * 3_600_000;
      if (pValue <= 0.02) rows.push({ timeMs, pValue, cause: `cause ${random.below(2_000)}` });
    }
  }
  return rows;
}

const mostInOneDay = (shown: readonly JudgedRow[]) =>
  Math.max(
    0,
    ...shown.map(({ timeMs }) => shown.filter((o) => o.timeMs > timeMs - DAY_MS && o.timeMs <= timeMs).length),
  );

describe('a clock that ran ahead', () => {
  it('does not silence the budget until that time comes', () => {
    // The last alert of a day is for what is ten times as unusual: two of three are for anybody.
    const budget = new AlertBudget(settings(3));
    const aheadMs = START_MS + 400 * DAY_MS;
    const strange = (timeMs: number, cause: string) => budget.judge({ timeMs, pValue: 1e-9, cause });
    expect([strange(aheadMs, 'a'), strange(aheadMs, 'b'), strange(aheadMs, 'c')]).toEqual(['shown', 'shown', 'held']);
    // Set right again: the two of today still count today, and no longer.
    expect(strange(START_MS, 'd')).toBe('held');
    expect(budget.state(START_MS)).toMatchObject({ shown: 2, heldBack: 1 });
    expect(strange(START_MS + 1.1 * DAY_MS, 'e')).toBe('shown');
    // Rows that come a little late are no clock set back.
    expect(strange(START_MS + 1.1 * DAY_MS - 60_000, 'f')).toBe('shown');
    expect(strange(START_MS + 1.2 * DAY_MS, 'g')).toBe('held');
  });
});

describe.each([1, 5, 20])('a budget of %i a day', (perDay) => {
  const rows = daysOf(21, perDay);
  const budget = new AlertBudget(settings(perDay));
  const shown = rows.filter((row) => budget.judge(row) === 'shown');

  it('shows about as many, over weeks', () => {
    const later = shown.filter(({ timeMs }) => timeMs >= START_MS + 7 * DAY_MS).length / 14;
    expect(later).toBeGreaterThan(perDay * 0.65);
    expect(later).toBeLessThanOrEqual(perDay);
  });

  it('never shows more in any 24 hours', () => {
    expect(mostInOneDay(shown)).toBeLessThanOrEqual(perDay);
    expect(mostInOneDay(shown)).toBeGreaterThan(perDay / 2);
  });

  it('goes on as before after a restart', () => {
    const half = rows.length >> 1;
    const first = new AlertBudget(settings(perDay));
    for (const row of rows.slice(0, half)) first.judge(row);
    const second = AlertBudget.fromJSON(JSON.parse(JSON.stringify(first.toJSON())), settings(perDay));
    const endMs = rows[rows.length - 1]!.timeMs;
    expect(rows.slice(half).map((row) => second.judge(row) === 'shown')).toEqual(
      rows.slice(half).map((row) => first.judge(row) === 'shown'),
    );
    expect(second.state(endMs).threshold).toBe(first.state(endMs).threshold);
  });

  it('previews about what would have been shown', () => {
    const previewed = previewBudget(rows, settings(perDay));
    expect(previewed.length / 21).toBeGreaterThan(perDay * 0.65);
    expect(mostInOneDay(previewed)).toBeLessThanOrEqual(perDay);
    expect(previewed.every((row) => rows.includes(row))).toBe(true);
  });
});

describe('a budget', () => {
  it('counts what is unusual beyond it, by cause', () => {
    const budget = new AlertBudget(settings(1));
    const judge = (cause: string, seconds: number) =>
      budget.judge({ timeMs: START_MS + seconds * 1_000, pValue: 1e-9, cause });
    expect(judge('first', 0)).toBe('shown');
    expect(judge('second', 1)).toBe('held');
    expect(judge('second', 2)).toBe('held');
    expect(judge('third', 3)).toBe('held');
    expect(budget.state(START_MS + 4_000)).toMatchObject({ perDay: 1, shown: 1, heldBack: 2 });
    expect(budget.state(START_MS + 26 * 3_600_000)).toMatchObject({ shown: 0, heldBack: 0 });
  });

  it('joins rows of a cause to its alert while it goes on, and tells it once a day', () => {
    const budget = new AlertBudget(settings(5));
    const judge = (minutes: number, pValue = 1e-9) =>
      budget.judge({ timeMs: START_MS + minutes * 60_000, pValue, cause: 'one' });
    expect(judge(0)).toBe('shown');
    expect(judge(9)).toBe('joined');
    expect(judge(18, 0.009)).toBe('joined');
    expect(judge(60)).toBe('held');
    expect(judge(25 * 60)).toBe('shown');
  });

  it('shows nothing at 0 a day, and nothing that is usual', () => {
    const none = new AlertBudget(settings(0));
    expect(none.judge({ timeMs: START_MS, pValue: 1e-12, cause: 'a' })).toBe('usual');
    expect(none.state(START_MS).threshold).toBeNull();
    const many = new AlertBudget(settings(200));
    for (let day = 0; day < 90; day++) {
      expect(many.judge({ timeMs: START_MS + day * DAY_MS, pValue: 0.02, cause: `${day}` })).toBe('usual');
    }
    expect(many.judge({ timeMs: START_MS, pValue: Number.NaN, cause: 'a' })).toBe('usual');
  });

  it('shows one in several days where less than one a day is asked for', () => {
    const rows = daysOf(40, 8);
    const budget = new AlertBudget(settings(0.25));
    const shown = rows.filter((row) => budget.judge(row) === 'shown');
    expect(shown.length).toBeGreaterThanOrEqual(5);
    expect(shown.length).toBeLessThanOrEqual(10);
    shown.slice(1).forEach(({ timeMs }, index) => {
      expect(timeMs - shown[index]!.timeMs).toBeGreaterThanOrEqual(4 * DAY_MS);
    });
  });

  it('finds its threshold again when everything becomes more unusual', () => {
    const budget = new AlertBudget(settings(5));
    for (const row of daysOf(10, 4)) budget.judge(row);
    const drifted = daysOf(20, 5).map((row) => ({
      ...row,
      timeMs: row.timeMs + 10 * DAY_MS,
      pValue: row.pValue / 50,
    }));
    const shown = drifted.filter((row) => budget.judge(row) === 'shown');
    expect(shown.length / 20).toBeGreaterThan(3);
    expect(mostInOneDay(shown)).toBeLessThanOrEqual(5);
  });

  it('refuses a state that is none', () => {
    const sound = new AlertBudget(settings(5)).toJSON();
    for (const name of [...Object.keys(sound), 'more']) {
      for (const broken of [undefined, 'x', -1e300, {}, true, [1]]) {
        if (broken === sound[name]) continue;
        expect(() => AlertBudget.fromJSON({ ...sound, [name]: broken }, settings(5)), name).toThrow(ModelDocumentError);
      }
    }
    expect(() => new AlertBudget(settings(-1))).toThrow(RangeError);
  });

  it('holds bounded memory, whatever the causes', () => {
    const budget = new AlertBudget(settings(1));
    for (let row = 0; row < 20_000; row++) {
      budget.judge({ timeMs: START_MS + row, pValue: 1e-12, cause: `${row}`.padEnd(2_000, 'x') });
    }
    expect(JSON.stringify(budget.toJSON()).length).toBeLessThan(5_000);
    expect(budget.state(START_MS + 20_000).heldBack).toBe(19_999);
  });
});

describe('the last alert of a day', () => {
  it('is kept for what is far more unusual than all before, whoever filled the day', () => {
    const budget = new AlertBudget(settings(3));
    const judge = (minute: number, pValue: number) =>
      budget.judge({ timeMs: START_MS + minute * 60_000, pValue, cause: `cause ${minute}` });
    expect([judge(0, 1e-6), judge(1, 1e-5), judge(2, 1e-6), judge(3, 2e-7)]).toEqual([
      'shown',
      'shown',
      'held',
      'held',
    ]);
    expect(judge(4, 1e-8)).toBe('shown');
    expect(judge(5, 1e-12)).toBe('held');
  });
});
