import { lazy, type ReactNode, Suspense } from 'react';
import { formatExact, formatNumber } from '../lib/format.ts';
import { strings } from '../strings/index.ts';
import { type Column, DataTable } from './DataTable.tsx';
import { PlotFrame } from './PlotFrame.tsx';
import type { PlotColor } from './plot-style.ts';

export interface PlotSeries {
  readonly label: string;
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  /** `area`: filled below. */
  readonly kind?: 'line' | 'area';
  /** A token of the colour; else one after the other. */
  readonly color?: PlotColor;
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
  const { label, timesMs, series, usual, height = DEFAULT_HEIGHT, actions } = props;
  return (
    <PlotFrame
      label={label}
      series={series}
      legend={
        usual !== undefined && (
          <span className="inline-flex items-center gap-2">
            <span aria-hidden className="h-3 w-3 rounded-sm bg-plot-band" />
            {strings.common.plot.usual}
          </span>
        )
      }
      actions={actions}
      isEmpty={timesMs.length === 0}
      height={height}
      table={() => <PlotTable {...props} />}
    >
      <Suspense fallback={<div style={{ height }} />}>
        <Canvas {...props} height={height} />
      </Suspense>
    </PlotFrame>
  );
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
