import type { AlertTrail, EvidenceSeries, TrailMoment } from '../../../contract/alert-trail.ts';
import type { Alert } from '../../../contract/domain.ts';
import type { AlertChange } from './book.ts';
import { severityRank } from './rules.ts';

/** Points of one number: more than a small plot has pixels to tell apart. */
export const MAX_POINTS = 120;
/** Numbers of one alert that are followed; the first of the evidence are the most telling. */
const MAX_SERIES = 12;
/** Recorded moments of one alert: each detector that joins, each step of severity, and some coming and going. */
const MAX_MOMENTS = 40;

interface Followed {
  readonly trail: AlertTrail;
  readonly last: Alert;
}

/**
 * Remembers how alerts came about: moments, and numbers over time. Pure: its time is that of the traffic.
 * Holds `maxAlerts` alerts, the ones that changed last.
 */
export class AlertHistory {
  readonly #maxAlerts: number;
  readonly #followed = new Map<string, Followed>();

  constructor(maxAlerts: number) {
    this.#maxAlerts = maxAlerts;
  }

  /** Takes a change in; gives everything that is remembered of the alert. */
  note(alert: Alert, change: AlertChange): AlertTrail {
    const before = this.#followed.get(alert.id);
    const moments = [...(before?.trail.moments ?? []), ...momentsOf(alert, change, before?.last)];
    const trail = { moments: moments.slice(-MAX_MOMENTS), series: seriesOf(alert, before?.trail.series ?? []) };
    this.#followed.delete(alert.id);
    this.#followed.set(alert.id, { trail, last: alert });
    if (this.#followed.size > this.#maxAlerts) {
      const oldest = this.#followed.keys().next();
      if (!oldest.done) this.#followed.delete(oldest.value);
    }
    return trail;
  }

  trail(id: string): AlertTrail | undefined {
    return this.#followed.get(id)?.trail;
  }
}

function momentsOf(alert: Alert, change: AlertChange, before: Alert | undefined): TrailMoment[] {
  const timeMs = alert.lastSeenMs;
  const engine = (text: string): TrailMoment => ({ timeMs, who: 'engine', text });
  if (change === 'withdrawn') return [engine('Found to be part of another alert, and taken off the list.')];
  const moments: TrailMoment[] = alert.detectors
    .filter((detector) => !before?.detectors.includes(detector))
    .map((detector) => ({ timeMs, who: 'activity', text: `Enough was seen for the detector ${detector} to speak.` }));
  if (change === 'opened') {
    moments.push(engine(before === undefined ? `Opened as ${alert.severity}: ${alert.title}.` : 'Listed again.'));
  } else if (before !== undefined && severityRank(alert.severity) > severityRank(before.severity)) {
    moments.push(engine(`Raised from ${before.severity} to ${alert.severity}: ${alert.title}.`));
  }
  return moments;
}

function seriesOf({ evidence, lastSeenMs }: Alert, before: readonly EvidenceSeries[]): EvidenceSeries[] {
  const series = new Map(before.map((each) => [each.name, each]));
  const seen = new Set<string>();
  for (const { name, value, unit, usualRange } of evidence) {
    // A number without a unit is a name, such as that of a port.
    if (typeof value !== 'number' || unit === undefined || seen.has(name)) continue;
    seen.add(name);
    const known = series.get(name);
    if (known === undefined && series.size >= MAX_SERIES) continue;
    series.set(name, { name, usual: usualRange ?? null, points: withPoint(known?.points ?? [], lastSeenMs, value) });
  }
  return [...series.values()];
}

type Points = EvidenceSeries['points'];

function withPoint(points: Points, timeMs: number, value: number): Points {
  const last = points.at(-1);
  if (last !== undefined && timeMs <= last[0]) return [...points.slice(0, -1), [last[0], value]];
  const longer: Points = [...points, [timeMs, value]];
  return longer.length > MAX_POINTS ? thinned(longer) : longer;
}

/** Without the inner point that is missed the least: the one with the shortest time around it. */
function thinned(points: Points): Points {
  let least = 1;
  for (let index = 2; index < points.length - 1; index++) {
    if (around(points, index) < around(points, least)) least = index;
  }
  return points.filter((_, index) => index !== least);
}

function around(points: Points, index: number): number {
  return points[index + 1][0] - points[index - 1][0];
}
