import { ChartLine, Table } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { strings } from '../strings/index.ts';
import { IconButton } from './Button.tsx';
import { colorOf, type PlotColor } from './plot-style.ts';

const words = strings.common.plot;

export interface PlotFrameProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly series: readonly { readonly label: string; readonly color?: PlotColor }[];
  /** Beside the names of the series: what else is drawn. */
  readonly legend?: ReactNode;
  /** Left of the button that shows the table. */
  readonly actions?: ReactNode;
  readonly isEmpty: boolean;
  readonly height: number;
  /** The same data as a table. */
  readonly table: () => ReactNode;
  /** The plot. */
  readonly children: ReactNode;
}

/** Around a plot: what its lines are, and the table of the same data one key (`t`) or one press away. */
export function PlotFrame({ label, series, legend, actions, isEmpty, height, table, children }: PlotFrameProps) {
  const [isTable, setTable] = useState(false);
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
        {legend}
        <span className="ml-auto flex items-center">
          {actions}
          <IconButton
            icon={isTable ? ChartLine : Table}
            label={isTable ? words.showPlot : words.showTable}
            onClick={() => setTable(!isTable)}
          />
        </span>
      </div>
      {isEmpty ? (
        <div className="flex items-center justify-center text-ink-quiet" style={{ height }}>
          {words.empty}
        </div>
      ) : isTable ? (
        table()
      ) : (
        children
      )}
    </figure>
  );
}
