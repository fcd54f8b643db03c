import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StaticFiles } from './static-files.ts';

const INDEX = 'index.html';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-static-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fill(page = '<p>one</p>'): StaticFiles {
  mkdirSync(join(folder, 'site/assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'site', INDEX), page);
  writeFileSync(join(folder, 'site/assets/index-a1B2c3D4.js'), 'x = 1;\n'.repeat(1_000));
  writeFileSync(join(folder, 'site/noext'), 'x');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'site/link.txt'));
  return new StaticFiles(join(folder, 'site'), INDEX);
}

const textOf = async (files: StaticFiles, path: string): Promise<string> =>
  new TextDecoder().decode((await files.find(path)!.read('')).body);

describe('the files of a folder', () => {
  it('are known by type, and whether they ever change', () => {
    const files = fill();
    expect(files.find(INDEX)).toMatchObject({ mediaType: 'text/html; charset=utf-8', isImmutable: false });
    expect(files.find('assets/index-a1B2c3D4.js')).toMatchObject({ isImmutable: true });
  });

  it.each([
    '',
    '/',
    'assets',
    'noext',
    'link.txt',
    '../secret.txt',
    'assets/../index.html',
    './index.html',
    'INDEX.HTML',
  ])('do not include %o', (path) => expect(fill().find(path)).toBeUndefined());

  it('do not include anything that is not in it', () => {
    const files = fill();
    const known = new Set([INDEX, 'assets/index-a1B2c3D4.js']);
    const part = fc.constantFrom('..', '.', '', 'assets', 'secret.txt', 'index.html', '%2e%2e', '\0', '__proto__');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = parts.join('/');
        expect(files.find(path) !== undefined).toBe(known.has(path));
      }),
    );
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.0, gzip;q=0', undefined],
    ['', undefined],
    ['brotli', undefined],
  ])('are sent to who takes %o as %s', async (accepted, encoding) => {
    const { body, encoding: used } = await fill().find('assets/index-a1B2c3D4.js')!.read(accepted);
    expect(used).toBe(encoding);
    if (used === 'br') expect(brotliDecompressSync(body).toString()).toBe('x = 1;\n'.repeat(1_000));
  });

  it('are found when they are built later, and when they are built anew', async () => {
    const files = new StaticFiles(join(folder, 'site'), INDEX);
    expect([files.isThere, files.find(INDEX)]).toEqual([false, undefined]);
    fill();
    expect(files.isThere).toBe(true);
    expect(await textOf(files, INDEX)).toBe('<p>one</p>');
    writeFileSync(join(folder, 'site', INDEX), '<p>two</p>');
    utimesSync(join(folder, 'site', INDEX), 1, 1);
    expect(await textOf(files, INDEX)).toBe('<p>two</p>');
    rmSync(join(folder, 'site'), { recursive: true });
    expect(files.isThere).toBe(false);
  });
});
