import type { Drift as DriftCheck, Learning } from '../../../contract/api-models.ts';
import { cx } from '../../components/cx.ts';
import { type Column, DataTable } from '../../components/DataTable.tsx';
import { Card } from '../../components/layout.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { counted, formatNumber } from '../../lib/format.ts';
import { measureText } from '../../lib/measure.ts';
import { strings } from '../../strings/index.ts';
import { degreeOf } from './learnt.ts';

const words = strings.models.drift;
type Moved = DriftCheck['moved'][number];
const VISIBLE_ROWS = 6;
/** At which the bar is full: far above "much", and still where it is seen that there is more and less of it. */
const FULL_STABILITY = 1;

/** What is seen now beside what was learnt. */
export function Drift({ learning: { table, drift } }: { readonly learning: Learning }) {
  return (
    <Card title={words.title}>
      {drift === null ? (
        <EmptyState title={words.none}>{words.noneHint}</EmptyState>
      ) : (
        <div className="flex flex-col gap-2">
          {drift.isDrifted ? (
            <Notice kind="warning">{words.drifted}</Notice>
          ) : (
            <p className="text-ink-muted">{words.still}</p>
          )}
          <p className="text-12 text-ink-quiet">
            {words.compared(counted(drift.rows, strings.models.rows[table]))} <RelativeTime timeMs={drift.checkedMs} />
            {' · '}
            {words.scoreStability(formatNumber(drift.scoreStability, 2))} ({degreeText(drift.scoreStability)})
          </p>
          {drift.moved.length === 0 ? (
            <p className="text-ink-muted">{words.noFeature}</p>
          ) : (
            <DataTable
              label={words.label}
              columns={COLUMNS}
              rows={drift.moved}
              rowKey={({ feature }) => feature}
              visibleRows={Math.min(VISIBLE_ROWS, drift.moved.length)}
            />
          )}
        </div>
      )}
    </Card>
  );
}

const degreeText = (stability: number): string => words.degrees[degreeOf(stability)];

const BARS = { little: 'bg-line-strong', some: 'bg-low', much: 'bg-medium' } as const;

const COLUMNS: readonly Column<Moved>[] = [
  {
    id: 'feature',
    header: words.columns.feature,
    width: 'minmax(112px, 1fr)',
    cell: ({ label, feature }) => <Text isOneLine>{label === '' ? feature : label}</Text>,
  },
  {
    id: 'before',
    header: words.columns.before,
    width: '104px',
    isNumeric: true,
    cell: ({ before, unit }) => <span className="font-mono">{measureText(before, unit)}</span>,
  },
  {
    id: 'now',
    header: words.columns.now,
    width: '104px',
    isNumeric: true,
    cell: ({ now, unit }) => <span className="font-mono">{measureText(now, unit)}</span>,
  },
  {
    id: 'moved',
    header: words.columns.moved,
    width: '136px',
    fromWidth: 420,
    cell: ({ stability }) => (
      <span className="flex items-center gap-2" title={words.stability(formatNumber(stability, 2))}>
        <span aria-hidden className="h-1.5 w-10 shrink-0 overflow-hidden rounded-full bg-sunken">
          <span
            className={cx('block h-full rounded-full', BARS[degreeOf(stability)])}
            style={{ width: `${Math.min(1, stability / FULL_STABILITY) * 100}%` }}
          />
        </span>
        {degreeText(stability)}
      </span>
    ),
  },
];
