import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppFiles, answerFile, CONTENT_SECURITY_POLICY, listAppFiles } from './app-files.ts';

let root: string;
let files: AppFiles;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
  mkdirSync(join(root, 'app/assets'), { recursive: true });
  writeFileSync(join(root, 'app/index.html'), '<p>page</p>');
  writeFileSync(join(root, 'app/assets/a.js'), 'run()');
  writeFileSync(join(root, 'app/assets/a.js.map'), '{}');
  writeFileSync(join(root, 'secret.json'), 'secret');
  symlinkSync(join(root, 'secret.json'), join(root, 'app/link.json'));
  files = listAppFiles(join(root, 'app'));
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

const get = (address: string) => answerFile(files, 'GET', address);
const text = (address: string): string => Buffer.from(get(address).body).toString();

describe('the app’s files', () => {
  it('are given with their type and the policy', () => {
    expect(text('app://holdfast/')).toBe('<p>page</p>');
    expect(text('app://holdfast/index.html?x#/alerts')).toBe('<p>page</p>');
    expect(get('app://holdfast/assets/a.js').headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
    });
    expect(answerFile(files, 'HEAD', 'app://holdfast/').body).toHaveLength(0);
  });

  it.each([
    ['another host', 'app://other/index.html', 403],
    ['another scheme', 'https://holdfast/index.html', 403],
    ['no address', 'rubbish', 403],
    ['a folder above', 'app://holdfast/../secret.json', 404],
    ['the same in disguise', 'app://holdfast/%2e%2e/secret.json', 404],
    ['with coded slashes', 'app://holdfast/..%2fsecret.json', 404],
    ['with backslashes', 'app://holdfast/..\\secret.json', 404],
    ['with an end of text', 'app://holdfast/index.html%00.js', 404],
    ['an absolute path', 'app://holdfast//etc/passwd', 404],
    ['a link out of the folder', 'app://holdfast/link.json', 404],
    ['a file of the build', 'app://holdfast/assets/a.js.map', 404],
  ])('refuses %s', (_what, address, status) => {
    expect(get(address).status).toBe(status);
  });

  it('are only read', () => {
    expect(answerFile(files, 'POST', 'app://holdfast/').status).toBe(405);
  });

  it('are all that any address ever gives', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '%2e%2e', '%2f', '\\', '', 'assets', 'secret.json'), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const { status, body } = get(`app://holdfast/${parts.join('/')}`);
        const said = Buffer.from(body).toString();
        expect(status === 200 ? ['<p>page</p>', 'run()'] : ['']).toContain(said);
      }),
    );
  });
});

describe('the policy', () => {
  it('begins with nothing, and runs nothing that is not in a file', () => {
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe-eval|https?:|\*/);
  });
});
