/** The state of protection as the tray tells it: one of a few, and one sentence. Pure. */
import { attentionSentence, protectionOf } from '../../contract/api-protection.ts';
import { mayCall, ROLES } from '../../contract/api-roles.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { EngineLink } from '../../contract/shell-schemas.ts';
import { plainText } from '../../contract/text.ts';

/** Each has an icon: assets/icons/tray/<state>.png. */
export const TRAY_STATES = ['protected', 'learning', 'attention', 'isolated', 'paused', 'no-protection'] as const;
export type TrayState = (typeof TRAY_STATES)[number];

export interface DesktopState {
  readonly link: EngineLink;
  /** The engine's latest word; undefined where none came since the link was made. */
  readonly status: Status | undefined;
  /** What this user may do over the link: one of ROLES. */
  readonly role: string;
  /** Protection ends when this app does. */
  readonly ownsEngine: boolean;
}

export interface StateWords {
  readonly state: TrayState;
  readonly sentence: string;
}

const MAX_SENTENCE = 120;

/** @param timeText writes a time of day for people: "14:05" */
export function stateWords({ link, status }: DesktopState, timeText: (timeMs: number) => string): StateWords {
  if (link.state !== 'connected') {
    const why = link.failure === null ? 'the engine is being started.' : link.failure.message;
    return { state: 'no-protection', sentence: plainText(`Not protected: ${lowerFirst(why)}`, MAX_SENTENCE) };
  }
  if (status === undefined) return { state: 'no-protection', sentence: 'Asking the engine how it stands…' };
  if (status.pause !== null) {
    return { state: 'paused', sentence: `Paused until ${timeText(status.pause.untilMs)}: nothing is watched.` };
  }
  const { state, sentence } = protectionOf(status);
  if (state === 'off') return { state: 'no-protection', sentence: plainText(sentence, MAX_SENTENCE) };
  if (openAlerts(status) > 0) return { state: 'attention', sentence: attentionSentence(status.alerts, state) };
  return { state: state === 'partial' ? 'attention' : 'protected', sentence: plainText(sentence, MAX_SENTENCE) };
}

/** Alerts that need a person: notices of low severity do not. */
export function openAlerts({ alerts }: Status): number {
  return alerts.medium + alerts.high + alerts.critical;
}

export function mayOperate({ role }: Pick<DesktopState, 'role'>): boolean {
  const held = ROLES.find((known) => known === role);
  return held !== undefined && mayCall(held, 'operate');
}

/** "The engine ended" goes on inside a sentence as "the engine ended"; names such as "Holdfast" stay. */
function lowerFirst(text: string): string {
  return /^(The|A|An|No|It) /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
