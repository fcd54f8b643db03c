import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileEventOf } from './events.ts';
import { magicOf } from './magic.ts';
import { type FileCounts, type FileRecord, FileRecordDecoder, type FileSystem } from './records.ts';
import { fileRecord, fileSystemRecord, filesHello, filesStatistics } from './testing/encode.ts';

function decoding() {
  const records: FileRecord[] = [];
  const systems: FileSystem[] = [];
  const counts: FileCounts[] = [];
  const greetings: string[][] = [];
  const decoder = new FileRecordDecoder({
    hello: (...words) => greetings.push(words),
    fileSystem: (system) => systems.push(system),
    record: (record) => records.push(record),
    statistics: (news) => counts.push(news),
  });
  return { decoder, records, systems, counts, greetings };
}

const WRITTEN = fileRecord({
  kind: 'written',
  pid: 42,
  flags: 1 | 16,
  bytes: 5n,
  mode: 0o104755,
  times: 3,
  entropy: 7_950,
  name: 'cat',
  head: '\x7fELF',
  texts: ['/tmp/ü', '', '/usr/bin/cat'],
});
const STREAM = Buffer.concat([
  filesHello(1, 'nothing'),
  fileSystemRecord(1, '/home', 'xfs'),
  WRITTEN,
  filesStatistics([8, 7, 6, 5, 4, 3, 2, 1, 9]),
]);

describe('FileRecordDecoder', () => {
  it('reads a stream however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }), (cuts) => {
        const { decoder, records, systems, counts, greetings } = decoding();
        let at = 0;
        for (const cut of [...cuts, STREAM.length]) {
          expect(decoder.accept(STREAM.subarray(at, at + cut))).toBe(true);
          at += cut;
        }
        expect(greetings).toEqual([['complete', 'nothing']]);
        expect(systems).toEqual([{ device: '8:1', mountPoint: '/home', type: 'xfs', state: 'watched', error: 0 }]);
        expect(counts).toMatchObject([{ events: 8, told: 7, overflows: 3, watched: 1, dropped: 9 }]);
        expect(records).toMatchObject([
          { kind: 'written', path: '/tmp/ü', pid: 42, program: '/usr/bin/cat', processName: 'cat', times: 3 },
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('finds fault with hostile bytes, and never throws, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.boolean(), (bytes, isGreeted) => {
        const { decoder, records } = decoding();
        if (isGreeted) decoder.accept(filesHello());
        const isSound = decoder.accept(bytes);
        expect(isSound).toBe(decoder.problem === undefined);
        if (!isSound) expect(decoder.accept(WRITTEN)).toBe(false);
        expect(isGreeted ? 0 : records.length).toBe(0);
      }),
    );
  });

  it('finds fault with every record of which one byte of its frame or lengths is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2, 3, 4, 5, 92, 93, 94, 95, 100, 101),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const { decoder, records } = decoding();
          decoder.accept(filesHello());
          const bent = Buffer.from(WRITTEN);
          bent[at] = (bent[at] ?? 0) ^ by;
          decoder.accept(bent);
          // Another kind of file record, lengths that shift the texts, or a record that is not complete yet: never more texts than there are.
          for (const { path, other, program } of records) {
            expect(Buffer.byteLength(path + other + program)).toBeLessThanOrEqual(WRITTEN.length * 3);
          }
          expect(records.length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it.each([
    ['no greeting', WRITTEN],
    ['a greeting of another form', filesHello(1, '', 0x50534648)],
    ['format version 9', filesHello(1, '', undefined, 9)],
    ['a greeting of another form', Buffer.concat([filesHello(), filesHello()])],
    ['a file system in state 9', Buffer.concat([filesHello(), fileSystemRecord(9)])],
    ['a record of 12 bytes', Buffer.from([12, 0, 0, 0, 0, 0, 0, 0])],
  ])('says what is wrong: %s', (problem, bytes) => {
    const { decoder } = decoding();
    expect(decoder.accept(bytes)).toBe(false);
    expect(decoder.problem).toContain(problem);
  });
});

function eventOf(bytes: Buffer, processOf: Parameters<typeof fileEventOf>[1] = () => undefined) {
  const { decoder, records } = decoding();
  decoder.accept(Buffer.concat([filesHello(), bytes]));
  const [one] = records;
  return one && fileEventOf(one, processOf);
}

describe('fileEventOf', () => {
  it('tells a write with facts, content and what /proc said', () => {
    expect(eventOf(WRITTEN)).toEqual({
      type: 'file-written',
      timeMs: 1_700_000_001_500,
      path: '/tmp/ü',
      times: 3,
      file: {
        kind: 'file',
        inode: 77,
        device: 2_049,
        sizeBytes: 5,
        mode: 0o4755,
        uid: 1_000,
        gid: 100,
        entropy: 7.95,
        magic: 'elf',
      },
      process: { pid: 42, image: '/usr/bin/cat', name: 'cat', commandLine: '' },
    });
  });

  it('takes the process that is known, and leaves it out where there is none', () => {
    const known = { pid: 42, image: '/bin/known', commandLine: 'known -x' };
    expect(eventOf(WRITTEN, (pid) => (pid === 42 ? known : undefined))).toMatchObject({ process: known });
    expect(eventOf(fileRecord({ kind: 'deleted', flags: 4, texts: ['/a'] }))).toEqual({
      type: 'file-deleted',
      timeMs: 1_700_000_001_500,
      path: '/a',
      file: { kind: 'directory' },
    });
    const memory = eventOf(fileRecord({ kind: 'executed', pid: 7, flags: 32, texts: ['/a', '', '/memfd:x'] }));
    expect(memory).toMatchObject({ process: { image: 'memfd:x', isImageDeleted: true } });
  });

  it('tells renames, links and what changed', () => {
    expect(eventOf(fileRecord({ kind: 'renamed', texts: ['/b', '/a'] }))).toMatchObject({ previousPath: '/a' });
    expect(eventOf(fileRecord({ kind: 'renamed', texts: ['/b'] }))).toMatchObject({ type: 'file-created' });
    expect(eventOf(fileRecord({ kind: 'created', texts: ['/l', '/dev/null'] }))).toMatchObject({
      linkTarget: '/dev/null',
    });
    const mode = fileRecord({ kind: 'attributes', flags: 3, mode: 0o104755, beforeMode: 0o100755, changed: 1 });
    expect(eventOf(mode)).toMatchObject({ changed: ['mode'], before: { mode: 0o755 }, file: { mode: 0o4755 } });
  });
});

describe('magicOf', () => {
  it.each([
    ['PK\x03\x04rest', 'zip'],
    ['#!/bin/sh', 'script'],
    ['\0\0\0\x20ftypisom', 'mp4'],
    ['RIFF....WEBP', 'webp'],
    ['plain words', undefined],
    ['', undefined],
  ])('knows %j', (head, magic) => {
    expect(magicOf(Buffer.from(head, 'latin1'))).toBe(magic);
  });
});
