/** "Am I safe?", said the same way by every client. Pure; loads nothing. */
import type { Status } from './api-schemas.ts';
import type { HealthEntry } from './domain.ts';

/** `paused`: a person stopped it for a while. `partial`: something is watched, but not all that was to be. */
export type ProtectionState = 'protected' | 'partial' | 'off' | 'paused';

export interface Protection {
  readonly state: ProtectionState;
  /** One sentence. */
  readonly sentence: string;
  /** Parts that do not work as they should, the worst first. */
  readonly gaps: readonly HealthEntry[];
}

const NAMED_INTERFACES = 4;

/**
 * Judges by what is really watched and by what the parts say of themselves, never by what was configured. A pause
 * comes first, then that nothing is watched, then that not everything is.
 */
export function protectionOf({
  interfaces,
  health,
  pause,
}: Pick<Status, 'interfaces' | 'health'> & Partial<Pick<Status, 'pause'>>): Protection {
  const watched = interfaces.filter(({ state }) => state === 'up').map(({ name }) => name);
  const gaps = [
    ...health.filter(({ state }) => state === 'failed'),
    ...health.filter(({ state }) => state === 'degraded'),
  ];
  if (pause) {
    return { state: 'paused', sentence: `Paused until ${clockTime(pause.untilMs)}: ${pause.reason}`, gaps };
  }
  if (watched.length === 0) {
    const why = gaps.length === 0 ? 'no network is watched yet.' : 'no network is watched.';
    return { state: 'off', sentence: `Not protected: ${why}`, gaps };
  }
  const networks = `watching ${listed(watched)}`;
  return gaps.length === 0
    ? { state: 'protected', sentence: `Protected: ${networks}.`, gaps }
    : { state: 'partial', sentence: `Partly protected: ${networks}, but not everything works.`, gaps };
}

/** Whether every sensor has said what it can do; not so in the first moments of a start. */
export function isSettled({ health }: Pick<Status, 'health'>): boolean {
  return !health.some(
    ({ part, state, detail }) =>
      state === 'off' &&
      ((part === 'capture' && detail === NOT_STARTED) || (part === 'host' && detail === HOST_STARTS)),
  );
}

/** What every part says until it has anything to say. */
export const NOT_STARTED = 'Not started.';

/** What the part that watches the host says until its sensors have begun. */
export const HOST_STARTS = 'Starting.';

/** "10:47", in the time zone of who reads it; a pause is never longer than a day. */
function clockTime(timeMs: number): string {
  const time = new Date(timeMs);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** "eth0", "eth0 and wlan0", "eth0, wlan0, tun0, tun1 and 3 more". */
function listed(names: readonly string[]): string {
  const named = names.slice(0, NAMED_INTERFACES);
  const others = names.length - named.length;
  if (others > 0) return `${named.join(', ')} and ${others} more`;
  const last = named[named.length - 1];
  return named.length === 1 ? last : `${named.slice(0, -1).join(', ')} and ${last}`;
}

/** What is said where no alert is serious: never more than what is watched allows. */
const QUIET: Readonly<Record<ProtectionState, string>> = {
  protected: 'Nothing needs you',
  partial: 'Nothing needs you, as far as can be seen',
  off: 'No alert is open',
  paused: 'No alert is open, and nothing is looked at',
};

/** "1 alert needs attention, and 2 notices.", or that nothing does. */
export function attentionSentence(alerts: Status['alerts'], state: ProtectionState): string {
  const serious = alerts.medium + alerts.high + alerts.critical;
  const notices = alerts.info + alerts.low;
  const noticeWords = `${notices} ${notices === 1 ? 'notice' : 'notices'}`;
  if (serious === 0) return notices === 0 ? `${QUIET[state]}.` : `${QUIET[state]}; ${noticeWords}.`;
  const first = serious === 1 ? '1 alert needs attention' : `${serious} alerts need attention`;
  return notices === 0 ? `${first}.` : `${first}, and ${noticeWords}.`;
}
