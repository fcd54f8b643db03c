import type { HostEvent, HostEventType } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

/** One item of the stream `events.watch`. */
export interface HostEventItem {
  readonly events: readonly HostEvent[];
  readonly leftOut: number;
}

export interface HostEventWatch {
  readonly types?: readonly HostEventType[] | undefined;
  readonly pid?: number | undefined;
  readonly perSecond: number;
}

/** Items come so often. */
const ITEM_MS = 250;
const SECOND_MS = 1_000;

/**
 * Follows events for one watcher: a storm is cut down to so many a second, and what is left out is counted. Gives the
 * function that ends it.
 */
export function watchHostEvents(
  listen: (listener: (events: readonly HostEvent[]) => void) => () => void,
  watch: HostEventWatch,
  emit: (item: HostEventItem) => void,
  clock: Clock,
): () => void {
  const types = watch.types === undefined ? undefined : new Set<HostEventType>(watch.types);
  const fits = (event: HostEvent): boolean =>
    (types === undefined || types.has(event.type)) && (watch.pid === undefined || isOf(event, watch.pid));
  let waiting: HostEvent[] = [];
  let leftOut = 0;
  let room = watch.perSecond;
  let secondMs = clock.monotonicMs();
  let timer: Timer | undefined;
  const give = (): void => {
    timer = undefined;
    const item = { events: waiting, leftOut };
    waiting = [];
    leftOut = 0;
    emit(item);
  };
  const stop = listen((events) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - secondMs >= SECOND_MS) {
      secondMs = nowMs;
      room = watch.perSecond;
    }
    for (const event of events) {
      if (!fits(event)) continue;
      if (room > 0) {
        waiting.push(event);
        room -= 1;
      } else leftOut += 1;
    }
    if (waiting.length > 0 || leftOut > 0) timer ??= clock.after(ITEM_MS, give);
  });
  return () => {
    stop();
    timer?.cancel();
  };
}

/** Of this process, or a line that it wrote. */
function isOf(event: HostEvent, pid: number): boolean {
  if ('process' in event && event.process !== undefined) return event.process.pid === pid;
  return event.type === 'log-line' && event.pid === pid;
}
