import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInterfaceCounters, readInterfaceCounters, readOwnAddresses } from './interface-counters.ts';

const SAMPLE = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0:9007199254 500 0 3 0 0 0 1 2048 12 0 0 0 0 0 0
eth0:1: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0
  cut: 1 2 3
`;

describe('interface counters', () => {
  it('are the bytes of both directions, by name', () => {
    expect([...parseInterfaceCounters(SAMPLE)]).toEqual([
      ['lo', { receivedBytes: 1000, sentBytes: 1000 }],
      ['eth0', { receivedBytes: 9_007_199_254, sentBytes: 2048 }],
      ['eth0:1', { receivedBytes: 5, sentBytes: 6 }],
    ]);
  });

  it('take any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        for (const { receivedBytes, sentBytes } of parseInterfaceCounters(text).values()) {
          expect(receivedBytes >= 0 && sentBytes >= 0).toBe(true);
        }
      }),
    );
  });

  it('are those of this computer, which has a loopback', () => {
    expect(readInterfaceCounters().has('lo')).toBe(true);
    expect(readOwnAddresses(process.pid).has('127.0.0.1')).toBe(true);
    expect(readInterfaceCounters(2 ** 30).size).toBe(0);
  });
});
