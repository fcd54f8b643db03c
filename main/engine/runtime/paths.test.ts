import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureOwnDirectory, resolvePaths } from './paths.ts';

describe('resolvePaths', () => {
  const user = { environment: {}, userId: 1000, homeDirectory: '/home/ada' };

  it('follows the hierarchy standard for root', () => {
    expect(resolvePaths({ ...user, userId: 0, homeDirectory: '/root' })).toEqual({
      dataDirectory: '/var/lib/holdfast',
      runtimeDirectory: '/run/holdfast',
      logDirectory: '/var/lib/holdfast/logs',
      databaseFile: '/var/lib/holdfast/holdfast.db',
      settingsFile: '/var/lib/holdfast/settings.yaml',
      configFile: '/etc/holdfast/config.yaml',
    });
  });

  it('follows XDG for others, and ignores relative variables', () => {
    const environment = { XDG_DATA_HOME: 'here', XDG_RUNTIME_DIR: '/run/user/1000', XDG_CONFIG_HOME: '/cfg' };
    expect(resolvePaths({ ...user, environment })).toMatchObject({
      dataDirectory: '/home/ada/.local/share/holdfast',
      runtimeDirectory: '/run/user/1000/holdfast',
      configFile: '/cfg/holdfast/config.yaml',
    });
    expect(resolvePaths(user).runtimeDirectory).toBe('/home/ada/.local/share/holdfast/run');
  });

  it('keeps everything below --data-dir', () => {
    const paths = resolvePaths({ ...user, userId: 0, dataDirectory: '/srv/h' });
    expect(paths).toMatchObject({ dataDirectory: '/srv/h', runtimeDirectory: '/srv/h/run' });
  });
});

describe('ensureOwnDirectory', () => {
  let place: string;

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'holdfast-paths-'));
  });

  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  it('makes private directories, and closes one that was open', () => {
    const path = join(place, 'a', 'b');
    ensureOwnDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(place, 'a')).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o755);
    ensureOwnDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('does not close a directory that is used for other things', () => {
    const shared = join(place, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'thesis.txt'), '');
    chmodSync(shared, 0o755);
    expect(() => ensureOwnDirectory(shared)).toThrow('holds what is not Holdfast’s');
    expect(statSync(shared).mode & 0o777).toBe(0o755);
    chmodSync(shared, 0o711);
    ensureOwnDirectory(shared);
    expect(statSync(shared).mode & 0o777).toBe(0o700);
  });

  it('closes a data directory of ours that somebody opened', () => {
    const data = join(place, 'data');
    mkdirSync(join(data, 'logs'), { recursive: true });
    writeFileSync(join(data, 'holdfast.db-wal'), '');
    chmodSync(data, 0o755);
    ensureOwnDirectory(data);
    expect(statSync(data).mode & 0o777).toBe(0o700);
  });

  it('refuses a symbolic link, a file, and a directory that everybody can write above', () => {
    mkdirSync(join(place, 'real'));
    symlinkSync(join(place, 'real'), join(place, 'link'));
    expect(() => ensureOwnDirectory(join(place, 'link'))).toThrow('is a symbolic link');
    writeFileSync(join(place, 'file'), '');
    expect(() => ensureOwnDirectory(join(place, 'file'))).toThrow('is not a directory');
    mkdirSync(join(place, 'open'));
    chmodSync(join(place, 'open'), 0o777);
    expect(() => ensureOwnDirectory(join(place, 'open', 'mine'))).toThrow('can be written by everybody');
  });

  it('refuses what belongs to somebody else', () => {
    const other = (process.geteuid?.() ?? 0) + 1;
    mkdirSync(join(place, 'theirs'));
    expect(() => ensureOwnDirectory(join(place, 'theirs'), 0o700, other)).toThrow('belongs to user');
  });

  it('says why a directory cannot be made', () => {
    expect(() => ensureOwnDirectory('/proc/holdfast')).toThrow('Cannot make /proc/holdfast');
  });
});
