import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { record } from './testing/encode.ts';
import {
  encodeCommand,
  type FileVerdictRequest,
  VERDICT_FIXED_BYTES,
  VERDICT_RECORD_TYPE,
  VerdictRecordDecoder,
} from './verdict-records.ts';
import { VerdictCache } from './verdicts.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-verdicts-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function requestFor(path: string): FileVerdictRequest {
  const { ino, dev, ctimeNs, size } = statSync(path, { bigint: true });
  return {
    path,
    inode: Number(ino),
    device: Number(dev),
    changeTimeNs: ctimeNs,
    sizeBytes: Number(size),
    mode: 0o100755,
    uid: 0,
    pid: 1,
    kind: 'execute',
  };
}

const BAD = 'the content of something bad';
const BAD_HASH = createHash('sha256').update(BAD).digest('hex');

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('VerdictCache', () => {
  it('reads a file once, and answers at once from then on, until it changes', async () => {
    const cache = new VerdictCache({ isDenied: (hash) => hash === BAD_HASH });
    const path = fileOf('bad', BAD);
    const request = requestFor(path);
    const first = cache.verdict(request);
    expect(first).toBe(cache.verdict(request));
    expect(await first).toBe('deny');
    expect(cache.verdict(request)).toBe('deny');
    writeFileSync(path, 'harmless');
    const changed = { ...request, changeTimeNs: statSync(path, { bigint: true }).ctimeNs };
    expect(await cache.verdict(changed)).toBe('allow');
    expect(cache.size).toBe(2);
  });

  it('judges anew what it knows, when something else is denied', async () => {
    const denied = new Set<string>();
    const cache = new VerdictCache({ isDenied: (hash) => denied.has(hash) });
    const request = requestFor(fileOf('later', BAD));
    expect(await cache.verdict(request)).toBe('allow');
    denied.add(BAD_HASH);
    expect(cache.verdict(request)).toBe('deny');
  });

  it('looks at no other file than was asked about, and follows no link', async () => {
    const cache = new VerdictCache({ isDenied: () => true });
    const request = requestFor(fileOf('one', 'one'));
    const link = join(folder, 'link');
    symlinkSync(fileOf('two', 'two'), link);
    for (const other of [
      { ...request, inode: request.inode + 1 },
      { ...request, path: link },
      { ...request, path: '' },
    ]) {
      expect(await cache.verdict(other)).toBe('unknown');
    }
    expect(cache.notLooked).toBe(3);
    expect(cache.size).toBe(0);
  });

  it('forgets the oldest, and reads no more at once than it can', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const cache = new VerdictCache({ isDenied: () => false, hash: () => promise, capacity: 10 });
    const request = requestFor(fileOf('any', ''));
    const verdicts = Array.from({ length: 40 }, (_, inode) => cache.verdict({ ...request, inode }));
    expect(verdicts.filter((verdict) => typeof verdict === 'string').length).toBe(8);
    resolve('00');
    await Promise.all(verdicts);
    expect(cache.size).toBe(10);
    expect(cache.verdict({ ...request, sizeBytes: 2 ** 40, inode: 99 })).toBe('unknown');
  });
});

function hello(magic = 0x56534648): Buffer {
  return record(VERDICT_RECORD_TYPE.hello, VERDICT_FIXED_BYTES.hello, (made) => {
    made.writeUInt32LE(magic, 8);
    made.writeUInt32LE(6, 12);
  });
}

function question(path: string, kind = 1): Buffer {
  const text = Buffer.from(path);
  return record(VERDICT_RECORD_TYPE.request, VERDICT_FIXED_BYTES.request + text.length, (made) => {
    made.writeBigUInt64LE(5n, 8);
    made.writeBigUInt64LE(6n, 16);
    made.writeBigUInt64LE(1_700_000_000_123_456_789n, 24);
    made.writeUInt32LE(9, 40);
    made.writeUInt32LE(4_242, 44);
    made.writeUInt32LE(kind, 48);
    made.writeUInt32LE(text.length, 60);
    made.writeUInt32LE(12, 64);
    made.writeUInt32LE(kind === 2 ? 1 : 0, 68);
    text.copy(made, VERDICT_FIXED_BYTES.request);
  });
}

function decoding() {
  const questions: [number, FileVerdictRequest, number][] = [];
  const decoder = new VerdictRecordDecoder({
    hello: () => {},
    request: (...asked) => questions.push(asked),
    statistics: () => {},
  });
  return { decoder, questions };
}

describe('VerdictRecordDecoder', () => {
  it('reads questions', () => {
    const { decoder, questions } = decoding();
    expect(decoder.accept(Buffer.concat([hello(), question('/bin/x'), question('/q', 2)]))).toBe(true);
    expect(questions).toMatchObject([
      [
        9,
        { path: '/bin/x', kind: 'execute', inode: 5, device: 6, changeTimeNs: 1_700_000_000_123_456_789n, pid: 4_242 },
        12,
      ],
      [9, { path: '/q', kind: 'open' }, 12],
    ]);
  });

  it.each([
    ['no greeting', question('/x')],
    ['a greeting of another form', hello(1)],
    ['a question of another form', Buffer.concat([hello(), question('/x', 3)])],
    ['a question in 8 bytes', Buffer.concat([hello(), record(VERDICT_RECORD_TYPE.request, 8, () => {})])],
  ])('says what is wrong: %s', (problem, bytes) => {
    const { decoder } = decoding();
    expect(decoder.accept(bytes)).toBe(false);
    expect(decoder.problem).toContain(problem);
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const { decoder } = decoding();
        decoder.accept(hello());
        expect(decoder.accept(bytes)).toBe(decoder.problem === undefined);
      }),
    );
  });
});

describe('encodeCommand', () => {
  it('writes what the helper reads', () => {
    expect([...encodeCommand('deny', 7)]).toEqual([2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const guard = Buffer.from(encodeCommand('guard', 0, '/tmp/x'));
    expect(guard.length).toBe(24);
    expect(guard.toString('utf8', 16, 22)).toBe('/tmp/x');
    expect(guard.readUInt32LE(8)).toBe(6);
  });
});
