import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openArchive, UnpackBudget } from './archive/index.ts';
import { compileYara, problemOf } from './compile.ts';
import { scanContent, USUAL_UNPACK, unpackWithin } from './content.ts';
import { OWN_YARA_RULES, readYaraFiles } from './folder.ts';
import { YaraScanner } from './scanner.ts';
import { arOf, tarOf, zipOf } from './testing/archives.ts';

/** Put together here, so that this file is not one itself. */
const EICAR = Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('-'));
const own = compileYara(readYaraFiles([OWN_YARA_RULES], process.geteuid?.() ?? 0).files);
const scanner = new YaraScanner(own, 5_000);
afterAll(() => scanner.close());

const found = (content: Buffer, name: string) =>
  scanContent(scanner, content, `/srv/${name}`).hits.map(({ rule, inside }) => [rule.name, inside]);
const file = (name: string, content: Buffer) => ({ name, content });

describe('the EICAR file', () => {
  it.each<[string, Buffer, string]>([
    ['plain', EICAR, ''],
    ['e.zip', zipOf([file('readme', Buffer.from('hi')), file('e.com', EICAR)]), 'e.com'],
    ['e.zip', zipOf([file('e.com', EICAR)], { isStored: true }), 'e.com'],
    ['e.zip', zipOf([file('e.com', EICAR)], { isCut: true }), 'e.com'],
    ['e.tar.gz', gzipSync(tarOf([file('a/e.com', EICAR)])), 'e.tar › a/e.com'],
    ['e.tar.zst', zstdCompressSync(tarOf([file('e.com', EICAR)])), 'e.tar › e.com'],
    [
      'e.deb',
      arOf([file('debian-binary', Buffer.from('2.0')), file('data.tar', tarOf([file('e', EICAR)]))]),
      'data.tar › e',
    ],
    [
      'e.zip',
      zipOf([file('b.zip', zipOf([file('c.tar.gz', gzipSync(tarOf([file('e', EICAR)])))]))]),
      'b.zip › c.tar.gz › c.tar › e',
    ],
  ])('is found in %s', (name, content, inside) => {
    expect(found(content, name)).toContainEqual(['eicar_test_file', inside]);
  });

  it('is not seen in what only speaks of it', () => {
    expect(found(Buffer.from(`${'words '.repeat(100)}${EICAR}`), 'page.html')).toEqual([]);
  });
});

describe('what cannot be opened', () => {
  it('counts what was unpacked before a mistake was met', () => {
    const whole = gzipSync(Buffer.alloc(900_000));
    const broken = Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 0x7f)]);
    const files = Array.from({ length: 50 }, (_, index) => file(`${index}.gz`, broken));
    const { gaps } = scanContent(scanner, tarOf(files), '/b.tar', { ...USUAL_UNPACK, bytes: 3_000_000 });
    expect(gaps.slice(0, 5).some((gap) => gap.includes('too much'))).toBe(true);
  });

  it('is said: encrypted, too deep, too much, damaged', () => {
    expect(scanContent(scanner, zipOf([file('e', EICAR)], { isEncrypted: true }), '/e.zip').gaps).toEqual([
      'e: encrypted',
    ]);
    let deep: Buffer = EICAR;
    for (let level = 0; level < 9; level++) deep = zipOf([file('in.zip', deep)]);
    const nested = scanContent(scanner, deep, '/deep.zip');
    expect(nested.hits).toEqual([]);
    expect(nested.gaps.join()).toContain('deeper than 5');
    const bomb = gzipSync(Buffer.alloc(2_000_000));
    const small = { ...USUAL_UNPACK, bytes: 1_000_000 };
    expect(scanContent(scanner, bomb, '/bomb.gz', small).gaps).toEqual(['bomb: too much to unpack']);
    const half = gzipSync(EICAR).subarray(0, 20);
    expect(scanContent(scanner, half, '/half.gz').gaps).toEqual(['half: damaged']);
  });

  it('begins no further part once the time that somebody waits is over', () => {
    let asked = 0;
    const slow = {
      scan: () => {
        asked += 1;
        for (const endMs = performance.now() + 20; performance.now() < endMs; );
        return { hits: [], failure: '' };
      },
    };
    const parts = Array.from({ length: 100 }, (_, index) => file(`${index}`, Buffer.from('x')));
    const { gaps, contents } = scanContent(slow, zipOf(parts), '/bomb.zip', unpackWithin(60));
    expect(gaps).toEqual(['no time for the rest of the archive']);
    expect(contents).toBe(asked);
    expect(asked).toBeLessThanOrEqual(4);
    // Of the bytes that a bomb unpacks to there is a small bound besides.
    const bomb = gzipSync(Buffer.alloc(unpackWithin(60).bytes + 1));
    expect(scanContent({ scan: () => ({ hits: [], failure: '' }) }, bomb, '/b.gz', unpackWithin(5_000)).gaps).toEqual([
      'b: too much to unpack',
    ]);
  });

  it('ends after the bytes and entries that all of one file may have together', () => {
    const many = zipOf(Array.from({ length: 50 }, (_, index) => file(`f${index}`, Buffer.alloc(1_000))));
    const budget = new UnpackBudget(10_500, 1_000);
    const parts = [...(openArchive(many, 'many.zip', budget) ?? [])];
    expect(parts.filter((part) => 'content' in part)).toHaveLength(10);
    expect([...(openArchive(many, 'many.zip', new UnpackBudget(1_000_000, 7)) ?? [])]).toHaveLength(8);
  });
});

it('nothing that begins like an archive throws or hangs', () => {
  const begins = [zipOf([file('a', EICAR)]), tarOf([file('a', EICAR)]), arOf([file('a', EICAR)]), gzipSync(EICAR)];
  fc.assert(
    fc.property(
      fc.constantFrom(...begins),
      fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 12 }),
      (good, edits) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
        let unpacked = 0;
        for (const part of openArchive(bytes, 'x', new UnpackBudget(100_000, 100)) ?? []) {
          if ('content' in part) unpacked += part.content.length;
        }
        expect(unpacked).toBeLessThanOrEqual(100_000);
      },
    ),
    { numRuns: 300 },
  );
});

describe('rules with mistakes', () => {
  it('are told by file and line, and the others count', () => {
    const good = { path: 'good.yar', text: 'rule good { strings: $a = "EICAR" condition: $a }' };
    const bad = { path: 'bad.yar', text: 'rule one { condition: true }\nrule bad {\n  condition: nothing_such\n}' };
    const compiled = compileYara([bad, good]);
    expect(compiled.problems).toMatchObject([{ file: 'bad.yar', line: 3 }]);
    expect(compiled.problems[0]?.reason).toContain('nothing_such');
    const judge = new YaraScanner(compiled, 1_000);
    expect(judge.scan(EICAR, {}).hits.map(({ rule, patterns }) => [rule.name, patterns])).toEqual([
      ['good', ['$a at 28']],
    ]);
    judge.close();
    expect(problemOf(good)).toBeUndefined();
  });

  it('may ask for the name of the file', () => {
    const judge = new YaraScanner(
      compileYara([{ path: 'n', text: 'rule n { condition: filename == "x.sh" }' }]),
      1_000,
    );
    expect(judge.scan(EICAR, { filename: 'x.sh' }).hits).toHaveLength(1);
    expect(judge.scan(EICAR, { filename: 'y.sh' }).hits).toHaveLength(0);
    expect(judge.scan(EICAR, {}).hits).toHaveLength(0);
    expect(judge.scan(EICAR, { filename: 'x.sh' }).hits).toHaveLength(1);
    judge.close();
  });

  it('wear the scanner no more than they must', () => {
    const judge = (rule: string): YaraScanner => new YaraScanner(compileYara([{ path: 'n', text: rule }]), 1_000);
    const [silent, asking] = [judge('rule n { condition: true }'), judge('rule n { condition: filename == "x" }')];
    for (const scanner of [silent, asking]) {
      for (let turn = 0; turn < 10; turn++) scanner.scan(EICAR, { filename: 'same', filepath: `/${turn}` });
    }
    expect([silent.wear, asking.wear]).toEqual([10, 11]);
    for (const scanner of [silent, asking]) scanner.close();
  });
});
