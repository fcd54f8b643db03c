import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileYara } from './compile.ts';
import { scanContent } from './content.ts';
import { readYaraFiles } from './folder.ts';
import { YaraScanner } from './scanner.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../shared/data');
const COLLECTION = join(DATA, 'yara');

// Where the collection is absent this says so and is skipped.
describe.skipIf(!existsSync(COLLECTION))(`the public rules of ${COLLECTION}`, () => {
  it('all load, are listed with the names that hits have, and are silent about programs of this computer', () => {
    const read = readYaraFiles([COLLECTION], 1_000);
    expect(read.problems).toEqual([]);
    expect(read.files.length).toBeGreaterThan(200);
    const compiled = compileYara(read.files);
    expect(compiled.problems).toEqual([]);
    expect(compiled.facts.size).toBeGreaterThanOrEqual(read.files.length);
    const scanner = new YaraScanner(compiled, 20_000);
    const shell = scanContent(scanner, readFileSync('/bin/sh'), '/bin/sh');
    expect(shell).toMatchObject({ hits: [], gaps: [] });
    scanner.close();
  }, 120_000);
});
