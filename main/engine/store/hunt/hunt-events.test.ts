import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { HUNT_EVENT_TABLES } from '../../../../contract/hunt-event-tables.ts';
import { parseHunt } from '../../../../contract/hunt-language.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../index.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
let place: string;
let store: Store;

const init: HostProcessWithParents = { pid: 1, startedMs: 1, image: '/sbin/init', commandLine: 'init', user: 'root' };
const shell: HostProcessWithParents = {
  pid: 100,
  startedMs: NOW - 9_000,
  image: '/usr/bin/bash',
  commandLine: "bash -c 'curl http://x/'",
  user: 'ada',
  unit: 'session-3.scope',
  package: 'dpkg:bash',
  hashes: { sha256: 'abcd' },
  standardStreams: { input: 'socket' },
  parent: init,
};
const curl: HostProcessWithParents = {
  pid: 101,
  startedMs: NOW - 8_000,
  image: '/usr/bin/curl',
  commandLine: 'curl http://x/',
  user: 'ada',
  parent: shell,
  ancestors: [init],
};

const EVENTS: readonly HostEvent[] = [
  { type: 'process-start', timeMs: NOW - 9_000, process: shell },
  { type: 'process-start', timeMs: NOW - 8_000, process: curl },
  {
    type: 'file-written',
    timeMs: NOW - 7_500,
    path: '/etc/Passwd',
    process: curl,
    file: { sizeBytes: 42, mode: 0o104755 },
  },
  { type: 'file-renamed', timeMs: NOW - 7_400, path: '/home/ada/b', previousPath: '/home/ada/a' },
  {
    type: 'network-connection',
    timeMs: NOW - 7_300,
    direction: 'outbound',
    protocol: 'tcp',
    localAddress: '10.0.0.5',
    localPort: 50_000,
    remoteAddress: '203.0.113.7',
    remotePort: 4_444,
    process: curl,
    flowId: 's-7',
  },
  { type: 'dns-query', timeMs: NOW - 7_200, name: 'x.example', recordType: 'A', process: curl },
  { type: 'listener-opened', timeMs: NOW - 7_100, protocol: 'tcp', address: '0.0.0.0', port: 8_080, process: shell },
  { type: 'process-exit', timeMs: NOW - 7_000, exitCode: 6, process: curl },
  { type: 'log-line', timeMs: NOW - 6_000, service: 'sshd', message: "Failed password for 'root'; --", pid: 77 },
  { type: 'audit-record', timeMs: NOW - 5_900, recordType: 'EXECVE', serial: 9, fields: { a0: 'nc' } },
  { type: 'login', timeMs: NOW - 5_000, user: 'root', isSuccess: false, service: 'sshd', remoteAddress: '203.0.113.9' },
  { type: 'login', timeMs: NOW - 4_000, user: 'ada', isSuccess: true, service: 'sudo', targetUser: 'root' },
  { type: 'logout', timeMs: NOW - 3_000, user: 'ada', service: 'sudo' },
  {
    type: 'autostart-change',
    timeMs: NOW - 2_000,
    place: 'crontab',
    action: 'added',
    path: '/etc/cron.d/x',
    process: curl,
  },
  { type: 'account-change', timeMs: NOW - 1_000, subject: 'user', action: 'added', name: 'eve' },
];

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-hunt-events-'));
  const path = join(place, 'd', 'holdfast.db');
  const settings = defaultsOf(storeSettings);
  store = await openStore({
    path,
    clock: { ...systemClock, nowMs: () => NOW },
    health: new HealthRegistry(),
    settings,
  });
  store.insertEvents(EVENTS);
});

afterAll(async () => {
  await store.hunt.close();
  store.close();
  rmSync(place, { recursive: true });
});

async function run(text: string, source = 'live') {
  const { query, problems } = parseHunt(text);
  if (query === null) throw new Error(`${text}: ${problems[0]?.message}`);
  return store.hunt.run({ query, source, limit: 100, nowMs: NOW });
}

describe('hunting through events', () => {
  it.each<[string, number]>([
    ['processes', 2],
    ['processes where program = "/USR/bin/curl"', 1],
    ['processes where program endswith "/curl" and parent = "/usr/bin/bash"', 1],
    ['processes where program != "/usr/bin/curl"', 1],
    ['processes where not program contains "curl"', 1],
    ['processes where pid = 101 or pid = 7', 1],
    ['processes where pid in (100, 101)', 2],
    ['processes where pid > 100', 1],
    ['processes where user = ADA and command contains "HTTP://"', 2],
    ['processes where exitCode = 6 and duration = 1s', 1],
    ['processes where exitCode != 6', 1],
    ['processes where unit = "session-3.scope" and package startswith "dpkg:" and sha256 = abcd and input = socket', 1],
    ['processes where parentCommand = init and parentPid = 1', 1],
    ['processes where container = ""', 2],
    ['files where path = "/etc/passwd"', 1],
    ['files where path in ("/etc/passwd", "/home/ada/b")', 2],
    ['files where path != "/etc/passwd"', 1],
    ['files where path startswith "/home/" and otherPath endswith "/a" and event = renamed', 1],
    ['files where event in (written, renamed)', 2],
    ['files where event contains "name"', 1],
    ['files where mode = 4755 and size = 42', 1],
    ['files where program = "/usr/bin/curl"', 1],
    ['files where program != "/usr/bin/curl"', 1],
    ['files where user = root', 0],
    ['connections where remote = 203.0.113.7', 1],
    ['connections where remote in 203.0.113.0/24', 1],
    ['connections where host = 10.0.0.5 and port = 4444 and transport = tcp', 1],
    ['connections where event = dns and name = "X.example"', 1],
    ['connections where event = listener-opened and localPort = 8080 and program contains bash', 1],
    ['connections where flow = s-7', 1],
    ['logs where service = sshd and message contains "failed password"', 1],
    ['logs where service = auditd and message contains "nc"', 1],
    ['logins where result = failure and address in 203.0.113.0/24', 1],
    ['logins where target = root', 1],
    ['logins where event = logout', 1],
    ['changes where event = autostart and place = crontab and program endswith curl', 1],
    ['changes where subject = eve and action = added', 1],
    ['processes since 8500ms', 1],
    ['files where path = "\'; DROP TABLE event_files; --"', 0],
  ])('finds where %s', async (text, expected) => {
    const { rows, timeline } = await run(text.replace('8500ms', '2026-11-22T11:59:51.500Z'));
    expect(rows).toHaveLength(expected);
    expect(timeline.reduce((sum, step) => sum + step.rows, 0)).toBe(expected);
  });

  it.each(
    HUNT_EVENT_TABLES.flatMap(({ name, fields }) =>
      fields.filter(({ type }) => type !== 'time').map((field) => [name, field] as const),
    ),
  )('knows the fields of %s', async (table, field) => {
    const { rows } = await run(`${table} | count by ${field.name}`);
    expect(rows.length).toBeGreaterThan(0);
    if (!field.isMany) expect((await run(`${table} sort by ${field.name}`)).rows.length).toBeGreaterThan(0);
    await store.hunt.values({ field: field.name, prefix: '', source: 'live' });
  });

  it('shows what happened in its words', async () => {
    const { rows, columns } = await run('files where event = written');
    expect(Object.fromEntries(columns.map(({ name }, i) => [name, rows[0]?.[i]]))).toMatchObject({
      event: 'written',
      path: '/etc/Passwd',
      program: '/usr/bin/curl',
      user: 'ada',
      pid: 101,
      size: 42,
    });
  });

  it('has nothing of captures, and completes values', async () => {
    expect((await run('processes', 'c-1')).rows).toEqual([]);
    expect(await store.hunt.values({ field: 'program', prefix: '/usr', source: 'live' })).toContain('/usr/bin/curl');
    expect(await store.hunt.values({ field: 'event', prefix: 'w', source: 'live' })).toEqual(['written']);
  });
});
