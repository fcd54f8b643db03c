import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutputFile, writeFileWhole } from './output-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-output-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('createOutputFile', () => {
  it('puts the file in its place when it is complete, not before', () => {
    const path = join(folder, 'out.csv');
    writeFileSync(path, 'old');
    const file = createOutputFile(path);
    file.write('new ');
    file.write(new TextEncoder().encode('bytes'));
    expect(readFileSync(path, 'utf8')).toBe('old');
    file.finish();
    file.discard();
    expect(readFileSync(path, 'utf8')).toBe('new bytes');
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });

  it('leaves nothing when it is given up', () => {
    const file = createOutputFile(join(folder, 'out.csv'));
    file.write('half');
    file.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('writes directly to what is no ordinary file', () => {
    writeFileWhole('/dev/null', 'x');
    expect(existsSync('/dev/null')).toBe(true);
  });

  it('replaces a link, and leaves alone what it pointed to', () => {
    const path = join(folder, 'out.csv');
    writeFileSync(join(folder, 'other'), 'precious');
    symlinkSync('other', path);
    writeFileWhole(path, 'x');
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('precious');
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it('follows no link that was left where it writes first', () => {
    const path = join(folder, 'out.csv');
    writeFileSync(join(folder, 'other'), 'precious');
    symlinkSync('other', join(folder, `.out.csv.${process.pid}.part`));
    expect(() => writeFileWhole(path, 'x')).toThrow();
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('precious');
  });

  it('says why it cannot', () => {
    mkdirSync(join(folder, 'sub'));
    for (const [path, why] of [
      [join(folder, 'sub'), 'is a directory'],
      [join(folder, 'missing/out'), 'folder does not exist'],
      ['/dev/full', 'disk is full'],
    ] as const) {
      expect(() => writeFileWhole(path, 'x')).toThrow(new RegExp(why));
    }
  });
});
