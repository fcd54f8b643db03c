import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProcessCounts, type ProcessRecord, ProcessRecordDecoder } from './records.ts';
import { processHello, processRecord, processStatistics } from './testing/encode.ts';

function decode(pieces: readonly Uint8Array[]) {
  const records: ProcessRecord[] = [];
  const counts: ProcessCounts[] = [];
  const hellos: unknown[][] = [];
  const decoder = new ProcessRecordDecoder({
    hello: (...words) => hellos.push(words),
    record: (record) => records.push(record),
    statistics: (count) => counts.push(count),
  });
  const sound = pieces.map((piece) => decoder.accept(piece));
  return { records, counts, hellos, isSound: sound.every(Boolean), problem: decoder.problem };
}

const EXEC = processRecord({
  kind: 'exec',
  pid: 42,
  parentPid: 7,
  startNs: 5_000_000_000n,
  flags: 16 | 32,
  uid: 1000,
  name: 'curl',
  texts: ['curl', '/usr/bin/curl', '/home/ä', '/user.slice', 'curl\0-s\0\0'],
});

describe('ProcessRecordDecoder', () => {
  it('reads every kind of record', () => {
    const exit = processRecord({ kind: 'exit', pid: 42, exitStatus: 9 });
    const { records, counts, hellos } = decode([
      Buffer.concat([processHello(2, 'no BTF'), EXEC, exit, processStatistics([1, 2, 3, 4, 5, 6])]),
    ]);
    expect(hellos).toEqual([['connector', 1_700_000_000_000, 'no BTF']]);
    expect(records[0]).toMatchObject({
      kind: 'exec',
      timeMs: 1_700_000_001_500,
      pid: 42,
      parentPid: 7,
      startNs: 5e9,
      users: { uid: 1000, euid: 1000 },
      name: 'curl',
      program: { fileName: 'curl', image: '/usr/bin/curl', directory: '/home/ä', arguments: 'curl\0-s\0\0' },
    });
    expect(records[0].loginUid).toBeUndefined();
    expect(records[1]).toMatchObject({ kind: 'exit', exitStatus: 9, pid: 42 });
    expect(records[1].users).toBeUndefined();
    expect(counts).toEqual([{ forks: 1, execs: 2, exits: 3, credentials: 4, dropped: 5, incomplete: 6 }]);
  });

  it('tells with whom standard streams are connected', () => {
    const shell = processRecord({ kind: 'exec', pid: 42, flags: 64, remote: ['2001:db8::7', 4444] });
    const four = processRecord({ kind: 'exec', pid: 42, flags: 64, remote: ['192.0.2.1', 443] });
    const unknown = processRecord({ kind: 'exec', pid: 42, remote: ['192.0.2.1', 443] });
    const { records } = decode([Buffer.concat([processHello(), shell, four, unknown, EXEC])]);
    expect(records.map(({ program }) => program?.streamsRemote)).toEqual([
      { address: '2001:db8::7', port: 4444 },
      { address: '192.0.2.1', port: 443 },
      undefined,
      undefined,
    ]);
  });

  it('gives the same however the stream is cut', () => {
    const stream = Buffer.concat([processHello(), EXEC, EXEC, processStatistics([1, 2, 3, 4, 5, 6])]);
    const whole = decode([stream]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 12 }), (sizes) => {
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(stream.subarray(at, at + size));
          at += size;
        }
        pieces.push(stream.subarray(at));
        expect(decode(pieces)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('never throws and stays damaged, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }), (pieces) => {
        const { isSound, problem } = decode([processHello(), ...pieces]);
        expect(problem === undefined).toBe(isSound);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(EXEC.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const damaged = Buffer.from(EXEC);
        damaged[at] = value;
        decode([processHello(), damaged, EXEC]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['no greeting', EXEC],
    ['a greeting of another form', processHello(1, '', 1)],
    ['format version 1 instead of 2', processHello(1, '', 0x50534648, 1)],
    ['a greeting of another form', processHello(9)],
    ['a record of 12 bytes', Buffer.from([12, 0, 0, 0, 16, 0, 0, 0])],
  ])('says what is wrong: %s', (problem, bytes) => {
    expect(decode([bytes])).toMatchObject({ problem, isSound: false });
  });

  it('refuses texts that are longer than their record', () => {
    const damaged = Buffer.from(EXEC);
    damaged.writeUInt32LE(0xffffffff, 116);
    expect(decode([processHello(), damaged]).problem).toContain('texts of');
  });
});
