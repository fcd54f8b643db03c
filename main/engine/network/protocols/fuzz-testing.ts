/** Support for tests: real conversations, damaged, through the engine with all its parsers. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Fact } from '../../../../contract/facts.ts';
import type { FlowView, PacketView } from '../../../../contract/traffic.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { readCapture } from '../capture/read.ts';
import { Packet } from '../decode/packet.ts';
import { flowSettings } from '../flow-settings.ts';
import { TrafficEngine } from '../traffic-engine.ts';
import { joinBytes } from './bytes.ts';
import { mutations, numbersFrom } from './testing.ts';

/** Real captures of all protocols. */
export const FUZZ_DATA = join(
  process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data'),
  'dpi',
);
/** Small captures hold whole conversations of many protocols. */
const MAX_CAPTURE_BYTES = 24_000;
/** Captures of a run: taken from all over the list, others with another seed. */
const CAPTURES_OF_A_RUN = 120;
/** One packet in so many is damaged: conversations must get far enough for their parsers to see it. */
const DAMAGED_ONE_IN = 6;
const SETTINGS = { ...defaultsOf(flowSettings), flowCapacity: 16_384, conversationCapacity: 8_192 };

export interface FuzzResult {
  readonly corpusPackets: number;
  readonly facts: number;
  /** How often the parser of a protocol threw. */
  readonly failed: Readonly<Record<string, number>>;
  /** The longest that one packet took. */
  readonly slowestMs: number;
  /** What is alive on the heap and in buffers: so much more after the end of all flows than before the first. */
  readonly leftBytes: number;
  /** The same while the most flows were open. */
  readonly openBytes: number;
  /** Conversations that are still held after the end of all flows. */
  readonly conversationsLeft: number;
}

/** @param seed says which captures, and what is damaged in them */
export async function fuzz(packets: number, seed: number): Promise<FuzzResult> {
  const next = numbersFrom(seed);
  const corpus = await readCorpus(next);
  const failed: Record<string, number> = {};
  let facts = 0;
  const fact = (_flow: FlowView, { type, ...rest }: Fact) => {
    facts++;
    if (type !== 'broken' || !('reason' in rest) || rest.reason !== 'parser-failed') return;
    failed[rest.protocol] = (failed[rest.protocol] ?? 0) + 1;
  };
  const engine = new TrafficEngine({ settings: SETTINGS, observers: [{ fact }] });
  let slowestMs = 0;
  const bytesBefore = await liveBytes();
  for (let sent = 0; sent < packets; sent++) {
    const round = Math.floor(sent / corpus.length);
    Object.assign(engine.packet, damaged(corpus[sent % corpus.length], round, next));
    const begun = performance.now();
    engine.deliver(engine.packet.wireBytes);
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  }
  const openBytes = (await liveBytes()) - bytesBefore;
  engine.finish();
  const leftBytes = (await liveBytes()) - bytesBefore;
  const conversationsLeft = engine.counters().inspection?.conversations ?? 0;
  return { corpusPackets: corpus.length, facts, failed, slowestMs, openBytes, leftBytes, conversationsLeft };
}

/** All packets of some captures, in order, each with bytes of its own. */
async function readCorpus(next: () => number): Promise<Packet[]> {
  const names = readdirSync(FUZZ_DATA, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(pcap|pcapng|cap)$/.test(name) && statSync(join(FUZZ_DATA, name)).size < MAX_CAPTURE_BYTES)
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
    const path = join(FUZZ_DATA, names[next() % names.length]);
    // A capture that is itself damaged ends early: what came before is kept.
    const engine = new TrafficEngine({ settings: SETTINGS, observers: [{ packet: keep }] });
    await readCapture(path, engine).catch(() => undefined);
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
  copy.bytes = joinBytes(packet.bytes.subarray(0, packet.payloadStart), changed);
  copy.payloadEnd = copy.bytes.length;
  copy.payloadBytes = changed.length;
  return copy;
}

/** What is left after full collections: memory of buffers is given back a turn after them. */
async function liveBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  for (let i = 0; i < 3 && typeof collect === 'function'; i++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
