import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { IndicatorType } from '../../../contract/indicators.ts';
import { parseAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { BUILT_IN_INDICATORS } from './built-in.ts';
import { readList } from './formats.ts';
import {
  checkValue,
  IndicatorTable,
  indicatorSettings,
  listFiles,
  loadIndicators,
  ownListName,
  removeOwnList,
  writeOwnList,
} from './index.ts';
import { IndicatorTableBuilder } from './table.ts';
import { readTyped, readValue } from './value.ts';

const SEED = 1;
const ME = process.geteuid?.() ?? 0;
const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-indicators-'));
  folders.push(path);
  return path;
}

afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

function valuesOf(text: string): { format: string; found: string[]; invalid: number } {
  const found: string[] = [];
  const { format, invalid } = readList(text, ({ type, value }, label) => {
    found.push(`${type} ${value}${label === '' ? '' : ` ${label}`}`);
    return true;
  });
  return { format, found, invalid };
}

describe('a value', () => {
  it.each([
    ['Evil.Example.', 'domain', 'evil.example'],
    ['*.evil.example', 'domain', 'evil.example'],
    ['evil[.]example', 'domain', 'evil.example'],
    ['hxxps://evil[.]example/A?b', 'url', 'https://evil.example/A?b'],
    ['http://EVIL.example:80', 'url', 'http://evil.example/'],
    ['D'.repeat(64), 'sha256', 'd'.repeat(64)],
    ['a'.repeat(40), 'sha1', 'a'.repeat(40)],
    ['0'.repeat(32), 'md5', '0'.repeat(32)],
    ['t13d1516h2_8daaf6152771_e5627efa2ab1', 'ja4', 't13d1516h2_8daaf6152771_e5627efa2ab1'],
    ['203.0.113.5', 'address', '0.0.65535.-889163515/128'],
    ['203.0.113.5/24', 'address', '0.0.65535.-889163520/120'],
    ['::ffff:cb00:7100/120', 'address', '0.0.65535.-889163520/120'],
    ['64:ff9b::/96', 'address', '6619035.0.0.0/96'],
  ])('%s is of its type', (text, type, value) => expect(readValue(text)).toMatchObject({ type, value }));

  it.each([
    '',
    'localhost',
    '1.2.3',
    '0.0.0.0/0',
    '::/0',
    // All addresses of IPv4, in their mapped form.
    '::/64',
    '::/16',
    '::ffff:0:0/96',
    '::ffff:a00:0/99',
    'ftp',
    'a b.example',
    'x'.repeat(300),
    '-a.example',
    'javascript://x',
  ])('%j is none', (text) => expect(readValue(text)).toBeUndefined());

  it('may be of a type that only its list tells', () => {
    expect(readTyped('ja3', '0'.repeat(32))).toEqual({ type: 'ja3', value: '0'.repeat(32) });
    expect(readTyped('certificate', `${'AB:'.repeat(19)}AB`)?.value).toBe('ab'.repeat(20));
    expect(readTyped('address', 'evil.example')).toBeUndefined();
  });
});

describe('a list', () => {
  it('has one value a line, with remarks', () => {
    const text = '\ufeff# mine\r\n\r\nevil.example # Emotet\r\n203.0.113.0/24\r\nnot a value\r\n';
    expect(valuesOf(text)).toEqual({
      format: 'lines',
      found: ['domain evil.example Emotet', 'address 0.0.65535.-889163520/120'],
      invalid: 1,
    });
  });

  it('is a hosts file', () => {
    const text = '127.0.0.1 localhost localhost.localdomain\n0.0.0.0 ads.example track.example\n::1 ip6-localhost\n';
    expect(valuesOf(text)).toEqual({
      format: 'hosts',
      found: ['domain ads.example', 'domain track.example'],
      invalid: 0,
    });
  });

  it('is a table with a header', () => {
    const text = `type,value,label\ndomain,evil.example,"Loader, ""new"""\nja3,${'0'.repeat(32)},\nmystery,x,\n`;
    expect(valuesOf(text)).toEqual({
      format: 'csv',
      found: ['domain evil.example Loader, "new"', `ja3 ${'0'.repeat(32)}`],
      invalid: 1,
    });
  });

  it('may name types that every object of JavaScript has, which are none', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const csv = `type,value\n${names.map((name) => `${name},abcd`).join('\n')}\n`;
    expect(valuesOf(csv)).toEqual({ format: 'csv', found: [], invalid: 4 });
    const objects = [...names, 'file:hashes.constructor'].map((name) => ({
      pattern: `[${name.includes(':') ? name : `${name}:value`} = 'abcd']`,
    }));
    expect(valuesOf(JSON.stringify({ objects }))).toEqual({ format: 'stix', found: [], invalid: 5 });
  });

  it('is an export of MISP', () => {
    const text = `uuid,event_id,category,type,value,comment\n1,2,Network,ip-dst,203.0.113.5,C2\n1,2,Payload,filename|md5,a.exe|${'1'.repeat(32)},dropper\n`;
    expect(valuesOf(text).found).toEqual(['address 0.0.65535.-889163515/128 C2', `md5 ${'1'.repeat(32)} dropper`]);
  });

  it('is an event of MISP, or the answer of a search', () => {
    const hash = '2'.repeat(64);
    const event = {
      info: 'Loader of spring',
      Attribute: [
        { type: 'ip-dst|port', value: '203.0.113.5|443', to_ids: true, comment: 'C2' },
        { type: 'domain', value: 'benign.example', to_ids: false },
        { type: 'comment', value: 'seen by us' },
        { type: 'sha256', value: 'no hash', to_ids: true },
      ],
      Object: [{ name: 'file', Attribute: [{ type: 'filename|sha256', value: `a|b.exe|${hash}`, to_ids: true }] }],
    };
    const found = ['address 0.0.65535.-889163515/128 C2', `sha256 ${hash} Loader of spring`];
    for (const document of [
      { Event: event },
      [{ Event: event }],
      { response: [{ Event: event }] },
      { response: event },
    ]) {
      expect(valuesOf(JSON.stringify(document))).toEqual({ format: 'misp', found, invalid: 1 });
    }
    const odd = [{ Event: { Attribute: [null, 3, { type: 7, value: {} }], Object: 'x' } }];
    expect(valuesOf(JSON.stringify(odd))).toEqual({ format: 'misp', found: [], invalid: 0 });
  });

  it('is a bundle of STIX', () => {
    const pattern = (text: string) => ({ type: 'indicator', name: 'Bot', pattern: text });
    const text = JSON.stringify({
      type: 'bundle',
      objects: [
        pattern("[ipv4-addr:value = '203.0.113.5' OR domain-name:value = 'evil.example']"),
        pattern(`[file:hashes.'SHA-256' = '${'a'.repeat(64)}']`),
        pattern("[url:value='http://evil.example/x']"),
        pattern("[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']"),
        { type: 'malware' },
      ],
    });
    expect(valuesOf(text)).toEqual({
      format: 'stix',
      found: [
        'address 0.0.65535.-889163515/128 Bot',
        'domain evil.example Bot',
        `sha256 ${'a'.repeat(64)} Bot`,
        'url http://evil.example/x Bot',
      ],
      invalid: 1,
    });
  });

  it('may be anything without harm', () => {
    const near = fc.constantFrom(
      'type,value\n',
      '0.0.0.0 ',
      '"',
      ',',
      '{"objects":[',
      'evil.example',
      '\n',
      '[.]',
      '#',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(near, fc.string({ maxLength: 40 })), { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const { invalid, found } = valuesOf(text);
        expect(invalid + found.length).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });
});

describe('the table', () => {
  const words = (text: string) => parseAddress(text)!;
  const tableOf = (lists: Record<string, string>) => {
    const directory = folder();
    for (const [name, text] of Object.entries(lists)) writeFileSync(join(directory, name), text, { mode: 0o600 });
    return loadIndicators(listFiles(directory), defaultsOf(indicatorSettings), SEED, ME);
  };

  it('finds what is in it, whose list it is, and nothing else', () => {
    const table = new IndicatorTable(
      tableOf({ 'a.txt': 'evil.example # Bot\n203.0.113.0/24\n2001:db8::/32\nhttp://x.example/y\n' }).compiled,
    );
    expect(table.domain('www.EVIL.example.')).toEqual({
      type: 'domain',
      value: 'evil.example',
      label: 'Bot',
      source: 'a.txt',
    });
    expect(table.domain('notevil.example')).toBeUndefined();
    expect(table.address(...words('203.0.113.77'))?.value).toBe('203.0.113.0/24');
    expect(table.address(...words('203.0.114.1'))).toBeUndefined();
    expect(table.address(...words('2001:db8:1::5'))?.value).toBe('2001:db8::/32');
    expect(table.url('http://X.example:80/y')?.source).toBe('a.txt');
    expect(table.url('not a url')).toBeUndefined();
  });

  it('knows the test file', () => {
    // In pieces, so that no virus scanner minds this file.
    const test = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'].join('');
    for (const { type, value } of BUILT_IN_INDICATORS) expect(createHash(type).update(test).digest('hex')).toBe(value);
    const { compiled, lists } = tableOf({});
    expect(lists).toMatchObject([{ name: 'built-in', entries: 3 }]);
    expect(new IndicatorTable(compiled).hash('sha256', BUILT_IN_INDICATORS[0]!.value)?.label).toContain('EICAR');
  });

  it('counts what is twice once, and leaves what is too much', () => {
    const twice = tableOf({ 'a.txt': 'a.example\nb.example\n', 'b.csv': 'value\nb.example\nc.example\n' });
    expect(twice.lists.map(({ entries }) => entries)).toEqual([3, 2, 1]);
    const directory = folder();
    writeFileSync(join(directory, 'many.txt'), Array.from({ length: 20 }, (_, i) => `n${i}.example`).join('\n'));
    const few = { maximumMebibytes: 1, maximumEntries: 10 };
    expect(loadIndicators(listFiles(directory), few, SEED, ME).lists[1]).toMatchObject({ entries: 7, left: 13 });
  });

  it('agrees with a set, whatever is put in', () => {
    const value = fc.tuple(
      fc.constantFrom<IndicatorType>('domain', 'md5', 'ja3'),
      fc.string({ minLength: 1, maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3_000 }), fc.array(value, { maxLength: 50 }), (put, asked) => {
        const builder = new IndicatorTableBuilder(SEED);
        const source = builder.source('x');
        for (const [type, text] of put) builder.add(type, text, '', source);
        const table = new IndicatorTable(builder.compile());
        const known = new Set(put.map(([type, text]) => `${type} ${text}`));
        expect(table.size).toBe(known.size);
        for (const [type, text] of [...put, ...asked]) {
          if (type === 'domain') continue;
          expect(table.hash(type as 'md5', text) !== undefined).toBe(known.has(`${type} ${text}`));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is asked by a person for whatever is written', () => {
    const csv = `type,value\nja3,${'1'.repeat(32)}\naddress,203.0.113.5\ndomain,evil.example\n`;
    const table = new IndicatorTable(tableOf({ 'a.csv': csv }).compiled);
    const typesOf = (text: string) => checkValue(table, text).map(({ type }) => type);
    expect(typesOf('1'.repeat(32))).toEqual(['ja3']);
    expect(typesOf('203.0.113.5')).toEqual(['address']);
    expect(typesOf('https://sub.evil.example/x')).toEqual(['domain']);
    expect(typesOf('http://203.0.113.5/')).toEqual(['address']);
    expect(typesOf('fine.example')).toEqual([]);
    expect(typesOf('?')).toEqual([]);
  });
});

describe('lists as files', () => {
  it('are taken in, replaced and removed', () => {
    const directory = join(folder(), 'indicators');
    expect(listFiles(directory)).toEqual([]);
    writeOwnList(directory, 'a.txt', 'evil.example\n');
    writeOwnList(directory, 'a.txt', 'worse.example\n');
    expect(readdirSync(directory)).toEqual(['a.txt']);
    removeOwnList(directory, 'a.txt');
    expect(listFiles(directory)).toEqual([]);
    expect(() => removeOwnList(directory, 'a.txt')).toThrow(/No list/);
    for (const name of ['../a.txt', 'a', '.a.txt', 'a.exe']) expect(() => writeOwnList(directory, name, '')).toThrow();
  });

  it.each([
    ['/x/bad domains.txt', 'bad-domains.txt'],
    ['feed.csv', 'feed.csv'],
    ['/etc/.hidden', 'hidden.txt'],
    ['…', 'list.txt'],
  ])('%s gets a safe name', (path, name) => expect(ownListName(path)).toBe(name));

  it('that others can change, or that are too large, are not read', () => {
    const directory = folder();
    const path = join(directory, 'a.txt');
    writeFileSync(path, 'evil.example\n');
    const failureAs = (userId: number, maximumMebibytes = 1) =>
      loadIndicators([path], { maximumMebibytes, maximumEntries: 1_000 }, SEED, userId).lists[1]?.failure?.code;
    expect(failureAs(ME)).toBeUndefined();
    // Root believes nobody else's.
    if (ME === 0) chownSync(path, 1000, 0);
    expect(failureAs(0)).toBe('unsafe-list');
    if (ME === 0) chownSync(path, 0, 0);
    chmodSync(path, 0o606);
    expect(failureAs(1000)).toBe('unsafe-list');
    chmodSync(path, 0o600);
    const link = join(directory, 'b.txt');
    symlinkSync(path, link);
    const loaded = loadIndicators([link, join(directory, 'none.txt'), path], defaultsOf(indicatorSettings), SEED, 0);
    expect(loaded.lists.map(({ failure }) => failure?.code)).toEqual([
      undefined,
      'unsafe-list',
      'list-not-readable',
      ME === 0 ? undefined : 'unsafe-list',
    ]);
    writeFileSync(path, Buffer.alloc(1024 * 1024 + 1, 'a'));
    expect(failureAs(ME)).toBe('list-too-large');
  });

  it('are read to their end whatever their size is said to be, and no further than may be', () => {
    const failureOf = (path: string) =>
      loadIndicators([path], { maximumMebibytes: 1, maximumEntries: 1_000 }, SEED, 1000).lists[1];
    expect(failureOf('/proc/self/status')).toMatchObject({ failure: null, invalid: expect.any(Number) });
    // Says that it has no bytes, and cannot be read at its beginning.
    expect(failureOf('/proc/self/mem')?.failure?.code).toBe('list-not-readable');
    if (existsSync('/proc/kallsyms')) expect(failureOf('/proc/kallsyms')?.failure?.code).toBe('list-too-large');
  });
});
