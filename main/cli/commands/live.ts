import type { ApiClient } from '../../../contract/api.ts';
import { attentionSentence, protectionOf } from '../../../contract/api-protection.ts';
import { formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import type { CommandContext } from '../context.ts';
import { AlertFeed, readState } from '../live-state.ts';
import { Screen } from '../terminal/screen.ts';
import { liveText } from '../text/live-text.ts';
import { byteRate, packetRate } from '../text/status-text.ts';

export interface LiveOptions {
  /** How to leave, for the last line of the screen. */
  readonly ending: string;
}

/** Numbers that change more often cannot be read. */
const REDRAW_MS = 1_000;
/** Without a terminal: one line of state in so long. */
const STATUS_LINE_MS = 60_000;
/** Alerts that were there before the view began. */
const EARLIER_ALERTS = 50;

/**
 * Shows a running engine until Ctrl-C: a screen that is redrawn once a second where there is a terminal, else a
 * plain line for each alert and one a minute for the state.
 */
export async function watchLive(client: ApiClient, context: CommandContext, options: LiveOptions): Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  context.signal.addEventListener('abort', () => ending.abort(), { once: true });
  if (context.signal.aborted) return;
  const show = context.out.isTerminal
    ? screenView(client, context, options, signal)
    : lineView(client, context, signal);
  try {
    await show;
  } finally {
    ending.abort();
  }
}

async function screenView(
  client: ApiClient,
  context: CommandContext,
  { ending }: LiveOptions,
  signal: AbortSignal,
): Promise<void> {
  const feed = new AlertFeed();
  const { alerts } = await client.request('alerts.list', { limit: EARLIER_ALERTS });
  feed.begin(alerts);
  const following = follow(client, signal, (item) => feed.take(item));
  const screen = new Screen(context.out);
  let wake = (): void => {};
  const onResize = (): void => wake();
  process.stdout.on('resize', onResize);
  try {
    while (!signal.aborted) {
      const state = await readState(client, feed);
      const { columns, rows } = context.out;
      screen.draw(liveText(state, { columns, rows, paint: context.paintOut, ending }));
      await pause(REDRAW_MS, signal, (wakeUp) => {
        wake = wakeUp;
      });
    }
  } finally {
    process.stdout.off('resize', onResize);
    screen.close();
  }
  await following;
}

async function lineView(client: ApiClient, context: CommandContext, signal: AbortSignal): Promise<void> {
  const say = (text: string): void => context.out.write(`${new Date().toISOString()} ${text}\n`);
  const following = follow(client, signal, ({ change, alert }) => {
    if (change !== 'opened') return;
    const { severity, title, id } = alert;
    say(`alert ${severity} ${plainText(title)} (${plainText(id)})`);
  });
  while (!signal.aborted) {
    const { traffic, alerts, interfaces, health, pause: paused } = await client.request('status', {});
    const lost = interfaces.reduce((sum, { dropped }) => sum + dropped, 0);
    const { state, sentence } = protectionOf({ interfaces, health, pause: paused });
    say(
      `${plainText(sentence)} ${attentionSentence(alerts, state)} ` +
        `${packetRate(traffic.packetsPerSecond)}, ${byteRate(traffic.bytesPerSecond)}, ` +
        `${formatNumber(traffic.openFlows)} open flows, ${formatNumber(lost)} packets lost`,
    );
    await pause(STATUS_LINE_MS, signal);
  }
  await following;
}

/**
 * Hands every change of an alert on until the view ends. Gives the promise of its end, which may reject later than
 * somebody looks: the next request finds the engine gone as well, and says so first.
 */
function follow(
  client: ApiClient,
  signal: AbortSignal,
  take: (item: Parameters<AlertFeed['take']>[0]) => void,
): Promise<void> {
  const following = (async () => {
    for await (const item of client.watch('alerts.watch', {}, signal)) take(item);
  })();
  following.catch(() => {});
  return following;
}

/** Waits, but not beyond the signal; `onWake` is given the function that ends the wait early. */
function pause(milliseconds: number, signal: AbortSignal, onWake?: (wake: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const wake = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    resolve();
  };
  const timer = setTimeout(wake, milliseconds);
  signal.addEventListener('abort', wake, { once: true });
  onWake?.(wake);
  return promise;
}
