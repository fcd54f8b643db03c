import { randomBytes } from 'node:crypto';
import type { HandlersOf } from '../../../../contract/api.ts';
import type { ALERT_CALLS, AlertStory, AllowEntry } from '../../../../contract/api-alerts.ts';
import type { Status } from '../../../../contract/api-schemas.ts';
import { type AlertKind, SEVERITIES, type Severity } from '../../../../contract/domain.ts';
import { allowProblem, attackCatalogue, fitsAllow } from '../../alerts/index.ts';
import { BEHAVIOURS } from '../../behaviours/index.ts';
import { DETECTORS } from '../../detect/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { type AlertFilter, MAX_ALLOW_ENTRIES, type Store, type StoredAlert } from '../../store/index.ts';
import { exportAlerts } from '../alerts/alert-export.ts';
import { type AlertDesk, type RecordedChange, toRecord } from '../alerts/alert-record.ts';
import { alertStory } from '../alerts/alert-story.ts';
import { type AttackCoverage, attackMatrix } from '../alerts/attack-matrix.ts';
import type { ResponseDesk } from '../response/response-desk.ts';
import type { RuleDesk } from '../rules/rule-desk.ts';

/** What the calls about alerts need of the engine. */
export interface AlertAnswering {
  readonly version: string;
  readonly desk: AlertDesk;
  readonly rules: Pick<RuleDesk, 'list'>;
  /** Throws before the start and after the stop. */
  store(): Store;
  nowMs(): number;
  mode(): Status['mode'];
  /** Addresses of this computer. */
  ownAddresses(): readonly string[];
  readonly response: Pick<ResponseDesk, 'about'>;
  /** Gives the function that takes the listener off again. */
  onAlert(listener: (change: RecordedChange) => void): () => void;
}

const LIVE = 'live';
const DAY_MS = 86_400_000;
/** How far back the matrix and the preview of an allow entry look when nothing else is said. */
const DEFAULT_LOOK_BACK_MS = 30 * DAY_MS;
/** Stored alerts that are held against an allow entry, the latest; each is some kilobytes to read. */
const MAX_COMPARED = 20_000;
/** Alerts that are read before others get their turn. */
const COMPARED_AT_ONCE = 500;
/** Alerts that a preview names; it counts the rest. */
const PREVIEWED = 50;

/** The handlers of the calls about alerts. */
export function alertHandlers(engine: AlertAnswering): HandlersOf<typeof ALERT_CALLS> {
  const stored = (id: string): StoredAlert => {
    const found = engine.store().getAlert(id);
    if (found !== undefined) return found;
    throw new FailureError({
      code: 'no-such-alert',
      message: `There is no alert ${id}.`,
      hint: 'The ids are in "holdfast alerts list". Old alerts are removed after a time (store.alertDays).',
    });
  };
  const story = (id: string) =>
    alertStory(stored(id), {
      store: engine.store(),
      catalogue: attackCatalogue(),
      detectors: DETECTORS,
      ownAddresses: engine.ownAddresses(),
      mode: engine.mode(),
      actionsAbout: (alert) => engine.response.about(alert),
    });
  const lookBackMs = (sinceMs: number | undefined) => sinceMs ?? engine.nowMs() - DEFAULT_LOOK_BACK_MS;

  return {
    'alerts.list': ({ minimumSeverity, severities, kind, kinds, limit, cursor, ...rest }) => {
      if (rest.states.length === 0) return { alerts: [], total: 0, next: null };
      const filter = {
        ...rest,
        severity: minimumSeverity,
        severities: severities.length === 0 ? undefined : severities,
        kinds: chosenKinds(kinds, kind),
      };
      const page = engine.store().listAlerts({ ...filter, limit, cursor });
      const isAll = cursor === undefined && page.cursor === undefined;
      const total = isAll ? page.rows.length : engine.store().alerts.count(filter);
      return { alerts: page.rows.map(toRecord), total, next: page.cursor ?? null };
    },
    'alerts.get': ({ id }) => toRecord(stored(id)),
    'alerts.story': ({ id }) => story(id),
    'alerts.counts': ({ source, sinceMs }) => countsOf(engine.store(), source, sinceMs),
    'alerts.review': ({ ids, state, reason, note }, { actor }) => {
      const store = engine.store();
      if (state !== 'dismissed' && reason !== undefined) {
        const hint = 'Leave the reason out; say it in the note.';
        throw new FailureError({ code: 'bad-input', message: 'Only a dismissal has a reason.', hint });
      }
      if (!ids.some((id) => store.getAlert(id) !== undefined)) stored(ids[0]);
      return { changed: engine.desk.review(store, ids, { state, reason: reason ?? null, note }, actor) };
    },
    'alerts.export': async ({ ids, format }, { signal }) => {
      const stories: AlertStory[] = [];
      for (const id of new Set(ids)) {
        stories.push(story(id));
        if (signal.aborted) break;
        await othersTurn();
      }
      return exportAlerts(stories, format, {
        catalogue: attackCatalogue(),
        version: engine.version,
        writtenMs: engine.nowMs(),
      });
    },
    'alerts.watch': ({ minimumSeverity, source }, emit) =>
      engine.onAlert((change) => {
        if (change.alert.source === source && isAtLeast(change.alert.severity, minimumSeverity)) emit(change);
      }),
    'allow.list': () => ({ entries: engine.desk.allowed() }),
    'allow.preview': async ({ match, maximumSeverity, sinceMs }, { signal }) => {
      const target = { match: checkedMatch(match), maximumSeverity, untilMs: null };
      const since = lookBackMs(sinceMs);
      const fits = (alert: StoredAlert) => fitsAllow(target, alert.alert, engine.nowMs());
      const found = await matching(
        engine.store(),
        { sinceMs: since, kinds: chosenKinds([], match.kind) },
        fits,
        signal,
      );
      const alerts = found.slice(0, PREVIEWED).map(({ alert: { id, title, severity, firstSeenMs } }) => ({
        id,
        title,
        severity,
        firstSeenMs,
      }));
      return { sinceMs: since, total: found.length, alerts };
    },
    'allow.add': async ({ match, maximumSeverity, reason, untilMs }, { actor, signal }) => {
      const nowMs = engine.nowMs();
      if (untilMs !== null && untilMs <= nowMs) {
        const hint = 'Name a time to come, or none.';
        throw new FailureError({ code: 'bad-allow', message: 'Its time has run out already.', hint });
      }
      if (engine.desk.allowed().length >= MAX_ALLOW_ENTRIES) {
        const message = `The allow-list is full: it holds ${MAX_ALLOW_ENTRIES} entries.`;
        const hint = 'Take away what is no longer needed; one entry can name a whole network.';
        throw new FailureError({ code: 'allow-list-full', message, hint });
      }
      const entry: AllowEntry = {
        id: `w-${randomBytes(ID_BYTES).toString('hex')}`,
        match: checkedMatch(match),
        reason,
        maximumSeverity,
        createdMs: nowMs,
        createdBy: actor,
        untilMs,
        hidden: 0,
      };
      const fits = (alert: StoredAlert) => fitsAllow(entry, alert.alert, nowMs);
      const fitting = await matching(
        engine.store(),
        { states: ['open'], kinds: chosenKinds([], match.kind) },
        fits,
        signal,
      );
      const ids = fitting.map(({ alert }) => alert.id);
      return engine.desk.allow(engine.store(), entry, ids);
    },
    'allow.remove': ({ id }, { actor }) => {
      if (engine.desk.disallow(engine.store(), id, actor)) return {};
      const hint = 'The ids are in "holdfast allow list".';
      throw new FailureError({ code: 'no-such-entry', message: `The allow-list has no entry ${id}.`, hint });
    },
    'attack.matrix': async ({ sinceMs, source }) => {
      const since = source === LIVE ? lookBackMs(sinceMs) : (sinceMs ?? 0);
      const coverage = source === LIVE ? await liveCoverage(engine.rules) : { detectors: DETECTORS, rules: [] };
      return attackMatrix(attackCatalogue(), coverage, engine.store().alerts.techniquesSeen(source, since), since);
    },
  };
}

/** A capture has only the network's. */
async function liveCoverage(rules: AlertAnswering['rules']): Promise<AttackCoverage> {
  const { rules: known } = await rules.list();
  return { detectors: [...DETECTORS, ...BEHAVIOURS], rules: known.filter(({ isEnabled }) => isEnabled) };
}

const ID_BYTES = 6;

/** For a filter; undefined where none is named: all. */
function chosenKinds(kinds: readonly AlertKind[], kind: AlertKind | undefined): readonly AlertKind[] | undefined {
  const chosen = new Set(kind === undefined ? kinds : [...kinds, kind]);
  return chosen.size === 0 ? undefined : [...chosen];
}

/** Lets whatever waits run before a long answer goes on. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);
}

/** How many alerts there are; those that are part of another one are none. */
function countsOf(store: Store, source: string, sinceMs?: number) {
  const byState: Record<string, number> = { open: 0, acknowledged: 0, dismissed: 0 };
  const openBySeverity: Record<Severity, number> = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  const openByKind: Record<string, number> = {};
  for (const { state, severity, kind, count } of store.alerts.counts(source, sinceMs)) {
    if (state === 'withdrawn') continue;
    byState[state] += count;
    if (state !== 'open') continue;
    openBySeverity[severity] += count;
    openByKind[kind] = (openByKind[kind] ?? 0) + count;
  }
  return { byState, openBySeverity, openByKind };
}

/** Open alerts of this computer by severity. */
export function openBySeverity(store: Store): Readonly<Record<Severity, number>> {
  return countsOf(store, 'live').openBySeverity;
}

/** @throws FailureError `bad-allow` */
function checkedMatch(match: AllowEntry['match']): AllowEntry['match'] {
  const problem = allowProblem(
    match,
    [...DETECTORS, ...BEHAVIOURS].map(({ id }) => id),
  );
  if (problem === undefined) return match;
  throw new FailureError({ code: 'bad-allow', message: problem, hint: 'Correct it and try again.' });
}

/** This computer's stored alerts that fit, the latest first; of the latest MAX_COMPARED. */
async function matching(
  store: Store,
  filter: Omit<AlertFilter, 'cursor' | 'limit'>,
  fits: (alert: StoredAlert) => boolean,
  signal: AbortSignal,
): Promise<StoredAlert[]> {
  const found: StoredAlert[] = [];
  let cursor: string | undefined;
  for (let compared = 0; compared < MAX_COMPARED && !signal.aborted; compared += COMPARED_AT_ONCE) {
    const page = store.listAlerts({ ...filter, limit: COMPARED_AT_ONCE, cursor });
    found.push(...page.rows.filter((row) => row.state !== 'withdrawn' && fits(row)));
    cursor = page.cursor;
    if (cursor === undefined) break;
    await othersTurn();
  }
  return found;
}
