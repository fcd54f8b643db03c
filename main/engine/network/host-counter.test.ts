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
    expect(hosts.isEstimate).toBe(false);
  });

  it('counts a host that has no address yet', () => {
    const hosts = new HostCounter();
    hosts.flowStart(flowBetween(words('0.0.0.0'), words('255.255.255.255')));
    hosts.flowStart(flowBetween(words('::'), words('ff02::1')));
    expect(hosts.size).toBe(4);
  });

  it('counts a whole network exactly and does not lose anyone as it grows', () => {
    const hosts = new HostCounter();
    for (let round = 0; round < 2; round++) {
      for (let host = 0; host < 30_000; host++)
        hosts.flowStart(flowBetween([0, 0, 0xffff, host], [0x20010db8, 0, 0, host]));
    }
    expect([hosts.size, hosts.isEstimate]).toEqual([60_000, false]);
  });

  it('estimates a flood of made-up senders within 2 percent, and says that it does', () => {
    const hosts = new HostCounter();
    for (let host = 0; host < 300_000; host++)
      hosts.flowStart(flowBetween([0, 0, 0xffff, Math.imul(host, 0x9e3779b1)], [0, 0, 0xffff, 7]));
    expect(hosts.isEstimate).toBe(true);
    expect(Math.abs(hosts.size - 300_000)).toBeLessThan(6_000);
  });
});
