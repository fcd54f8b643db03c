/** Permission events, only on a file system of the test's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthRegistry } from '../../runtime/health.ts';
import { type FileVerdict, VerdictGate } from './gate.ts';
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

async function askWithTrust() {
  const space = new MountNamespace();
  closing.push(() => space.close());
  const [requests, messages] = [[] as FileVerdictRequest[], [] as string[]];
  const at = (name: string): string => join(space.mountPoint, name);
  const gate = new VerdictGate({
    helperPath: space.helperPath,
    onlyMountPoints: [space.mountPoint],
    ownProcesses: [],
    deadlineMs: 1_000,
    timing: { firstPauseMs: 50 },
    trusted: { folders: [at('trusted/')], except: [at('trusted/own/')] },
    verdict: (request) => {
      requests.push(request);
      return 'deny';
    },
    onChange: () => {},
    onMessage: (_level, message) => messages.push(message),
  });
  closing.push(() => gate.stop());
  gate.start();
  await expect.poll(() => gate.isAsking, { timeout: 45_000 }).toBe(true);
  return { space, gate, requests, messages, at };
}

describe.skipIf(obstacle !== undefined)('programs of the system', () => {
  it('start while the engine stands still, and it is asked about all others', async () => {
    const { space, gate, requests, at } = await askWithTrust();
    space.run('mkdir trusted; cp /bin/true trusted/good; cp /bin/true bad');
    // The engine's thread waits for the shell: nobody but the helper can answer. Its first child is ours no more.
    expect(space.run('true; trusted/good; trusted/good; echo $?')).toBe('0\n');
    expect(requests).toEqual([]);
    expect(await space.start('trusted/good; ./bad 2>/dev/null; echo $?')).toBe('126\n');
    expect(requests.map(({ path }) => path)).toEqual([at('bad')]);
    await expect
      .poll(() => gate.counts, { timeout: 45_000 })
      .toMatchObject({ asked: 1, allowed: 0, denied: 1, known: 1, timeouts: 0 });
  });

  it('are those that root alone may change in a folder that is trusted', async () => {
    const { space, requests, at } = await askWithTrust();
    const names = ['trusted/of-another', 'trusted/of-group', 'trusted/of-all', 'trusted/own/it', 'trusted2/it'];
    space.run(`mkdir -p trusted/own trusted2; for n in ${names.join(' ')} trusted/deep; do cp /bin/true $n; done
      chown 1000 trusted/of-another; chmod g+w trusted/of-group; chmod o+w trusted/of-all; mv trusted/deep trusted/own2`);
    const started = names.map((name) => `${name} 2>/dev/null; echo $?`).join('; ');
    expect(await space.start(`trusted/own2; echo $?; ${started}`)).toBe(`0\n${'126\n'.repeat(names.length)}`);
    expect(requests.map(({ path }) => path)).toEqual(names.map(at));
  });

  it('start when the helper had to begin anew', async () => {
    const { space, gate, requests } = await askWithTrust();
    space.run('mkdir trusted; cp /bin/true trusted/good; cp /bin/true bad');
    const first = gate.helperPid;
    if (first === undefined) throw new Error('there is no helper');
    process.kill(first, 'SIGKILL');
    await expect.poll(() => gate.isAsking && gate.helperPid !== first, { timeout: 45_000 }).toBe(true);
    expect(await space.start('trusted/good; echo $?; ./bad 2>/dev/null; echo $?')).toBe('0\n126\n');
    expect(requests.length).toBe(1);
    await expect.poll(() => gate.counts, { timeout: 45_000 }).toMatchObject({ asked: 1, known: 1, timeouts: 0 });
  });

  it('are asked about while they are opened, where they are in custody', async () => {
    const { space, gate, requests, at } = await askWithTrust();
    space.run('mkdir trusted; echo secret > trusted/held');
    gate.guard(at('trusted/held'));
    await expect.poll(() => gate.counts.guarded, { timeout: 45_000 }).toBe(1);
    expect(await space.start('cat trusted/held 2>/dev/null; echo $?')).toBe('1\n');
    expect(requests.map(({ path, kind }) => [path, kind])).toEqual([[at('trusted/held'), 'open']]);
  });
});

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

  it('asks once about what others may change, too, as long as nobody does', async () => {
    const { space, sensor, requests, at } = await ask(({ path }) => (path.endsWith('bad') ? 'deny' : 'allow'));
    // Older than the tick of the clock that times of change are of.
    space.run('cp /bin/true it; cp /bin/true bad; chown 1000 it bad; sleep 0.3');
    expect(await space.start('./it; ./it; ./it; ./bad 2>/dev/null; ./bad 2>/dev/null; echo $?')).toBe('126\n');
    expect(requests.map(({ path }) => path)).toEqual([at('it'), at('bad'), at('bad')]);
    // Its time of change is another one at once, but not yet long enough ago.
    expect(await space.start('cp /bin/false it; ./it; ./it; sleep 0.3; ./it; ./it; echo $?')).toBe('1\n');
    expect(requests.slice(3).map(({ path }) => path)).toEqual([at('it'), at('it'), at('it')]);
    // Whoever has it open may write to it at any time.
    expect(await space.start('exec 9>>it; ./it 2>/dev/null; exec 9>&-; ./it; echo $?')).toBe('1\n');
    expect(requests.length).toBe(7);
    await expect.poll(() => sensor.verdictCounts.known, { timeout: 45_000 }).toBe(4);
    sensor.forgetVerdicts();
    const asked = () => space.start('./it; echo $?').then(() => requests.length);
    await expect.poll(asked, { timeout: 45_000 }).toBeGreaterThan(7);
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
    space.run("printf '#!/bin/sh\\n' > it; chmod 755 it; chown 1000 it");
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
