/**
 * The conversations of captures as tshark's decoder has them. It says of every frame which layers, addresses
 * and ports it has; adding them up is done here. One run over all captures together, because a run over each
 * would take minutes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Conversations, endpointOf, sent } from './conversation.ts';
import { DATA } from './data.ts';

/** Layers that make a conversation, and their IP protocol numbers. */
export const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['icmpv6', 58],
  ['sctp', 132],
]);
const FIELDS = [
  'frame.protocols',
  'frame.len',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.len',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'sctp.srcport',
  'sctp.dstport',
] as const;
type Field = (typeof FIELDS)[number];

/** Headers are all that is asked for; putting streams together would take half as long again. */
const NO_STREAMS = ['-o', 'tcp.desegment_tcp_streams:FALSE', '-o', 'tcp.analyze_sequence_numbers:FALSE'];
const UDP_HEADER_BYTES = 8;
const OUTPUT_BYTES = 256 << 20;

export interface TsharkConversations {
  readonly conversations: Conversations;
  /** Captures that were compared: all but the damaged ones, at which mergecap stops. */
  readonly captures: readonly string[];
}

export function tsharkConversations(captures: readonly string[]): TsharkConversations {
  const counted = countFrames(captures);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-golden-'));
  try {
    const merged = join(folder, 'merged.pcapng');
    const paths = counted.map(({ capture }) => join(DATA, capture));
    execFileSync('mergecap', ['-a', '-w', merged, ...paths], { stdio: 'ignore' });
    return { conversations: addUp(dissect(merged), counted), captures: counted.map(({ capture }) => capture) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface CountedCapture {
  readonly capture: string;
  readonly frames: number;
}

/** Frames of each capture that is whole, by capinfos. */
function countFrames(captures: readonly string[]): CountedCapture[] {
  const paths = captures.map((capture) => join(DATA, capture));
  const run = spawnSync('capinfos', ['-T', '-M', '-r', '-c', ...paths], { encoding: 'utf8', maxBuffer: OUTPUT_BYTES });
  const damaged = new Set([...run.stderr.matchAll(/after reading \d+ packets from "(.*)"/g)].map((match) => match[1]));
  const frames = new Map(run.stdout.split('\n').map((line) => line.split('\t') as [string, string]));
  return captures.flatMap((capture, i) =>
    damaged.has(paths[i]) ? [] : [{ capture, frames: Number(frames.get(paths[i])) }],
  );
}

function dissect(path: string): string[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const format = ['-T', 'fields', '-E', 'occurrence=a', '-E', 'separator=|', '-E', 'aggregator=,'];
  return execFileSync('tshark', ['-n', '-r', path, ...NO_STREAMS, ...format, ...fields], {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trimEnd()
    .split('\n');
}

function addUp(lines: readonly string[], captures: readonly CountedCapture[]): Conversations {
  const conversations = new Conversations();
  let line = 0;
  for (const { capture, frames } of captures) {
    for (const end = line + frames; line < end; line++) {
      const packet = packetOf(lines[line]);
      if (packet) conversations.add(capture, packet);
    }
  }
  if (line !== lines.length) throw new Error(`tshark dissected ${lines.length} frames, capinfos counted ${line}`);
  return conversations;
}

/** The innermost transport of a frame; what an ICMP error quotes does not count. Null without one. */
function packetOf(line: string) {
  const columns = line.split('|');
  const value = (field: Field, index: number) => columns[FIELDS.indexOf(field)].split(',')[index];
  const seen = { ip: -1, ipv6: -1, tcp: -1, udp: -1, sctp: -1 };
  let version: 'ip' | 'ipv6' = 'ip';
  let transport: string | null = null;
  for (const layer of columns[0].split(':')) {
    if (layer in seen) seen[layer as keyof typeof seen]++;
    if (layer === 'ip' || layer === 'ipv6') version = layer;
    // What lies inside a tunnel counts, even when it has no transport: a fragment, an ARP request.
    if (layer === 'ip' || layer === 'ipv6' || layer === 'arp') transport = null;
    if (!PROTOCOLS.has(layer)) continue;
    transport = layer;
    if (layer === 'icmp' || layer === 'icmpv6') break;
  }
  if (transport === null) return null;
  const protocol = PROTOCOLS.get(transport)!;
  const from = value(`${version}.src`, seen[version]);
  const to = value(`${version}.dst`, seen[version]);
  const hasPorts = transport === 'tcp' || transport === 'udp' || transport === 'sctp';
  const at = hasPorts ? seen[transport as 'tcp' | 'udp' | 'sctp'] : 0;
  const port = (side: 'srcport' | 'dstport') => (hasPorts ? Number(value(`${transport}.${side}` as Field, at)) : 0);
  let payloadBytes = 0;
  if (transport === 'tcp') payloadBytes = Number(value('tcp.len', at));
  if (transport === 'udp') payloadBytes = Number(value('udp.length', at)) - UDP_HEADER_BYTES;
  return {
    protocol,
    initiator: endpointOf(protocol, from, port('srcport')),
    responder: endpointOf(protocol, to, port('dstport')),
    fromInitiator: sent(1, { wireBytes: Number(columns[1]), payloadBytes }),
    fromResponder: sent(0),
  };
}
