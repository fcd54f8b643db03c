import { useEffect } from 'react';
import type uPlot from 'uplot';
import { formatExact, formatShortTime, formatTime } from '../lib/format.ts';
import { PlotReading } from './PlotReading.tsx';
import { axisStyle, colorOf, colorResolver, uprightSize, withAlpha } from './plot-style.ts';
import type { TimePlotProps } from './TimePlot.tsx';
import { hoverHook, type Latest, type PlotParts, usePlot } from './use-plot.ts';

type CanvasProps = TimePlotProps & { readonly height: number };

const MARK_SIZE = 4;
/** A drag shorter than this is a press. */
const LEAST_DRAG_PX = 4;
const SHOW_SECONDS_BELOW_MS = 5 * 60_000;
const SHOW_DAYS_ABOVE_MS = 36 * 3_600_000;

/** The plot itself; in a file of its own, so that uPlot is loaded only where one is shown. */
export default function TimePlotCanvas(props: CanvasProps) {
  const { timesMs, series, format, height, marks, spanMs } = props;
  const { host, hover, redraw } = usePlot(props, PARTS);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn
  useEffect(redraw, [timesMs, series, marks, spanMs]);

  const marked = hover === null ? [] : marksNear(props, hover);
  return (
    <div className="relative min-w-0">
      <div ref={host} className="min-w-0" style={{ height }} />
      {hover !== null && (
        <PlotReading title={formatExact(timesMs[hover])} series={series} index={hover} format={format}>
          {marked.map(({ timeMs, label }) => (
            <span key={`${timeMs} ${label}`} className="max-w-80 truncate">
              {formatTime(timeMs)} {label}
            </span>
          ))}
        </PlotReading>
      )}
    </div>
  );
}

const PARTS: PlotParts<CanvasProps> = {
  dataOf,
  optionsOf,
  shapeOf: ({ height, series, usual, onZoom }) =>
    `${height} ${series.map(({ label, kind, color }) => `${label} ${kind} ${color}`).join()} ${usual?.join()} ${onZoom !== undefined}`,
};

const MOST_MARKS_TOLD = 3;

/** The marks that belong to one step of the plot. */
function marksNear({ timesMs, marks = [] }: CanvasProps, index: number) {
  const before = index > 0 ? (timesMs[index - 1] + timesMs[index]) / 2 : Number.NEGATIVE_INFINITY;
  const after = index < timesMs.length - 1 ? (timesMs[index] + timesMs[index + 1]) / 2 : Number.POSITIVE_INFINITY;
  return marks.filter(({ timeMs }) => timeMs >= before && timeMs < after).slice(0, MOST_MARKS_TOLD);
}

function dataOf({ timesMs, series }: CanvasProps): uPlot.AlignedData {
  // uPlot counts in seconds.
  return [timesMs.map((time) => time / 1000), ...series.map(({ values }) => [...values])];
}

function optionsOf(
  latest: Latest<CanvasProps>,
  element: HTMLElement,
  onHover: (index: number | null) => void,
): uPlot.Options {
  const { series, height, usual, onZoom } = latest.current;
  const color = colorResolver(element);
  const axis = axisStyle(color);
  return {
    width: Math.max(1, Math.floor(element.clientWidth)),
    height,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: {
      points: { size: 6 },
      drag: { x: onZoom !== undefined, y: false, setScale: false, dist: LEAST_DRAG_PX },
      y: false,
    },
    scales: {
      x: {
        time: true,
        range: (_, low, high) => {
          const span = latest.current.spanMs;
          return span === undefined ? [low, high] : [span[0] / 1000, span[1] / 1000];
        },
      },
      y: {
        range: (_, low, high) => [
          Math.min(0, low ?? 0),
          Math.max(high ?? 0, usual?.[1] ?? 0, Number.MIN_VALUE) * 1.1 || 1,
        ],
      },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 72,
        values: (_, seconds) => seconds.map((value) => timeLabel(value * 1000, seconds)),
      },
      {
        ...axis,
        size: uprightSize,
        space: 36,
        values: (_, values) => values.map((value) => latest.current.format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ label, kind, color: name }, index): uPlot.Series => {
        const stroke = color(colorOf(name, index));
        return {
          label,
          stroke,
          width: 1.25,
          // A value between two gaps has no line: without a dot it would not be seen.
          points: { show: true, size: 4, width: 0, fill: stroke, filter: loneValues },
          fill: kind === 'area' ? withAlpha(stroke, 0.12) : undefined,
        };
      }),
    ],
    hooks: {
      drawClear: [
        (plot) => {
          const band = latest.current.usual;
          if (band === undefined) return;
          const { left, width, top, height: boxHeight } = plot.bbox;
          const upper = Math.max(top, plot.valToPos(band[1], 'y', true));
          const lower = Math.min(top + boxHeight, plot.valToPos(band[0], 'y', true));
          plot.ctx.fillStyle = color('var(--color-plot-band)');
          plot.ctx.fillRect(left, upper, width, Math.max(1, lower - upper));
        },
      ],
      draw: [
        (plot) => {
          const { left, width, top } = plot.bbox;
          for (const mark of latest.current.marks ?? []) {
            const x = plot.valToPos(mark.timeMs / 1000, 'x', true);
            if (x < left || x > left + width) continue;
            drawDiamond(plot.ctx, x, top + MARK_SIZE * devicePixelRatio, color(`var(--color-${mark.color})`));
          }
        },
      ],
      setCursor: [hoverHook(onHover)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < LEAST_DRAG_PX) return;
          const from = plot.posToVal(left, 'x') * 1000;
          const until = plot.posToVal(left + width, 'x') * 1000;
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          latest.current.onZoom?.(Math.floor(from), Math.ceil(until));
        },
      ],
    },
  };
}

/** The indices of values without a neighbour. Shape of uPlot's `Points.Filter`. */
const loneValues: uPlot.Series.Points.Filter = (plot, seriesIndex) => {
  const values = plot.data[seriesIndex];
  const has = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  return Array.from(values.keys()).filter((index) => has(index) && !has(index - 1) && !has(index + 1));
};

function timeLabel(timeMs: number, seconds: readonly number[]): string {
  const spanMs = (seconds[seconds.length - 1] - seconds[0]) * 1000;
  if (spanMs < SHOW_SECONDS_BELOW_MS) return formatTime(timeMs);
  if (spanMs < SHOW_DAYS_ABOVE_MS) return formatShortTime(timeMs);
  return new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', hour: '2-digit', hourCycle: 'h23' }).format(
    timeMs,
  );
}

function drawDiamond(context: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  const size = MARK_SIZE * devicePixelRatio;
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
  context.fill();
}
