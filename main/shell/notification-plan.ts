/**
 * Which notifications are shown, and when: one for each alert and one more only when it has become worse, several at
 * once as one, none but critical ones in quiet hours and none for what a person has in hand already. Pure: a state
 * and what happened give the next state and what to show.
 */
import { SEVERITIES, type Severity } from '../../contract/domain.ts';
import type { Preferences } from '../../contract/shell-schemas.ts';
import { plainText } from '../../contract/text.ts';
import { ALERTS_ADDRESS, alertAddress } from './address.ts';
import { isQuiet } from './quiet-hours.ts';

/** Alerts of one cause come within moments: so long they are collected. */
export const COLLECT_MS = 1_500;
/** More at once are one notification. */
export const MAX_SINGLE = 3;
/** After sleep the engine catches up: what it finds then is one summary. */
export const AFTER_SLEEP_MS = 8_000;
/** After notifications were shown the next ones wait so long, unless one is critical: a flood is told in summaries. */
export const PAUSE_MS = 10_000;
/** How often quiet hours are looked at while something waits for their end. */
const QUIET_LOOK_MS = 60_000;
/** Alerts that are remembered as told; the oldest are forgotten. A busy month has fewer. */
const MAX_REMEMBERED = 5_000;
/** Alerts that wait; of more only the number is kept. */
const MAX_WAITING = 500;
const MAX_TITLE = 120;
const LISTED = 3;

export interface PlannedAlert {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly explanation: string;
}

export type NoticeAction = 'show' | 'acknowledge';

export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly severity: Severity;
  readonly alertIds: readonly string[];
  /** What a click shows. */
  readonly address: string;
  readonly actions: readonly NoticeAction[];
}

export interface NotificationState {
  /** Worst severity that was told, by alert; the oldest first. */
  readonly told: ReadonlyMap<string, Severity>;
  /** Not yet told, the oldest first. */
  readonly waiting: ReadonlyMap<string, PlannedAlert>;
  /** Waiting ones beyond the bound. */
  readonly uncounted: number;
  /** When the first of them came. */
  readonly sinceMs: number;
  readonly lastShownMs: number;
  /** Until then everything is collected: the computer has just woken. */
  readonly collectUntilMs: number;
  /** They were held back, by sleep or by quiet hours: told as one when they are. */
  readonly wereHeld: boolean;
  readonly isAsleep: boolean;
}

export const NOTHING_TOLD: NotificationState = {
  told: new Map(),
  waiting: new Map(),
  uncounted: 0,
  sinceMs: 0,
  lastShownMs: Number.NEGATIVE_INFINITY,
  collectUntilMs: Number.NEGATIVE_INFINITY,
  wereHeld: false,
  isAsleep: false,
};

export type NotificationEvent =
  | { readonly type: 'alert'; readonly alert: PlannedAlert; readonly needsPerson: boolean }
  | { readonly type: 'time' }
  | { readonly type: 'sleep' }
  | { readonly type: 'wake' };

export interface NotificationContext {
  /** Of a clock that only goes forward. */
  readonly nowMs: number;
  /** Minutes since midnight, of the local clock. */
  readonly minuteOfDay: number;
  readonly preferences: Preferences['notifications'];
}

export interface NotificationStep {
  readonly state: NotificationState;
  readonly notices: readonly Notice[];
  /** When to ask again with `time`; undefined: only when something happens. */
  readonly againInMs: number | undefined;
}

export function planNotifications(
  before: NotificationState,
  event: NotificationEvent,
  context: NotificationContext,
): NotificationStep {
  return show(receive(before, event, context), context);
}

function receive(state: NotificationState, event: NotificationEvent, context: NotificationContext): NotificationState {
  if (event.type === 'sleep') return { ...state, isAsleep: true };
  if (event.type === 'wake') {
    return { ...state, isAsleep: false, wereHeld: true, collectUntilMs: context.nowMs + AFTER_SLEEP_MS };
  }
  if (event.type === 'time') return state;
  const { alert, needsPerson } = event;
  const waiting = new Map(state.waiting);
  if (!needsPerson) {
    waiting.delete(alert.id);
    return { ...state, waiting };
  }
  const told = state.told.get(alert.id);
  if (told !== undefined && rank(alert.severity) <= rank(told)) return state;
  const { enabled, minimumSeverity } = context.preferences;
  if (rank(alert.severity) < rank(minimumSeverity)) return state;
  // Switched on again, old news must not pour out.
  if (!enabled) return { ...state, told: remember(state.told, [alert]), waiting: new Map(), uncounted: 0 };
  if (!waiting.has(alert.id) && waiting.size >= MAX_WAITING) {
    return { ...state, told: remember(state.told, [alert]), uncounted: state.uncounted + 1 };
  }
  waiting.set(alert.id, alert);
  return { ...state, waiting, sinceMs: state.waiting.size === 0 ? context.nowMs : state.sinceMs };
}

function show(state: NotificationState, context: NotificationContext): NotificationStep {
  const { nowMs, minuteOfDay, preferences } = context;
  const nothing = (next: NotificationState, againInMs: number | undefined): NotificationStep => ({
    state: next,
    notices: [],
    againInMs,
  });
  if (state.waiting.size === 0 && state.uncounted === 0) {
    const isCollecting = state.isAsleep || nowMs < state.collectUntilMs;
    return nothing(isCollecting ? state : { ...state, wereHeld: false }, undefined);
  }
  if (state.isAsleep) return nothing(state, undefined);
  const all = [...state.waiting.values()];
  const isQuietNow = isQuiet(preferences.quietFrom, preferences.quietUntil, minuteOfDay);
  const due = isQuietNow ? all.filter(({ severity }) => severity === 'critical') : all;
  if (due.length === 0 && (isQuietNow || state.uncounted === 0))
    return nothing({ ...state, wereHeld: true }, QUIET_LOOK_MS);
  const hasCritical = due.some(({ severity }) => severity === 'critical');
  const readyMs = Math.max(
    state.sinceMs + COLLECT_MS,
    state.collectUntilMs,
    hasCritical ? 0 : state.lastShownMs + PAUSE_MS,
  );
  if (nowMs < readyMs) return nothing(state, readyMs - nowMs);
  const uncounted = isQuietNow ? 0 : state.uncounted;
  const asOne = due.length + uncounted > MAX_SINGLE || (state.wereHeld && !isQuietNow && due.length + uncounted > 1);
  const notices = asOne ? [summaryOf(due, uncounted)] : due.map(noticeOf);
  const waiting = new Map(state.waiting);
  for (const { id } of due) waiting.delete(id);
  const next: NotificationState = {
    ...state,
    told: remember(state.told, due),
    waiting,
    uncounted: state.uncounted - uncounted,
    lastShownMs: nowMs,
    wereHeld: waiting.size > 0 || (isQuietNow && state.uncounted > 0),
  };
  return { state: next, notices, againInMs: waiting.size > 0 ? QUIET_LOOK_MS : undefined };
}

function remember(told: ReadonlyMap<string, Severity>, alerts: readonly PlannedAlert[]): Map<string, Severity> {
  const next = new Map(told);
  for (const { id, severity } of alerts) {
    next.delete(id);
    next.set(id, severity);
  }
  for (const id of next.keys()) {
    if (next.size <= MAX_REMEMBERED) break;
    next.delete(id);
  }
  return next;
}

function noticeOf({ id, title, severity, explanation }: PlannedAlert): Notice {
  const [firstSentence = ''] = explanation.split(/(?<=[.!?])\s/, 1);
  return {
    title: plainText(title, MAX_TITLE),
    body: `${severityWord(severity)}. ${plainText(firstSentence)}`.trimEnd(),
    severity,
    alertIds: [id],
    address: alertAddress(id),
    actions: ['show', 'acknowledge'],
  };
}

/**
 * Text for the body of a Linux notification, which is markup there: links and images from the network among it
 * (Desktop Notifications Specification 1.3, "Markup"). Nothing in the text opens a tag. No entity is written for it,
 * since those servers that know no markup would show it as it is.
 */
export function withoutMarkup(text: string): string {
  return text.replaceAll('<', '‹');
}

/** One line that says how many and how bad, and the worst of them by name. */
function summaryOf(alerts: readonly PlannedAlert[], uncounted: number): Notice {
  const worstFirst = [...alerts].sort((a, b) => rank(b.severity) - rank(a.severity));
  const worst = worstFirst[0]?.severity ?? 'medium';
  const worstCount = worstFirst.filter(({ severity }) => severity === worst).length;
  const total = alerts.length + uncounted;
  const others = total - Math.min(LISTED, worstFirst.length);
  const lines = worstFirst.slice(0, LISTED).map(({ title }) => plainText(title, MAX_TITLE));
  return {
    title: worstCount === total ? `${total} ${worst} alerts` : `${total} alerts, ${worstCount} of them ${worst}`,
    body: [...lines, ...(others > 0 ? [`and ${others} more`] : [])].join('\n'),
    severity: worst,
    alertIds: worstFirst.map(({ id }) => id),
    address: ALERTS_ADDRESS,
    actions: ['show'],
  };
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

function severityWord(severity: Severity): string {
  return severity.charAt(0).toUpperCase() + severity.slice(1);
}
