import type { HandlersOf } from '../../../../contract/api.ts';
import type { EVENT_CALLS } from '../../../../contract/api-events.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { systemClock } from '../../runtime/clock.ts';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';
import { watchHostEvents } from '../host/host-event-feed.ts';
import { EventMatchRuns } from '../rules/event-matches.ts';

/** What the calls about events need of the engine. */
export interface EventAnswering {
  /** Throws before the start and after the stop. */
  store(): Store;
  /** Gives the function that takes the listener off again. */
  onHostEvents(listener: (events: readonly HostEvent[]) => void): () => void;
}

export function eventHandlers(engine: EventAnswering): HandlersOf<typeof EVENT_CALLS> {
  const runs = new EventMatchRuns();
  return {
    'events.list': async ({ cursor, ...filter }, { signal }) => {
      const page = await engine
        .store()
        .events.list(cursor === undefined ? filter : { ...filter, before: numberOf(cursor) }, signal);
      const events = page.events.map(({ id, event }) => ({ id: `e-${id}`, event }));
      return { events, next: page.next === null ? null : String(page.next) };
    },
    'events.watch': (watch, emit) =>
      watchHostEvents((listener) => engine.onHostEvents(listener), watch, emit, systemClock),
    'events.match': (input, emit) => {
      const { events } = engine.store();
      let end: (() => void) | undefined;
      let isOver = false;
      const begin = (): void => {
        if (isOver) return;
        try {
          end = runs.start({ ...input, path: events.path }, emit);
        } catch (error) {
          const failure = failureOf(error, 'match-failed', 'The log of the engine says more.');
          emit({ progress: 0, scanned: 0, damaged: 0, matches: [], total: 0, isDone: true, failure });
        }
      };
      void events.settle().then(begin);
      return () => {
        isOver = true;
        end?.();
      };
    },
  };
}

/** @throws FailureError `bad-cursor` */
function numberOf(cursor: string): number {
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  const hint = 'Give back "next" of the page before as it was.';
  throw new FailureError({ code: 'bad-cursor', message: 'This is no cursor of events.', hint });
}
