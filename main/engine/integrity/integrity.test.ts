import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attributesOf, UNKNOWN_ATTRIBUTES } from './attributes.ts';
import { acceptInto, compareEntries, type Entry } from './entry.ts';
import { acceptChanges, checkBaseline, type IntegrityProgress, type IntegrityRun, initBaseline } from './integrity.ts';

const HELPER = join(import.meta.dirname, '../../../native-helpers/sense/build/sense');

describe('integrity', () => {
  let base: string;
  let scope: { paths: string[]; exclude: string[] };
  const at = (name: string) => join(base, 'etc', name);

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-integrity-')));
    mkdirSync(join(base, 'etc/deep'), { recursive: true });
    mkdirSync(join(base, 'data'), { mode: 0o700 });
    mkdirSync(join(base, 'dpkg/info'), { recursive: true });
    writeFileSync(at('a'), 'one');
    writeFileSync(at('deep/b'), 'two');
    writeFileSync(at('noise'), 'x');
    symlinkSync('a', at('link'));
    scope = { paths: [join(base, 'etc'), '/not/there'], exclude: [at('noise')] };
  });

  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const run = (changes: Partial<IntegrityRun> = {}): IntegrityRun => ({
    directory: join(base, 'data'),
    threads: 1,
    nowMs: 1_700_000_000_000,
    signal: new AbortController().signal,
    packageFolder: join(base, 'dpkg'),
    ...changes,
  });
  const code = (expected: string) => expect.objectContaining({ failure: expect.objectContaining({ code: expected }) });

  it('finds nothing where nothing changed, without reading it again', async () => {
    const progress: IntegrityProgress[] = [];
    const made = await initBaseline(scope, run({ onProgress: (each) => progress.push(each) }));
    expect(made).toMatchObject({ entries: 5 });
    expect(progress.at(-1)).toMatchObject({ step: 'reading', files: 2, totalFiles: 2, bytes: 6 });
    expect(await checkBaseline(false, run())).toMatchObject({ changes: [], bytesRead: 0 });
    expect(await checkBaseline(true, run())).toMatchObject({ changes: [], bytesRead: 6 });
    expect(statSync(join(base, 'data/holdfast.integrity.key')).mode & 0o777).toBe(0o600);
  });

  it('tells what was added, removed and changed, and how', async () => {
    await initBaseline(scope, run());
    writeFileSync(at('a'), 'ONE');
    chmodSync(at('deep/b'), 0o4755);
    writeFileSync(at('new'), 'x');
    writeFileSync(at('noise'), 'yyy');
    rmSync(at('link'));
    symlinkSync('deep/b', at('link'));
    const { changes } = await checkBaseline(false, run());
    expect(changes).toMatchObject([
      {
        path: at('a'),
        change: 'changed',
        differences: [{ aspect: 'content', before: sha256('one'), after: sha256('ONE') }],
      },
      { path: at('deep/b'), change: 'changed', isNewlySetUid: true, differences: [{ aspect: 'mode', after: '4755' }] },
      { path: at('link'), change: 'changed', differences: [{ aspect: 'target', before: 'a', after: 'deep/b' }] },
      { path: at('new'), change: 'added', differences: [], package: undefined },
    ]);
    rmSync(at('deep'), { recursive: true });
    const again = await checkBaseline(false, run());
    expect(again.changes.filter(({ change }) => change === 'removed').map(({ path }) => path)).toEqual([
      at('deep'),
      at('deep/b'),
    ]);
  });

  it('sees a change whose size and time of writing were set back', async () => {
    await initBaseline(scope, run());
    const { atime, mtime } = statSync(at('a'));
    writeFileSync(at('a'), 'eno');
    utimesSync(at('a'), atime, mtime);
    expect((await checkBaseline(false, run())).changes).toMatchObject([{ path: at('a') }]);
  });

  it('names the package whose content a file has now', async () => {
    await initBaseline(scope, run());
    writeFileSync(at('a'), 'updated');
    writeFileSync(at('deep/b'), 'not as it should be');
    writeFileSync(at('conf'), 'of a package');
    writeFileSync(
      join(base, 'dpkg/info/tool:amd64.md5sums'),
      `${md5('updated')}  ${at('a').slice(1)}\n${md5('z')}  ${at('deep/b').slice(1)}\n`,
    );
    writeFileSync(join(base, 'dpkg/status'), `Package: conf\nConffiles:\n ${at('conf')} ${md5('of a package')}\n`);
    const { changes } = await checkBaseline(false, run());
    expect(changes.map((change) => change.package)).toEqual(['dpkg:tool', 'dpkg:conf', undefined]);
  });

  it('takes in what is accepted, and nothing else', async () => {
    await initBaseline(scope, run());
    writeFileSync(at('a'), 'ONE');
    writeFileSync(at('new'), 'x');
    const { changes } = await checkBaseline(false, run());
    await acceptChanges(
      changes.filter(({ path }) => path === at('a')),
      run({ nowMs: 1_700_000_001_000 }),
    );
    const after = await checkBaseline(false, run());
    expect(after.changes.map(({ path }) => path)).toEqual([at('new')]);
    expect(after).toMatchObject({ createdMs: 1_700_000_000_000, acceptedMs: 1_700_000_001_000 });
  });

  it('accepts what was shown and not what came after it', async () => {
    await initBaseline(scope, run());
    writeFileSync(at('a'), 'ONE');
    const { changes } = await checkBaseline(false, run());
    writeFileSync(at('a'), 'EVIL');
    await acceptChanges(changes, run());
    expect((await checkBaseline(false, run())).changes).toMatchObject([{ path: at('a') }]);
  });

  it('notices that somebody changed the baseline, cut it off, or exchanged its key', async () => {
    await initBaseline(scope, run());
    const file = join(base, 'data/holdfast.integrity');
    const good = readFileSync(file);
    const damaged = [
      good.toString().replace(sha256('one'), sha256('evil')),
      good.toString().split('\n').slice(0, 3).join('\n'),
      good.toString().split('\n').toSpliced(1, 1).join('\n'),
      '',
      '\n\n',
      '{"seal":"00"}\n',
      'x'.repeat(10_000),
    ];
    for (const text of damaged) {
      writeFileSync(file, text);
      await expect(checkBaseline(false, run())).rejects.toEqual(code('baseline-tampered'));
    }
    writeFileSync(file, good);
    expect((await checkBaseline(false, run())).changes).toEqual([]);
    writeFileSync(join(base, 'data/holdfast.integrity.key'), Buffer.alloc(32));
    await expect(checkBaseline(false, run())).rejects.toEqual(code('baseline-tampered'));
    chmodSync(join(base, 'data/holdfast.integrity.key'), 0o644);
    await expect(checkBaseline(false, run())).rejects.toEqual(code('no-integrity-key'));
    await initBaseline(scope, run());
    expect((await checkBaseline(false, run())).changes).toEqual([]);
  });

  it('reads large files in threads', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'large');
    writeFileSync(at('large'), large);
    await initBaseline(scope, run({ threads: 2 }));
    writeFileSync(at('large'), Buffer.concat([large, Buffer.from('!')]));
    const { changes, bytesRead } = await checkBaseline(false, run({ threads: 2 }));
    expect(changes).toMatchObject([{ path: at('large'), differences: [{ before: sha256(large) }] }]);
    expect(bytesRead).toBe(large.length + 1);
  });

  it('says that there is no baseline, and nothing to make one of', async () => {
    await expect(checkBaseline(false, run())).rejects.toEqual(code('no-baseline'));
    await expect(initBaseline({ paths: ['/not/there'], exclude: [] }, run())).rejects.toEqual(code('nothing-to-cover'));
  });

  it('does not wait for pipes, does not follow links, and stops when it is told to', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    mkdirSync(join(base, 'elsewhere'));
    writeFileSync(join(base, 'elsewhere/secret'), 'x');
    symlinkSync(join(base, 'elsewhere'), at('out'));
    const { entries } = await initBaseline(scope, run());
    expect(entries).toBe(7);
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(checkBaseline(true, run({ signal: stop.signal }))).rejects.toThrow('enough');
    const later = new AbortController();
    const stopping = checkBaseline(
      true,
      run({ signal: later.signal, onProgress: () => later.abort(new Error('now')) }),
    );
    await expect(stopping).rejects.toThrow('now');
  });
});

describe('attributesOf', () => {
  const hex = (text: string) => Buffer.from(text).toString('hex');

  it('reads what sense writes', () => {
    expect(attributesOf('')).toBe('');
    expect(attributesOf('!')).toBe(UNKNOWN_ATTRIBUTES);
    expect(attributesOf(`${hex('user.b')}=01 ${hex('security.capability')}=02`)).toBe(
      'security.capability=02 user.b=01',
    );
    expect(attributesOf(`${hex('user.b')}=!`)).toBe(UNKNOWN_ATTRIBUTES);
    expect(attributesOf(`${hex('user.b')}=${'00'.repeat(10_000)}`)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('takes any line', () => {
    fc.assert(fc.property(fc.string(), (line) => void attributesOf(line)));
  });
});

describe.skipIf(!existsSync(HELPER))('with the helper', () => {
  it.skipIf(process.geteuid?.() !== 0)('sees that a program got capabilities', async () => {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-integrity-')));
    try {
      mkdirSync(join(base, 'data'), { mode: 0o700 });
      mkdirSync(join(base, 'bin'));
      writeFileSync(join(base, 'bin/tool'), 'x');
      const signal = new AbortController().signal;
      const run = { directory: join(base, 'data'), threads: 1, helper: HELPER, nowMs: 1, signal };
      const made = await initBaseline({ paths: [join(base, 'bin')], exclude: [] }, run);
      expect(made.problems).toEqual([]);
      execFileSync('setcap', ['cap_setuid+ep', join(base, 'bin/tool')]);
      const { changes } = await checkBaseline(false, run);
      const after = expect.stringMatching(/^security\.capability=/);
      const differences = [{ aspect: 'attributes', before: '', after }];
      expect(changes).toMatchObject([{ isNewlySetUid: true, differences }]);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  });
});

describe('compareEntries', () => {
  const entry = fc.record<Entry>({
    path: fc.constantFrom('/a', '/b', '/c', '/d'),
    kind: fc.constantFrom('file', 'directory', 'link', 'other'),
    mode: fc.constantFrom(0o644, 0o4755),
    uid: fc.constantFrom(0, 1),
    gid: fc.constant(0),
    size: fc.constant(1),
    digest: fc.constantFrom('', 'x', 'y'),
    attributes: fc.constantFrom('', '?', 'user.a=00'),
    target: fc.constantFrom('', 'z'),
    stamp: fc.constant(''),
  });
  const entries = fc.array(entry, { maxLength: 6 }).map((list) => new Map(list.map((each) => [each.path, each])));

  it('finds nothing after everything that it found was accepted', () => {
    fc.assert(
      fc.property(entries, entries, (before, after) => {
        const changes = compareEntries(before, after);
        expect(compareEntries(acceptInto(before, changes), after)).toEqual([]);
        expect(compareEntries(after, after)).toEqual([]);
      }),
    );
  });
});

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
