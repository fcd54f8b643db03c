/** What all plots on a canvas have in common: colours as the theme has them, and axes. */
import type uPlot from 'uplot';

/** A token of a plot's colour. */
export type PlotColor = 'plot-1' | 'plot-2' | 'plot-3' | 'critical' | 'high' | 'medium' | 'low' | 'ink-quiet';

const AXIS_FONT = '12px system-ui, sans-serif';

/** The CSS variable of a series' colour. */
export function colorOf(color: PlotColor | undefined, index: number): string {
  return `var(--color-${color ?? `plot-${(index % 3) + 1}`})`;
}

/** What a CSS colour is in this place and theme: a canvas knows neither variables nor light-dark(). */
export function colorResolver(element: HTMLElement): (css: string) => string {
  const probe = document.createElement('span');
  return (css) => {
    probe.style.color = css;
    element.append(probe);
    const resolved = getComputedStyle(probe).color;
    probe.remove();
    return resolved;
  };
}

/** @param color "rgb(1, 2, 3)" */
export function withAlpha(color: string, alpha: number): string {
  return color.replace(/^rgb\(([^)]+)\)$/, `rgba($1, ${alpha})`);
}

/** Quiet numbers and hairlines. */
export function axisStyle(color: (css: string) => string): uPlot.Axis {
  return {
    stroke: color('var(--color-ink-quiet)'),
    font: AXIS_FONT,
    grid: { stroke: color('var(--color-line)'), width: 1 },
    ticks: { show: false },
  };
}

/** As wide as the widest number of an upright axis needs. */
export function uprightSize(plot: uPlot, values: readonly string[] | null): number {
  return 16 + Math.max(24, ...(values ?? []).map((value) => plot.ctx.measureText(value).width / devicePixelRatio));
}
