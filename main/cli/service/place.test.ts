import { describe, expect, it } from 'vitest';
import { type FileSystem, whyUntrusted } from './place.ts';

interface Entry {
  readonly uid?: number;
  readonly mode?: number;
  readonly children?: readonly string[];
  readonly target?: string;
}

/** A tree in memory: /opt/holdfast with what `extra` adds or changes. */
function files(extra: Readonly<Record<string, Entry>>): FileSystem {
  const entries: Record<string, Entry> = {
    '/': { children: ['opt'] },
    '/opt': { children: ['holdfast'] },
    '/opt/holdfast': { children: ['holdfast', 'dist'] },
    '/opt/holdfast/holdfast': { mode: 0o755 },
    '/opt/holdfast/dist': { children: ['engine.js'] },
    '/opt/holdfast/dist/engine.js': {},
    ...extra,
  };
  return {
    stat: (path) => {
      const entry = entries[path];
      if (entry === undefined) return undefined;
      const isDirectory = entry.children !== undefined;
      const mode = entry.mode ?? (isDirectory ? 0o755 : 0o644);
      return {
        uid: entry.uid ?? 0,
        mode,
        isDirectory: () => isDirectory,
        isSymbolicLink: () => entry.target !== undefined,
      };
    },
    list: (path) => entries[path]?.children ?? [],
    real: (path) => entries[path]?.target ?? path,
  };
}

describe('whyUntrusted', () => {
  it('trusts what root alone can change', () => {
    expect(whyUntrusted('/opt/holdfast', files({}))).toBeUndefined();
  });

  it.each([
    ['a folder above of somebody else', '/opt', { uid: 1000, children: ['holdfast'] }, '/opt belongs to user 1000'],
    ['a folder above that a group can write', '/opt', { mode: 0o775, children: ['holdfast'] }, '/opt can be written'],
    [
      'a sticky folder above, where others can make a name before root does',
      '/opt',
      { mode: 0o1777, children: ['holdfast'] },
      '/opt can be written by others',
    ],
    ['a launcher of somebody else', '/opt/holdfast/holdfast', { uid: 5 }, '/opt/holdfast/holdfast belongs to user 5'],
    ['code deep inside', '/opt/holdfast/dist/engine.js', { mode: 0o666 }, 'engine.js can be written by others'],
    ['a link out of the tree', '/opt/holdfast/dist/engine.js', { target: '/home/eve/x.js' }, 'leads out of'],
  ])('refuses %s', (_what, path, entry: Entry, why) => {
    expect(whyUntrusted('/opt/holdfast', files({ [path]: entry }))).toContain(why);
  });

  it('does not mind a link inside the tree, or the mode of a link', () => {
    const link = { target: '/opt/holdfast/holdfast', mode: 0o777 };
    expect(whyUntrusted('/opt/holdfast', files({ '/opt/holdfast/dist/engine.js': link }))).toBeUndefined();
  });
});
