import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { migrate } from '../migrate.ts';
import { askEvents, type EventFilter } from './event-queries.ts';
import { eventTable } from './event-table.ts';

const shell: HostProcessWithParents = { pid: 10, startedMs: 5, image: '/bin/bash', commandLine: 'bash' };
const child: HostProcessWithParents = { pid: 11, startedMs: 6, image: '/bin/ls', commandLine: 'ls', parent: shell };
const again: HostProcessWithParents = { ...child, startedMs: 99 };
const EVENTS: readonly HostEvent[] = [
  { type: 'process-start', timeMs: 5, process: shell },
  { type: 'process-start', timeMs: 6, process: child },
  { type: 'file-written', timeMs: 7, path: '/a', process: child },
  { type: 'file-deleted', timeMs: 8, path: '/a' },
  { type: 'process-exit', timeMs: 9, process: child, exitCode: 2 },
  { type: 'log-line', timeMs: 10, service: 'sshd', message: 'x', pid: 11 },
  { type: 'process-start', timeMs: 99, process: again },
];

let database: InstanceType<typeof Sqlite>;
beforeEach(() => {
  database = new Sqlite(':memory:');
  migrate(database, 0);
  const table = eventTable(database);
  for (const event of EVENTS) table.insert(event, event.timeMs);
});
afterEach(() => database.close());

const never = (): never => expect.fail('nothing is damaged');

function list(filter: Partial<EventFilter>) {
  const answer = askEvents(database, { ask: 'list', filter: { limit: 100, ...filter } }, () => false, never);
  if (answer.ask !== 'list') throw new Error('another answer');
  return { next: answer.page.next, events: answer.page.events.map(({ event }) => event) };
}
const ask = (question: Parameters<typeof askEvents>[1]) => askEvents(database, question, () => false, never);

describe('the list of events', () => {
  it('has the latest first, page by page', () => {
    expect(list({})).toEqual({ next: null, events: EVENTS.toReversed() });
    const { next, events } = list({ limit: 3 });
    expect(events).toEqual(EVENTS.slice(4).toReversed());
    expect(list({ before: next ?? 0 }).events).toEqual(EVENTS.slice(0, 4).toReversed());
  });

  it('can be of some types, of a process, of a time', () => {
    expect(list({ types: ['file-deleted', 'log-line'] }).events).toEqual([EVENTS[5], EVENTS[3]]);
    expect(list({ pid: 11, startedMs: 6, types: ['file-written', 'process-exit'] }).events).toEqual([
      EVENTS[4],
      EVENTS[2],
    ]);
    expect(list({ pid: 11 }).events).toHaveLength(5);
    expect(list({ sinceMs: 7, untilMs: 9 }).events).toEqual([EVENTS[3], EVENTS[2]]);
    expect(list({ types: [] }).events).toEqual([]);
  });

  it('stops when its time is over', () => {
    const answer = askEvents(database, { ask: 'list', filter: { limit: 9 } }, () => true, never);
    expect(answer).toEqual({ ask: 'list', page: { events: [], next: 8 } });
  });
});

describe('a process', () => {
  it('is known with its parents and its end', () => {
    expect(ask({ ask: 'process', name: { pid: 11, startedMs: 6 } })).toMatchObject({
      life: { process: child, startedMs: 6, endedMs: 9, exitCode: 2, signal: null },
    });
    expect(ask({ ask: 'process', name: { pid: 11, startedMs: 99 } })).toMatchObject({ life: { endedMs: null } });
    expect(ask({ ask: 'process', name: { pid: 12, startedMs: 6 } })).toEqual({ ask: 'process', life: null });
  });

  it('has its children after its end', () => {
    const answer = ask({ ask: 'children', name: { pid: 10, startedMs: 5 }, limit: 10 });
    expect(answer).toMatchObject({ lives: [{ process: again }, { process: child }] });
  });
});
