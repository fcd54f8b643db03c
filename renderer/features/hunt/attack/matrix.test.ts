import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttackMatrix } from '../../../../contract/api-alerts.ts';
import { countsOf, moved, shownMatrix, type Technique } from './matrix.ts';

function technique(id: string, over: Partial<Technique> = {}): Technique {
  return { id, name: id, meaning: '', detectors: [], rules: 0, alerts: 0, worst: null, lastSeenMs: null, ...over };
}

const MATRIX: AttackMatrix = {
  attackVersion: '18.1',
  sinceMs: 0,
  tactics: [
    { id: 'reconnaissance', name: 'Reconnaissance', meaning: '', techniques: [technique('T1595')] },
    {
      id: 'discovery',
      name: 'Discovery',
      meaning: '',
      techniques: [
        technique('T1000'),
        technique('T1018', { detectors: ['a'] }),
        technique('T1046', { detectors: ['a'], alerts: 2, worst: 'medium' }),
        technique('T1049', { detectors: ['a'], alerts: 1, worst: 'high' }),
      ],
    },
    {
      id: 'exfiltration',
      name: 'Exfiltration',
      meaning: '',
      techniques: [technique('T1046', { detectors: ['a'], alerts: 2, worst: 'medium' })],
    },
  ],
};

describe('the matrix', () => {
  it('counts rules as cover, as it does detectors', () => {
    const covered = technique('T1018', { rules: 2 });
    const [tactic] = MATRIX.tactics;
    const matrix = { ...MATRIX, tactics: [{ ...tactic, techniques: [covered, technique('T1595')] }] };
    expect(shownMatrix(matrix, false).tactics[0].techniques).toEqual([covered]);
    expect(countsOf(matrix)).toEqual({ seen: 0, covered: 1, known: 2 });
  });

  it('shows the worst first, and what nothing covers only when asked for', () => {
    const { tactics, empty } = shownMatrix(MATRIX, false);
    expect(tactics.map(({ techniques }) => techniques.map(({ id }) => id))).toEqual([
      ['T1049', 'T1046', 'T1018'],
      ['T1046'],
    ]);
    expect(empty).toEqual(['Reconnaissance']);
    const all = shownMatrix(MATRIX, true);
    expect(all.tactics.map(({ techniques }) => techniques.length)).toEqual([1, 4, 1]);
    expect(all.empty).toEqual([]);
  });

  it('counts a technique once', () => {
    expect(countsOf(MATRIX)).toEqual({ seen: 2, covered: 3, known: 5 });
  });

  it('is moved in by keys, never out of it', () => {
    expect(moved([3, 1], { column: 0, row: 2 }, 'ArrowRight')).toEqual({ column: 1, row: 0 });
    expect(moved([3, 1], { column: 0, row: 2 }, 'ArrowDown')).toEqual({ column: 0, row: 2 });
    expect(moved([3, 1], { column: 0, row: 2 }, 'x')).toBeNull();
    const keys = fc.constantFrom(
      'ArrowLeft',
      'ArrowRight',
      'ArrowUp',
      'ArrowDown',
      'Home',
      'End',
      'PageUp',
      'PageDown',
    );
    const columns = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(columns, fc.array(keys), (heights, presses) => {
        let at = { column: 0, row: 0 };
        for (const key of presses) at = moved(heights, at, key) ?? at;
        expect(at.column >= 0 && at.column < heights.length).toBe(true);
        expect(at.row >= 0 && at.row < heights[at.column]).toBe(true);
      }),
    );
  });
});
