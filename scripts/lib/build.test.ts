import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildPart, isUpToDate } from './build.mjs';

const part = { name: 'x', config: 'x.config.ts', outputs: ['dist/x.js'], inputs: ['src'] };
let root: string;

/** Writes a file as it was at so many seconds. */
function put(path: string, atSeconds: number): void {
  writeFileSync(join(root, path), '');
  utimesSync(join(root, path), atSeconds, atSeconds);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-build-'));
  for (const folder of ['src/deep', 'dist']) mkdirSync(join(root, folder), { recursive: true });
  put('x.config.ts', 100);
  put('src/deep/a.ts', 100);
  put('dist/x.js', 200);
  put('dist/.built-x', 200);
  for (const folder of ['src/deep', 'src']) utimesSync(join(root, folder), 100, 100);
});
afterEach(() => rmSync(root, { recursive: true }));

it('is up to date until something that it is made of changes', () => {
  expect(isUpToDate(root, part)).toBe(true);
  put('src/deep/a.ts', 300);
  expect(isUpToDate(root, part)).toBe(false);
});

it('is not where its config changed, a file was added, or an output is gone', () => {
  put('x.config.ts', 300);
  expect(isUpToDate(root, part)).toBe(false);
  put('x.config.ts', 100);
  utimesSync(join(root, 'src/deep'), 300, 300);
  expect(isUpToDate(root, part)).toBe(false);
  utimesSync(join(root, 'src/deep'), 100, 100);
  expect(isUpToDate(root, part)).toBe(true);
  rmSync(join(root, 'dist/x.js'));
  expect(isUpToDate(root, part)).toBe(false);
});

it('leaves tests out of account, and parts without a config', async () => {
  put('src/deep/a.test.ts', 300);
  utimesSync(join(root, 'src/deep'), 100, 100);
  expect(isUpToDate(root, part)).toBe(true);
  expect(await buildPart(root, { ...part, config: 'none.ts' })).toBe('not-configured');
  expect(await buildPart(root, part)).toBe('up-to-date');
});
