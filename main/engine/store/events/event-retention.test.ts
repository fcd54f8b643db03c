import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { DamagedRows } from '../damaged-rows.ts';
import { migrate } from '../migrate.ts';
import { RowReader } from '../row-reader.ts';
import { ROW_SHAPES } from '../row-shapes.ts';
import { MIGRATIONS } from '../schema.ts';
import { storeSettings } from '../store-settings.ts';
import { prepareTables } from '../tables.ts';
import { FlowStoreScene, START_MS } from '../testing.ts';
import { WaitingRows } from '../waiting-rows.ts';
import { EventQueue } from './event-queue.ts';
import { eventTable } from './event-table.ts';

const written = (i: number, changes: Partial<HostEvent> = {}): HostEvent =>
  ({ type: 'file-written', timeMs: START_MS + i, path: `/a/${i}`, ...changes }) as HostEvent;
const many = (count: number): readonly HostEvent[] => Array.from({ length: count }, (_, i) => written(i));

describe('events in the store', () => {
  let scene: FlowStoreScene;
  beforeEach(async () => {
    scene = await FlowStoreScene.open({ eventDays: 2, maximumEvents: 10_000 });
  });
  afterEach(async () => {
    await scene.store.hunt.close();
    scene.close();
  });

  it('are found at once, and go when they are old', async () => {
    scene.store.insertEvents(many(500));
    expect((await scene.store.events.list({ limit: 1_000 })).events).toHaveLength(500);
    expect(scene.store.statistics()).toMatchObject({ events: 500, storedEvents: 500, droppedEvents: 0 });
    scene.wait(1);
    expect(scene.store.statistics().events).toBe(500);
    scene.wait(1.5);
    expect(scene.store.statistics().events).toBe(0);
  });

  it('go when there are too many, the oldest first', async () => {
    scene.store.insertEvents(many(12_000));
    scene.store.flush();
    scene.clock.advance(60_000);
    expect(scene.store.statistics().events).toBe(10_000);
    const { events } = await scene.store.events.list({ limit: 1 });
    expect(events[0]?.event).toEqual(written(11_999));
  });

  it('of an unknown type are counted and hold up nobody', () => {
    scene.store.insertEvents([written(1, { type: 'moon-phase' } as never), written(2)]);
    scene.store.flush();
    expect(scene.store.statistics()).toMatchObject({ events: 1, storedEvents: 1, rejectedRows: 1 });
  });
});

describe('one turn of writing', () => {
  it('is short, and what fails is written again', () => {
    const database = new Sqlite(':memory:');
    migrate(database, 0);
    const tables = prepareTables(database, defaultsOf(storeSettings), new RowReader(ROW_SHAPES, new DamagedRows()));
    const rows = new WaitingRows(10, 10_000, new ManualClock(START_MS));
    rows.addEvents(many(5_000));
    rows.commitEvents(tables, database);
    expect(rows.events).toBe(4_500);
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    const full = { ...tables, events: { ...tables.events, insert: () => fail() } };
    expect(() => rows.commitEvents(full, database)).toThrow('disk');
    expect(rows.events).toBe(4_500);
    rows.commitEvents(tables, database);
    expect(tables.events.count()).toBe(1_000);
    database.close();
  });
});

function fail(): never {
  throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
}

describe('the queue of events', () => {
  it('gives up the oldest, by number and by text, and counts them', () => {
    const queue = new EventQueue(100);
    for (const event of many(150)) queue.push(event);
    expect([queue.length, queue.dropped]).toEqual([100, 50]);
    expect(queue.peek(1)).toEqual([written(50)]);
    const long = written(1, { path: 'x'.repeat(10_000_000) });
    for (let i = 0; i < 20; i++) queue.push(long);
    expect(queue.length).toBe(6);
    expect(queue.peek(100)).toHaveLength(1);
    queue.discard(100);
    expect(queue.length).toBe(0);
  });
});

describe('a database of the version before events', () => {
  it('keeps what it had, and takes events', () => {
    const database = new Sqlite(':memory:');
    const before = MIGRATIONS.filter(({ version }) => version < 10);
    migrate(database, 1, before);
    database.prepare('INSERT INTO captures (id, added_ms, body) VALUES (?, ?, ?)').run('c-1', 5, '{}');
    database.prepare("INSERT INTO settings (path, value, updated_ms) VALUES ('a', '1', 1)").run();
    expect(migrate(database, 2)).toBe(MIGRATIONS.at(-1)?.version);
    expect(database.prepare('SELECT id FROM captures').pluck().all()).toEqual(['c-1']);
    expect(database.prepare('SELECT path FROM settings').pluck().all()).toEqual(['a']);
    const table = eventTable(database);
    table.insert(written(1), 1);
    expect(table.count()).toBe(1);
    database.close();
  });
});
