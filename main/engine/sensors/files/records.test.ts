import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import type { ProcessLookup } from './events.ts';
import { magicOf } from './magic.ts';
import { type FileCounts, FileRecordDecoder, type FileSystem } from './records.ts';
import { fileRecord, fileSystemRecord, filesHello, filesStatistics, programRecord } from './testing/encode.ts';

function decoding(processOf: ProcessLookup = () => undefined) {
  const events: HostEvent[] = [];
  const systems: FileSystem[] = [];
  const counts: FileCounts[] = [];
  const greetings: string[][] = [];
  const decoder = new FileRecordDecoder(
    {
      hello: (...words) => greetings.push(words),
      fileSystem: (system) => systems.push(system),
      event: (event) => events.push(event),
      statistics: (news) => counts.push(news),
    },
    processOf,
  );
  return { decoder, events, systems, counts, greetings };
}

const CAT = programRecord(7, 42, '/usr/bin/cat', 'cat');
const WRITTEN = fileRecord({
  kind: 'written',
  pid: 42,
  program: 7,
  flags: 1 | 16,
  bytes: 5n,
  mode: 0o104755,
  times: 3,
  entropy: 7_950,
  head: '\x7fELF',
  texts: ['/tmp/ü'],
});
const STREAM = Buffer.concat([
  filesHello(1, 'nothing'),
  fileSystemRecord(1, '/home', 'xfs'),
  CAT,
  WRITTEN,
  filesStatistics([8, 7, 6, 5, 4, 3, 2, 1, 9, 10]),
]);

describe('FileRecordDecoder', () => {
  it('reads a stream however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }), (cuts) => {
        const { decoder, events, systems, counts, greetings } = decoding();
        let at = 0;
        for (const cut of [...cuts, STREAM.length]) {
          expect(decoder.accept(STREAM.subarray(at, at + cut))).toBe(true);
          at += cut;
        }
        expect(greetings).toEqual([['complete', 'nothing']]);
        expect(systems).toEqual([{ device: '8:1', mountPoint: '/home', type: 'xfs', state: 'watched', error: 0 }]);
        expect(counts).toMatchObject([{ events: 8, told: 7, overflows: 3, watched: 1, dropped: 9, opens: 10 }]);
        expect(events).toMatchObject([
          { type: 'file-written', path: '/tmp/ü', times: 3, process: { pid: 42, image: '/usr/bin/cat', name: 'cat' } },
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('finds fault with hostile bytes, and never throws, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.boolean(), (bytes, isGreeted) => {
        const { decoder, events } = decoding();
        if (isGreeted) decoder.accept(filesHello());
        const isSound = decoder.accept(bytes);
        expect(isSound).toBe(decoder.problem === undefined);
        if (!isSound) expect(decoder.accept(WRITTEN)).toBe(false);
        expect(isGreeted ? 0 : events.length).toBe(0);
      }),
    );
  });

  it('finds fault with every record of which one byte of its frame or lengths is another', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 3, 4, 5, 84, 85, 86, 87), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const { decoder, events } = decoding();
        decoder.accept(filesHello());
        const bent = Buffer.from(WRITTEN);
        bent[at] = (bent[at] ?? 0) ^ by;
        decoder.accept(bent);
        // Another kind of file record, lengths that shift the texts, or a record that is not complete yet: never more text than there is.
        expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThanOrEqual(WRITTEN.length * 6);
        expect(events.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    ['no greeting', WRITTEN],
    ['a greeting of another form', filesHello(1, '', 0x50534648)],
    ['format version 9', filesHello(1, '', undefined, 9)],
    ['a greeting of another form', Buffer.concat([filesHello(), filesHello()])],
    ['a file system in state 9', Buffer.concat([filesHello(), fileSystemRecord(9)])],
    ['a program of another form', Buffer.concat([filesHello(), programRecord(65, 1, '/a')])],
    ['a record of type 99', Buffer.concat([filesHello(), Buffer.from([8, 0, 0, 0, 99, 0, 0, 0])])],
    ['a record of 12 bytes', Buffer.from([12, 0, 0, 0, 0, 0, 0, 0])],
  ])('says what is wrong: %s', (problem, bytes) => {
    const { decoder } = decoding();
    expect(decoder.accept(bytes)).toBe(false);
    expect(decoder.problem).toContain(problem);
  });
});

function eventsOf(bytes: readonly Buffer[], processOf?: ProcessLookup) {
  const { decoder, events } = decoding(processOf);
  expect(decoder.accept(Buffer.concat([filesHello(), ...bytes]))).toBe(true);
  return events;
}

describe('events of files', () => {
  it('tell a write with facts, content and what /proc said', () => {
    expect(eventsOf([CAT, WRITTEN])).toEqual([
      {
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
      },
    ]);
  });

  it('take the process that is known, ask once for a run of them, and leave it out where there is none', () => {
    const known = { pid: 42, image: '/bin/known', commandLine: 'known -x' };
    const asked: number[] = [];
    const processOf = (pid: number) => {
      asked.push(pid);
      return pid === 42 ? known : undefined;
    };
    expect(eventsOf([WRITTEN, WRITTEN], processOf).map((event) => 'process' in event && event.process)).toEqual([
      known,
      known,
    ]);
    expect(asked).toEqual([42]);
    expect(eventsOf([fileRecord({ kind: 'deleted', flags: 4, texts: ['/a'] })])).toEqual([
      { type: 'file-deleted', timeMs: 1_700_000_001_500, path: '/a', file: { kind: 'directory' } },
    ]);
    const memory = fileRecord({ kind: 'executed', pid: 7, program: 1, texts: ['/a'] });
    expect(eventsOf([programRecord(1, 7, '/memfd:x', '', 32), memory])).toMatchObject([
      { process: { image: 'memfd:x', isImageDeleted: true } },
    ]);
    // The number is another process's by now.
    expect(eventsOf([programRecord(1, 8, '/bin/other'), memory])).toMatchObject([{ process: { pid: 7, image: '' } }]);
  });

  it('tell renames, links, what changed and what was opened', () => {
    const texts = (...given: string[]) => given;
    expect(eventsOf([fileRecord({ kind: 'renamed', texts: texts('/b', '/a') })])).toMatchObject([
      { type: 'file-renamed', path: '/b', previousPath: '/a' },
    ]);
    expect(eventsOf([fileRecord({ kind: 'renamed', texts: texts('/b') })])).toMatchObject([{ type: 'file-created' }]);
    expect(eventsOf([fileRecord({ kind: 'created', texts: texts('/l', '/dev/null') })])).toMatchObject([
      { linkTarget: '/dev/null' },
    ]);
    const mode = fileRecord({ kind: 'attributes', flags: 3, mode: 0o104755, beforeMode: 0o100755, changed: 1 });
    expect(eventsOf([mode])).toMatchObject([{ changed: ['mode'], before: { mode: 0o755 }, file: { mode: 0o4755 } }]);
    expect(eventsOf([fileRecord({ kind: 'opened', texts: texts('/etc/shadow') })])).toMatchObject([
      { type: 'file-opened', path: '/etc/shadow' },
    ]);
  });

  it('tell two where a file was made and written to at once', () => {
    const both = fileRecord({ kind: 'created', flags: 1 | 64 | 128, bytes: 9n, mode: 0o100644, texts: ['/new'] });
    expect(eventsOf([both])).toMatchObject([
      { type: 'file-created', path: '/new', file: { sizeBytes: 9 } },
      { type: 'file-written', path: '/new', file: { sizeBytes: 9 } },
    ]);
  });

  it('carry the bytes of a path that is not UTF-8', () => {
    const path = Buffer.from('/tmp/\xff', 'latin1');
    expect(eventsOf([fileRecord({ kind: 'created', texts: [path] })])).toMatchObject([
      { path: '/tmp/\ufffd', pathBytes: path.toString('hex') },
    ]);
    expect(eventsOf([fileRecord({ kind: 'created', texts: ['/tmp/\ufffd'] })])[0]).not.toHaveProperty('pathBytes');
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
