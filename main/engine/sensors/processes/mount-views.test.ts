import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalFiles } from '../../runtime/local-files.ts';
import { MountViews } from './mount-views.ts';

const OURS = '27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:30 / /tmp rw - tmpfs tmpfs rw';
const SERVICE = '57 1 8:1 / / rw - ext4 /dev/sda1 rw\n58 57 0:30 /private/tmp /tmp rw - tmpfs tmpfs rw';
const CONTAINER =
  '67 1 0:60 / / rw - overlay overlay rw\n68 67 0:61 / /data rw - fuse.sshfs x rw\n69 67 8:1 /srv/web /web rw - ext4 /dev/sda1 rw';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mount-views-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function runs(pid: string, namespace: number, mounts: string): void {
  mkdirSync(join(folder, pid, 'ns'), { recursive: true });
  symlinkSync(`mnt:[${namespace}]`, join(folder, pid, 'ns/mnt'));
  writeFileSync(join(folder, pid, 'mountinfo'), mounts);
}

function readNamespace(path: string): number {
  return Number(/\d+/.exec(readlinkSync(path))?.[0]);
}

function views(): (path: string, pid: number, namespace?: number) => string {
  runs('self', 1, OURS);
  runs('10', 1, OURS);
  runs('20', 2, SERVICE);
  runs('30', 3, CONTAINER);
  const files = new LocalFiles({ readMounts: () => OURS });
  const all = new MountViews({ folder, files, monotonicMs: () => 0, readNamespace });
  return (path, pid, namespace = all.namespaceOf(pid)) => all.ownerOf(path, pid, namespace);
}

it('knows whose file a path is', () => {
  const owner = views();
  expect(owner('/usr/bin/x', 10)).toBe('here');
  // A service whose folders are this computer's, but for its own /tmp.
  expect(owner('/usr/bin/x', 20)).toBe('here');
  expect(owner('/tmp/x', 20)).toBe('elsewhere');
  expect(owner('/usr/bin/x', 30)).toBe('elsewhere');
  expect(owner('/web/x', 30)).toBe('elsewhere');
  expect(owner('/data/x', 30)).toBe('unreachable');
});

it('remembers what one that ended saw, and touches nothing where nobody knows', () => {
  const owner = views();
  expect(owner('/usr/bin/x', 30)).toBe('elsewhere');
  rmSync(join(folder, '30'), { recursive: true });
  expect(owner('/usr/bin/x', 30, 3)).toBe('elsewhere');
  expect(owner('/usr/bin/x', 40, 4)).toBe('unreachable');
  // Gone before it was asked for its namespace.
  expect(owner('/usr/bin/x', 40)).toBe('here');
});

it('sees what a container mounts while it begins', () => {
  const owner = views();
  runs('50', 5, OURS);
  expect(owner('/usr/bin/x', 50)).toBe('here');
  writeFileSync(join(folder, '50', 'mountinfo'), CONTAINER);
  expect(owner('/usr/bin/x', 50)).toBe('elsewhere');
});
