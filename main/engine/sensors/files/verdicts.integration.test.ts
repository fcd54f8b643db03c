/** Permission events, only on a file system of the test's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthRegistry } from '../../runtime/health.ts';
import type { FileVerdict } from './gate.ts';
import { FileSensor } from './sensor.ts';
import { MountNamespace, whyNoNamespace } from './testing/namespace.ts';
import type { FileVerdictRequest } from './verdict-records.ts';

const obstacle = whyNoNamespace();
if (obstacle !== undefined) console.log(`Tests of verdicts are skipped: ${obstacle}.`);

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function ask(verdict: (request: FileVerdictRequest) => FileVerdict | Promise<FileVerdict>, deadlineMs?: number) {
  const space = new MountNamespace();
  closing.push(() => space.close());
  const requests: FileVerdictRequest[] = [];
  const health = new HealthRegistry();
  const sensor = new FileSensor({
    helperPath: space.helperPath,
    health,
    onlyMountPoints: [space.mountPoint],
    verdict: (request) => {
      requests.push(request);
      return verdict(request);
    },
    verdictDeadlineMs: deadlineMs,
    onEvents: () => {},
  });
  closing.push(() => sensor.stop());
  sensor.start();
  await expect.poll(() => sensor.isAsking && sensor.fileSystems.length > 0, { timeout: 45_000 }).toBe(true);
  const at = (name: string): string => join(space.mountPoint, name);
  const entry = () => health.report().entries.find(({ part }) => part === 'files');
  return { space, sensor, requests, at, entry };
}

describe.skipIf(obstacle !== undefined)('verdicts before programs start', () => {
  it('stops what is denied, asks once about what is allowed, and again when it has changed', async () => {
    const { space, sensor, requests, at, entry } = await ask(({ path }) => (path.endsWith('bad') ? 'deny' : 'allow'));
    space.run('cp /bin/true good; cp /bin/true bad');
    // The first program of the shell is its child, which is ours no more.
    const result = await space.start(
      './good && ./good && ./good; ./bad 2>/dev/null; echo $?; cp /bin/false good; ./good; echo $?',
    );
    expect(result).toBe('126\n1\n');
    expect(requests.map(({ path, kind }) => [path, kind])).toEqual([
      [at('good'), 'execute'],
      [at('bad'), 'execute'],
      [at('good'), 'execute'],
    ]);
    expect(requests[0]).toMatchObject({ uid: 0, mode: 0o100755 });
    await expect
      .poll(() => sensor.verdictCounts, { timeout: 45_000 })
      .toMatchObject({ asked: 3, allowed: 2, denied: 1 });
    expect(sensor.verdictCounts.timeouts).toBe(0);
    expect(entry()).toMatchObject({ state: 'ok', detail: expect.stringContaining('before they start') });
  });

  it('asks about every start again when something else is denied', async () => {
    const denied = new Set<string>();
    const { space, sensor, at } = await ask(({ path }) => (denied.has(path) ? 'deny' : 'allow'));
    space.run('cp /bin/true it');
    expect(await space.start('./it; echo $?')).toBe('0\n');
    denied.add(at('it'));
    expect(await space.start('./it; echo $?')).toBe('0\n');
    sensor.forgetVerdicts();
    await expect.poll(() => space.start('./it 2>/dev/null; echo $?'), { timeout: 45_000 }).toBe('126\n');
  });

  it('is asked about opening a guarded file, whoever does it', async () => {
    const { space, sensor, requests, at } = await ask(() => 'deny');
    space.run('echo secret > held; echo free > other');
    sensor.guard(at('held'));
    await expect.poll(() => sensor.verdictCounts.guarded, { timeout: 45_000 }).toBe(1);
    expect(await space.start('cat other; cat held 2>/dev/null; echo $?')).toBe('free\n1\n');
    expect(requests.map(({ path, kind }) => [path, kind])).toEqual([[at('held'), 'open']]);
    sensor.unguard(at('held'));
    await expect.poll(() => sensor.verdictCounts.guarded, { timeout: 45_000 }).toBe(0);
    expect(await space.start('cat held')).toBe('secret\n');
  });

  it('lets go on what nobody answers, and after some of these all others at once; and everything when it ends', async () => {
    const { space, sensor } = await ask(() => new Promise(() => {}), 30);
    space.run('cp /bin/true it');
    expect(await space.start('for i in $(seq 60); do ./it || echo no; done; echo done')).toBe('done\n');
    const all = () => sensor.verdictCounts.timeouts + sensor.verdictCounts.crowded;
    await expect.poll(all, { timeout: 45_000 }).toBe(60);
    // Eight that wait; nobody is asked in the five seconds after that. A slow machine may take longer for the sixty.
    expect(sensor.verdictCounts.timeouts).toBeGreaterThanOrEqual(8);
    expect(sensor.verdictCounts.crowded).toBeGreaterThan(20);
    await sensor.stop();
    expect(await space.start('./it; echo $?')).toBe('0\n');
  });

  it('opens exactly what is asked about, however long its name is, and asks again about what nobody looked at', async () => {
    const contents: string[] = [];
    const { space, requests } = await ask(({ openAt = '' }) => {
      contents.push(readFileSync(openAt, 'utf8').slice(0, 4));
      return 'unknown';
    });
    // Longer than what is told at once (4,096 bytes with its record), shorter than PATH_MAX from here.
    const deep = 'd="$(printf "%0250d" 0)"; for i in $(seq 17); do mkdir -p "$d"; cd "$d"; done';
    space.run(`${deep}; cp /bin/true it`);
    expect(await space.start(`${deep}; ./it; ./it; echo $?`)).toBe('0\n');
    expect(requests.map(({ path, kind }) => [path, kind])).toEqual([
      ['', 'execute'],
      ['', 'execute'],
    ]);
    expect(contents).toEqual(['\x7fELF', '\x7fELF']);
  }, 30_000);

  it('tells what somebody may still write to', async () => {
    const { space, requests } = await ask(() => 'allow');
    space.run("printf '#!/bin/sh\\n' > it; chmod 755 it");
    // The kernel executes nothing that is open for writing, but asks first.
    await space.start('exec 9>>it; ./it 2>/dev/null; exec 9>&-; touch it; ./it; echo $?');
    expect(requests.map(({ isBeingWritten }) => isBeingWritten)).toEqual([true, false]);
  });

  it('allows what fails to be judged, and asks again', async () => {
    const { space, requests } = await ask(() => {
      throw new Error('no idea');
    });
    space.run('cp /bin/true it');
    expect(await space.start('./it; echo $?; ./it; echo $?')).toBe('0\n0\n');
    expect(requests.length).toBe(2);
  });
});
