import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_EVENT_TYPES, type HostEvent, type HostProcessWithParents } from '../../../../contract/events.ts';
import type { DamagedRow } from '../damaged-rows.ts';
import { migrate } from '../migrate.ts';
import { EVENT_SHAPES, pathKey } from './event-codec.ts';
import { askEvents } from './event-queries.ts';
import { eventReader } from './event-reader.ts';
import { eventTable } from './event-table.ts';

let database: InstanceType<typeof Sqlite>;
beforeEach(() => {
  database = new Sqlite(':memory:');
  migrate(database, 0);
});
afterEach(() => database.close());

const HOSTILE = [
  "'; DROP TABLE event_files; --",
  '\u202egnp.exe',
  '\u0000\u001b[2J',
  '\ud800',
  '__proto__',
  '%s%n',
  '',
];
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...HOSTILE));
const number = fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((n) => (n === 0 ? 0 : n));
const facts = { requiredKeys: [] as [] };
const texts = fc.array(text, { maxLength: 4 });
const hashes = fc.record({ md5: text, sha256: text }, facts);
const single = fc.record(
  {
    pid: number,
    startedMs: number,
    image: text,
    name: text,
    commandLine: text,
    arguments: texts,
    user: text,
    uid: number,
    unit: text,
    container: text,
    package: text,
    hashes,
    isImageDeleted: fc.boolean(),
    standardStreams: fc.record({ input: fc.constantFrom('socket', 'null') }, facts),
  },
  { requiredKeys: ['pid', 'image', 'commandLine'] },
);
const process = fc
  .tuple(
    single,
    fc.option(single, { nil: undefined }),
    fc.option(fc.array(single, { maxLength: 3 }), { nil: undefined }),
  )
  .map(([own, parent, ancestors]) => ({ ...own, ...(parent && { parent }), ...(ancestors && { ancestors }) }));
const fields = fc.dictionary(text, text);
/** Every fact that any event has: which of them a type really has does not matter to how they are kept. */
const anything = fc.record(
  {
    process,
    target: single,
    environment: fields,
    fields,
    exitCode: number,
    signal: number,
    before: fc.record({ uid: number, mode: number }, facts),
    file: fc.record({ inode: number, sizeBytes: number, mode: number, kind: text, hashes, extra: text }, facts),
    changed: texts,
    linkTarget: text,
    previousPath: text,
    protocol: text,
    localAddress: text,
    localPort: number,
    remoteAddress: text,
    remotePort: number,
    address: text,
    port: number,
    answers: texts,
    user: text,
    isSuccess: fc.boolean(),
    service: text,
    sessionId: number,
    message: text,
    identifier: text,
    pid: number,
    name: text,
    isTainting: fc.boolean(),
    action: text,
    subject: text,
    content: text,
  },
  { requiredKeys: ['process'] },
);
const event = fc
  .tuple(fc.constantFrom(...HOST_EVENT_TYPES), number, text, anything)
  .map(([type, timeMs, path, more]) => ({ path, ...more, ...OWN[type], type, timeMs }) as unknown as HostEvent);

/** What means something else in some types. */
const OWN: Readonly<Record<string, object>> = {
  'log-line': { file: '/var/log/\ud800' },
  'audit-record': { serial: 7 },
  'device-change': { serial: '\ud800x' },
};
const never = (): never => expect.fail('nothing is damaged');

describe('an event in the database', () => {
  it('comes back as it was, whatever is in it', () => {
    const table = eventTable(database);
    const reader = eventReader(database, never);
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), (events) => {
        const first = table.next();
        for (const one of events) table.insert(one, 1);
        for (const [i, one] of events.entries()) {
          const found = reader.get(first + i);
          expect(found?.event).toEqual(one);
          expect(JSON.stringify(found?.event.type)).toBe(JSON.stringify(one.type));
        }
      }),
      { numRuns: 80 },
    );
  });

  it.each([
    '{',
    '',
    'null',
    '7',
    '[1]',
    '"x"',
    '{"fields":5}',
    '{"fields":{"a":1}}',
    '{"type":"login"}',
    '{"timeMs":9}',
    '{"message":{}}',
    '{"process":{"pid":1}}',
    `{"target":${'{"target":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
  ])('that is damaged (%j) is passed over, and its neighbours are read', (rest) => {
    const table = eventTable(database);
    const first = table.next();
    const odd = (timeMs: number): HostEvent => ({
      type: 'log-line',
      timeMs,
      service: 'x',
      message: 'm',
      fields: { a: 'b' },
    });
    for (const timeMs of [1, 2, 3]) table.insert(odd(timeMs), 1);
    database.prepare('UPDATE event_logs SET rest = ? WHERE id = ?').run(rest, first + 1);
    const filter = { limit: 10 };
    const damaged: DamagedRow[] = [];
    const answer = askEvents(
      database,
      { ask: 'list', filter },
      () => false,
      (row) => damaged.push(row),
    );
    expect(damaged).toEqual([{ table: 'events', row: first + 1 }]);
    expect(answer).toMatchObject({ page: { events: [{ event: odd(3) }, { event: odd(1) }] } });
  });

  it('is read with what is left of its process, where that is damaged', () => {
    const table = eventTable(database);
    const first = table.next();
    table.insert({ type: 'process-start', timeMs: 5, process: shell }, 1);
    for (const rest of ['{', '{"arguments":7}', '{"image":7,"name":"x"}', '{"standardStreams":[]}']) {
      database.prepare('UPDATE event_processes SET rest = ?').run(rest);
      const damaged: DamagedRow[] = [];
      const found = eventReader(database, (row) => damaged.push(row)).get(first)?.event;
      const { arguments: _arguments, ...left } = shell;
      expect(found).toEqual({ type: 'process-start', timeMs: 5, process: left });
      expect(damaged).toHaveLength(2);
    }
  });

  it('has a code of its own for every type', () => {
    const codes = HOST_EVENT_TYPES.map((type) => EVENT_SHAPES[type].code);
    expect(new Set(codes).size).toBe(HOST_EVENT_TYPES.length);
  });

  it('is refused when nobody knows its type', () => {
    const table = eventTable(database);
    expect(() => table.insert({ type: 'moon-phase', timeMs: 1 } as unknown as HostEvent, 1)).toThrow('moon-phase');
  });
});

const shell: HostProcessWithParents = {
  pid: 10,
  startedMs: 5,
  image: '/bin/bash',
  commandLine: 'bash -c true',
  arguments: ['bash', '-c', 'true'],
  parent: { pid: 1, startedMs: 1, image: '/sbin/init', commandLine: 'init' },
};
const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

describe('a process', () => {
  it('is written once for all its events, by the object and by what it says', () => {
    const table = eventTable(database);
    for (let i = 0; i < 50; i++) {
      table.insert({ type: 'file-written', timeMs: i, path: `/a/${i}`, process: shell }, 1);
      table.insert({ type: 'file-written', timeMs: i, path: `/b/${i}`, process: structuredClone(shell) }, 1);
    }
    expect(count('event_processes')).toBe(2);
    expect(count('event_texts')).toBe(2);
    const { rest } = database.prepare('SELECT rest FROM event_processes WHERE pid = 10').get() as { rest: string };
    expect(rest).toBe('{"arguments":1}');
  });

  it('is told in the row of its start how it ended', () => {
    const table = eventTable(database);
    table.insert({ type: 'process-start', timeMs: 5, process: shell }, 1);
    table.forget();
    table.insert({ type: 'process-exit', timeMs: 9, exitCode: 3, process: shell }, 1);
    const { ended_ms, exit_code } = database.prepare('SELECT * FROM event_starts').get() as Record<string, unknown>;
    expect([ended_ms, exit_code]).toEqual([9, 3]);
  });

  it('is written anew after a rollback', () => {
    const table = eventTable(database);
    const failing = database.transaction(() => {
      table.insert({ type: 'process-start', timeMs: 5, process: shell }, 1);
      throw new Error('no room');
    });
    expect(failing).toThrow('no room');
    table.forget();
    const first = table.next();
    table.insert({ type: 'process-start', timeMs: 5, process: shell }, 1);
    expect(eventReader(database, never).get(first)?.event).toEqual({
      type: 'process-start',
      timeMs: 5,
      process: shell,
    });
  });
});

describe('removing', () => {
  it('goes by the number, and takes what no event has any more', () => {
    const table = eventTable(database);
    const many = (from: number, to: number) =>
      database.transaction(() => {
        for (let i = from; i < to; i++) {
          const process = { ...shell, pid: i % 50 };
          table.insert({ type: 'file-written', timeMs: i, path: '/a', process }, i);
        }
      })();
    many(0, 20_000);
    expect(table.count()).toBe(20_000);
    expect(table.storedBefore(0)).toBe(0);
    expect(table.storedBefore(5_000)).toBe(4_001);
    expect(table.storedBefore(50_000)).toBe(20_001);
    expect(table.removeBefore(4_001, 1_000_000)).toBeGreaterThanOrEqual(4_000);
    expect(table.count()).toBe(16_000);
    expect(table.oldest()).toBe(4_001);
    // Still in use.
    expect(table.removeMeanings(1_000)).toBe(0);
    const next = table.next();
    table.removeBefore(next, 1_000_000);
    expect(table.count()).toBe(0);
    // Numbers never come again, also not for who opens an empty database.
    expect(eventTable(database).next()).toBe(next);
  });
});

describe('the key of a path', () => {
  it('does not tell letters of ASCII by their case', () => {
    expect(pathKey('/ETC/Passwd')).toBe(pathKey('/etc/passwd'));
    expect(pathKey('/etc/passwd')).not.toBe(pathKey('/etc/shadow'));
  });
});
