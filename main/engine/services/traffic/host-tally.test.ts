import { describe, expect, it } from 'vitest';
import { type HostFlow, HostTallies, servicesOf } from './host-tally.ts';

const HOUR_US = 3_600_000_000;
const OWN = new Set(['10.0.0.1', 'fe80::1']);

function flow(changes: Partial<HostFlow> = {}): HostFlow {
  return {
    firstUs: HOUR_US,
    lastUs: HOUR_US + 1_000,
    initiator: '10.0.0.1',
    responder: '192.0.2.9',
    initiatorPackets: 5,
    responderPackets: 4,
    initiatorBytes: 500,
    responderBytes: 4_000,
    service: 'tls',
    ...changes,
  };
}

function tallied(...flows: HostFlow[]) {
  const tallies = new HostTallies();
  for (const each of flows) tallies.add(each, OWN);
  return new Map(tallies.take().map((tally) => [`${tally.address} ${tally.hourMs / 3_600_000}`, tally]));
}

describe('HostTallies', () => {
  it('add up both ends by the hour', () => {
    const found = tallied(
      flow(),
      flow({ service: 'dns', firstUs: HOUR_US - 5_000 }),
      flow({ lastUs: 2 * HOUR_US + 7_000 }),
    );
    expect([...found.keys()].sort()).toEqual(['10.0.0.1 1', '10.0.0.1 2', '192.0.2.9 1', '192.0.2.9 2']);
    const host = found.get('192.0.2.9 1');
    expect(host).toMatchObject({ sentBytes: 8_000, receivedBytes: 1_000, flows: 2, isProven: true });
    expect([host?.firstSeenMs, host?.lastSeenMs]).toEqual([3_599_995, 3_600_001]);
    expect(servicesOf(host?.services ?? 0)).toEqual(['tls', 'dns']);
  });

  it.each([
    ['a silent sender', { initiator: '198.51.100.1', responder: '10.0.0.1', responderPackets: 0 }, false],
    ['a sender that went away after our answer', { initiator: '198.51.100.1', initiatorPackets: 1 }, false],
    ['a caller that went on', { initiator: '198.51.100.1', responder: '10.0.0.1' }, true],
    ['a target that did not answer', { responder: '198.51.100.1', responderPackets: 0 }, false],
    ['a server that answered once', { responder: '198.51.100.1', initiatorPackets: 1, responderPackets: 1 }, true],
    [
      'an answer to a forged sender',
      { initiator: '203.0.113.1', responder: '198.51.100.1', initiatorPackets: 1 },
      false,
    ],
  ])('take %s for what it is', (_what, changes, isProven) => {
    expect(tallied(flow(changes)).get('198.51.100.1 1')?.isProven).toBe(isProven);
  });

  it('take a host for real as soon as it has proved to be', () => {
    const forged = flow({ initiator: '198.51.100.1', responder: '10.0.0.1', responderPackets: 0 });
    const found = tallied(forged, { ...forged, responderPackets: 4 }, forged);
    expect(found.get('198.51.100.1 1')).toMatchObject({ isProven: true, flows: 3 });
  });

  it('leave out groups and everybody', () => {
    expect([...tallied(flow({ responder: '224.0.0.251' }), flow({ responder: 'ff02::fb' })).keys()]).toEqual([
      '10.0.0.1 1',
    ]);
    expect([...tallied(flow({ responder: '255.255.255.255', initiator: '0.0.0.0' })).keys()]).toEqual([]);
  });

  it('are bounded, and a flood of forged senders takes no room from the real', () => {
    const tallies = new HostTallies();
    for (let n = 0; n < 50_000; n++) {
      const initiator = `198.${18 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
      tallies.add(flow({ initiator, responder: '10.0.0.1', initiatorPackets: 1, responderPackets: 1 }), OWN);
    }
    expect(tallies.size).toBe(1_001);
    expect(tallies.leftOut).toBe(49_000);
    tallies.add(flow(), OWN);
    expect(
      tallies
        .take()
        .filter(({ isProven }) => isProven)
        .map(({ address }) => address),
    ).toEqual(['10.0.0.1', '192.0.2.9']);
    expect(tallies.size).toBe(0);
  });
});
