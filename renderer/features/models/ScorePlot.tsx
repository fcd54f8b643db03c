import { useMemo } from 'react';
import { NumberPlot } from '../../components/NumberPlot.tsx';
import { formatCompact, formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { barText, type Distribution, histogramOf, rarityAt, rarityOf } from './scores.ts';

const words = strings.models.scores;

export interface ScorePlotProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly distribution: Distribution;
  readonly height?: number;
}

/** How many rows are how rare, as bars, with what chance alone would give and where alerts begin. */
export function ScorePlot({ label, distribution, height }: ScorePlotProps) {
  const histogram = useMemo(() => histogramOf(distribution), [distribution]);
  const { places, counts, expected, span, limit, total } = histogram;
  return (
    <NumberPlot
      label={label}
      places={total === 0 ? [] : places}
      placeLabel={words.place}
      formatPlace={(place) => barText(place, distribution.step)}
      formatTick={rarityAt}
      tickStep={1}
      span={span}
      series={[
        { label: words.seen, values: counts, kind: 'bars', color: 'plot-1' },
        { label: words.expected, values: expected, color: 'ink-quiet', isDashed: true },
      ]}
      format={formatCompact}
      height={height}
      scale="counts"
      limit={
        limit === null || distribution.threshold === null
          ? null
          : { at: limit, label: words.limit(rarityOf(distribution.threshold)) }
      }
    />
  );
}

export interface TwoScoresPlotProps {
  readonly label: string;
  readonly first: { readonly name: string; readonly distribution: Distribution };
  readonly second: { readonly name: string; readonly distribution: Distribution };
}

/** Two versions on the same rows, each as a line. */
export function TwoScoresPlot({ label, first, second }: TwoScoresPlotProps) {
  const both = [first, second].map(({ name, distribution }) => ({ name, ...histogramOf(distribution) }));
  const [longest, other] = both.toSorted((a, b) => b.places.length - a.places.length);
  const { step } = first.distribution;
  return (
    <NumberPlot
      label={label}
      places={longest.total === 0 && other.total === 0 ? [] : longest.places}
      placeLabel={words.place}
      formatPlace={(place) => barText(place, step)}
      formatTick={rarityAt}
      tickStep={1}
      span={longest.span}
      series={both.map(({ name, counts }, index) => ({
        label: name,
        values: longest.places.map((_, at) => counts[at] ?? 0),
        color: index === 0 ? 'plot-1' : 'plot-2',
      }))}
      format={formatCount}
      scale="counts"
    />
  );
}
