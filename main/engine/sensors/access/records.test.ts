import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccessCounts, type AccessRecord, AccessRecordDecoder } from './records.ts';
import { accessHello, accessRecord, accessStatistics } from './testing/encode.ts';

function decode(pieces: readonly Uint8Array[]) {
  const records: AccessRecord[] = [];
  const counts: AccessCounts[] = [];
  const hellos: unknown[] = [];
  const decoder = new AccessRecordDecoder({
    hello: (greeting) => hellos.push(greeting),
    record: (record) => records.push(record),
    statistics: (count) => counts.push(count),
  });
  const sound = pieces.map((piece) => decoder.accept(piece));
  return { records, counts, hellos, isSound: sound.every(Boolean), problem: decoder.problem };
}

const WRITE = accessRecord({
  kind: 'write',
  pid: 42,
  startNs: 5_000_000_000n,
  uid: 1000,
  name: 'injector',
  target: 7,
  targetStartNs: 3_000_000_000n,
  targetName: 'sshd',
  flags: 1,
  way: 3,
  texts: ['/tmp/injectör', '/usr/sbin/sshd'],
});
const LOAD = accessRecord({
  kind: 'moduleLoad',
  pid: 43,
  module: 'diamorphine',
  taints: 0x3000n,
  texts: ['/usr/bin/kmod', '', '/tmp/diamorphine.ko'],
});

describe('AccessRecordDecoder', () => {
  it('reads every kind of record', () => {
    const signal = accessRecord({ kind: 'signal', pid: 9, target: 8, signal: 9 });
    const stream = [accessHello(1, 'too old'), WRITE, LOAD, signal, accessStatistics([1, 2, 3, 4, 5, 6, 7])];
    const { records, counts, hellos } = decode([Buffer.concat(stream)]);
    expect(hellos).toEqual([{ bootMs: 1_700_000_000_000, seesMemory: false, seesModules: false, detail: 'too old' }]);
    expect(records[0]).toEqual({
      kind: 'write',
      timeMs: 1_700_000_001_500,
      process: {
        pid: 42,
        parentPid: 1,
        startNs: 5e9,
        users: { uid: 1000, euid: 1000 },
        name: 'injector',
        image: '/tmp/injectör',
        isImageDeleted: true,
      },
      target: {
        pid: 7,
        startNs: 3e9,
        users: { uid: 1000, euid: 1000 },
        name: 'sshd',
        image: '/usr/sbin/sshd',
        isImageDeleted: false,
      },
      way: 'memory-file',
    });
    expect(records[1]).toMatchObject({
      kind: 'module-load',
      module: { name: 'diamorphine', path: '/tmp/diamorphine.ko', taints: 0x3000 },
    });
    expect(records[1].target).toBeUndefined();
    expect(records[2]).toMatchObject({ kind: 'signal', signal: 9 });
    expect(counts).toEqual([{ traces: 1, reads: 2, writes: 3, signals: 4, loads: 5, unloads: 6, dropped: 7 }]);
  });

  it('gives the same however the stream is cut', () => {
    const stream = Buffer.concat([accessHello(), WRITE, LOAD, accessStatistics([1, 2, 3, 4, 5, 6, 7]), WRITE]);
    const whole = decode([stream]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 12 }), (sizes) => {
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(stream.subarray(at, at + size));
          at += size;
        }
        pieces.push(stream.subarray(at));
        expect(decode(pieces)).toEqual(whole);
      }),
    );
  });

  it('refuses what is no stream of accesses, and never throws', () => {
    expect(decode([WRITE]).problem).toBe('no greeting');
    expect(decode([accessHello(7, '', 1)]).isSound).toBe(false);
    expect(decode([accessHello(7, '', undefined, 2)]).problem).toContain('version 2');
    const endless = Buffer.from(WRITE);
    endless.writeUInt16LE(60_000, 72);
    expect(decode([accessHello(), endless]).problem).toContain('texts of');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(4_000), (noise, at) => {
        const stream = Buffer.concat([accessHello(), WRITE, LOAD]);
        stream.set(noise.subarray(0, Math.max(0, stream.length - at)), Math.min(at, stream.length));
        decode([stream]);
        decode([noise]);
      }),
    );
  });
});
