/** The captures as the engine lists them, with what its stream said since. Pure. */
import type { Capture } from '../../../contract/api-captures.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';

export interface Heard {
  readonly capture: Capture;
  readonly heardMs: number;
}

/** A list that was asked for and a stream cross each other; what is older by more than this does not count. */
const CROSSING_MS = 1_500;

/**
 * @param listedMs when the list was answered
 * @returns the latest first
 */
export function mergeCaptures(
  listed: readonly Capture[],
  listedMs: number,
  heard: ReadonlyMap<string, Heard>,
): readonly Capture[] {
  const current = (id: string): Capture | undefined => {
    const found = heard.get(id);
    return found !== undefined && found.heardMs > listedMs - CROSSING_MS ? found.capture : undefined;
  };
  const known = new Set(listed.map(({ id }) => id));
  const merged = listed.map((capture) => later(capture, current(capture.id)));
  const added = [...heard.keys()].flatMap((id) => (known.has(id) ? [] : (current(id) ?? [])));
  return [...added, ...merged].sort((a, b) => b.addedMs - a.addedMs);
}

const ORDER: readonly Capture['state'][] = ['receiving', 'waiting', 'analysing', 'done', 'cancelled', 'failed'];

/** A capture only goes on: of two accounts the one that is further is the newer. */
function later(listed: Capture, heard: Capture | undefined): Capture {
  if (heard === undefined) return listed;
  const step = ORDER.indexOf(heard.state) - ORDER.indexOf(listed.state);
  if (step !== 0) return step > 0 ? heard : listed;
  return (heard.progress ?? 0) >= (listed.progress ?? 0) ? heard : listed;
}

export function isUnfinished({ state }: Pick<Capture, 'state'>): boolean {
  return state === 'receiving' || state === 'waiting' || state === 'analysing';
}

type AlertCounts = NonNullable<Capture['result']>['alerts'];

/** The worst first, those of which there are none left out. */
export function alertCounts(alerts: AlertCounts): readonly { readonly severity: Severity; readonly count: number }[] {
  return SEVERITIES.map((severity) => ({ severity, count: alerts[severity] }))
    .filter(({ count }) => count > 0)
    .reverse();
}

export function totalAlerts(alerts: AlertCounts): number {
  return SEVERITIES.reduce((sum, severity) => sum + alerts[severity], 0);
}

/** For sorting: first by the worst, then by how many there are of it. */
export function alertWeight(result: Capture['result']): number {
  const [worst] = result === null ? [] : alertCounts(result.alerts);
  return worst === undefined ? 0 : (SEVERITIES.indexOf(worst.severity) + 1) * 1e9 + worst.count;
}
