import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf, HostEventType } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { FileSensor, type FileSensorOptions } from './sensor.ts';
import { MountNamespace, whyNoNamespace } from './testing/namespace.ts';

const obstacle = whyNoNamespace();
if (obstacle !== undefined) console.log(`File sensor tests are skipped: ${obstacle}.`);

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function watch(options: Partial<FileSensorOptions> = {}) {
  const space = new MountNamespace();
  closing.push(() => space.close());
  const events: HostEvent[] = [];
  const health = new HealthRegistry();
  const sensor = new FileSensor({
    helperPath: space.helperPath,
    health,
    onlyMountPoints: [space.mountPoint],
    excludedPaths: [join(space.mountPoint, 'own')],
    onEvents: (news) => events.push(...news),
    ...options,
  });
  closing.push(() => sensor.stop());
  sensor.start();
  await expect.poll(() => sensor.fileSystems.map(({ state }) => state), { timeout: 45_000 }).toContain('watched');
  const at = (name: string): string => join(space.mountPoint, name);
  const of = <T extends HostEventType>(type: T, name: string): HostEventOf<T> | undefined =>
    events.find((event): event is HostEventOf<T> => event.type === type && 'path' in event && event.path === at(name));
  const entry = () => health.report().entries.find(({ part }) => part === 'files');
  return { space, sensor, events, at, of, entry };
}

describe.skipIf(obstacle !== undefined)('files by fanotify', () => {
  it('tells what is created, written, renamed, changed, executed and removed, by whom, and how the file is', async () => {
    const { space, events, at, of, entry } = await watch();
    space.run(`mkdir -p folder own && echo hello > folder/new && sleep 0.05 && chmod 4755 folder/new
      sleep 0.05 && mv folder/new folder/renamed && ln -s /dev/null link && touch -d 2001-01-01 folder/renamed
      echo no > own/news && cp /bin/true folder/program && folder/program && mv folder moved && sleep 0.05
      echo more >> moved/renamed && rm -r moved`);
    await expect.poll(() => of('file-deleted', 'moved'), { timeout: 45_000 }).toBeDefined();
    expect(of('file-created', 'folder')).toMatchObject({ file: { kind: 'directory' } });
    expect(of('file-created', 'folder/new')?.process).toMatchObject({
      name: 'sh',
      image: expect.stringMatching(/sh$/),
    });
    expect(of('file-written', 'folder/new')?.file).toMatchObject({ kind: 'file', sizeBytes: 6, uid: 0 });
    expect(of('file-attributes', 'folder/new')).toMatchObject({
      changed: ['mode'],
      before: { mode: 0o644, uid: 0 },
      file: { mode: 0o4755 },
    });
    expect(of('file-renamed', 'folder/renamed')).toMatchObject({ previousPath: at('folder/new') });
    expect(of('file-created', 'link')).toMatchObject({ linkTarget: '/dev/null', file: { kind: 'symlink' } });
    expect(of('file-executed', 'folder/program')).toMatchObject({ file: { mode: 0o755 } });
    expect(of('file-renamed', 'moved')).toMatchObject({ previousPath: at('folder'), file: { kind: 'directory' } });
    // The folder's new name is used from then on.
    expect(of('file-written', 'moved/renamed')).toBeDefined();
    expect(of('file-deleted', 'moved/program')).toBeDefined();
    expect(events.filter((event) => 'path' in event && event.path?.startsWith(at('own/')))).toEqual([]);
    await expect.poll(() => entry()?.counters?.told, { timeout: 45_000 }).toBe(events.length);
    expect(entry()).toMatchObject({ state: 'ok', counters: { overflows: 0, unresolved: 0, watched: 1 } });
  });

  it('does the same with what kernels before 5.17 offer', async () => {
    const { space, at, of, entry } = await watch({ method: 'basic' });
    space.run(`echo one > a && sleep 0.05 && mv a b && sleep 0.05 && chmod 600 b && sleep 0.05 && rm b`);
    await expect.poll(() => of('file-deleted', 'b'), { timeout: 45_000 }).toBeDefined();
    expect(of('file-created', 'a')).toBeDefined();
    expect(of('file-written', 'a')?.file).toMatchObject({ sizeBytes: 4 });
    expect(of('file-renamed', 'b')).toMatchObject({ previousPath: at('a') });
    expect(of('file-attributes', 'b')).toMatchObject({ file: { mode: 0o600 }, before: { mode: 0o644 } });
    expect(entry()).toMatchObject({ state: 'degraded', detail: expect.stringContaining('5.17') });
  });

  it('sees every one of 50,000 files, and joins what is written again and again', async () => {
    const { space, sensor, events, entry } = await watch();
    const written = new Set<string>();
    const count = 50_000;
    space.run(`seq ${count} | split -l 1 -a 4 - f`);
    const names = () => {
      for (const event of events.splice(0)) if (event.type === 'file-written') written.add(event.path);
      return written.size;
    };
    await expect.poll(names, { timeout: 45_000 }).toBe(count);
    expect(sensor.counts.overflows).toBe(0);
    space.run('for i in $(seq 2000); do echo $i >> one; done');
    const times = () =>
      events.reduce((sum, event) => sum + (event.type === 'file-written' ? (event.times ?? 1) : 0), 0);
    // The kernel joins some itself; what is told ends with the last write.
    await expect.poll(times, { timeout: 45_000 }).toBeGreaterThan(1);
    await expect.poll(() => sizes(events).at(-1), { timeout: 45_000 }).toBe(8_893);
    expect(sizes(events).length).toBeLessThan(200);
    expect(entry()?.state).toBe('ok');
  });

  it('measures the content of what a process writes that goes through many files', async () => {
    const { space, of } = await watch();
    space.run('for i in 1 2 3 4 5 6; do head -c 20000 /dev/urandom > r$i; done; for i in 1 2; do seq 9999 > t$i; done');
    await expect.poll(() => of('file-written', 't2')?.file?.entropy, { timeout: 45_000 }).toBeLessThan(4);
    expect(of('file-written', 'r1')?.file).not.toHaveProperty('entropy');
  });

  it('watches file systems that come later, lets go of those that go, and keeps nobody from unmounting', async () => {
    const { space, sensor, of, at } = await watch({ onlyMountPoints: undefined });
    space.run('mkdir later && mount -t tmpfs tmpfs later');
    const later = () => sensor.fileSystems.find(({ mountPoint }) => mountPoint === at('later'))?.state;
    await expect.poll(later, { timeout: 45_000 }).toBe('watched');
    space.run('echo x > later/x');
    await expect.poll(() => of('file-written', 'later/x'), { timeout: 45_000 }).toBeDefined();
    space.run('sleep 0.1; umount later');
    await expect.poll(later, { timeout: 45_000 }).toBeUndefined();
  });

  it('goes on watching a file system over which somebody mounts something of theirs', async () => {
    const { space, sensor, of } = await watch({ onlyMountPoints: undefined });
    space.run('mkdir later over && mount -t tmpfs tmpfs later');
    const later = () => sensor.fileSystems.filter(({ mountPoint }) => mountPoint.endsWith('/later'));
    await expect.poll(later, { timeout: 5_000 }).toMatchObject([{ state: 'watched' }]);
    space.run('echo x > later/known');
    await expect.poll(() => of('file-written', 'later/known'), { timeout: 5_000 }).toBeDefined();
    // From within: by its path nobody gets to it any more.
    space.run('cd later && mount --bind ../over . && echo x > hidden && sleep 0.3 && echo x > hidden-too');
    await expect.poll(() => of('file-written', 'later/hidden-too'), { timeout: 5_000 }).toBeDefined();
    expect(later()).toMatchObject([{ state: 'watched' }]);
    space.run('umount later; umount later');
    await expect.poll(later, { timeout: 5_000 }).toEqual([]);
  }, 30_000);

  it('tells who opens a watched file, also after another one took its name', async () => {
    const isSecret = (path: string): boolean => path.endsWith('/shadow');
    const { space, sensor, events, at } = await watch({
      // The folder of the test is not known before it is made.
      openings: { now: async () => [], has: isSecret },
    });
    const openings = () => events.filter(({ type }) => type === 'file-opened');
    space.run('echo root:x > shadow; echo plain > other');
    await expect.poll(() => sensor.counts.opens, { timeout: 5_000 }).toBe(1);
    space.run('cat other; cat shadow');
    await expect.poll(openings, { timeout: 5_000 }).toHaveLength(1);
    expect(openings()[0]).toMatchObject({
      path: at('shadow'),
      file: { kind: 'file' },
      process: { pid: expect.any(Number) },
    });
    space.run('echo root:y > shadow.new; mv shadow.new shadow');
    await expect.poll(() => sensor.counts.opens, { timeout: 5_000 }).toBe(2);
    // One that lives long enough to be looked up, and opens it twice.
    space.run('exec 3< shadow; cat <&3; exec 4< shadow; sleep 0.2');
    await expect.poll(openings, { timeout: 5_000 }).toHaveLength(2);
    expect(openings()[1]).toMatchObject({ path: at('shadow'), process: { image: expect.stringMatching(/sh$/) } });
  }, 30_000);

  it('keeps three capabilities, filters its calls, and runs as nobody', async () => {
    const { sensor } = await watch();
    const status = readFileSync(`/proc/${sensor.helperPid}/status`, 'utf8');
    // CAP_DAC_READ_SEARCH (2), CAP_SYS_PTRACE (19), CAP_SYS_ADMIN (21).
    expect(status).toMatch(/^CapPrm:\t0000000000280004$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^Uid:\t65534\t65534/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });
});

function sizes(events: readonly HostEvent[]): (number | undefined)[] {
  return events.filter((event) => event.type === 'file-written').map(({ file }) => file?.sizeBytes);
}
