import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Canaries } from './canaries.ts';
import { homesOfPeople } from './homes.ts';

const NOW_MS = 1_700_000_000_000;
let root: string;
let home: string;
let data: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'canaries-'));
  home = join(root, 'home');
  data = join(root, 'data');
  for (const folder of [join(home, 'Documents'), join(home, 'Pictures'), data]) mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const canaries = (): Canaries => new Canaries({ dataDirectory: data, nowMs: () => NOW_MS, homes: () => [home] });

describe('Canaries', () => {
  it('lays hidden documents out in the folders that are there, and takes all of them away', () => {
    const first = canaries();
    expect(first.place([])).toMatchObject({ done: { length: 4 }, problems: [] });
    const [path] = first.all.map((each) => each.path);
    expect(readdirSync(join(home, 'Documents')).every((name) => name.startsWith('.'))).toBe(true);
    expect(statSync(path)).toMatchObject({ uid: statSync(home).uid, mtimeMs: NOW_MS - 120 * 86_400_000 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(first.place([])).toEqual({ done: [], problems: [] });
    // An engine that died leaves them known.
    const second = canaries();
    expect(second.all).toHaveLength(4);
    expect(second.remove()).toMatchObject({ done: { length: 4 }, problems: [] });
    expect([readdirSync(join(home, 'Documents')), readdirSync(join(home, 'Pictures')), canaries().all]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it('writes over nothing, and removes nothing that was changed', () => {
    const own = join(home, 'Documents', '.Accounts of the household.csv');
    writeFileSync(own, 'mine');
    const placed = canaries();
    expect(placed.place([]).problems).toEqual([{ path: own, reason: expect.stringContaining('already') }]);
    const [changed, missing, kept] = placed.all;
    writeFileSync(changed.path, 'encrypted');
    rmSync(missing.path);
    expect([changed, missing, kept].map((each) => placed.state(each))).toEqual(['changed', 'missing', 'placed']);
    expect(placed.remove()).toMatchObject({ done: [kept.path], problems: [{ path: changed.path }] });
    expect([readFileSync(own, 'utf8'), readFileSync(changed.path, 'utf8')]).toEqual(['mine', 'encrypted']);
    expect(placed.all).toEqual([]);
  });

  it('keeps those whose folder is away, and removes them when it is back', () => {
    const placed = canaries();
    placed.place([]);
    renameSync(join(home, 'Pictures'), join(root, 'away'));
    const { done, problems } = placed.remove();
    expect([done.length, problems.length]).toEqual([2, 2]);
    expect(problems[0].reason).toContain('not mounted');
    expect(canaries().all).toHaveLength(2);
    // A mount point without its disk is there, on another file system, and empty.
    mkdirSync(join(home, 'Pictures'));
    const list = join(data, 'canaries.json');
    const moved = JSON.parse(readFileSync(list, 'utf8')).map((each: { device: number }) => ({ ...each, device: -1 }));
    writeFileSync(list, JSON.stringify(moved));
    expect(canaries().remove()).toMatchObject({ done: [], problems: { length: 2 } });
    rmSync(join(home, 'Pictures'), { recursive: true });
    renameSync(join(root, 'away'), join(home, 'Pictures'));
    expect(canaries().remove()).toMatchObject({ done: { length: 2 }, problems: [] });
    expect(canaries().all).toEqual([]);
  });

  it('follows no link, neither to place nor to remove', () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(home, 'Desktop'));
    const placed = canaries();
    expect(placed.place([]).problems).toHaveLength(2);
    expect(readdirSync(elsewhere)).toEqual([]);
    const { path } = placed.all[0];
    rmSync(path);
    symlinkSync(join(data, 'canaries.json'), path);
    placed.remove();
    expect(existsSync(join(data, 'canaries.json'))).toBe(true);
    expect(existsSync(path)).toBe(true);
  });

  it('writes nothing down of folders that are not there, nor of names that are taken', () => {
    rmSync(join(home, 'Documents'), { recursive: true });
    const own = join(home, 'Pictures', '.Accounts of the household.csv');
    writeFileSync(own, 'mine');
    const placed = canaries();
    expect(placed.place([])).toMatchObject({ done: { length: 1 }, problems: [{ path: own }] });
    expect(canaries().all).toEqual(placed.all);
    expect(placed.all.map(({ path }) => path)).not.toContain(own);
  });

  it('tells of folders that were named and are not there', () => {
    expect(canaries().place([join(root, 'share')]).problems).toMatchObject([{ path: expect.any(String) }, {}]);
  });

  it('takes a damaged list for none', () => {
    writeFileSync(join(data, 'canaries.json'), '[{"path":"relative"},3]');
    expect(canaries().all).toEqual([]);
  });
});

describe('homesOfPeople', () => {
  it('knows people from services', () => {
    const line = (name: string, uid: number, path: string) => `${name}:x:${uid}:${uid}::${path}:/bin/bash`;
    const passwd = [
      line('root', 0, '/root'),
      line('www', 33, home),
      line('nobody', 65_534, '/'),
      line('ann', 1_000, home),
    ];
    expect(homesOfPeople(passwd.join('\n'))).toEqual([home]);
  });
});
