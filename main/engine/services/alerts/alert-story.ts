import { isInForce } from '../../../../contract/actions.ts';
import type { AlertTrail } from '../../../../contract/alert-trail.ts';
import { KIND_WORDS } from '../../../../contract/alert-words.ts';
import { isoTime } from '../../../../contract/analysis-document.ts';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import type { Status } from '../../../../contract/api-schemas.ts';
import type { AttackCatalogue } from '../../../../contract/attack.ts';
import { nextSteps } from '../../alerts/index.ts';
import type { ReviewStep, Store, StoredAlert } from '../../store/index.ts';
import { toRecord } from './alert-record.ts';
import { detectorSection } from './section-names.ts';

export interface StoryOptions {
  readonly store: Store;
  readonly catalogue: AttackCatalogue;
  readonly detectors: readonly { readonly id: string; readonly summary: string }[];
  /** Addresses of this computer. */
  readonly ownAddresses: readonly string[];
  readonly mode: Status['mode'];
  /** What was done about it, or would have been, the latest first. */
  actionsAbout(alert: StoredAlert['alert']): readonly ActionRecord[];
}

type Moment = AlertStory['timeline'][number];

const LIVE = 'live';
const MS_PER_SECOND = 1_000;
/** Bars of the plot of traffic. */
const MAX_BUCKETS = 60;
/** Lengths that people think in, in milliseconds. */
const BUCKETS_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];
/** Around the alert, a share of its time is shown; of a short one this much. */
const LEAST_AROUND_MS = 30_000;
const AROUND_SHARE = 0.25;
/** What comes first while something is frozen. */
const DECIDE =
  'Decide what becomes of what is frozen: look at what it is, then end it, or let it go on where it is yours.';
/** Hosts in one query: more do not fit into one line. */
const QUERY_HOSTS = 8;

/** Everything that is known about one alert; only what was recorded, nothing made up. */
export function alertStory(stored: StoredAlert, options: StoryOptions): AlertStory {
  const { store, catalogue } = options;
  const { alert } = stored;
  const trail = store.alerts.trail(alert.id) ?? { moments: [], series: [] };
  const steps = store.alerts.steps(alert.id);
  const own = new Set(stored.source === LIVE ? options.ownAddresses : []);
  const actions = stored.source === LIVE ? options.actionsAbout(alert) : [];
  return {
    alert: toRecord(stored),
    timeline: timelineOf(stored, trail, steps, actions),
    series: trail.series.map(({ name, usual, points }) => ({
      name,
      usual,
      points: points.map(([timeMs, value]) => ({ timeMs, value })),
    })),
    traffic: trafficAround(stored, store),
    techniques: alert.techniques.map((id) => {
      const known = catalogue.techniques.get(id);
      const tactics = catalogue.tactics.filter((tactic) => known?.tactics.includes(tactic.id));
      return {
        id,
        name: known?.name ?? id,
        meaning: known?.meaning ?? '',
        tactics: tactics.map((tactic) => ({ id: tactic.id, name: tactic.name })),
      };
    }),
    detectors: alert.detectors.map((id) => ({
      id,
      summary: options.detectors.find((detector) => detector.id === id)?.summary ?? '',
      section: detectorSection(id),
    })),
    decisions: decisionsOf(stored, options.mode, actions),
    nextSteps: [...(actions.some(isInForce) ? [DECIDE] : []), ...nextSteps(alert, own)],
    related: alert.related.flatMap((id) => {
      const other = store.getAlert(id)?.alert;
      return other ? [{ id, title: other.title, severity: other.severity, firstSeenMs: other.firstSeenMs }] : [];
    }),
    huntQuery: huntQuery(stored),
  };
}

function timelineOf(
  { alert }: StoredAlert,
  trail: AlertTrail,
  steps: readonly ReviewStep[],
  actions: readonly ActionRecord[],
): Moment[] {
  const { firstSeenMs, lastSeenMs, stages = [] } = alert;
  const moments: Moment[] = stages.map(({ kind, title, firstSeenMs: timeMs }) => ({
    timeMs,
    who: 'activity',
    text: `${KIND_WORDS[kind].name}: ${title}.`,
  }));
  if (stages.length === 0) moments.push({ timeMs: firstSeenMs, who: 'activity', text: 'The first of it was seen.' });
  moments.push(...trail.moments);
  if (lastSeenMs > firstSeenMs) moments.push({ timeMs: lastSeenMs, who: 'activity', text: 'The last of it was seen.' });
  moments.push(...steps.flatMap(stepMoment), ...actions.flatMap(actionMoments));
  return moments
    .map((moment, index) => ({ moment, index }))
    .sort((a, b) => a.moment.timeMs - b.moment.timeMs || a.index - b.index)
    .map(({ moment }) => moment);
}

/** What an action came to, by its steps; the sentence of the last is the action's own. */
function actionMoments({ steps, sentence, targets }: ActionRecord): Moment[] {
  const named = targets
    .map(({ name, pid }) => `${name} (${pid})`)
    .slice(0, NAMED_TARGETS)
    .join(', ');
  return steps.map(({ timeMs, state, actor, note }, index) => {
    const who = actor === 'engine' ? 'engine' : 'person';
    const text = index === steps.length - 1 ? sentence : `${ACTION_WORDS[state]} ${named}. ${note}`.trim();
    return { timeMs, who, text: who === 'person' ? `${text} (${actor})` : text };
  });
}

const NAMED_TARGETS = 3;
const ACTION_WORDS: Readonly<Record<ActionRecord['state'], string>> = {
  planned: 'Began to freeze',
  applied: 'Told to stop:',
  verified: 'Froze',
  reverted: 'Let go on:',
  expired: 'Let go on, as the time had run out:',
  ended: 'Ended',
  failed: 'Could not freeze',
};

const STEP_WORDS: Readonly<Record<ReviewStep['after'], string>> = {
  open: 'Opened again',
  acknowledged: 'Taken in hand',
  dismissed: 'Dismissed',
  withdrawn: 'Taken off the list',
};

const REASON_WORDS: Readonly<Record<NonNullable<ReviewStep['reason']>, string>> = {
  expected: 'it was expected',
  'false-alarm': 'it was a false alarm',
  fixed: 'it has been fixed',
  allowed: 'it fits the allow-list',
};

function stepMoment({ timeMs, actor, after, before, reason, note }: ReviewStep): Moment[] {
  // The book's own coming and going is in the trail, in the time of the traffic.
  if (after === 'withdrawn' || before === 'withdrawn') return [];
  const who = actor === 'engine' ? 'engine' : 'person';
  const by = who === 'person' ? ` by ${actor}` : '';
  const why = reason === null ? '' : `: ${REASON_WORDS[reason]}`;
  const said = note === '' ? '' : ` (${note})`;
  return [{ timeMs, who, text: `${STEP_WORDS[after]}${by}${why}${said}.` }];
}

function trafficAround({ alert, source }: StoredAlert, store: Store): AlertStory['traffic'] {
  const around = Math.max(LEAST_AROUND_MS, (alert.lastSeenMs - alert.firstSeenMs) * AROUND_SHARE);
  const least = (alert.lastSeenMs - alert.firstSeenMs + 2 * around) / MAX_BUCKETS;
  const bucketMs = BUCKETS_MS.find((each) => each >= least) ?? Math.ceil(least);
  const sinceMs = Math.floor((alert.firstSeenMs - around) / bucketMs) * bucketMs;
  const untilMs = Math.ceil((alert.lastSeenMs + around) / bucketMs) * bucketMs;
  const { attackers, victims } = alert;
  // Where one side is not named, everything of the other is looked at.
  const sides = attackers.length > 0 ? { attackers, victims } : { attackers: victims, victims: [] };
  return { bucketMs, ...store.alerts.trafficBetween({ ...sides, sinceMs, untilMs, bucketMs, source }) };
}

const NOTHING_DONE: Readonly<Record<Status['mode'], string>> = {
  observe: 'Nothing was done: Holdfast only tells, as response.ransomware is off.',
  simulate: 'Nothing was done: Holdfast only simulates, and it has no action that it would have taken.',
  act: 'Nothing was done: Holdfast acts by itself on ransomware alone, and tells everything else.',
};

function decisionsOf(
  { alert, source, review }: StoredAlert,
  mode: StoryOptions['mode'],
  actions: readonly ActionRecord[],
): AlertStory['decisions'] {
  const decisions: AlertStory['decisions'][number][] = [];
  if (source !== LIVE) {
    const text = 'Nothing was done: this is a recorded capture, and Holdfast only looked at it.';
    decisions.push({ timeMs: alert.firstSeenMs, text, setting: 'source', value: source });
  } else if (actions.length > 0) {
    for (const { createdMs: timeMs, sentence, reason, setting, value, actor } of actions) {
      const by = setting === '' ? { setting: 'asked for by', value: actor } : { setting, value };
      decisions.push({ timeMs, text: `${sentence} ${reason}`, ...by });
    }
  } else {
    decisions.push({ timeMs: alert.firstSeenMs, text: NOTHING_DONE[mode], setting: 'mode', value: mode });
  }
  if (review?.allowedBy !== undefined) {
    const text = `Dismissed without a notice, because it was allowed: ${review.note}`;
    decisions.push({ timeMs: review.timeMs, text, setting: 'allow-list', value: review.allowedBy });
  }
  return decisions;
}

/** The query that finds the alert's flows in Hunt. */
function huntQuery({ alert }: StoredAlert): string {
  const from = alert.attackers.length > 0 ? alert.attackers : alert.victims;
  const hosts = from.filter((host) => /^[0-9a-f.:]+$/i.test(host)).slice(0, QUERY_HOSTS);
  const since = wholeSecond(Math.floor(alert.firstSeenMs / MS_PER_SECOND));
  const until = wholeSecond(Math.floor(alert.lastSeenMs / MS_PER_SECOND) + 1);
  const where = hosts.length === 0 ? '' : hosts.length === 1 ? `host = ${hosts[0]}` : `host in (${hosts.join(', ')})`;
  return `flows${where && ` where ${where}`} since ${since} until ${until}`;
}

/** "2026-11-21T10:00:00Z". */
function wholeSecond(seconds: number): string {
  return isoTime(seconds * MS_PER_SECOND).replace('.000Z', 'Z');
}
