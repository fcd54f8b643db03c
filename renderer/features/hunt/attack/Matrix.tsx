/** The techniques under their tactics: a grid with the keyboard in it, or a list where there is little room. */
import { type KeyboardEvent, useRef, useState } from 'react';
import type { Severity } from '../../../../contract/domain.ts';
import { cx } from '../../../components/cx.ts';
import { SeverityMark } from '../../../components/marks.tsx';
import { Text } from '../../../components/Text.tsx';
import { formatCompact, plural } from '../../../lib/format.ts';
import { strings } from '../../../strings/index.ts';
import { type Coverage, coverageOf, moved, type Position, type Tactic, type Technique } from './matrix.ts';

const words = strings.hunt.attack;

export interface MatrixProps {
  readonly tactics: readonly Tactic[];
  readonly openId: string | null;
  readonly onOpen: (id: string) => void;
}

/** A column narrower than this, in pixels, breaks the names of techniques too often. */
const LEAST_COLUMN = 116;

export function MatrixGrid({ tactics, openId, onOpen }: MatrixProps) {
  const [at, setAt] = useState<Position>({ column: 0, row: 0 });
  const grid = useRef<HTMLTableElement>(null);
  const heights = tactics.map(({ techniques }) => techniques.length);
  const rows = Math.max(0, ...heights);
  // What is shown may have become less.
  const column = Math.min(at.column, Math.max(0, tactics.length - 1));
  const row = Math.min(at.row, Math.max(0, (heights[column] ?? 1) - 1));

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moved(heights, { column, row }, event.key);
    if (next === null) return;
    event.preventDefault();
    setAt(next);
    grid.current?.querySelector<HTMLElement>(`[data-at="${next.column},${next.row}"]`)?.focus();
  };

  const template = { gridTemplateColumns: `repeat(${tactics.length}, minmax(0, 1fr))` };
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-surface p-3">
      <table
        ref={grid}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the grid pattern; rows and cells follow it
        role="grid"
        aria-label={words.label}
        aria-description={words.keys}
        onKeyDown={onKeyDown}
        style={{ minWidth: tactics.length * LEAST_COLUMN }}
        className="block"
      >
        <thead className="block">
          <tr className="grid gap-1 pb-2" style={template}>
            {tactics.map(({ id, name, meaning }) => (
              <th key={id} scope="col" title={meaning} className="px-1 text-left align-bottom text-12 font-semibold">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="flex flex-col gap-1">
          {Array.from({ length: rows }, (_, rowIndex) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity than their number
            <tr key={rowIndex} className="grid gap-1" style={template}>
              {tactics.map((tactic, columnIndex) => {
                const technique = tactic.techniques[rowIndex];
                return (
                  <td key={tactic.id} className="block min-w-0">
                    {technique !== undefined && (
                      <Cell
                        technique={technique}
                        isOpen={technique.id === openId}
                        place={`${columnIndex},${rowIndex}`}
                        isStop={columnIndex === column && rowIndex === row}
                        onFocus={() => setAt({ column: columnIndex, row: rowIndex })}
                        onOpen={onOpen}
                      />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function MatrixList({ tactics, openId, onOpen }: MatrixProps) {
  return (
    <div className="flex flex-col gap-4">
      {tactics.map(({ id, name, meaning, techniques }) => (
        <section key={id} aria-label={name} className="flex flex-col gap-1">
          <h2 className="text-13">{name}</h2>
          <p className="pb-1 text-12 text-ink-quiet">{meaning}</p>
          {techniques.map((technique) => (
            <Cell key={technique.id} technique={technique} isOpen={technique.id === openId} isStop onOpen={onOpen} />
          ))}
        </section>
      ))}
    </div>
  );
}

const SEEN: Readonly<Record<Severity, string>> = {
  info: 'border-info bg-low-soft',
  low: 'border-low bg-low-soft',
  medium: 'border-medium bg-medium-soft',
  high: 'border-high bg-high-soft',
  critical: 'border-critical bg-critical-soft',
};

const REST: Readonly<Record<Exclude<Coverage, 'seen'>, string>> = {
  covered: 'border-line-strong bg-surface',
  uncovered: 'border-dashed border-line bg-sunken text-ink-muted',
};

/** Said of what is seen by its looks. */
const NAMES = { covered: 'coveredCell', uncovered: 'uncoveredCell' } as const;

interface CellProps {
  readonly technique: Technique;
  readonly isOpen: boolean;
  /** "column,row", for the keys. */
  readonly place?: string;
  /** The one that the Tab key stops at. */
  readonly isStop: boolean;
  readonly onFocus?: () => void;
  readonly onOpen: (id: string) => void;
}

function Cell({ technique, isOpen, place, isStop, onFocus, onOpen }: CellProps) {
  const { id, name, alerts, worst } = technique;
  const coverage = coverageOf(technique);
  const severity = worst ?? 'info';
  return (
    <button
      type="button"
      data-at={place}
      tabIndex={isStop ? 0 : -1}
      aria-pressed={isOpen}
      title={technique.meaning}
      onFocus={onFocus}
      onClick={() => onOpen(id)}
      className={cx(
        'flex h-full min-h-15 w-full flex-col justify-between gap-1 rounded-md border px-2 py-1 text-left text-12 hover:brightness-97',
        coverage === 'seen' ? SEEN[severity] : REST[coverage],
        isOpen && 'outline-2 outline-accent',
      )}
    >
      <Text className="line-clamp-2 leading-4">{name}</Text>
      <span className="flex items-center gap-1">
        <span className="mr-auto font-mono text-ink-quiet">{id}</span>{' '}
        {coverage === 'seen' && (
          <>
            <SeverityMark severity={severity} isShort />
            <span className="font-mono font-semibold">{formatCompact(alerts)}</span>{' '}
            <span className="sr-only">{plural(alerts, strings.common.alert)}</span>
          </>
        )}
        {coverage !== 'seen' && <span className="sr-only">{words[NAMES[coverage]]}</span>}
      </span>
    </button>
  );
}

/** What the looks of a cell mean. */
export function Legend({ showsAll }: { readonly showsAll: boolean }) {
  const entries: readonly (readonly [string, string])[] = [
    [cx(SEEN.high), words.seen],
    [REST.covered, words.covered],
    ...(showsAll ? [[REST.uncovered, words.uncovered] as const] : []),
  ];
  return (
    <ul className="ml-auto flex flex-wrap gap-x-4 gap-y-1 text-12 text-ink-muted">
      {entries.map(([look, label]) => (
        <li key={label} className="inline-flex items-center gap-2">
          <span aria-hidden className={cx('h-3 w-4 rounded-sm border', look)} />
          {label}
        </li>
      ))}
    </ul>
  );
}
