import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegularFile } from './open-regular.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-open-'));
  writeFileSync(join(folder, 'file'), 'content');
});
afterEach(() => rmSync(folder, { recursive: true }));

function contentOf(path: string, followsLinks?: boolean): string {
  const descriptor = openRegularFile(path, followsLinks);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

test('a regular file is opened', () => {
  expect(contentOf(join(folder, 'file'))).toBe('content');
});

test('a link is followed only where that is asked for', () => {
  symlinkSync(join(folder, 'file'), join(folder, 'link'));
  expect(() => openRegularFile(join(folder, 'link'))).toThrow();
  expect(contentOf(join(folder, 'link'), true)).toBe('content');
});

test('devices, folders and named pipes are not opened, however they are reached', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev', join(folder, 'elsewhere'));
  const paths = ['/dev/null', folder, join(folder, 'pipe'), join(folder, 'elsewhere', 'null')];
  for (const path of paths) expect(() => openRegularFile(path, true)).toThrow('no regular file');
});

test('what is not there says so', () => {
  expect(() => openRegularFile(join(folder, 'nothing'))).toThrow('ENOENT');
});
