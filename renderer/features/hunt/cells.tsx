/** How a column of a result is shown, by its type. */
import { Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { HUNT_NUMBERS_THAT_NAME } from '../../../contract/hunt-event-tables.ts';
import type { HuntType } from '../../../contract/hunt-language.ts';
import { plainText } from '../../../contract/text.ts';
import { Address } from '../../components/Address.tsx';
import type { Column } from '../../components/DataTable.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Bytes, Count } from '../../components/numbers.tsx';
import { Text } from '../../components/Text.tsx';
import { formatDay, formatDuration, formatExact, formatNumber, formatTime } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { namesProcess } from './event-row.ts';
import type { Cell, ResultColumn } from './query-edit.ts';
import type { HuntRow } from './use-hunt.ts';

const words = strings.hunt;

/** Parts of the free room are as the least widths are to each other: then rows and header are always as wide. */
const WIDTHS: Readonly<Record<HuntType, string>> = {
  text: 'minmax(112px, 1.12fr)',
  choice: '112px',
  number: '104px',
  bytes: '104px',
  duration: '120px',
  time: '192px',
  address: 'minmax(144px, 1.44fr)',
  port: '88px',
  severity: '112px',
  id: '144px',
};

/** Fields that need more or less room than their type. */
const OWN_WIDTHS: Readonly<Record<string, string>> = {
  title: 'minmax(240px, 2.4fr)',
  transport: '104px',
  service: '104px',
  state: '120px',
  kind: '152px',
  pid: '88px',
  user: '104px',
  event: '128px',
  exitCode: '88px',
  path: 'minmax(240px, 2.4fr)',
  command: 'minmax(240px, 2.4fr)',
  message: 'minmax(320px, 4fr)',
};

/** What is left out first where there is little room; the row says all of it when it is opened. */
const FROM_WIDTH: Readonly<Record<string, number>> = {
  time: 420,
  responderPort: 480,
  service: 560,
  bytes: 640,
  transport: 820,
  packets: 900,
  duration: 960,
  attacker: 620,
  state: 720,
  victim: 820,
  kind: 940,
};

/** What is typed somewhere, letter by letter. */
const MONO: ReadonlySet<string> = new Set([
  'path',
  'otherPath',
  'command',
  'parentCommand',
  'program',
  'parent',
  'message',
]);

const NUMERIC: readonly HuntType[] = ['number', 'bytes', 'duration', 'port'];

const isSeverity = (text: unknown): text is Severity => SEVERITIES.some((severity) => severity === text);

/** A cell for people, in the way of its type. */
export function cellView(cell: Cell, { name, type }: ResultColumn): ReactNode {
  if (cell === null || cell === '') return <span className="text-ink-quiet">–</span>;
  if (typeof cell === 'string') {
    if (type === 'severity' && isSeverity(cell)) return <SeverityMark severity={cell} />;
    if (type === 'address' && !cell.includes(',')) return <Address>{cell}</Address>;
    return (
      <Text isOneLine isMono={type === 'address' || type === 'id' || MONO.has(name)}>
        {cell}
      </Text>
    );
  }
  switch (type) {
    case 'time':
      return (
        <time title={formatExact(cell)} className="font-mono whitespace-nowrap">
          <span className="text-ink-quiet">{formatDay(cell)}</span> {formatTime(cell)}
        </time>
      );
    case 'bytes':
      return <Bytes value={cell} />;
    case 'duration':
      return <span className="font-mono whitespace-nowrap">{formatDuration(cell)}</span>;
    case 'port':
      return <span className="font-mono">{cell}</span>;
    default:
      if (HUNT_NUMBERS_THAT_NAME.has(name)) return <span className="font-mono">{cell}</span>;
      return Number.isInteger(cell) ? (
        <Count value={cell} />
      ) : (
        <span className="font-mono">{formatNumber(cell, 2)}</span>
      );
  }
}

/** A cell in words, for names of buttons and the clipboard. */
export function cellText(cell: Cell, { type }: ResultColumn): string {
  if (cell === null) return '';
  if (typeof cell === 'number' && type === 'time') return `${formatDay(cell)} ${formatTime(cell)}`;
  return plainText(String(cell), LONGEST_NAME);
}

const LONGEST_NAME = 80;

/** By what a column is sorted: severities by how bad they are. */
export function sortValue(cell: Cell, { type }: ResultColumn): Cell {
  return type === 'severity' && isSeverity(cell) ? SEVERITIES.indexOf(cell) : cell;
}

export function columnTitle({ name }: ResultColumn): string {
  return words.columns[name] ?? name;
}

export interface ColumnsOptions {
  readonly columns: readonly ResultColumn[];
  readonly isSummary: boolean;
  readonly onMenu: (row: HuntRow, index: number, place: DOMRect) => void;
  /** Shows the process that a row is about; null of rows that are about none. */
  readonly processOf: (row: HuntRow) => (() => void) | null;
}

/** The columns of the table; the id of a row is what opens it, and is not shown. */
export function tableColumns({ columns, isSummary, onMenu, processOf }: ColumnsOptions): readonly Column<HuntRow>[] {
  return columns.flatMap((column, index): Column<HuntRow>[] => {
    if (column.type === 'id' && !isSummary) return [];
    const isNumeric = NUMERIC.includes(column.type);
    return [
      {
        id: column.name,
        header: columnTitle(column),
        width: OWN_WIDTHS[column.name] ?? WIDTHS[column.type],
        isNumeric,
        isSortable: true,
        ...(isSummary ? {} : { fromWidth: FROM_WIDTH[column.name] ?? 0 }),
        cell: (row) => {
          const cell = row.cells[index] ?? null;
          const openProcess = namesProcess(column) && cell !== null && cell !== '' ? processOf(row) : null;
          return (
            <span className="group/cell relative flex h-8 min-w-0 items-center">
              <span className={isNumeric ? 'ml-auto min-w-0' : 'min-w-0 flex-1 truncate'}>
                {openProcess === null ? (
                  cellView(cell, column)
                ) : (
                  <button
                    type="button"
                    tabIndex={-1}
                    title={words.results.process}
                    onClick={openProcess}
                    className="block max-w-full truncate text-accent hover:underline"
                  >
                    {cellView(cell, column)}
                  </button>
                )}
              </span>
              {cell !== null && cell !== '' && (
                <button
                  type="button"
                  // The key for all of a row is "m": one stop for the whole table.
                  tabIndex={-1}
                  aria-label={words.results.actionsOf(cellText(cell, column))}
                  onClick={(event) => onMenu(row, index, event.currentTarget.getBoundingClientRect())}
                  className={`absolute ${isNumeric ? '-left-2' : '-right-2'} inline-flex size-6 items-center justify-center rounded-sm border border-line bg-raised text-ink-muted opacity-0 group-hover/cell:opacity-100 hover:text-ink`}
                >
                  <Ellipsis size={14} aria-hidden />
                </button>
              )}
            </span>
          );
        },
      },
    ];
  });
}
