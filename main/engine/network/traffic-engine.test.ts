import { describe, expect, it } from 'vitest';
import { END_REASON, type EndReason, PACKET_KIND, type TrafficObserver } from '../../../contract/traffic.ts';
import { arpPacket, tcpPacket, udpPacket } from './decode/testing.ts';
import { feed, SECOND, START, smallEngine } from './testing-frames.ts';

const HOSTS = { from: '10.0.0.1', to: '10.0.0.2', sourcePort: 40_000, destinationPort: 80 };
const BACK = { from: HOSTS.to, to: HOSTS.from, sourcePort: 80, destinationPort: 40_000 };
const QUESTION = udpPacket({ ...HOSTS, payload: 'question' });

/** Remembers what it is told, in order. */
class Diary implements TrafficObserver {
  readonly lines: string[] = [];
  readonly ticks: number[] = [];
  readonly resets: number[] = [];
  readonly ends: EndReason[] = [];
  readonly wireBytes: number[] = [];

  packet(): void {
    this.lines.push('packet');
  }
  flowStart(): void {
    this.lines.push('start');
  }
  flowChange(_flow: unknown, _packet: unknown, change: number): void {
    this.lines.push(`change ${change}`);
  }
  payload(_flow: unknown, _packet: unknown, fromInitiator: boolean): void {
    this.lines.push(fromInitiator ? 'payload >' : 'payload <');
  }
  flowEnd(flow: { readonly initiatorWireBytes: number }, reason: EndReason): void {
    this.lines.push('end');
    this.ends.push(reason);
    this.wireBytes.push(flow.initiatorWireBytes);
  }
  tick(nowUs: number): void {
    this.ticks.push((nowUs - START) / SECOND);
  }
  clockReset(nowUs: number): void {
    this.resets.push((nowUs - START) / SECOND);
  }
}

function watched() {
  const diary = new Diary();
  return { diary, engine: smallEngine(diary) };
}

describe('TrafficEngine', () => {
  it('tells of a connection in the order of its packets', () => {
    const { diary, engine } = watched();
    feed(engine, START, tcpPacket({ ...HOSTS, flags: 'S' }));
    feed(engine, START + 1, tcpPacket({ ...BACK, flags: 'SA' }));
    feed(engine, START + 2, tcpPacket({ ...HOSTS, flags: 'A' }));
    feed(engine, START + 3, tcpPacket({ ...HOSTS, flags: 'PA', payload: 'hello' }));
    feed(engine, START + 4, tcpPacket({ ...BACK, flags: 'R' }));
    engine.finish();
    const expected = ['packet', 'start', 'packet', 'change 0', 'packet', 'change 1', 'packet', 'payload >'];
    expect(diary.lines).toEqual([...expected, 'packet', 'change 3', 'end']);
  });

  it('shows every frame as a packet, and makes flows of IP only', () => {
    const kinds: number[] = [];
    const engine = smallEngine({ packet: (packet) => kinds.push(packet.kind) });
    feed(engine, START, arpPacket({ ...HOSTS, operation: 1 }));
    feed(engine, START, QUESTION);
    feed(engine, START, QUESTION.subarray(0, 20));
    expect(kinds).toEqual([PACKET_KIND.arp, PACKET_KIND.ip, PACKET_KIND.malformed]);
    expect(engine.counters()).toMatchObject({ packets: 3, flows: { flows: 1, open: 1, evicted: 0 } });
  });

  it('counts captured bytes', () => {
    const { engine } = watched();
    feed(engine, START, QUESTION, 5_000);
    expect(engine.counters().bytes).toBe(QUESTION.length);
  });

  it('believes any length on the wire, up to what a capture can say', () => {
    const { diary, engine } = watched();
    feed(engine, START, QUESTION, 0xffff_ffff);
    engine.finish();
    expect(diary.wireBytes).toEqual([0xffff_ffff]);
  });

  it('asks every observer only for what it has', () => {
    const seen: string[] = [];
    const engine = smallEngine({}, { flowEnd: () => seen.push('first') }, { flowEnd: () => seen.push('second') });
    feed(engine, START, QUESTION);
    engine.finish();
    expect(seen).toEqual(['first', 'second']);
  });
});

describe('the clock', () => {
  it('ticks once a second, once after a silence, and once at the end', () => {
    const { diary, engine } = watched();
    for (const second of [0, 0.2, 0.9, 1, 1.5, 5.5, 5.9, 6.1]) feed(engine, START + second * SECOND, QUESTION);
    engine.finish();
    expect(diary.ticks).toEqual([0, 1, 5.5, 6.1, 6.1]);
  });

  it('says nothing at the end of a capture without frames', () => {
    const { diary, engine } = watched();
    engine.advance(START);
    engine.finish();
    expect(diary.ticks).toEqual([]);
  });

  it('goes on while no frames come', () => {
    const { diary, engine } = watched();
    feed(engine, START, QUESTION);
    engine.advance(START + 0.5 * SECOND);
    engine.advance(START + 200 * SECOND);
    expect(diary.ticks).toEqual([0, 200]);
    expect(diary.ends).toEqual([END_REASON.idleTimeout]);
  });

  it('is not turned back by advance', () => {
    const { diary, engine } = watched();
    feed(engine, START, QUESTION);
    engine.advance(START - 1_000 * SECOND);
    feed(engine, START + SECOND, QUESTION);
    expect(diary.resets).toEqual([]);
    expect(engine.counters().flows.flows).toBe(1);
  });

  it('takes packets a little out of order as they come', () => {
    const { diary, engine } = watched();
    feed(engine, START, QUESTION);
    feed(engine, START - 30 * SECOND, QUESTION);
    engine.finish();
    expect(diary.resets).toEqual([]);
    expect(engine.counters().flows.flows).toBe(1);
  });

  it('ends all flows when it is set back, and starts over from there', () => {
    const { diary, engine } = watched();
    feed(engine, START, QUESTION);
    feed(engine, START - 3_600 * SECOND, QUESTION);
    feed(engine, START - 3_599 * SECOND, QUESTION);
    engine.finish();
    expect(diary.resets).toEqual([-3_600]);
    expect(diary.ends).toEqual([END_REASON.clockReset, END_REASON.stopped]);
    expect(diary.ticks).toEqual([0, -3_599, -3_599]);
    expect(engine.counters()).toMatchObject({ clockResets: 1, flows: { flows: 2, open: 0 } });
  });

  it('stands still instead when it leaps to and fro without end', () => {
    const { diary, engine } = watched();
    for (let i = 0; i < 5_000; i++) feed(engine, i % 2 === 0 ? START : START - 3_600 * SECOND, QUESTION);
    engine.finish();
    expect(diary.resets).toHaveLength(1_000);
    expect(engine.counters().packets).toBe(5_000);
  });
});
