/** What the tray shows, made from the state. Pure. */
import type { Status } from '../../contract/api-schemas.ts';
import { DEFAULT_PAUSE_MINUTES } from './arguments.ts';
import { type DesktopState, mayOperate, openAlerts, stateWords, type TrayState } from './desktop-state.ts';

export type TrayCommand = 'show' | 'show-alerts' | 'pause' | 'resume' | 'isolate' | 'start-engine' | 'quit';

export type TrayItem =
  | { readonly type: 'separator' }
  | {
      readonly type: 'entry';
      readonly label: string;
      /** Left out: words that cannot be pressed. */
      readonly command?: TrayCommand;
    };

export interface TrayView {
  readonly state: TrayState;
  readonly toolTip: string;
  readonly items: readonly TrayItem[];
}

export interface TrayContext {
  /** Writes a time of day for people. */
  timeText(timeMs: number): string;
}

export function trayView(desktop: DesktopState, { timeText }: TrayContext): TrayView {
  const { state, sentence } = stateWords(desktop, timeText);
  const { link, status } = desktop;
  const needsEngine = link.state === 'failed' || link.state === 'lost';
  const items: TrayItem[] = [
    words(sentence),
    ...(needsEngine ? [command('start-engine', 'Start the engine again')] : []),
    SEPARATOR,
    command('show-alerts', alertsText(status)),
    pauseItem(desktop),
    isolateItem(status),
    SEPARATOR,
    command('show', 'Open Holdfast'),
    command('quit', quitText(desktop)),
  ];
  return { state, toolTip: `Holdfast – ${sentence}`, items };
}

const SEPARATOR: TrayItem = { type: 'separator' };

function words(label: string): TrayItem {
  return { type: 'entry', label };
}

function command(name: TrayCommand, label: string): TrayItem {
  return { type: 'entry', label, command: name };
}

function alertsText(status: Status | undefined): string {
  const count = status === undefined ? 0 : openAlerts(status);
  if (count === 0) return 'Alerts';
  return count === 1 ? 'Alerts: 1 needs attention' : `Alerts: ${count} need attention`;
}

function pauseItem(desktop: DesktopState): TrayItem {
  const { link, status } = desktop;
  const text = `Pause for ${DEFAULT_PAUSE_MINUTES} minutes`;
  if (link.state !== 'connected' || status === undefined) return words(`${text} (no engine)`);
  if (!mayOperate(desktop)) return words(`${text} (this user may only look)`);
  return status.pause === null ? command('pause', text) : command('resume', 'Watch again now');
}

function isolateItem(status: Status | undefined): TrayItem {
  const text = 'Isolate this computer';
  const ability = status?.abilities.find(({ id }) => id === 'isolate');
  if (ability?.isAvailable) return command('isolate', `${text}…`);
  return words(`${text} (${ability === undefined ? 'no engine' : 'this version cannot yet'})`);
}

function quitText({ ownsEngine, link }: DesktopState): string {
  if (ownsEngine) return 'Quit (ends protection)';
  return link.state === 'connected' ? 'Quit (protection goes on)' : 'Quit';
}
