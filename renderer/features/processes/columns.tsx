/** The columns of the tree and of the list. */
import { ChevronDown, ChevronRight } from 'lucide-react';
import { plainText } from '../../../contract/text.ts';
import { cx } from '../../components/cx.ts';
import type { Column } from '../../components/DataTable.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { Bytes, Count, Percent } from '../../components/numbers.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { ProgramName } from './ProgramName.tsx';
import { argumentsOf, type ListNode, placeOf } from './process-list.ts';

const words = strings.processes;
/** Steps to the right that are drawn; deeper ones stand below each other. */
const MAX_INDENT = 8;
const INDENT_PX = 14;

export interface ColumnsOptions {
  readonly collapsed: ReadonlySet<string>;
  /** Null where nothing can be collapsed. */
  readonly toggle: ((key: string) => void) | null;
}

export function listColumns({ collapsed, toggle }: ColumnsOptions): readonly Column<ListNode>[] {
  return [
    {
      id: 'program',
      header: words.columns.program,
      width: 'minmax(160px, 3fr)',
      isSortable: true,
      cell: (node) => (
        <Program
          node={node}
          isCollapsed={collapsed.has(node.key)}
          onToggle={toggle === null || node.below === 0 ? null : () => toggle(node.key)}
          hasToggles={toggle !== null}
        />
      ),
    },
    {
      id: 'risk',
      header: words.columns.risk,
      width: '112px',
      isSortable: true,
      cell: (node) => <Risk node={node} isCollapsed={collapsed.has(node.key)} />,
    },
    ...FACTS,
  ];
}

interface ProgramProps {
  readonly node: ListNode;
  readonly isCollapsed: boolean;
  readonly onToggle: (() => void) | null;
  readonly hasToggles: boolean;
}

function Program({ node: { process, depth, below, isContext }, isCollapsed, onToggle, hasToggles }: ProgramProps) {
  const name = plainText(process.name);
  const rest = plainText(argumentsOf(process));
  const Chevron = isCollapsed ? ChevronRight : ChevronDown;
  return (
    <span
      className="flex h-8 min-w-0 items-center gap-2"
      style={{ paddingLeft: Math.min(depth, MAX_INDENT) * INDENT_PX }}
    >
      {hasToggles && (
        <span className="-ml-1 inline-flex size-5 shrink-0">
          {onToggle !== null && (
            <button
              type="button"
              // The arrow keys do the same: one stop for the whole table.
              tabIndex={-1}
              aria-expanded={!isCollapsed}
              aria-label={isCollapsed ? words.expand(name) : words.collapse(name)}
              onClick={onToggle}
              className="inline-flex size-5 items-center justify-center rounded-sm text-ink-quiet hover:bg-sunken hover:text-ink"
            >
              <Chevron size={14} aria-hidden />
            </button>
          )}
        </span>
      )}
      <ProgramName process={process} className={cx('max-w-full', (process.isEnded || isContext) && 'text-ink-quiet')} />
      {isCollapsed && (
        <span className="shrink-0 font-mono text-12 text-ink-quiet" title={counted(below, words.belowHint)}>
          {words.below(formatCount(below))}
        </span>
      )}
      {rest !== '' && (
        <span
          className="min-w-0 flex-1 truncate font-mono text-12 text-ink-quiet"
          title={plainText(process.commandLine)}
        >
          {rest}
        </span>
      )}
    </span>
  );
}

function Risk({ node: { process, riskBelow }, isCollapsed }: Pick<ProgramProps, 'node' | 'isCollapsed'>) {
  if (process.risk !== null) return <SeverityMark severity={process.risk} />;
  if (!isCollapsed || riskBelow === null) return null;
  return (
    <span className="inline-flex items-center gap-2">
      <SeverityMark severity={riskBelow} />
      <span className="text-12 text-ink-quiet">{words.riskBelow}</span>
    </span>
  );
}

const NONE = <span className="text-ink-quiet">–</span>;

function Quiet({ children }: { readonly children: string }) {
  return children === '' ? NONE : <Text isOneLine>{children}</Text>;
}

const FACTS: readonly Column<ListNode>[] = [
  {
    id: 'pid',
    header: words.columns.pid,
    width: '80px',
    isNumeric: true,
    isSortable: true,
    cell: ({ process: { pid } }) => <span className="font-mono">{pid}</span>,
  },
  {
    id: 'user',
    header: words.columns.user,
    width: '104px',
    isSortable: true,
    fromWidth: 720,
    cell: ({ process: { user } }) => <Text isOneLine>{user}</Text>,
  },
  {
    id: 'package',
    header: words.columns.package,
    width: 'minmax(96px, 0.7fr)',
    isSortable: true,
    fromWidth: 1080,
    cell: ({ process: { package: owner } }) => <Quiet>{owner}</Quiet>,
  },
  {
    id: 'unit',
    header: words.columns.unit,
    width: 'minmax(128px, 0.9fr)',
    isSortable: true,
    fromWidth: 980,
    cell: ({ process }) => <Quiet>{placeOf(process)}</Quiet>,
  },
  {
    id: 'connections',
    header: words.columns.connections,
    width: '104px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 800,
    cell: ({ process: { connections } }) => (connections === 0 ? NONE : <Count value={connections} />),
  },
  {
    id: 'listeners',
    header: words.columns.listeners,
    width: '88px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 880,
    cell: ({ process: { listeners } }) => (listeners === 0 ? NONE : <Count value={listeners} />),
  },
  {
    id: 'cpu',
    header: words.columns.cpu,
    width: '80px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 480,
    cell: ({ process: { cpu, isEnded } }) =>
      isEnded ? (
        <span className="text-ink-quiet">{words.ended}</span>
      ) : cpu === null ? (
        NONE
      ) : (
        <Percent value={cpu * 100} />
      ),
  },
  {
    id: 'memory',
    header: words.columns.memory,
    width: '96px',
    isNumeric: true,
    isSortable: true,
    fromWidth: 560,
    cell: ({ process: { memoryBytes } }) =>
      memoryBytes === null || memoryBytes === 0 ? NONE : <Bytes value={memoryBytes} />,
  },
];
