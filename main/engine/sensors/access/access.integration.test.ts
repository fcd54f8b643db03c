import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { DEFAULT_HELPER_PATH } from '../helper.ts';
import { AccessSensor } from './sensor.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../../../../native-helpers/sense', import.meta.url));
const REACH = `${FOLDER}/build/reach`;

/** Why it cannot be tried here; undefined when it can. */
function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!existsSync(DEFAULT_HELPER_PATH)) return 'native-helpers/sense is not built';
  try {
    execFileSync('make', ['--silent', '-C', FOLDER, 'build/reach'], { stdio: 'ignore' });
  } catch {
    return 'build/reach cannot be built';
  }
  try {
    execFileSync('timeout', ['0.5', DEFAULT_HELPER_PATH, 'access'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: Buffer };
    return status === 124 ? undefined : String(stderr).trim() || `the helper ended with ${status}`;
  }
}

const obstacle = whyNot();
if (obstacle !== undefined) console.log(`Access sensor tests are skipped: ${obstacle}.`);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function watch(ownPid?: number) {
  const events: HostEvent[] = [];
  const health = new HealthRegistry();
  const sensor = new AccessSensor({ health, ownPid, onEvents: (news) => events.push(...news) });
  ends.push(() => sensor.stop());
  sensor.start();
  await expect.poll(() => sensor.greeting, { timeout: 45_000 }).toBeDefined();
  const of = <T extends HostEvent['type']>(type: T) =>
    events.filter((event): event is HostEventOf<T> => event.type === type);
  const entry = () => health.report().entries.find(({ part }) => part === 'access');
  return { sensor, of, entry };
}

/** Has `build/reach` do it; the numbers of who did it and to whom. */
async function reach(how: string): Promise<readonly [by: number, target: number]> {
  const { stdout } = await run(REACH, [how]);
  const [by, target] = stdout.trim().split(' ').map(Number);
  return [by, target];
}

async function sleeper(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  ends.push(() => child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

describe.skipIf(obstacle !== undefined)('accesses', () => {
  it('watches all that this kernel can tell of, without any rights', async () => {
    const { sensor, of } = await watch();
    const [major, minor] = release().split('.').map(Number);
    expect(sensor.greeting).toMatchObject({
      seesMemory: major > 6 || (major === 6 && minor >= 14),
      // None can be loaded for a test: that the trace points are there and attached must do.
      seesModules: existsSync('/proc/modules'),
    });
    const status = readFileSync(`/proc/${sensor.helperPid}/status`, 'utf8');
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(status).toMatch(/^Uid:\t65534\t65534/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(of('module-load')).toEqual([]);
  });

  it('sees who traces another process, and takes no debugger with its own program for it', async () => {
    const { of, entry } = await watch();
    const own = await reach('traced-child');
    for (const how of ['attach', 'seize']) {
      const [by, target] = await reach(how);
      const ours = () => of('process-access').filter(({ process }) => process.pid === by);
      await expect.poll(() => ours().length, { timeout: 45_000 }).toBe(1);
      expect(ours()[0]).toMatchObject({
        access: 'trace',
        way: 'ptrace',
        process: { image: REACH, name: 'reach', euid: 0 },
        target: { pid: target, image: REACH },
      });
      expect(Math.abs((ours()[0].process.startedMs ?? 0) - Date.now())).toBeLessThan(60_000);
    }
    expect(of('process-access').filter(({ process }) => own.includes(process.pid))).toEqual([]);
    expect(entry()).toMatchObject({ state: 'ok', detail: expect.stringContaining('eBPF') });
  });

  it('sees memory being read and written, and nothing in what every ps reads', async ({ skip }) => {
    const { sensor, of } = await watch();
    if (sensor.greeting?.seesMemory !== true) skip();
    const quiet = await reach('environment');
    for (const [how, access, way] of [
      ['read', 'read-memory', 'process-vm'],
      ['write', 'write-memory', 'process-vm'],
      ['memory-read', 'read-memory', 'memory-file'],
      ['memory-write', 'write-memory', 'memory-file'],
    ]) {
      const [by, target] = await reach(how);
      const ours = () => of('process-access').filter(({ process }) => process.pid === by);
      await expect.poll(() => ours().length, { timeout: 45_000 }).toBe(1);
      expect(ours()[0]).toMatchObject({ access, way, target: { pid: target } });
    }
    expect(of('process-access').filter(({ process }) => quiet.includes(process.pid))).toEqual([]);
  });

  it('sees signals to the processes that it was told of, and no others', async () => {
    const [own, other] = await Promise.all([sleeper(), sleeper()]);
    const { of } = await watch(own.pid);
    for (const pid of [other.pid, own.pid])
      await run('/bin/sh', ['-c', `/bin/kill -STOP ${pid}; /bin/kill -CONT ${pid}`]);
    await expect.poll(() => of('process-signal').length, { timeout: 45_000 }).toBe(1);
    expect(of('process-signal')[0]).toMatchObject({
      signal: 19,
      process: { name: 'kill' },
      target: { pid: own.pid, image: expect.stringMatching(/sleep$|coreutils$|busybox$/) },
    });
  });
});
