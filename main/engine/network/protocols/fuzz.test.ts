/**
 * Real conversations, damaged: no parser may throw, hang or grow. HOLDFAST_FUZZ_PACKETS says how many packets (a
 * million in the long run of the suite), HOLDFAST_FUZZ_SEED which ones.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../contract/facts.ts';
import type { FlowView, PacketView } from '../../../../contract/traffic.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { readCapture } from '../capture/read.ts';
import { Packet } from '../decode/packet.ts';
import { flowSettings } from '../flow-settings.ts';
import { TrafficEngine } from '../traffic-engine.ts';
import { INSPECTION_LIMITS } from './limits.ts';
import { mutations, numbersFrom } from './testing.ts';

const DATA = join(process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data'), 'dpi');
const PACKETS = Number(process.env.HOLDFAST_FUZZ_PACKETS ?? 6_000);
const SEED = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
/** Small captures hold whole conversations of many protocols. */
const MAX_CAPTURE_BYTES = 24_000;
/** Captures of a quick run: taken from all over the list, others with another seed. */
const CAPTURES_OF_A_RUN = 120;
/** One packet in so many is damaged: conversations must get far enough for their parsers to see it. */
const DAMAGED_ONE_IN = 6;
const SETTINGS = { ...defaultsOf(flowSettings), flowCapacity: 16_384, conversationCapacity: 8_192 };
const LONGEST_PACKET_MS = 2_000;
const MAX_GROWTH_BYTES = 150 * 1024 * 1024;

/** All packets of some captures, in order, each with bytes of its own. */
async function corpus(next: () => number): Promise<Packet[]> {
  const names = readdirSync(DATA, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(pcap|pcapng|cap)$/.test(name) && statSync(join(DATA, name)).size < MAX_CAPTURE_BYTES)
    .sort();
  const packets: Packet[] = [];
  const keep = (packet: PacketView) => {
    const copy = Object.assign(new Packet(), packet);
    copy.bytes = packet.bytes.slice(packet.transportStart, packet.payloadEnd);
    copy.payloadStart = packet.payloadStart - packet.transportStart;
    copy.payloadEnd = copy.bytes.length;
    copy.transportStart = 0;
    packets.push(copy);
  };
  for (let i = 0; i < Math.min(CAPTURES_OF_A_RUN, names.length); i++) {
    const name = names[next() % names.length];
    // A capture that is itself damaged ends early: what came before is kept.
    await readCapture(join(DATA, name), new TrafficEngine({ settings: SETTINGS, observers: [{ packet: keep }] })).catch(
      () => undefined,
    );
  }
  return packets;
}

/** A copy with a damaged payload, between hosts of another round. */
function damaged(packet: Packet, round: number, next: () => number): Packet {
  const copy = Object.assign(new Packet(), packet);
  copy.source3 = (packet.source3 + round) | 0;
  copy.destination3 = (packet.destination3 + round) | 0;
  const payload = packet.bytes.subarray(packet.payloadStart);
  if (payload.length === 0 || next() % DAMAGED_ONE_IN !== 0) return copy;
  const [changed] = mutations(payload, next(), 1);
  copy.bytes = Uint8Array.from([...packet.bytes.subarray(0, packet.payloadStart), ...changed]);
  copy.payloadEnd = copy.bytes.length;
  copy.payloadBytes = changed.length;
  return copy;
}

const skip = existsSync(DATA) ? '' : ` (skipped: no test data at ${DATA})`;

describe(`damaged conversations${skip}`, () => {
  it.skipIf(skip !== '')(
    'do no parser harm',
    async () => {
      const next = numbersFrom(SEED);
      const packets = await corpus(next);
      expect(packets.length).toBeGreaterThan(1_000);
      const failed = new Map<string, number>();
      let facts = 0;
      const fact = (_flow: FlowView, { type, ...rest }: Fact) => {
        facts++;
        if (type !== 'broken' || !('reason' in rest) || rest.reason !== 'parser-failed') return;
        failed.set(rest.protocol, (failed.get(rest.protocol) ?? 0) + 1);
      };
      const engine = new TrafficEngine({ settings: SETTINGS, observers: [{ fact }] });
      const before = process.memoryUsage().rss;
      let slowestMs = 0;
      for (let sent = 0; sent < PACKETS; sent++) {
        const round = Math.floor(sent / packets.length);
        Object.assign(engine.packet, damaged(packets[sent % packets.length], round, next));
        const begun = performance.now();
        engine.deliver(engine.packet.wireBytes);
        slowestMs = Math.max(slowestMs, performance.now() - begun);
      }
      engine.finish();
      expect(Object.fromEntries(failed)).toEqual({});
      expect(engine.counters().inspection?.conversations).toBe(0);
      expect(facts).toBeGreaterThan(1_000);
      expect(slowestMs).toBeLessThan(LONGEST_PACKET_MS);
      expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES + INSPECTION_LIMITS.maxHeldBytes);
    },
    Math.max(120_000, PACKETS),
  );
});
