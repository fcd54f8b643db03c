import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { type Clock, ManualClock } from '../../runtime/clock.ts';
import { FindingRelay } from './host-finding-relay.ts';

function finding(cause: string, title = cause): Finding {
  return {
    detector: 'discovery',
    kind: 'discovery',
    cause,
    firstSeenMs: 0,
    lastSeenMs: 0,
    severity: 'low',
    confidence: 0.5,
    techniques: [],
    attackers: [],
    victims: [],
    attackerCount: 0,
    victimCount: 0,
    title,
    explanation: '',
    evidence: [],
  };
}

function setup() {
  const clock = new ManualClock();
  const told: Finding[][] = [];
  const relay = new FindingRelay({ clock, onFindings: (findings) => told.push([...findings]) });
  return { clock, told, relay };
}

describe('FindingRelay', () => {
  it('tells what was found soon, of each cause what was known last', () => {
    const { clock, told, relay } = setup();
    relay.add(finding('a', 'first'));
    relay.add(finding('b'));
    relay.add(finding('a', 'second'));
    clock.advance(50);
    expect(told).toEqual([[finding('a', 'second'), finding('b')]]);
    relay.add(finding('a', 'third'));
    relay.flush();
    expect(told[1]).toEqual([finding('a', 'third')]);
    expect(relay.counts).toEqual({ told: 3, joined: 1, dropped: 0 });
    expect(clock.pending).toBe(0);
  });

  it('does not wait for a timer that a busy thread comes late to', () => {
    const clock = new ManualClock();
    let monotonicMs = 0;
    const stuck: Clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => monotonicMs,
      after: (delayMs, task) => clock.after(delayMs, task),
      every: (intervalMs, task) => clock.every(intervalMs, task),
      sleep: (delayMs) => clock.sleep(delayMs),
    };
    const told: Finding[][] = [];
    const relay = new FindingRelay({ clock: stuck, onFindings: (findings) => told.push([...findings]) });
    relay.add(finding('a'));
    monotonicMs = 50;
    relay.add(finding('b'));
    expect(told).toEqual([]);
    monotonicMs = 51;
    relay.add(finding('c'));
    expect(told).toEqual([[finding('a'), finding('b')]]);
    clock.advance(50);
    expect(told[1]).toEqual([finding('c')]);
    expect(relay.counts).toEqual({ told: 3, joined: 0, dropped: 0 });
  });

  it('tells at once what is urgent, and its repeats with the rest', () => {
    const { clock, told, relay } = setup();
    const urgent = { ...finding('a'), severity: 'critical' as const };
    relay.add({ ...urgent, severity: 'low' });
    relay.add(urgent);
    expect(told).toEqual([[urgent]]);
    relay.add({ ...urgent, title: 'second' });
    relay.add({ ...urgent, title: 'third' });
    expect(told).toHaveLength(1);
    clock.advance(50);
    expect(told[1]).toEqual([{ ...urgent, title: 'third' }]);
    relay.add(urgent);
    expect(told).toHaveLength(3);
  });

  it('drops and counts causes beyond what anybody reads', () => {
    const { told, relay } = setup();
    for (let cause = 0; cause < 700; cause++) relay.add(finding(`${cause}`));
    relay.flush();
    expect(told[0]).toHaveLength(500);
    expect(relay.counts).toEqual({ told: 500, joined: 0, dropped: 200 });
  });
});
