/** The ATT&CK matrix as a grid: which techniques are shown where, and how the keys move between them. Pure. */
import type { AttackMatrix } from '../../../../contract/api-alerts.ts';
import { SEVERITIES } from '../../../../contract/domain.ts';

export type Tactic = AttackMatrix['tactics'][number];
export type Technique = Tactic['techniques'][number];

/** `seen`: alerts named it. `covered`: a detector or a rule can. */
export type Coverage = 'seen' | 'covered' | 'uncovered';

export function coverageOf(technique: Technique): Coverage {
  if (technique.alerts > 0) return 'seen';
  return isCovered(technique) ? 'covered' : 'uncovered';
}

const isCovered = ({ detectors, rules }: Technique): boolean => detectors.length > 0 || rules > 0;

const ORDER: readonly Coverage[] = ['seen', 'covered', 'uncovered'];

/** The worst and most frequent first, then what could be seen, then the rest; by id where all that is the same. */
function compare(a: Technique, b: Technique): number {
  const worst = ({ worst }: Technique): number => (worst === null ? -1 : SEVERITIES.indexOf(worst));
  return (
    ORDER.indexOf(coverageOf(a)) - ORDER.indexOf(coverageOf(b)) ||
    worst(b) - worst(a) ||
    b.alerts - a.alerts ||
    (a.id < b.id ? -1 : 1)
  );
}

export interface Shown {
  /** In the order of an attack, those with nothing to show left out. */
  readonly tactics: readonly Tactic[];
  /** Names of those that were left out. */
  readonly empty: readonly string[];
}

/** @param showsAll also what no detector covers */
export function shownMatrix({ tactics }: AttackMatrix, showsAll: boolean): Shown {
  const narrowed = tactics.map((tactic) => ({
    ...tactic,
    techniques: tactic.techniques
      .filter((technique) => showsAll || coverageOf(technique) !== 'uncovered')
      .sort(compare),
  }));
  return {
    tactics: narrowed.filter(({ techniques }) => techniques.length > 0),
    empty: narrowed.filter(({ techniques }) => techniques.length === 0).map(({ name }) => name),
  };
}

export interface Counts {
  readonly seen: number;
  readonly covered: number;
  readonly known: number;
}

/** Each technique once, however many tactics it serves. */
export function countsOf({ tactics }: AttackMatrix): Counts {
  const byId = new Map(tactics.flatMap(({ techniques }) => techniques).map((technique) => [technique.id, technique]));
  const all = [...byId.values()];
  return {
    seen: all.filter(({ alerts }) => alerts > 0).length,
    covered: all.filter(isCovered).length,
    known: all.length,
  };
}

export interface Position {
  readonly column: number;
  readonly row: number;
}

/** Where a key goes; the same place where it goes nowhere; null where the key is not one of these. */
export function moved(columns: readonly number[], { column, row }: Position, key: string): Position | null {
  const lastRow = (at: number): number => Math.max(0, (columns[at] ?? 1) - 1);
  const to = (at: number): Position => {
    const bounded = Math.max(0, Math.min(columns.length - 1, at));
    return { column: bounded, row: Math.min(row, lastRow(bounded)) };
  };
  switch (key) {
    case 'ArrowLeft':
      return to(column - 1);
    case 'ArrowRight':
      return to(column + 1);
    case 'ArrowUp':
      return { column, row: Math.max(0, row - 1) };
    case 'ArrowDown':
      return { column, row: Math.min(lastRow(column), row + 1) };
    case 'Home':
      return to(0);
    case 'End':
      return to(columns.length - 1);
    case 'PageUp':
      return { column, row: 0 };
    case 'PageDown':
      return { column, row: lastRow(column) };
    default:
      return null;
  }
}
