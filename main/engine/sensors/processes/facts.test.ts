import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { LocalFiles } from '../../runtime/local-files.ts';
import { AppImages } from './app-images.ts';
import { capabilityNames } from './capabilities.ts';
import { HashCache } from './hashes.ts';
import { originOf, streamKind, terminalName } from './origin.ts';
import { isOfSystemPackage, isWorthIndexing, PackageIndex, packageByPlace } from './packages.ts';
import { readRunning } from './running.ts';
import { parsePasswd, UserNames } from './users.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-processes-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ID = 'ab'.repeat(32);

describe('originOf', () => {
  it.each([
    ['/system.slice/ssh.service', { unit: 'ssh.service' }],
    [`/system.slice/docker-${ID}.scope`, { unit: `docker-${ID}.scope`, container: ID }],
    [`/docker/${ID}`, { container: ID }],
    [`/kubepods.slice/pod1/cri-containerd-${ID}.scope/init`, { unit: `cri-containerd-${ID}.scope`, container: ID }],
    ['/lxc.payload.web/system.slice/nginx.service', { container: 'web', unit: 'nginx.service' }],
    ['/user.slice/user-1000.slice/app-flatpak-org.gimp.GIMP-77.scope', { flatpak: 'org.gimp.GIMP' }],
    ['/', {}],
    ['', {}],
  ])('reads %s', (cgroup, origin) => {
    expect(originOf(cgroup)).toMatchObject(origin);
  });
});

it('names terminals, streams and capabilities', () => {
  expect(['pts3', 'tty1', 'ptsx', ''].map(terminalName)).toEqual(['pts/3', 'tty1', 'ptsx', undefined]);
  const kinds = [
    { mode: 0o140777, device: 0 },
    { mode: 0o140777, device: 2 },
    { mode: 0o140777, device: 1 },
    { mode: 0o020620, device: (136 << 20) | 4 },
    { mode: 0o020666, device: (1 << 20) | 3 },
    { mode: 0o020666, device: (1 << 20) | 5 },
    { mode: 0o100644, device: 0 },
    { mode: 0, device: 0 },
  ].map(streamKind);
  expect(kinds).toEqual(['socket', 'socket', 'local-socket', 'terminal', 'null', 'other', 'file', undefined]);
  expect(capabilityNames((1n << 21n) | (1n << 40n) | (1n << 63n))).toEqual(['cap_sys_admin', 'cap_checkpoint_restore']);
});

describe('UserNames', () => {
  it('follows the file', () => {
    const clock = new ManualClock();
    const path = join(folder, 'passwd');
    writeFileSync(path, 'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n:x:5::\nbad:x:1e3:\n');
    const names = new UserNames(clock, path);
    expect([0, 5, 1000].map((uid) => names.nameOf(uid))).toEqual(['root', undefined, undefined]);
    writeFileSync(`${path}.new`, 'ann:x:1000:1000::/home/ann:/bin/sh\n');
    renameSync(`${path}.new`, path);
    expect(names.nameOf(1000)).toBeUndefined();
    clock.advance(5_000);
    expect([0, 1000].map((uid) => names.nameOf(uid))).toEqual([undefined, 'ann']);
  });

  it('takes any text', () => {
    expect(parsePasswd('\n:::\n\0\nname').size).toBe(0);
    expect(new UserNames(new ManualClock(), join(folder, 'nothing')).nameOf(0)).toBeUndefined();
  });
});

describe('PackageIndex', () => {
  it.each([
    ['/snap/firefox/123/usr/lib/firefox/firefox', 'snap:firefox'],
    ['/var/lib/flatpak/app/org.gimp.GIMP/x86_64/stable/abc/files/bin/gimp', 'flatpak:org.gimp.GIMP'],
    ['/home/anna/.local/share/flatpak/app/org.x.Y/current/active/files/bin/y', 'flatpak:org.x.Y'],
    ['/usr/bin/curl', undefined],
    ['/tmp/flatpak/app/org.gimp.GIMP/evil', undefined],
  ])('by place: %s', (image, owner) => {
    expect(packageByPlace(image)).toBe(owner);
  });

  it('vouches for what root installed, and for nothing that anybody can make', () => {
    const owners = ['dpkg:curl', 'rpm:curl', 'snap:firefox', 'flatpak:x', 'appimage:x', 'x', undefined];
    expect(owners.map(isOfSystemPackage)).toEqual([true, true, true, false, false, false, false]);
  });

  it('reads the lists of dpkg, and reads them again when they change', async () => {
    const clock = new ManualClock();
    const info = join(folder, 'var/lib/dpkg/info');
    mkdirSync(info, { recursive: true });
    writeFileSync(join(info, 'dash.list'), '/.\n/bin\n/bin/dash\n/usr/share/man/man1/dash.1.gz\n');
    writeFileSync(join(info, 'curl:amd64.list'), '/usr/bin/curl\n');
    const index = new PackageIndex(clock, { root: folder });
    expect(index.ownerOf('/usr/bin/curl')).toBeUndefined();
    await index.refresh();
    expect(['/usr/bin/curl', '/usr/bin/dash', '/usr/bin/vi'].map((path) => index.ownerOf(path))).toEqual([
      'dpkg:curl',
      'dpkg:dash',
      undefined,
    ]);
    expect(isWorthIndexing('/usr/share/man/man1/dash.1.gz')).toBe(false);
  });
});

describe('HashCache', () => {
  it('touches no program that others serve, and says how many', () => {
    const path = join(folder, 'served');
    writeFileSync(path, 'x');
    const mounts = `27 1 8:1 / / rw - ext4 a rw\n40 27 0:40 / ${realpathSync(folder)} rw - fuse b rw`;
    const files = new LocalFiles({ readMounts: () => mounts });
    const cache = new HashCache(files);
    const told: string[] = [];
    expect(cache.hashesOf(realpathSync(path), 0, () => told.push('told'))).toBeUndefined();
    expect(cache.notLookedAt).toBe(1);
    expect(new AppImages(undefined, files).nameOf(realpathSync(path))).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('hashes a program of another namespace by the process that runs it', async () => {
    const cache = new HashCache();
    const link = `/proc/${process.pid}/exe`;
    const sha256 = createHash('sha256').update(readFileSync(link)).digest('hex');
    const ask = () => cache.hashesOf('/usr/bin/not-here', statSync(link).ino, undefined, link);
    await expect.poll(ask, { timeout: 20_000 }).toEqual({ sha256 });
  }, 30_000);

  it('gives a hash a moment later, and another one for other content', async () => {
    const path = join(folder, 'program');
    const told: string[] = [];
    const cache = new HashCache();
    for (const content of ['one', 'two!']) {
      writeFileSync(path, content);
      const { ino } = statSync(path);
      for (let asker = 0; asker < 2; asker++) {
        expect(cache.hashesOf(path, ino, (later) => told.push(later.sha256 ?? ''))).toBeUndefined();
      }
      const sha256 = createHash('sha256').update(content).digest('hex');
      await expect.poll(() => cache.hashesOf(path, ino)).toEqual({ sha256 });
      expect(told.splice(0)).toEqual([sha256, sha256]);
    }
  });

  it('never gives the hash of another file, and hashes no link', async () => {
    const path = join(folder, 'replaced');
    writeFileSync(path, 'x');
    symlinkSync(path, join(folder, 'link'));
    const told: string[] = [];
    const cache = new HashCache();
    const ask = (image: string, inode: number) => cache.hashesOf(image, inode, () => told.push(image));
    expect(ask(path, statSync(path).ino + 1)).toBeUndefined();
    expect(ask(join(folder, 'link'), 0)).toBeUndefined();
    expect(ask('memfd:x', 0)).toBeUndefined();
    expect(ask(path, 0)).toBeUndefined();
    await expect.poll(() => told).toEqual([path]);
  });
});

it('knows this process among the running ones', () => {
  const running = readRunning(5);
  const own = running.find(({ pid }) => pid === process.pid);
  expect(own).toMatchObject({ parentPid: process.ppid, users: { uid: process.getuid?.() } });
  expect(own?.program?.arguments).toContain('\0');
  expect(own?.program?.image).toBe(process.execPath);
  expect(running.findIndex(({ pid }) => pid === 1)).toBeLessThan(running.indexOf(own ?? running[0]));
  expect(readRunning(0, folder)).toEqual([]);
});
