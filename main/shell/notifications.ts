/** Shows what the plan says, and does what is pressed. */
import { Notification } from 'electron/main';
import type { Preferences } from '../../contract/shell-schemas.ts';
import {
  NOTHING_TOLD,
  type Notice,
  type NoticeAction,
  type NotificationEvent,
  type NotificationState,
  planNotifications,
  withoutMarkup,
} from './notification-plan.ts';

const ACTION_WORDS: Readonly<Record<NoticeAction, string>> = { show: 'Show', acknowledge: 'Acknowledge' };

/** Shown ones are held, so that what is pressed is heard; the oldest are let go. */
const MAX_HELD = 50;
const MINUTES_PER_HOUR = 60;

export interface NotifierOptions {
  preferences(): Preferences['notifications'];
  onPressed(notice: Notice, action: NoticeAction): void;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #state: NotificationState = NOTHING_TOLD;
  #timer: NodeJS.Timeout | undefined;
  readonly #held = new Set<Notification>();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  receive(event: NotificationEvent): void {
    const now = new Date();
    const { state, notices, againInMs } = planNotifications(this.#state, event, {
      nowMs: performance.now(),
      minuteOfDay: now.getHours() * MINUTES_PER_HOUR + now.getMinutes(),
      preferences: this.#options.preferences(),
    });
    this.#state = state;
    clearTimeout(this.#timer);
    if (againInMs !== undefined) this.#timer = setTimeout(() => this.receive({ type: 'time' }), againInMs);
    for (const notice of notices) this.#show(notice);
  }

  /** Something of the app itself, said once. */
  say(title: string, body: string, address: string): void {
    this.#show({ title, body, severity: 'info', alertIds: [], address, actions: ['show'] });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held.clear();
  }

  #show(notice: Notice): void {
    if (!Notification.isSupported()) return;
    const isCritical = notice.severity === 'critical';
    const notification = new Notification({
      title: notice.title,
      // Electron hands it to libnotify as it is.
      body: process.platform === 'linux' ? withoutMarkup(notice.body) : notice.body,
      urgency: isCritical ? 'critical' : 'normal',
      timeoutType: isCritical ? 'never' : 'default',
      actions: notice.actions.map((action) => ({ type: 'button', text: ACTION_WORDS[action] })),
    });
    notification.on('click', () => this.#options.onPressed(notice, 'show'));
    notification.on('action', ({ actionIndex }) => {
      const action = notice.actions[actionIndex];
      if (action !== undefined) this.#options.onPressed(notice, action);
    });
    notification.on('close', () => this.#held.delete(notification));
    this.#held.add(notification);
    for (const oldest of this.#held) {
      if (this.#held.size <= MAX_HELD) break;
      this.#held.delete(oldest);
    }
    notification.show();
  }
}
