import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../contract/facts.ts';
import type { FlowView, PacketView, TrafficObserver } from '../../../contract/traffic.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { Audience } from './audience.ts';
import { tcpPacket, udpPacket } from './decode/testing.ts';
import { ENOUGH_SEGMENTS_BYTES, EnoughSegments } from './enough-segments.ts';
import { FlowRecorder } from './flow-recorder.ts';
import { flowSettings } from './flow-settings.ts';
import { NEWS, NEWS_BATCH_SIZE, NewsBatch } from './news-batch.ts';
import { NewsReader } from './news-reader.ts';
import { NewsWriter } from './news-writer.ts';
import { feed, SECOND, START } from './testing-frames.ts';
import { TrafficEngine } from './traffic-engine.ts';

const SETTINGS = {
  ...defaultsOf(flowSettings),
  flowCapacity: 512,
  conversationCapacity: 256,
  activeTimeoutSeconds: 60,
};

const FLOW_FIELDS = [
  ...['id', 'ipVersion', 'protocol', 'vlan', 'tunnel', 'initiator3', 'responder3', 'initiatorPort', 'responderPort'],
  ...['initiatorBasis', 'firstUs', 'lastUs', 'initiatorPackets', 'responderPackets', 'initiatorPayloadBytes'],
  ...['responderPayloadBytes', 'initiatorWireBytes', 'responderWireBytes', 'tcpState', 'initiatorFlags'],
  ...['responderFlags', 'firstFlags', 'service', 'serviceBasis'],
] as (keyof FlowView)[];

/** Writes down every call with all that it is given; has seen enough of each flow after three segments. */
class Diary implements TrafficObserver {
  readonly lines: string[] = [];
  readonly #segments = new Map<number, number>();

  packet(packet: PacketView): void {
    this.#note('packet', this.#packet(packet));
  }
  flowStart(flow: FlowView, packet: PacketView): void {
    this.#note('start', this.#flow(flow), this.#packet(packet));
  }
  flowChange(flow: FlowView, packet: PacketView, change: number): void {
    this.#note('change', this.#flow(flow), this.#packet(packet), change);
  }
  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    this.#note('payload', this.#flow(flow), this.#packet(packet), fromInitiator);
  }
  segment(flow: FlowView, packet: PacketView, fromInitiator: boolean): boolean {
    this.#note('segment', this.#flow(flow), this.#packet(packet), fromInitiator);
    const seen = (this.#segments.get(flow.id) ?? 0) + 1;
    this.#segments.set(flow.id, seen);
    return seen < 3;
  }
  fact(flow: FlowView, fact: Fact): void {
    this.#note('fact', this.#flow(flow), fact);
  }
  flowUpdate(flow: FlowView): void {
    this.#note('update', this.#flow(flow));
  }
  flowEnd(flow: FlowView, reason: number): void {
    this.#note('end', this.#flow(flow), reason);
  }
  flowRenewed(formerId: number, flow: FlowView): void {
    this.#note('renewed', formerId, this.#flow(flow));
  }
  tick(nowUs: number): void {
    this.#note('tick', nowUs);
  }
  clockReset(nowUs: number): void {
    this.#note('reset', nowUs);
  }

  #note(...words: unknown[]): void {
    this.lines.push(JSON.stringify(words));
  }
  #flow(flow: FlowView): unknown {
    return FLOW_FIELDS.map((field) => flow[field]);
  }
  #packet({
    bytes,
    transportHeaderBytes,
    payloadStart,
    payloadEnd,
    timeUs,
    protocol,
    sourcePort,
    tcpFlags,
  }: PacketView) {
    const payload = Buffer.from(bytes.slice(payloadStart, payloadEnd)).toString('latin1');
    return [timeUs, protocol, sourcePort, tcpFlags, transportHeaderBytes, payload];
  }
}

/** Conversations of every kind, some longer than the active timeout, more flows than there is room for, a clock reset. */
function play(engine: TrafficEngine): void {
  let now = START;
  const send = (bytes: Uint8Array) => {
    now += 700;
    feed(engine, now, bytes);
  };
  for (let i = 0; i < 1_500; i++) {
    const from = `10.0.${i >> 8}.${i & 255}`;
    const there = { from, to: '10.9.9.9', sourcePort: 2_000 + i, destinationPort: 80 };
    const back = { from: there.to, to: from, sourcePort: 80, destinationPort: there.sourcePort };
    send(udpPacket({ ...there, to: '10.9.9.8', destinationPort: 53, payload: `${i} is no question` }));
    if (i % 5 !== 0) continue;
    const request = `GET /${i} HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/8\r\n\r\n`;
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello';
    send(tcpPacket({ ...there, flags: 'S', sequence: 99 }));
    send(tcpPacket({ ...back, flags: 'SA', sequence: 499, acknowledgment: 100 }));
    send(tcpPacket({ ...there, flags: 'A', sequence: 100, acknowledgment: 500 }));
    send(tcpPacket({ ...there, flags: 'PA', sequence: 100, acknowledgment: 500, payload: request }));
    send(tcpPacket({ ...back, flags: 'PA', sequence: 500, acknowledgment: 100 + request.length, payload: answer }));
    if (i % 3 === 0) send(tcpPacket({ ...back, flags: 'R', sequence: 500 + answer.length }));
    if (i % 100 === 0) now += 4 * SECOND;
    if (i % 700 === 0) now += 70 * SECOND;
    if (i === 1_000) now = START;
  }
  const lasting = { from: '10.5.5.5', to: '10.5.5.6', sourcePort: 9_000, destinationPort: 9_001 };
  for (let i = 0; i < 100; i++) {
    now += 3 * SECOND;
    send(tcpPacket({ ...lasting, flags: 'PA', sequence: 1 + 5 * i, payload: 'alive' }));
  }
  engine.finish();
}

/** What a diary says that is told by way of batches. */
function throughBatches(
  wanted: ConstructorParameters<typeof NewsWriter>[2] = { md5: true, tcpBytes: true, segments: true, features: true },
) {
  const diary = new Diary();
  const batch = new NewsBatch(new SharedArrayBuffer(NEWS_BATCH_SIZE + 64), 64);
  const enough = new EnoughSegments(new SharedArrayBuffer(ENOUGH_SEGMENTS_BYTES));
  const recorder = new FlowRecorder(() => reader, 10_000);
  const reader: NewsReader = new NewsReader(new Audience([diary, recorder]), SETTINGS.flowCapacity, enough);
  let batches = 0;
  const writer = new NewsWriter(
    batch,
    (facts) => {
      reader.take(batch, JSON.parse(JSON.stringify(facts)) as Fact[]);
      batch.clear();
      batches++;
      return batch;
    },
    wanted,
    enough,
    () => engine.features,
  );
  const engine: TrafficEngine = new TrafficEngine({ settings: SETTINGS, observers: [writer] });
  play(engine);
  writer.finish();
  return { lines: diary.lines, flows: recorder.take(), batches, enough };
}

describe('news', () => {
  it('makes the same calls in the same order as if nothing were between', () => {
    const diary = new Diary();
    play(new TrafficEngine({ settings: SETTINGS, observers: [diary] }));
    const { lines, batches, enough } = throughBatches();
    expect(batches).toBeGreaterThan(2);
    expect(lines.length).toBe(diary.lines.length);
    expect(lines.findIndex((line, at) => line !== diary.lines[at])).toBe(-1);
    const kinds = new Set(lines.map((line) => line.slice(2, line.indexOf('"', 2))));
    const all = [
      'change',
      'end',
      'fact',
      'packet',
      'payload',
      'renewed',
      'reset',
      'segment',
      'start',
      'tick',
      'update',
    ];
    expect([...kinds].sort()).toEqual(all);
    // Of the lasting conversation, and of no other: it alone has three segments.
    const ids = Array.from({ length: 3_000 }, (_, i) => i + 1).filter((id) => enough.has(id));
    expect(ids.length).toBeGreaterThan(2);
    expect(lines.some((line) => line.startsWith(`["start",[${ids[0]},4,6,0,0,168101125`))).toBe(true);
  });

  it('carries the features of flows that end', () => {
    const recorder = new FlowRecorder(() => engine.features, 10_000);
    const engine: TrafficEngine = new TrafficEngine({ settings: SETTINGS, observers: [recorder, { fact: () => {} }] });
    play(engine);
    const flows = recorder.take();
    expect(flows.length).toBeGreaterThan(1_500);
    expect(throughBatches().flows).toEqual(flows);
  });

  it('is the same of flows that are counted by their totals alone', () => {
    const counting = new Diary();
    play(new TrafficEngine({ settings: SETTINGS, observers: [counting] }));
    const diary = new Diary();
    const engine = new TrafficEngine({ settings: SETTINGS, observers: [diary], countsFeatures: false });
    play(engine);
    expect(diary.lines.length).toBe(counting.lines.length);
    expect(diary.lines.findIndex((line, at) => line !== counting.lines[at])).toBe(-1);
    const reader: TrafficEngine = new TrafficEngine({
      settings: SETTINGS,
      observers: [{ flowEnd: (flow) => void reader.features.read(flow) }],
      countsFeatures: false,
    });
    expect(() => play(reader)).toThrow('totals alone');
  });

  it('carries no more segments of a flow of which everybody has seen enough', () => {
    const enough = new EnoughSegments(new SharedArrayBuffer(ENOUGH_SEGMENTS_BYTES));
    const batch = new NewsBatch(new SharedArrayBuffer(NEWS_BATCH_SIZE), 0);
    const writer = new NewsWriter(
      batch,
      () => batch,
      { facts: [], md5: false, tcpBytes: false, segments: true, features: false },
      enough,
      () => engine.features,
    );
    const engine: TrafficEngine = new TrafficEngine({ settings: SETTINGS, observers: [writer] });
    const segments = () => batch.words.subarray(0, batch.wordCount).filter((word) => (word & 0xf) === NEWS.segment);
    const send = (sourcePort: number, i: number) => {
      const ends = { from: '10.5.5.5', to: '10.5.5.6', sourcePort, destinationPort: 9 };
      feed(engine, START + i, tcpPacket({ ...ends, flags: 'PA', sequence: 1 + i, payload: 'x' }));
    };
    for (let i = 0; i < 5; i++) send(1_000, i);
    expect(segments()).toHaveLength(5);
    enough.add(1);
    for (let i = 5; i < 10; i++) send(1_000, i);
    expect(segments()).toHaveLength(5);
    send(1_001, 10);
    expect(segments()).toHaveLength(6);
  });

  it('carries payload of TCP where it is read, whoever else is shown the packet', () => {
    const diary = new Diary();
    play(new TrafficEngine({ settings: SETTINGS, observers: [diary] }));
    const { lines } = throughBatches({ md5: true, tcpBytes: false, segments: true, features: true });
    const isRead = (line: string) => line.startsWith('["payload"') || line.startsWith('["segment"');
    expect(lines.filter(isRead)).toEqual(diary.lines.filter(isRead));
    expect(lines.length).toBe(diary.lines.length);
    // Nothing differs but that `packet` is shown some of them without.
    const differ = lines.filter((line, at) => line !== diary.lines[at]);
    expect(differ.every((line) => line.startsWith('["packet"') && line.includes(',6,'))).toBe(true);
  });

  it('carries no facts and no segments that nobody wants', () => {
    const { lines } = throughBatches({
      facts: ['http-request'],
      md5: false,
      tcpBytes: false,
      segments: false,
      features: false,
    });
    expect(lines.some((line) => line.startsWith('["segment"'))).toBe(false);
    const facts = lines.filter((line) => line.startsWith('["fact"'));
    expect(facts.length).toBeGreaterThan(100);
    expect(facts.every((line) => line.includes('"type":"http-request"'))).toBe(true);
  });
});
