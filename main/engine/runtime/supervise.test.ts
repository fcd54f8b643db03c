import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ChildExit,
  DEFAULT_TIMING,
  pauseMs,
  Supervisor,
  type SupervisorOptions,
  type SupervisorTiming,
} from './supervise.ts';

const QUICK: SupervisorTiming = {
  firstPauseMs: 5,
  longestPauseMs: 20,
  steadyAfterMs: 60_000,
  failuresUntilFailed: 3,
  stopTimeoutMs: 200,
};

const supervisors: Supervisor[] = [];
afterEach(async () => {
  await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
});

function shell(script: string, options: Partial<SupervisorOptions> = {}) {
  const exits: ChildExit[] = [];
  const pids: number[] = [];
  const supervisor = new Supervisor({
    plan: () => ({ file: '/bin/sh', args: ['-c', script] }),
    onStart: (pid) => pids.push(pid),
    onExit: (exit) => exits.push(exit),
    timing: QUICK,
    random: () => 0.5,
    ...options,
  });
  supervisors.push(supervisor);
  return { supervisor, exits, pids };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('pauseMs', () => {
  it('doubles up to the longest, and varies by a fifth', () => {
    const pauses = [1, 2, 3, 9, 1_000_000].map((failures) => pauseMs(failures, DEFAULT_TIMING, 0.5));
    expect(pauses).toEqual([250, 500, 1_000, 60_000, 60_000]);
    expect(pauseMs(1, DEFAULT_TIMING, 0)).toBe(200);
    expect(pauseMs(1, DEFAULT_TIMING, 0.999_999)).toBe(300);
  });
});

describe('Supervisor', () => {
  it('starts a child again after it ends, and says its last words', async () => {
    const { supervisor, exits } = shell('echo "cannot go on" >&2; exit 3');
    supervisor.start();
    await expect.poll(() => exits.length).toBeGreaterThan(2);
    expect(exits[0]).toMatchObject({ code: 3, signal: null, lastWords: 'cannot go on' });
    expect(supervisor.status.runs).toBeGreaterThan(1);
  });

  it('says that it failed after failures in a row, and tries on', async () => {
    const states: string[] = [];
    const { supervisor } = shell('exit 1', { onExit: () => states.push(supervisor.status.state) });
    supervisor.start();
    await expect.poll(() => states.length).toBeGreaterThan(4);
    expect(states.slice(0, 5)).toEqual(['waiting', 'waiting', 'failed', 'failed', 'failed']);
  });

  it('counts from the start after a steady run', async () => {
    const { supervisor, exits } = shell('exit 1', { timing: { ...QUICK, steadyAfterMs: 0 } });
    supervisor.start();
    await expect.poll(() => exits.length).toBeGreaterThan(3);
    expect(supervisor.status.failuresInARow).toBeLessThan(2);
  });

  it('does not try again after a final exit, until it is started', async () => {
    const { supervisor, exits } = shell('exit 77', { isFinal: (exit) => exit.code === 77 });
    supervisor.start();
    await expect.poll(() => exits.length).toBe(1);
    expect(supervisor.status.state).toBe('failed');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(exits.length).toBe(1);
    supervisor.start();
    await expect.poll(() => exits.length).toBe(2);
  });

  it('says when there is no such program or the run cannot be prepared', async () => {
    let released = 0;
    const release = () => {
      released++;
    };
    const missing = shell('', { plan: () => ({ file: '/nonexistent/helper', args: [], release }) });
    missing.supervisor.start();
    await expect.poll(() => missing.exits.length).toBeGreaterThan(0);
    expect(missing.exits[0]).toMatchObject({ code: null, lastWords: expect.stringContaining('ENOENT') });
    expect(missing.pids).toEqual([]);
    expect(released).toBeGreaterThan(0);

    const unprepared = shell('', {
      plan: () => {
        throw new Error('no pipe');
      },
    });
    unprepared.supervisor.start();
    await expect.poll(() => unprepared.exits.length).toBeGreaterThan(0);
    expect(unprepared.exits[0].lastWords).toBe('no pipe');
  });

  it('asks the child to end and waits for it', async () => {
    const { supervisor, exits, pids } = shell('trap "exit 0" TERM; while :; do sleep 0.01; done');
    supervisor.start();
    await expect.poll(() => pids.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const first = supervisor.stop();
    await Promise.all([first, supervisor.stop()]);
    expect(supervisor.status).toMatchObject({ state: 'stopped', pid: undefined });
    expect(exits).toMatchObject([{ code: 0 }]);
    expect(isAlive(pids[0])).toBe(false);
  });

  it('ends a child that does not end when asked', async () => {
    const { supervisor, exits, pids } = shell('trap "" TERM; while :; do sleep 0.01; done');
    supervisor.start();
    await expect.poll(() => pids.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await supervisor.stop();
    expect(exits).toMatchObject([{ code: null, signal: 'SIGKILL' }]);
    expect(isAlive(pids[0])).toBe(false);
  });

  it('starts no other run after it was stopped while waiting', async () => {
    const { supervisor, exits } = shell('exit 1', { timing: { ...QUICK, firstPauseMs: 400, longestPauseMs: 400 } });
    supervisor.start();
    await expect.poll(() => exits.length).toBe(1);
    await supervisor.stop();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(exits.length).toBe(1);
    expect(supervisor.status.state).toBe('stopped');
  });

  it('replaces a child that was kicked', async () => {
    const { supervisor, exits, pids } = shell('sleep 60');
    supervisor.start();
    await expect.poll(() => pids.length).toBe(1);
    supervisor.kick();
    await expect.poll(() => pids.length).toBe(2);
    expect(exits[0].signal).toBe('SIGKILL');
  });

  it('keeps only the last words of a child that talks without end', async () => {
    const { supervisor, exits } = shell('i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done');
    supervisor.start();
    await expect.poll(() => exits.length).toBeGreaterThan(0);
    expect(exits[0].lastWords.length).toBeLessThanOrEqual(2_000);
    expect(exits[0].lastWords).toMatch(/line 1999$/);
  });

  it('does not wait for a grandchild that holds standard error', async () => {
    const { supervisor, exits } = shell('sleep 2 & exit 5');
    supervisor.start();
    await expect.poll(() => exits.length, { timeout: 1_500 }).toBeGreaterThan(0);
    expect(exits[0].code).toBe(5);
  });

  it('hands on only what the plan says, in a process group of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-supervise-test-'));
    const file = join(folder, 'environment');
    process.env.HOLDFAST_TEST_SECRET = 'secret';
    try {
      const { supervisor, pids } = shell('', {
        plan: () => ({
          file: '/bin/sh',
          args: ['-c', 'env > "$FILE.new"; mv "$FILE.new" "$FILE"; sleep 60'],
          environment: { FILE: file },
        }),
      });
      supervisor.start();
      await expect.poll(() => existsSync(file)).toBe(true);
      expect(readFileSync(file, 'utf8')).not.toContain('secret');
      const group = Number(readFileSync(`/proc/${pids[0]}/stat`, 'utf8').split(') ')[1].split(' ')[2]);
      expect(group).toBe(pids[0]);
    } finally {
      delete process.env.HOLDFAST_TEST_SECRET;
      writeFileSync(file, '');
      rmSync(folder, { recursive: true });
    }
  });
});
