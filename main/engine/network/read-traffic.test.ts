import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PacketView, TrafficObserver } from '../../../contract/traffic.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { CaptureError } from './capture/read.ts';
import { buildPcap, type TestPacket } from './capture/testing.ts';
import { arpPacket, icmpPacket, ipv4Fragments, tcpPacket, udpPacket } from './decode/testing.ts';
import { FlowCsvExporter } from './flow-export.ts';
import { FlowRecorder } from './flow-recorder.ts';
import { flowSettings } from './flow-settings.ts';
import { readTraffic } from './read-traffic.ts';
import { TrafficEngine } from './traffic-engine.ts';

const IN_THREAD = 0;
const IN_PLACE = Number.POSITIVE_INFINITY;

/** Everything that an observer can see of the packets and flows of a capture, as text. */
async function seen(path: string, threadFromBytes: number) {
  let csv = '';
  const packets: string[] = [];
  const exporter: FlowCsvExporter = new FlowCsvExporter(
    () => engine.flowSource,
    (bytes) => {
      csv += new TextDecoder().decode(bytes);
    },
  );
  const watcher: TrafficObserver = {
    packet(packet: PacketView) {
      const { bytes, transportStart, payloadStart, payloadEnd, ...fields } = packet;
      const payload = Buffer.from(bytes.slice(payloadStart, payloadEnd)).toString('hex');
      packets.push(JSON.stringify({ ...fields, header: payloadStart - transportStart, payload }));
    },
  };
  const engine: TrafficEngine = new TrafficEngine({
    settings: defaultsOf(flowSettings),
    observers: [exporter, watcher],
  });
  exporter.start();
  const summary = await readTraffic(path, engine, {}, threadFromBytes);
  engine.finish();
  exporter.finish();
  return { csv, packets, summary, counters: engine.counters() };
}

/** What an observer is told of flows, where they may be followed by another thread. */
async function told(path: string, threadFromBytes: number) {
  const lines: string[] = [];
  const observer: TrafficObserver = {
    flowStart: (flow) => lines.push(`start ${flow.id} ${flow.service} ${flow.tcpState}`),
    flowChange: (flow, packet, change) => lines.push(`change ${change} of ${flow.id} at ${packet.timeUs}`),
    fact: (flow, fact) => lines.push(`fact ${flow.id} ${JSON.stringify(fact)}`),
    flowEnd: (flow, reason) => lines.push(`end ${flow.id} ${reason} ${flow.initiatorWireBytes}`),
    tick: (nowUs) => lines.push(`tick ${nowUs}`),
  };
  const recorder = new FlowRecorder(() => engine.features, 10_000);
  const engine: TrafficEngine = new TrafficEngine({
    settings: defaultsOf(flowSettings),
    observers: [observer, recorder],
  });
  const summary = await readTraffic(path, engine, { mayFollowElsewhere: { features: true } }, threadFromBytes);
  engine.finish();
  return { lines, flows: recorder.take(), summary, counters: engine.counters() };
}

/** Many conversations of every kind that observers read bytes of, far more than one batch holds. */
function variedPackets(): TestPacket[] {
  const packets: TestPacket[] = [];
  const push = (bytes: Uint8Array) => packets.push({ timeUs: 1_700_000_000_000_000 + packets.length * 997, bytes });
  for (let i = 0; i < 2_500; i++) {
    const from = `10.0.${i & 255}.${i % 200}`;
    const payload = Uint8Array.from({ length: (i * 37) % 1_400 }, (_, k) => (k * i) & 0xff);
    push(tcpPacket({ from, to: '10.9.9.9', sourcePort: 1_000 + i, destinationPort: 80, flags: 'S', sequence: i }));
    push(
      tcpPacket({ from: '10.9.9.9', to: from, sourcePort: 80, destinationPort: 1_000 + i, flags: 'SA', sequence: -i }),
    );
    push(
      tcpPacket({
        from,
        to: '10.9.9.9',
        sourcePort: 1_000 + i,
        destinationPort: 80,
        flags: 'PA',
        sequence: i + 1,
        payload,
      }),
    );
    push(udpPacket({ from, to: '10.9.9.8', sourcePort: 5_353, destinationPort: 53, payload: payload.subarray(0, 60) }));
    if (i % 10 === 0) push(icmpPacket({ from, to: '10.9.9.7', type: 8, code: 0, payload: payload.subarray(0, 32) }));
    if (i % 50 === 0) push(arpPacket({ from, to: '10.0.0.1', operation: 1 }));
  }
  const datagram = { from: '10.1.1.1', to: '10.1.1.2', protocol: 17, identification: 77 };
  for (const piece of ipv4Fragments(datagram, new Uint8Array(3_000).fill(7), 1_000)) push(piece);
  packets.push({ timeUs: packets[0].timeUs, bytes: Uint8Array.of(1, 2, 3) });
  return packets;
}

describe('readTraffic', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-read-traffic-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows observers the same with a decoding thread and without', async () => {
    const path = join(folder, 'varied.pcap');
    writeFileSync(path, buildPcap({}, variedPackets()));
    const [threaded, plain] = [await seen(path, IN_THREAD), await seen(path, IN_PLACE)];
    expect(threaded.packets).toHaveLength(plain.packets.length);
    expect(threaded.packets).toEqual(plain.packets);
    expect(threaded.csv).toBe(plain.csv);
    expect(threaded.summary).toEqual(plain.summary);
    expect(threaded.counters).toEqual(plain.counters);
  });

  it('tells observers the same where the thread also follows the flows', async () => {
    const path = join(folder, 'requests.pcap');
    writeFileSync(path, buildPcap({}, variedPackets()));
    const [elsewhere, here] = [await told(path, IN_THREAD), await told(path, IN_PLACE)];
    expect(here.lines.filter((line) => line.startsWith('fact')).length).toBeGreaterThan(100);
    expect(elsewhere.lines).toEqual(here.lines);
    expect(elsewhere.flows).toEqual(here.flows);
    expect(elsewhere.summary).toEqual(here.summary);
    expect(elsewhere.counters).toEqual(here.counters);
  });

  it('tells damage and refuses what is no capture, from the thread as from here', async () => {
    const cut = join(folder, 'cut.pcap');
    writeFileSync(cut, buildPcap({}, variedPackets()).subarray(0, 100_001));
    const [threaded, plain] = [await seen(cut, IN_THREAD), await seen(cut, IN_PLACE)];
    expect(threaded.summary.notes.map((note) => note.code)).toContain('cut-off');
    expect(threaded.summary).toEqual(plain.summary);
    const text = join(folder, 'text.pcap');
    writeFileSync(text, 'hello, world');
    await expect(seen(text, IN_THREAD)).rejects.toThrow(CaptureError);
  });

  it('stops when asked, and keeps what came before', async () => {
    const path = join(folder, 'long.pcap');
    const many = variedPackets();
    writeFileSync(path, buildPcap({}, [...many, ...many, ...many, ...many, ...many]));
    const stop = new AbortController();
    stop.abort();
    const engine = new TrafficEngine({ settings: defaultsOf(flowSettings), observers: [] });
    const outcome = await readTraffic(path, engine, { signal: stop.signal }, IN_THREAD).catch((error) => error);
    // Aborted before the first byte, or after some chunks: either way it ends, and says why.
    if (outcome instanceof CaptureError) expect(outcome.failure.code).toBe('stopped');
    else expect(outcome.complete || outcome.notes.some((note: { code: string }) => note.code === 'stopped')).toBe(true);
  });

  it('passes on what an observer throws, and leaves no thread behind', async () => {
    const path = join(folder, 'varied.pcap');
    const observer: TrafficObserver = {
      flowEnd() {
        throw new Error('from an observer');
      },
      packet(packet) {
        if (packet.protocol === 1) throw new Error('from an observer');
      },
    };
    const engine = new TrafficEngine({ settings: defaultsOf(flowSettings), observers: [observer] });
    await expect(readTraffic(path, engine, {}, IN_THREAD)).rejects.toThrow('from an observer');
  });
});
