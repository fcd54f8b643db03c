import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SocketCounts, type SocketRecord, SocketRecordDecoder } from './records.ts';
import { OWN_NETWORK, socketHello, socketRecord, socketStatistics, socketsListed } from './testing/encode.ts';

function decode(pieces: readonly Uint8Array[]) {
  const records: SocketRecord[] = [];
  const counts: SocketCounts[] = [];
  const hellos: unknown[] = [];
  let lists = 0;
  const decoder = new SocketRecordDecoder({
    hello: (greeting) => hellos.push(greeting),
    record: (record) => records.push(record),
    listed: () => lists++,
    statistics: (count) => counts.push(count),
  });
  const sound = pieces.map((piece) => decoder.accept(piece));
  return { records, counts, hellos, lists, isSound: sound.every(Boolean), problem: decoder.problem };
}

const CONNECT = socketRecord({
  kind: 'connect',
  pid: 42,
  startNs: 5_000_000_000n,
  inode: 77,
  uid: 1000,
  flags: 1,
  local: ['10.0.0.2', 40_000],
  remote: ['2001:db8::1', 443],
  name: 'curl',
  image: '/usr/bin/cürl',
});

describe('SocketRecordDecoder', () => {
  it('reads every kind of record', () => {
    const found = socketRecord({ kind: 'found', inode: 9, protocol: 17, flags: 4 });
    const stream = [
      socketHello(2, 'no BTF'),
      CONNECT,
      found,
      socketsListed(),
      socketStatistics([1, 2, 3, 4, 5, 6, 7, 8]),
    ];
    const { records, counts, hellos, lists } = decode([Buffer.concat(stream)]);
    expect(hellos).toEqual([{ method: 'lists', bootMs: 1_700_000_000_000, network: OWN_NETWORK, detail: 'no BTF' }]);
    expect(records[0]).toEqual({
      kind: 'connect',
      timeMs: 1_700_000_001_500,
      inode: 77,
      protocol: 6,
      localAddress: '10.0.0.2',
      localPort: 40_000,
      remoteAddress: '2001:db8::1',
      remotePort: 443,
      network: OWN_NETWORK,
      isBound: false,
      owner: {
        pid: 42,
        parentPid: 1,
        startNs: 5e9,
        users: { uid: 1000, euid: 1000 },
        name: 'curl',
        image: '/usr/bin/cürl',
        isImageDeleted: true,
      },
    });
    expect(records[1]).toMatchObject({ kind: 'found', inode: 9, isBound: true });
    expect(records[1].owner).toBeUndefined();
    expect(lists).toBe(1);
    expect(counts).toEqual([
      { connects: 1, accepts: 2, sends: 3, listens: 4, unlistens: 5, found: 6, lists: 7, dropped: 8 },
    ]);
  });

  it('gives the same however the stream is cut', () => {
    const stream = Buffer.concat([socketHello(), CONNECT, socketsListed(), CONNECT]);
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
      { numRuns: 50 },
    );
  });

  it('never throws and stays damaged, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (pieces) => {
        const { isSound, problem } = decode([socketHello(), ...pieces]);
        expect(problem === undefined).toBe(isSound);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(CONNECT.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const damaged = Buffer.from(CONNECT);
        damaged[at] = value;
        decode([socketHello(), damaged, CONNECT]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['no greeting', CONNECT],
    ['a greeting of another form', socketHello(1, '', 1)],
    ['format version 2 instead of 1', socketHello(1, '', 0x4b534648, 2)],
    ['a greeting of another form', socketHello(9)],
    ['a record of 12 bytes', Buffer.from([12, 0, 0, 0, 64, 0, 0, 0])],
  ])('says what is wrong: %s', (problem, bytes) => {
    expect(decode([bytes])).toMatchObject({ problem, isSound: false });
  });

  it('refuses a path that is longer than its record', () => {
    const damaged = Buffer.from(CONNECT);
    damaged.writeUInt16LE(0xffff, 62);
    expect(decode([socketHello(), damaged]).problem).toContain('a path of');
  });
});
