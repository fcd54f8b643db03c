import { describe, expect, it } from 'vitest';
import { icmpPacket, tcpPacket, udpPacket } from './decode/testing.ts';
import { feed, SECOND, START, smallEngine } from './testing-frames.ts';
import { type TalkerCounting, TrafficSummary } from './traffic-summary.ts';

const DNS = { from: '10.0.0.1', to: '10.0.0.53', sourcePort: 40_000, destinationPort: 53 };
const ANSWER = { from: '10.0.0.53', to: '10.0.0.1', sourcePort: 53, destinationPort: 40_000 };
const QUESTION_BYTES = 14 + 20 + 8 + 30;
const ANSWER_BYTES = 14 + 20 + 8 + 300;

function summarize(counting: TalkerCounting): TrafficSummary {
  const summary = new TrafficSummary(counting);
  const engine = smallEngine(summary);
  feed(engine, START, udpPacket({ ...DNS, payload: new Array(30).fill(0) }));
  feed(engine, START + 10, udpPacket({ ...ANSWER, payload: new Array(300).fill(0) }));
  feed(engine, START + 20, icmpPacket({ from: '10.0.0.1', to: '10.0.0.9', type: 8 }));
  feed(engine, START + 30, tcpPacket({ from: '10.0.0.1', to: '10.0.0.9', sourcePort: 1_024, destinationPort: 9_999 }));
  engine.finish();
  return summary;
}

describe.each<TalkerCounting>(['by-packet', 'by-flow'])('talkers %s', (counting) => {
  it('are those who sent and received most', () => {
    const [first, second] = summarize(counting).topTalkers(2);
    expect(first.address).toBe('10.0.0.1');
    expect(first.receivedBytes).toBe(ANSWER_BYTES);
    expect(first.packets).toBe(4);
    expect(second).toEqual({
      address: '10.0.0.53',
      sentBytes: ANSWER_BYTES,
      receivedBytes: QUESTION_BYTES,
      packets: 2,
    });
  });

  it('stay within bounds under a flood of addresses', () => {
    const summary = new TrafficSummary(counting);
    const engine = smallEngine(summary);
    for (let i = 0; i < 10_000; i++) {
      const from = `10.1.${i >> 8}.${i & 0xff}`;
      feed(engine, START + i, udpPacket({ from, to: '10.0.0.53', sourcePort: 9, destinationPort: 9 }));
    }
    engine.finish();
    const talkers = summary.topTalkers(100_000);
    expect(talkers.length).toBeLessThanOrEqual(4_096);
    expect(talkers[0]).toMatchObject({ address: '10.0.0.53', packets: 10_000 });
  });
});

describe('protocols', () => {
  it('are named by service, else by transport, with most bytes first', () => {
    const shares = summarize('by-flow').protocols();
    expect(shares[0]).toEqual({ name: 'dns', flows: 1, bytes: QUESTION_BYTES + ANSWER_BYTES });
    expect(shares.map(({ name }) => name).sort()).toEqual(['dns', 'icmp', 'tcp (other)']);
  });

  it('fade with the talkers', () => {
    const summary = summarize('by-packet');
    summary.fade(0.5);
    expect(summary.protocols()[0].bytes).toBe((QUESTION_BYTES + ANSWER_BYTES) / 2);
    expect(summary.topTalkers(1)[0].packets).toBe(2);
  });
});

describe('the timeline', () => {
  /** The timeline of one-byte-payload datagrams at these seconds. */
  function timelineOf(seconds: readonly number[]) {
    const summary = new TrafficSummary('by-flow');
    const engine = smallEngine(summary);
    const frame = udpPacket({ ...DNS, payload: 'x' });
    for (const second of seconds) feed(engine, START + second * SECOND, frame);
    return { timeline: summary.timeline(), frameBytes: frame.length, summary };
  }

  it('counts packets and bytes of each second', () => {
    const { timeline, frameBytes, summary } = timelineOf([0, 0.5, 2.9]);
    expect(timeline).toEqual([
      { startMs: START / 1_000, packets: 2, bytes: 2 * frameBytes },
      { startMs: START / 1_000 + 1_000, packets: 0, bytes: 0 },
      { startMs: START / 1_000 + 2_000, packets: 1, bytes: frameBytes },
    ]);
    expect([summary.packets, summary.bytes]).toEqual([3, 3 * frameBytes]);
  });

  it.each([600, 86_400, 1e9])('of %d s has at most 480 spans and loses nothing', (seconds) => {
    const { timeline } = timelineOf(Array.from({ length: 1_000 }, (_, i) => (i * seconds) / 999));
    expect(timeline.length).toBeLessThanOrEqual(480);
    expect(timeline.length).toBeGreaterThan(200);
    expect(timeline.reduce((sum, { packets }) => sum + packets, 0)).toBe(1_000);
    const spans = new Set(timeline.slice(1).map(({ startMs }, i) => startMs - timeline[i].startMs));
    expect(spans.size).toBe(1);
  });

  it('counts what comes from before its beginning with its beginning', () => {
    const { timeline } = timelineOf([10, 5, 11]);
    expect(timeline.map(({ packets }) => packets)).toEqual([2, 1]);
  });

  it('is empty without packets', () => {
    expect(new TrafficSummary('by-flow').timeline()).toEqual([]);
  });
});
