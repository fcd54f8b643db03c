import { type RefObject, useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { watchColors } from '../lib/theme.ts';

/** The latest properties, for what is drawn later. */
export interface Latest<Props> {
  readonly current: Props;
}

export interface PlotParts<Props> {
  readonly dataOf: (props: Props) => uPlot.AlignedData;
  readonly optionsOf: (
    latest: Latest<Props>,
    element: HTMLElement,
    onHover: (index: number | null) => void,
  ) => uPlot.Options;
  /** The plot is made anew where this is another. */
  readonly shapeOf: (props: Props) => string;
}

export interface Plot {
  /** Of the element that the plot is drawn in. */
  readonly host: RefObject<HTMLDivElement | null>;
  /** The index of the place that the pointer is nearest to. */
  readonly hover: number | null;
  /** Gives the plot its data again. */
  readonly redraw: () => void;
}

/** A plot that follows its properties, the width of its place and the colours of the theme. */
export function usePlot<Props extends { readonly height: number }>(props: Props, parts: PlotParts<Props>): Plot {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hover, setHover] = useState<number | null>(null);
  const { dataOf, optionsOf, shapeOf } = parts;

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew for another shape; data come by redraw
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest, element, setHover), dataOf(latest.current), element);
    };
    make();
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width > 0) plot.current?.setSize({ width, height: latest.current.height });
    });
    observer.observe(element);
    const unwatch = watchColors(() => requestAnimationFrame(make));
    return () => {
      unwatch();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shapeOf(props)]);

  return { host, hover, redraw: () => plot.current?.setData(dataOf(latest.current)) };
}

/** Tells of the place that the pointer is nearest to. */
export function hoverHook(onHover: (index: number | null) => void): (plot: uPlot) => void {
  return ({ cursor: { left, idx } }) => onHover(left === undefined || left < 0 ? null : (idx ?? null));
}
