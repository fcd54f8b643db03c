import type { ReactNode } from 'react';
import { strings } from '../strings/index.ts';
import { colorOf, type PlotColor } from './plot-style.ts';

export interface ReadSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly color?: PlotColor;
}

export interface PlotReadingProps {
  /** The place that is read. */
  readonly title: string;
  readonly series: readonly ReadSeries[];
  /** Into the values of each. */
  readonly index: number;
  readonly format: (value: number) => string;
  /** What more there is to say of the place. */
  readonly children?: ReactNode;
}

/** The values at the place that the pointer is nearest to, in the plot's corner. */
export function PlotReading({ title, series, index, format, children }: PlotReadingProps) {
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute top-1 right-1 z-10 flex flex-col rounded-md border border-line bg-raised px-2 py-1 text-12 shadow-floating"
    >
      <span className="text-ink-quiet">{title}</span>
      {series.map(({ label, values, color }, at) => {
        const value = values[index] ?? null;
        return (
          <span key={label} className="flex items-center gap-2">
            <span className="h-0.5 w-3 rounded-full" style={{ background: colorOf(color, at) }} />
            <span className="mr-auto text-ink-muted">{label}</span>
            <span className="font-mono">{value === null ? strings.common.plot.nothing : format(value)}</span>
          </span>
        );
      })}
      {children}
    </div>
  );
}
