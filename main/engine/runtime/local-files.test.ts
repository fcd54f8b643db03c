import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ForeignFileSystemError, LocalFiles } from './local-files.ts';
import { MountTree, parseMountinfo } from './mountinfo.ts';

const ROOT = '27 1 8:1 / / rw - ext4 /dev/sda1 rw';
const line = (id: number, parent: number, place: string, kind: string, device = `0:${id}`, root = '/') =>
  `${id} ${parent} ${device} ${root} ${place} rw - ${kind} x rw`;
const tree = (...lines: readonly string[]) => new MountTree(parseMountinfo([ROOT, ...lines].join('\n')));

describe('MountTree', () => {
  it('goes the way that the kernel goes', () => {
    const mounts = tree(
      line(40, 27, '/home', 'ext4'),
      line(41, 40, '/home/ann/box', 'fuse.sshfs'),
      line(42, 41, '/home/ann/box/disk', 'ext4'),
      line(43, 40, '/home/bob/disk', 'ext4'),
      // Mounted over a folder in which something was mounted before, which nobody reaches any more.
      line(44, 40, '/home/bob', 'fuse'),
      line(45, 27, '/net', 'autofs'),
      line(46, 45, '/net/share', 'ext4'),
    );
    const foreign = ['/home/ann/box', '/home/ann/box/x', '/home/ann/box/disk/x', '/home/bob/disk/x', '/net/other'];
    const own = ['/', '/home/ann', '/home/ann/boxes', '/home/bobby', '/net/share/x', '/usr/bin/x'];
    expect(foreign.filter((path) => !mounts.isForeign(path))).toEqual([]);
    expect(own.filter((path) => mounts.isForeign(path))).toEqual([]);
  });

  it('does not mind what the computer itself is started from', () => {
    const mounts = new MountTree(parseMountinfo(line(1, 0, '/', '9p')));
    expect(mounts.isForeign('/home/ann')).toBe(false);
  });

  it('takes the last of those at one place, and no time for a table in a circle', () => {
    expect(
      tree(line(40, 27, '/a', 'fuse'), line(41, 40, '/a', 'tmpfs'))
        .wayTo('/a/b')
        .at(-1)?.id,
    ).toBe(41);
    const circle = new MountTree(parseMountinfo([line(1, 2, '/', 'ext4'), line(2, 1, '/', 'ext4')].join('\n')));
    expect(circle.isForeign('/x')).toBe(false);
  });

  it('knows one place by its names in two namespaces', () => {
    const ours = tree(line(40, 27, '/tmp', 'tmpfs'));
    const service = tree(line(50, 27, '/tmp', 'tmpfs', '0:40', '/systemd-private/tmp'));
    const container = new MountTree(parseMountinfo('60 1 0:60 / / rw - overlay overlay rw'));
    expect(service.placeOf('/usr/bin/x')).toBe(ours.placeOf('/usr/bin/x'));
    expect(service.placeOf('/tmp/x')).toBe(ours.placeOf('/tmp/systemd-private/tmp/x'));
    expect(container.placeOf('/usr/bin/x')).not.toBe(ours.placeOf('/usr/bin/x'));
    expect(new MountTree([]).placeOf('/x')).toBeUndefined();
  });
});

describe('LocalFiles', () => {
  let folder: string;
  let table: string;
  let nowMs: number;
  let files: LocalFiles;

  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'local-files-'));
    for (const name of ['own/deep', 'dead']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'own/deep/a'), 'text');
    writeFileSync(join(folder, 'dead/b'), 'text');
    table = [ROOT, line(40, 27, join(folder, 'dead'), 'fuse')].join('\n');
    nowMs = 0;
    files = new LocalFiles({ readMounts: () => table, monotonicMs: () => nowMs });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('looks at what is here', () => {
    expect(files.lstat(join(folder, 'own/deep/a'))?.size).toBe(4);
    const file = files.open(join(folder, 'own/deep/a'));
    expect(readFileSync(file, 'utf8')).toBe('text');
    closeSync(file);
    expect(files.lstat('/')?.isDirectory()).toBe(true);
    expect(files.lstat(`${folder}/`)?.isDirectory()).toBe(true);
    expect(files.lstat(join(folder, 'none'))).toBeUndefined();
    expect(files.lstat(join(folder, 'none/deeper'))).toBeUndefined();
    expect(() => files.open(join(folder, 'none'))).toThrow('ENOENT');
    expect(() => files.open(join(folder, 'own'))).toThrow('no regular file');
  });

  it('touches nothing that others serve, and nothing that a link leads there from', () => {
    symlinkSync(join(folder, 'dead/b'), join(folder, 'own/link'));
    symlinkSync('../dead', join(folder, 'own/folder'));
    for (const path of ['dead', 'dead/b', 'own/folder/b', 'own/link']) {
      expect(() => files.stat(join(folder, path)), path).toThrow(ForeignFileSystemError);
    }
    expect(files.lstat(join(folder, 'own/link'))?.isSymbolicLink()).toBe(true);
    expect(files.lstat(join(folder, 'own/folder/b'))).toBeUndefined();
    expect(() => files.lstat(join(folder, 'own/folder/b'), 'folders')).toThrow(ForeignFileSystemError);
  });

  it('follows links that stay here, and not for ever', () => {
    symlinkSync('own/./deep/..', join(folder, 'short'));
    symlinkSync(join(folder, 'short/deep/a'), join(folder, 'long'));
    symlinkSync('round', join(folder, 'round'));
    expect(files.stat(join(folder, 'long'))?.size).toBe(4);
    expect(files.lstat(join(folder, 'short/deep/a'), 'folders')?.size).toBe(4);
    expect(files.reach(join(folder, 'short/deep/a'), 'all', (_entry, real) => real)).toBe(join(folder, 'own/deep/a'));
    expect(() => files.stat(join(folder, 'round'))).toThrow('too many links');
  });

  it('learns of what was mounted since', () => {
    expect(files.isForeign(join(folder, 'own'))).toBe(false);
    table += `\n${line(41, 27, join(folder, 'own'), 'nfs4')}`;
    nowMs += 1_000;
    expect(files.isForeign(join(folder, 'own'))).toBe(true);
    table = ROOT;
    expect(files.isForeign(join(folder, 'own'))).toBe(true);
    files.forget();
    expect(files.isForeign(join(folder, 'own'))).toBe(false);
  });
});
