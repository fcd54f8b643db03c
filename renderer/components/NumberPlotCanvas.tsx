import { useEffect } from 'react';
import uPlot from 'uplot';
import type { NumberPlotProps, NumberSeries } from './NumberPlot.tsx';
import { PlotReading } from './PlotReading.tsx';
import { axisStyle, colorOf, colorResolver, uprightSize, withAlpha } from './plot-style.ts';
import { hoverHook, type Latest, type PlotParts, usePlot } from './use-plot.ts';

type CanvasProps = NumberPlotProps & { readonly height: number };

const BAR_SHARE = 0.85;
const WIDEST_BAR_PX = 48;
/** A single row of a bin must be seen: the axis begins below it. */
const COUNTS_BOTTOM = 0.5;
/** Room above what is highest. */
const HEADROOM = 1.1;
const COUNTS_HEADROOM = 2;
const LIMIT_WIDTH_PX = 1.5;

/** The plot itself; in a file of its own, so that uPlot is loaded only where one is shown. */
export default function NumberPlotCanvas(props: CanvasProps) {
  const { places, series, format, formatPlace, height, limit, span } = props;
  const { host, hover, redraw } = usePlot(props, PARTS);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn
  useEffect(redraw, [places, series, limit?.at, span?.join()]);

  return (
    <div className="relative min-w-0">
      <div ref={host} className="min-w-0" style={{ height }} />
      {hover !== null && hover < places.length && (
        <PlotReading title={formatPlace(places[hover])} series={series} index={hover} format={format} />
      )}
    </div>
  );
}

const PARTS: PlotParts<CanvasProps> = {
  dataOf,
  optionsOf,
  shapeOf: ({ height, scale = 'linear', placeLabel, series }) =>
    `${height} ${scale} ${placeLabel} ${series.map(({ label, kind, color }) => `${label} ${kind} ${color}`).join()}`,
};

function dataOf({ places, series, scale = 'linear' }: CanvasProps): uPlot.AlignedData {
  const drawn = (value: number | null): number | null =>
    scale !== 'linear' && value !== null && value <= 0 ? null : value;
  return [[...places], ...series.map(({ values }) => values.map(drawn))];
}

function optionsOf(
  latest: Latest<CanvasProps>,
  element: HTMLElement,
  onHover: (index: number | null) => void,
): uPlot.Options {
  const { series, height, placeLabel, tickStep, scale = 'linear' } = latest.current;
  const color = colorResolver(element);
  const axis = axisStyle(color);
  return {
    width: Math.max(1, Math.floor(element.clientWidth)),
    height,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: { points: { size: 6 }, drag: { x: false, y: false, setScale: false }, y: false },
    scales: {
      x: { time: false, range: (_, low, high) => spanOf(latest.current.span, low, high) },
      y: SCALES[scale],
    },
    axes: [
      {
        ...axis,
        label: placeLabel,
        labelSize: 18,
        labelFont: axis.font,
        labelGap: 0,
        size: 26,
        space: 56,
        ...(tickStep === undefined ? {} : { incrs: [1, 2, 5, 10, 20, 50, 100].map((factor) => factor * tickStep) }),
        values: (_, places) => places.map((place) => (latest.current.formatTick ?? latest.current.formatPlace)(place)),
      },
      {
        ...axis,
        size: uprightSize,
        space: 28,
        ...(scale === 'linear' ? {} : { filter: STEPS[scale], grid: { ...axis.grid, filter: STEPS[scale] } }),
        // Of a logarithmic axis, those without room for a number are null.
        values: (_, values: readonly (number | null)[]) =>
          values.map((value) => (value === null ? '' : latest.current.format(value))),
      },
    ],
    series: [{}, ...series.map((one, index) => seriesOf(one, color(colorOf(one.color, index))))],
    hooks: {
      draw: [(plot) => drawLimit(plot, latest.current.limit ?? null, color('var(--color-high)'))],
      setCursor: [hoverHook(onHover)],
    },
  };
}

const SCALES: Readonly<Record<NonNullable<CanvasProps['scale']>, uPlot.Scale>> = {
  linear: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) * HEADROOM || 1] },
  logarithmic: { distr: 3, range: (_, low, high) => uPlot.rangeLog(low ?? 1, high ?? 1, 10, false) },
  counts: { distr: 3, range: (_, _low, high) => [COUNTS_BOTTOM, Math.max(1, high ?? 1) * COUNTS_HEADROOM] },
};

/** A plot of one place has no width of its own. */
function spanOf(span: CanvasProps['span'], low: number | null, high: number | null): [number, number] {
  const [from, until] = span ?? [low ?? 0, high ?? 1];
  return until > from ? [from, until] : [from - 0.5, from + 0.5];
}

function seriesOf({ label, kind, isDashed = false }: NumberSeries, stroke: string): uPlot.Series {
  if (kind === 'bars') {
    return {
      label,
      stroke,
      width: 1,
      points: { show: false },
      fill: withAlpha(stroke, 0.3),
      fillTo: (plot, _index, low) => plot.scales.y.min ?? low,
      paths: uPlot.paths.bars?.({ size: [BAR_SHARE, WIDEST_BAR_PX] }),
    };
  }
  return { label, stroke, width: 1.25, points: { show: false }, dash: isDashed ? [4, 4] : undefined, spanGaps: false };
}

function drawLimit(plot: uPlot, limit: CanvasProps['limit'], color: string): void {
  if (!limit) return;
  const { left, width, top, height } = plot.bbox;
  const x = plot.valToPos(limit.at, 'x', true);
  if (x < left || x > left + width) return;
  plot.ctx.fillStyle = color;
  plot.ctx.fillRect(x - (LIMIT_WIDTH_PX * devicePixelRatio) / 2, top, LIMIT_WIDTH_PX * devicePixelRatio, height);
}

/** Of the nine numbers of each power of ten those with such a first digit: all of them would be a grey bar. */
const withDigits =
  (digits: readonly number[]): uPlot.Axis.Filter =>
  (_, values) =>
    values.map((value) => {
      const digit = value / 10 ** Math.floor(Math.log10(value) + ROUNDING);
      return digits.some((wanted) => Math.abs(digit - wanted) < ROUNDING) ? value : null;
    });
const ROUNDING = 1e-6;

const STEPS = { logarithmic: withDigits([1, 2, 5]), counts: withDigits([1]) } as const;
