import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanFiles } from './scan.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-scan-'));
const tree = join(folder, 'tree');
const rules = join(folder, 'rules');
const MARK = 'a mark that only this test has';

beforeAll(() => {
  mkdirSync(join(tree, 'deep', 'er'), { recursive: true });
  mkdirSync(rules);
  writeFileSync(
    join(rules, 'mark.yar'),
    `rule mark : T1204 { meta: severity = "low" strings: $a = "${MARK}" condition: $a }`,
  );
  writeFileSync(join(rules, 'broken.yar'), 'rule broken {\n condition: nothing }');
  writeFileSync(join(tree, 'plain.txt'), `here: ${MARK}`);
  writeFileSync(join(tree, 'deep', 'er', 'packed.gz'), gzipSync(MARK));
  writeFileSync(join(tree, 'innocent.txt'), 'nothing');
  writeFileSync(join(tree, 'large.bin'), Buffer.alloc(3 * 2 ** 20));
  symlinkSync(join(tree, 'plain.txt'), join(tree, 'link'));
  execFileSync('mkfifo', [join(tree, 'fifo')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { dataDirectory: join(folder, 'no-data'), rules: [rules] };

describe('a scan', () => {
  it('finds what rules name, also packed, and follows and opens nothing else', async () => {
    const result = await scanFiles({ ...options, paths: [tree], maxFileBytes: 2 ** 20 });
    const found = result.foundFiles.map(({ path, hits }) => [path.slice(tree.length), hits[0]?.inside]);
    expect(found.sort()).toEqual([
      ['/deep/er/packed.gz', 'packed'],
      ['/plain.txt', ''],
    ]);
    expect(result.foundFiles[0]?.hits[0]).toMatchObject({ rule: 'mark', severity: 'low', techniques: ['T1204'] });
    expect(result).toMatchObject({ files: 4, contents: 5, found: 2, rules: 1, gapCount: 1 });
    expect(result.gaps[0]).toContain('large.bin: larger than 1 MiB');
    expect(result.problems).toMatchObject([{ file: join(rules, 'broken.yar'), line: 2 }]);
  });

  it('says what is wrong where there is nothing to look with or at', async () => {
    await expect(scanFiles({ ...options, rules: [join(rules, 'broken.yar')], paths: [tree] })).rejects.toMatchObject({
      failure: { code: 'no-rule' },
    });
    await expect(scanFiles({ ...options, paths: [join(tree, 'gone')] })).rejects.toMatchObject({
      failure: { code: 'not-readable' },
    });
  });

  it('ends soon when it is stopped', async () => {
    const controller = new AbortController();
    const scan = scanFiles({
      ...options,
      paths: ['/usr/lib', '/usr/share'],
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(scan).rejects.toThrow('enough');
  });
});
