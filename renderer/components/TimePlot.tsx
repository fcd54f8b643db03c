import { ChartLine, Table } from 'lucide-react';
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useState } from 'react';
import { formatExact, formatNumber } from '../lib/format.ts';
import { strings } from '../strings/index.ts';
import { IconButton } from './Button.tsx';
import { type Column, DataTable } from './DataTable.tsx';

export interface PlotSeries {
  readonly label: string;
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  /** `area`: filled below. */
  readonly kind?: 'line' | 'area';
  /** A token of the colour; else one after the other. */
  readonly color?: 'plot-1' | 'plot-2' | 'plot-3' | 'critical' | 'high' | 'medium' | 'low';
}

/** A moment that is marked on the plot: an alert. */
export interface PlotMark {
  readonly timeMs: number;
  readonly label: string;
  readonly color: 'critical' | 'high' | 'medium' | 'low';
}

export interface TimePlotProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Milliseconds since the epoch, rising. */
  readonly timesMs: readonly number[];
  readonly series: readonly PlotSeries[];
  /** A value in words with its unit: `formatByteRate`. */
  readonly format: (value: number) => string;
  readonly height?: number;
  /** The usual range, as a band behind the values. */
  readonly usual?: readonly [low: number, high: number];
  readonly marks?: readonly PlotMark[];
  /** A part was chosen by dragging; without it dragging does nothing. */
  readonly onZoom?: (fromMs: number, untilMs: number) => void;
  /** The times that the plot spans, where that is more than what was measured. */
  readonly spanMs?: readonly [fromMs: number, untilMs: number];
  /** Left of the button that shows the table. */
  readonly actions?: ReactNode;
}

// uPlot is loaded when the first plot is shown.
const Canvas = lazy(() => import('./TimePlotCanvas.tsx'));

const DEFAULT_HEIGHT = 200;
const TABLE_ROWS = 6;

/** Values over time, drawn, or as a table of the same data (`t`). */
export function TimePlot(props: TimePlotProps) {
  const { label, timesMs, series, height = DEFAULT_HEIGHT, actions } = props;
  const [isTable, setTable] = useState(false);
  const words = strings.common.plot;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 't' || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    setTable(!isTable);
  };
  return (
    <figure
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the key can be pressed here
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="flex min-w-0 flex-col"
    >
      <div className="flex min-h-8 flex-wrap items-center gap-x-4 text-12 text-ink-quiet">
        {series.map(({ label: name, color }, index) => (
          <span key={name} className="inline-flex items-center gap-2">
            <span
              aria-hidden
              className="h-0.5 w-3 rounded-full forced-color-adjust-none"
              style={{ background: colorOf(color, index) }}
            />
            {name}
          </span>
        ))}
        {props.usual !== undefined && (
          <span className="inline-flex items-center gap-2">
            <span aria-hidden className="h-3 w-3 rounded-sm bg-plot-band" />
            {words.usual}
          </span>
        )}
        <span className="ml-auto flex items-center">
          {actions}
          <IconButton
            icon={isTable ? ChartLine : Table}
            label={isTable ? words.showPlot : words.showTable}
            onClick={() => setTable(!isTable)}
          />
        </span>
      </div>
      {timesMs.length === 0 ? (
        <div className="flex items-center justify-center text-ink-quiet" style={{ height }}>
          {words.empty}
        </div>
      ) : isTable ? (
        <PlotTable {...props} />
      ) : (
        <Suspense fallback={<div style={{ height }} />}>
          <Canvas {...props} height={height} />
        </Suspense>
      )}
    </figure>
  );
}

/** The CSS variable of a series' colour. */
export function colorOf(color: PlotSeries['color'], index: number): string {
  return `var(--color-${color ?? `plot-${(index % 3) + 1}`})`;
}

function PlotTable({ label, timesMs, series, format }: TimePlotProps) {
  const columns: readonly Column<number>[] = [
    {
      id: 'time',
      header: strings.common.plot.time,
      width: 'minmax(200px,1fr)',
      cell: (row) => formatExact(timesMs[row]),
    },
    ...series.map(({ label: name, values }) => ({
      id: name,
      header: name,
      width: '140px',
      isNumeric: true,
      cell: (row: number) => {
        const value = values[row];
        return (
          <span className="font-mono" title={value === null ? undefined : formatNumber(value ?? Number.NaN, 3)}>
            {value === null || value === undefined ? '–' : format(value)}
          </span>
        );
      },
    })),
  ];
  // The latest first, as in every list of times.
  const rows = timesMs.map((_, index) => timesMs.length - 1 - index);
  return <DataTable label={label} columns={columns} rows={rows} rowKey={String} visibleRows={TABLE_ROWS} />;
}
