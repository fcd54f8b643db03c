import { lazy, Suspense } from 'react';
import { strings } from '../strings/index.ts';
import { type Column, DataTable } from './DataTable.tsx';
import { PlotFrame } from './PlotFrame.tsx';
import type { PlotColor } from './plot-style.ts';

export interface NumberSeries {
  readonly label: string;
  /** One for each place; null where there is nothing. */
  readonly values: readonly (number | null)[];
  /** `bars`: an upright bar at each place. */
  readonly kind?: 'line' | 'bars';
  readonly color?: PlotColor;
  readonly isDashed?: boolean;
}

export interface NumberPlotProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Places on the lower axis, rising. */
  readonly places: readonly number[];
  /** What the lower axis counts: "epoch". */
  readonly placeLabel: string;
  readonly formatPlace: (place: number) => string;
  /** Of the numbers at the lower axis, where that is said shorter than a single place. */
  readonly formatTick?: (place: number) => string;
  /** The smallest step between two numbers at the lower axis. */
  readonly tickStep?: number;
  /** What the lower axis spans, where that is more than the places. */
  readonly span?: readonly [from: number, until: number];
  readonly series: readonly NumberSeries[];
  readonly format: (value: number) => string;
  readonly height?: number;
  /**
   * `linear` from 0; `logarithmic`: each step upward is a multiple of the one before, from the least value on; `counts`:
   * the same from below 1. Nothing is drawn for 0 on the latter two.
   */
  readonly scale?: 'linear' | 'logarithmic' | 'counts';
  /** An upright line. */
  readonly limit?: { readonly at: number; readonly label: string } | null;
}

// uPlot is loaded when the first plot is shown.
const Canvas = lazy(() => import('./NumberPlotCanvas.tsx'));

const DEFAULT_HEIGHT = 180;
const TABLE_ROWS = 6;

/** Values over something that is not time, drawn, or as a table of the same data (`t`). */
export function NumberPlot(props: NumberPlotProps) {
  const { label, places, series, height = DEFAULT_HEIGHT, limit } = props;
  return (
    <PlotFrame
      label={label}
      series={series}
      legend={
        limit && (
          <span className="inline-flex items-center gap-2">
            <span aria-hidden className="h-3 w-0.5 bg-high forced-color-adjust-none" />
            {limit.label}
          </span>
        )
      }
      isEmpty={places.length === 0}
      height={height}
      table={() => <PlotTable {...props} />}
    >
      <Suspense fallback={<div style={{ height }} />}>
        <Canvas {...props} height={height} />
      </Suspense>
    </PlotFrame>
  );
}

function PlotTable({ label, places, placeLabel, formatPlace, series, format }: NumberPlotProps) {
  const columns: readonly Column<number>[] = [
    { id: 'place', header: placeLabel, width: 'minmax(120px,1fr)', cell: (row) => formatPlace(places[row]) },
    ...series.map(({ label: name, values }) => ({
      id: name,
      header: name,
      width: 'minmax(96px,1fr)',
      isNumeric: true,
      cell: (row: number) => {
        const value = values[row] ?? null;
        return <span className="font-mono">{value === null ? strings.common.plot.nothing : format(value)}</span>;
      },
    })),
  ];
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={places.map((_, index) => index)}
      rowKey={String}
      visibleRows={TABLE_ROWS}
    />
  );
}
