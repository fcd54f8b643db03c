import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowView } from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { HostCounter } from './host-counter.ts';

type Words = readonly [number, number, number, number];

/** A flow between two addresses; nothing else of it is looked at. */
function flowBetween(initiator: Words, responder: Words): FlowView {
  const [initiator0, initiator1, initiator2, initiator3] = initiator;
  const [responder0, responder1, responder2, responder3] = responder;
  const ends = { initiator0, initiator1, initiator2, initiator3, responder0, responder1, responder2, responder3 };
  return ends as unknown as FlowView;
}

function words(address: string): Words {
  const parsed = parseAddress(address);
  if (!parsed) throw new Error(`not an address: ${address}`);
  return parsed;
}

describe('HostCounter', () => {
  it('counts each address once, whichever side it is on', () => {
    const hosts = new HostCounter();
    hosts.flowStart(flowBetween(words('10.0.0.1'), words('10.0.0.2')));
    hosts.flowStart(flowBetween(words('10.0.0.2'), words('10.0.0.1')));
    hosts.flowStart(flowBetween(words('10.0.0.1'), words('2001:db8::1')));
    expect(hosts.size).toBe(3);
    expect(hosts.isAtLeast).toBe(false);
  });

  it('counts a host that has no address yet', () => {
    const hosts = new HostCounter();
    hosts.flowStart(flowBetween(words('0.0.0.0'), words('255.255.255.255')));
    hosts.flowStart(flowBetween(words('::'), words('ff02::1')));
    expect(hosts.size).toBe(4);
  });

  it('stops at its limit and says so', () => {
    const hosts = new HostCounter(3);
    for (let host = 1; host < 10; host++) hosts.flowStart(flowBetween([0, 0, 0xffff, host], [0, 0, 0xffff, 1]));
    expect([hosts.size, hosts.isAtLeast]).toEqual([3, true]);
  });

  it('counts a whole network and does not lose anyone as it grows', () => {
    const hosts = new HostCounter();
    for (let round = 0; round < 2; round++) {
      for (let host = 0; host < 50_000; host++)
        hosts.flowStart(flowBetween([0, 0, 0xffff, host], [0x20010db8, 0, 0, host]));
    }
    expect(hosts.size).toBe(100_000);
  });

  it('agrees with a set', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, -1, 0xffff), fc.integer());
    // Nobody answers from "::".
    const address = fc.tuple(word, word, word, word).filter((words) => words.some((each) => each !== 0));
    fc.assert(
      fc.property(fc.array(fc.tuple(address, address), { maxLength: 300 }), (pairs) => {
        const hosts = new HostCounter();
        for (const [from, to] of pairs) hosts.flowStart(flowBetween(from, to));
        expect(hosts.size).toBe(new Set(pairs.flat().map(String)).size);
      }),
    );
  });
});
