/** What a query found: how much, when, and the rows. */
import { Download, SearchX } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { DataTable, type Sort } from '../../components/DataTable.tsx';
import { Menu } from '../../components/Menu.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { TimePlot } from '../../components/TimePlot.tsx';
import { linkTo } from '../../lib/address.ts';
import { counted, formatCount, formatDuration } from '../../lib/format.ts';
import { sortRows } from '../../lib/sort.ts';
import { navigate, openItem } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { CellMenu, type MenuTarget } from './CellMenu.tsx';
import { sortValue, tableColumns } from './cells.tsx';
import { ExportProgress, useExport } from './Export.tsx';
import { openProcessOf } from './event-process.ts';
import { eventRow, isEventId } from './event-row.ts';
import { isSummary, narrowToTime, rowsBehind } from './query-edit.ts';
import { type Hunting, type HuntRow, MOST_SHOWN_ROWS } from './use-hunt.ts';

const words = strings.hunt.results;
const PLOT_HEIGHT = 104;
/** Ids of stored flows open in the drawer here; those of alerts on their own page. */
const FLOW_ID = /^s-\d{1,16}$/;

const rowKey = ({ key }: HuntRow): string => key;

export interface ResultsProps {
  readonly hunt: Hunting;
  readonly source: string;
  /** Id of the flow in the drawer. */
  readonly openId: string | null;
  readonly onQuery: (query: string) => void;
  readonly onRetry: () => void;
}

export function Results({ hunt, source, openId, onQuery, onRetry }: ResultsProps) {
  const { state, failure, rows } = hunt;
  if (state === 'failed' && failure !== null) return <FailureState failure={failure} onRetry={onRetry} />;
  if (state === 'stopped') return <EmptyState title={words.stopped}>{words.stoppedHint}</EmptyState>;
  if (state === 'running' && rows.length === 0) return <LoadingState rows={12} />;
  if (state === 'idle') return null;
  return <Found {...{ hunt, source, openId, onQuery }} />;
}

function Found({ hunt, source, openId, onQuery }: Omit<ResultsProps, 'onRetry'>) {
  const { query, columns, rows, next, isPartial, timeline, scanned } = hunt;
  const [sort, setSort] = useState<Sort | null>(null);
  const [menu, setMenu] = useState<MenuTarget | null>(null);
  const region = useRef<HTMLDivElement>(null);
  const exporting = useExport(query, source);
  const groups = useMemo(() => isSummary(query), [query]);

  const idIndex = columns.findIndex(({ type }) => type === 'id');
  const idOf = (row: HuntRow): string => String(row.cells[idIndex] ?? '');
  const shown = useMemo(() => {
    const index = columns.findIndex(({ name }) => name === sort?.column);
    if (sort === null || index < 0) return rows;
    return sortRows(rows, ({ cells }) => sortValue(cells[index] ?? null, columns[index]), sort.direction);
  }, [rows, columns, sort]);
  const processOf = useCallback(
    ({ cells }: HuntRow): (() => void) | null => {
      // Of a capture there are no processes.
      const event = source === 'live' ? eventRow(columns, cells) : null;
      return event === null ? null : () => void openProcessOf(event);
    },
    [columns, source],
  );
  const tracks = useMemo(
    () =>
      tableColumns({
        columns,
        isSummary: groups,
        onMenu: (row, index, place) =>
          setMenu({
            place,
            cells: [{ column: columns[index], cell: row.cells[index] ?? null }],
            openProcess: processOf(row),
          }),
        processOf,
      }),
    [columns, groups, processOf],
  );

  const open = (row: HuntRow): void => {
    const id = groups ? '' : idOf(row);
    if (FLOW_ID.test(id)) openItem(id);
    else if (isEventId(id)) return;
    else if (id !== '') navigate(linkTo('alerts', id, source === 'live' ? {} : { source }));
    else {
      const behind = rowsBehind(query, columns, row.cells);
      if (behind !== null) onQuery(behind);
    }
  };
  const openKey = openId === null ? null : (rows.find((row) => idOf(row) === openId)?.key ?? null);

  return (
    <div ref={region} className="flex min-h-0 flex-1 flex-col gap-3">
      {isPartial && <Notice kind="warning">{words.partial}</Notice>}
      {hunt.failure !== null && hunt.state === 'done' && (
        <Notice kind="failure" title={words.moreFailed}>
          {hunt.failure.message} {hunt.failure.hint}
        </Notice>
      )}
      {rows.length >= MOST_SHOWN_ROWS && next !== null && (
        <Notice kind="info">{words.tooMany(formatCount(MOST_SHOWN_ROWS))}</Notice>
      )}
      {timeline.length > 1 && <Timeline hunt={hunt} onQuery={onQuery} />}
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2">
        <p className="mr-auto text-ink-muted" role="status">
          <Summary hunt={hunt} isSummary={groups} isSorted={sort !== null} />
        </p>
        {exporting.progress !== null ? (
          <ExportProgress rows={exporting.progress} onCancel={exporting.cancel} />
        ) : (
          <Menu
            label={words.export}
            trigger={
              <Button icon={Download} disabled={rows.length === 0}>
                {words.export}
              </Button>
            }
            items={[
              { label: words.csv, onSelect: () => void exporting.run('csv') },
              { label: words.json, onSelect: () => void exporting.run('json') },
            ]}
          />
        )}
      </div>
      <div className="flex min-h-64 flex-1 flex-col">
        <DataTable
          label={words.label}
          columns={tracks}
          rows={shown}
          rowKey={rowKey}
          sort={sort ?? undefined}
          onSort={setSort}
          openKey={openKey}
          onOpen={open}
          onRowMenu={(row, place) =>
            setMenu({
              place,
              cells: columns.map((column, index) => ({ column, cell: row.cells[index] ?? null })),
              openProcess: processOf(row),
            })
          }
          onEnd={hunt.more}
          empty={
            <EmptyState icon={SearchX} title={isPartial ? words.nonePartial : words.none}>
              {words.noneHint(formatCount(scanned))}
            </EmptyState>
          }
        />
      </div>
      {menu !== null && <CellMenu target={menu} query={query} onQuery={onQuery} onClose={() => setMenu(null)} />}
    </div>
  );
}

/** "First 500 rows · looked at 12,000 in 40 ms". */
function Summary({
  hunt: { rows, next, scanned, elapsedMs, state },
  isSummary: groups,
  isSorted,
}: {
  readonly hunt: Hunting;
  readonly isSummary: boolean;
  readonly isSorted: boolean;
}) {
  if (state === 'running') return words.running;
  const count = counted(rows.length, groups ? words.groups : words.rows);
  const parts = [
    next === null ? count : words.first(count),
    ...(next === null ? [] : [isSorted ? words.sortedLoaded : words.more]),
    words.looked(formatCount(scanned), formatDuration(elapsedMs)),
  ];
  return parts.join(' · ');
}

function Timeline({ hunt: { query, timeline }, onQuery }: Pick<ResultsProps, 'hunt' | 'onQuery'>) {
  const timesMs = useMemo(() => timeline.map(({ timeMs }) => timeMs), [timeline]);
  const values = useMemo(() => timeline.map(({ rows }) => rows), [timeline]);
  return (
    <div className="rounded-lg border border-line bg-surface px-3 pb-1">
      <TimePlot
        label={words.timeline}
        timesMs={timesMs}
        series={[{ label: words.timelineSeries, values, kind: 'area' }]}
        format={formatCount}
        height={PLOT_HEIGHT}
        actions={<span className="text-12 text-ink-quiet max-narrow:hidden">{words.dragHint}</span>}
        onZoom={(fromMs, untilMs) => {
          const narrowed = narrowToTime(query, fromMs, untilMs);
          if (narrowed !== null) onQuery(narrowed);
        }}
      />
    </div>
  );
}
