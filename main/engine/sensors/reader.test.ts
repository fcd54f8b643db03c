import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type InterfaceState, type PumpControl, pumpCapture } from './reader.ts';
import { NO_SLOT } from './records.ts';
import {
  concatenate,
  helloRecord,
  interfaceRecord,
  packetRecord,
  statisticsRecord,
  tickRecord,
} from './testing/encode-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-reader-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const packet = packetRecord({ slot: 0, seconds: 1, nanoseconds: 0, bytes: new Uint8Array(60), wireBytes: 60 });

function pump(parts: readonly Uint8Array[], control: PumpControl = {}) {
  const path = join(folder, 'stream');
  writeFileSync(path, concatenate(parts));
  const fd = openSync(path, 'r');
  let frames = 0;
  const interfaces: (readonly InterfaceState[])[] = [];
  const end = pumpCapture(fd, { frame: () => frames++ }, { onInterfaces: (list) => interfaces.push(list), ...control });
  expect(() => readSync(fd, new Uint8Array(1))).toThrow('EBADF');
  return { end, frames, interfaces };
}

describe('pumpCapture', () => {
  it('says every five seconds that the helper lives, also where nothing is watched', () => {
    const quarters = Array.from({ length: 61 }, (_, quarter) =>
      tickRecord(100 + Math.floor(quarter / 4), (quarter % 4) * 250e6),
    );
    expect(pump([helloRecord(2), ...quarters]).interfaces).toEqual([[], [], []]);
  });

  it('says what was counted when it is another count', () => {
    const { interfaces } = pump([
      helloRecord(),
      interfaceRecord({ name: 'eth0' }),
      tickRecord(1),
      statisticsRecord(0, [1, 60, 0, 0]),
      tickRecord(2),
      statisticsRecord(0, [1, 60, 0, 0]),
      tickRecord(3),
      statisticsRecord(0, [1, 60, 2, 0]),
      tickRecord(4),
    ]);
    expect(interfaces.map(([state]) => [state.received, state.dropped])).toEqual([
      [0, 0],
      [1, 0],
      [1, 2],
    ]);
  });

  it('reads to the end and keeps the table of interfaces', () => {
    const ticks: number[] = [];
    const { end, frames, interfaces } = pump(
      [
        helloRecord(2),
        interfaceRecord({ slot: 0, name: 'eth0' }),
        interfaceRecord({ slot: 1, name: 'wlan0', state: 3, detail: 'there is no such interface' }),
        interfaceRecord({ slot: NO_SLOT, name: 'tap9', state: 4, detail: 'too many' }),
        packet,
        packet,
        statisticsRecord(0, [2, 120, 5, 1]),
        interfaceRecord({ slot: 0, name: 'eth0', state: 2, detail: 'it has no link' }),
        tickRecord(9),
      ],
      { onTick: (nowUs) => ticks.push(nowUs) },
    );
    expect(end).toEqual({ reason: 'finished', detail: '' });
    expect(frames).toBe(2);
    expect(ticks).toEqual([9e6]);
    expect(interfaces.at(-1)).toEqual([
      { name: 'eth0', linkType: 1, state: 'down', received: 2, dropped: 5, bytes: 120, detail: 'it has no link' },
      {
        name: 'wlan0',
        linkType: 1,
        state: 'missing',
        received: 0,
        dropped: 0,
        bytes: 0,
        detail: 'there is no such interface',
      },
      { name: 'tap9', linkType: 1, state: 'failed', received: 0, dropped: 0, bytes: 0, detail: 'too many' },
    ]);
  });

  it('says what is watched before a tick, also when one read holds both', () => {
    const order: string[] = [];
    pump(
      [helloRecord(), interfaceRecord({ name: 'eth0' }), tickRecord(1), packet, statisticsRecord(0, [1, 60, 0, 0])],
      {
        onInterfaces: ([{ name, received }]) => order.push(`${name} ${received}`),
        onTick: () => order.push('tick'),
      },
    );
    expect(order).toEqual(['eth0 0', 'tick', 'eth0 1']);
  });

  it('forgets the counts of a slot that stands for another interface', () => {
    const { interfaces } = pump([
      helloRecord(),
      interfaceRecord({ name: 'tun0' }),
      statisticsRecord(0, [9, 900, 1, 1]),
      interfaceRecord({ name: 'tun1' }),
    ]);
    expect(interfaces.at(-1)).toMatchObject([{ name: 'tun1', received: 0, dropped: 0, bytes: 0 }]);
  });

  it('says that the helper was cut off', () => {
    expect(pump([helloRecord(), interfaceRecord({ name: 'eth0' }), packet.subarray(0, 50)]).end.reason).toBe('cut-off');
  });

  it('says what is damaged, and keeps what came before', () => {
    const { end, frames } = pump([helloRecord(), interfaceRecord({ name: 'eth0' }), packet, new Uint8Array(8)]);
    expect(end).toEqual({ reason: 'damaged', detail: 'a record of 0 bytes' });
    expect(frames).toBe(1);
  });

  it('stops when asked to', () => {
    expect(pump([helloRecord()], { shouldStop: () => true }).end.reason).toBe('stopped');
  });

  it('says when the pipe cannot be read', () => {
    const fd = openSync(folder, 'r');
    expect(pumpCapture(fd, { frame: () => {} }, {})).toMatchObject({
      reason: 'unreadable',
      detail: expect.stringContaining('EISDIR'),
    });
    expect(() => closeSync(fd)).toThrow('EBADF');
  });
});
