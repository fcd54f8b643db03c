import type { AlertStory } from '../../../contract/api-alerts.ts';
import { formatNumber } from '../../../contract/format.ts';
import { html, Markup } from './html.ts';

/** Drawings are this wide and high in their own units and stretched to their cell. */
const WIDTH = 240;
const HEIGHT = 32;

type Series = AlertStory['series'][number];

/** How the numbers of the evidence grew, each as a small plot over the usual range. Nothing where none has moved. */
export function growth(series: readonly Series[]): Markup | undefined {
  const moved = series.filter(({ points }) => points.length > 1);
  if (moved.length === 0) return undefined;
  return html`<h4>Over time</h4>
<div class="wide"><table class="growth"><thead><tr><th>Measured</th><th class="number">First</th><th>Course</th><th class="number">Last</th></tr></thead>
<tbody>${moved.map(
    (each) => html`<tr><th scope="row">${each.name}</th><td class="number">${formatNumber(each.points[0]!.value)}</td>
<td>${plot(each)}</td><td class="number">${formatNumber(each.points.at(-1)!.value)}</td></tr>`,
  )}</tbody></table></div>
<p class="quiet">The band is what is usual, where that is known.</p>`;
}

function plot({ points, usual }: Series): Markup {
  const values = points.map(({ value }) => value);
  const low = Math.min(0, ...values, usual?.low ?? 0);
  const high = Math.max(...values, usual?.high ?? 0);
  const startMs = points[0]!.timeMs;
  const spanMs = Math.max(points.at(-1)!.timeMs - startMs, 1);
  const y = (value: number): number => HEIGHT - ((value - low) / Math.max(high - low, Number.MIN_VALUE)) * HEIGHT;
  const line = points.map(({ timeMs, value }) => `${round(((timeMs - startMs) / spanMs) * WIDTH)},${round(y(value))}`);
  const band =
    usual === null
      ? ''
      : `<rect class="band" x="0" width="${WIDTH}" y="${round(y(usual.high))}" height="${round(Math.max(y(usual.low) - y(usual.high), 1))}"/>`;
  return new Markup(
    `<svg class="course" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${band}` +
      `<polyline points="${line.join(' ')}"/></svg>`,
  );
}

/** Of the width of a number line the usual range takes this much where the number lies outside of it. */
const RANGE_SHARE = 0.35;
const RANGE_HEIGHT = 12;

/** A number on a line with its usual range, both ends in sight however far it lies outside. */
export function numberLine(value: number, { low, high }: { readonly low: number; readonly high: number }): Markup {
  const size = Math.max(high - low, Math.abs(high) * 0.01, Math.abs(value) * 1e-6, Number.MIN_VALUE);
  const from = Math.min(value, low);
  const to = Math.max(value, high);
  // Far outside, the line is drawn by logarithms of the distance, so that the range does not shrink to nothing.
  const reach = (distance: number): number => Math.log1p(Math.max(0, distance) / size);
  const below = reach(low - from);
  const above = reach(to - high);
  const outside = below + above;
  const range = outside === 0 ? WIDTH : WIDTH * Math.max(RANGE_SHARE, 1 / (1 + outside));
  const perReach = outside === 0 ? 0 : (WIDTH - range) / outside;
  const start = below * perReach;
  const x =
    value < low
      ? start - reach(low - value) * perReach
      : value > high
        ? start + range + reach(value - high) * perReach
        : start + ((value - low) / size) * range;
  const middle = RANGE_HEIGHT / 2;
  return new Markup(
    `<svg class="range" viewBox="0 0 ${WIDTH} ${RANGE_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">` +
      `<line x1="0" x2="${WIDTH}" y1="${middle}" y2="${middle}"/>` +
      `<rect class="band" x="${round(start)}" width="${round(range)}" y="1" height="${RANGE_HEIGHT - 2}"/>` +
      `<rect class="here" x="${round(Math.min(Math.max(x - 1.5, 0), WIDTH - 3))}" width="3" y="0" height="${RANGE_HEIGHT}"/></svg>`,
  );
}

function round(value: number): string {
  return value.toFixed(1);
}
