/** Made-up traffic of an ordinary day, as much of it as is wanted, and the same with one thing that is not ordinary. */

import { Random } from '../main/engine/models/index.ts';
import { buildPcap, type TestPacket } from '../main/engine/network/capture/testing.ts';
import { tcpPacket, udpPacket } from '../main/engine/network/decode/testing.ts';

const BEGIN_US = Date.parse('2026-01-02T08:00:00Z') * 1_000;
const MILLISECOND_US = 1_000;
/** Between two conversations. */
const PAUSE_US = 20_000 * MILLISECOND_US;
const CLIENT = '192.168.1.20';
const SERVERS = ['198.51.100.7', '198.51.100.8', '203.0.113.5', '203.0.113.9'];
const RESOLVER = '192.168.1.1';
const SEGMENT = 1_400;

interface Exchange {
  readonly startUs: number;
  readonly server: string;
  readonly port: number;
  readonly clientPort: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A handshake, a request, an answer, the end. */
function connection(
  { startUs, server, port, clientPort, sentBytes, receivedBytes }: Exchange,
  random: Random,
): TestPacket[] {
  const packets: TestPacket[] = [];
  const numbers = { out: 0, back: 0 };
  let timeUs = startUs;
  const send = (isOut: boolean, flags: string, bytes: number): void => {
    const [from, to] = isOut ? [CLIENT, server] : [server, CLIENT];
    const [sourcePort, destinationPort] = isOut ? [clientPort, port] : [port, clientPort];
    const sequence = isOut ? numbers.out : numbers.back;
    const acknowledgment = isOut ? numbers.back : numbers.out;
    const payload = 'x'.repeat(bytes);
    const packet = { from, to, sourcePort, destinationPort, flags, sequence, acknowledgment, payload };
    packets.push({ timeUs, bytes: tcpPacket(packet) });
    const length = bytes + (/[SF]/.test(flags) ? 1 : 0);
    if (isOut) numbers.out += length;
    else numbers.back += length;
    timeUs += (2 + random.below(30)) * MILLISECOND_US;
  };
  const stream = (isOut: boolean, bytes: number): void => {
    for (let left = bytes; left > 0; left -= SEGMENT) {
      send(isOut, 'PA', Math.min(left, SEGMENT));
      if (left > SEGMENT) send(!isOut, 'A', 0);
    }
  };
  send(true, 'S', 0);
  send(false, 'SA', 0);
  send(true, 'A', 0);
  stream(true, sentBytes);
  stream(false, receivedBytes);
  send(true, 'FA', 0);
  send(false, 'FA', 0);
  send(true, 'A', 0);
  return packets;
}

function lookup(startUs: number, clientPort: number, random: Random): TestPacket[] {
  const ask = { from: CLIENT, to: RESOLVER, sourcePort: clientPort, destinationPort: 5_353 };
  const answer = { from: RESOLVER, to: CLIENT, sourcePort: 5_353, destinationPort: clientPort };
  return [
    { timeUs: startUs, bytes: udpPacket({ ...ask, payload: 'q'.repeat(24 + random.below(20)) }) },
    {
      timeUs: startUs + (1 + random.below(20)) * MILLISECOND_US,
      bytes: udpPacket({ ...answer, payload: 'a'.repeat(60 + random.below(120)) }),
    },
  ];
}

export interface OrdinaryOptions {
  /** Connections; there is a look-up for every other one. */
  readonly connections: number;
  readonly seed?: number;
  /** Bytes that are sent to an address that nobody called before; none where it is left out. */
  readonly uploadBytes?: number;
}

export function ordinaryCapture({ connections, seed = 1, uploadBytes = 0 }: OrdinaryOptions): Buffer {
  const random = new Random(seed);
  const packets: TestPacket[] = [];
  for (let index = 0; index < connections; index++) {
    const startUs = BEGIN_US + index * PAUSE_US;
    const clientPort = 40_000 + (index % 20_000);
    if (index % 2 === 0) packets.push(...lookup(startUs - 100 * MILLISECOND_US, clientPort, random));
    const server = SERVERS[random.below(SERVERS.length)]!;
    // Amounts of several sizes, as of pages and pictures: logarithmic.
    const receivedBytes = Math.floor(300 * Math.exp(1.2 * Math.abs(random.normal())));
    const sentBytes = 120 + random.below(400);
    packets.push(...connection({ startUs, server, port: 8_443, clientPort, sentBytes, receivedBytes }, random));
  }
  if (uploadBytes > 0) {
    const startUs = BEGIN_US + Math.floor(connections / 2) * PAUSE_US + 5_000 * MILLISECOND_US;
    const upload = { startUs, server: '203.0.113.77', port: 9_001, clientPort: 61_000 };
    packets.push(...connection({ ...upload, sentBytes: uploadBytes, receivedBytes: 200 }, random));
  }
  packets.sort((first, second) => first.timeUs - second.timeUs);
  return buildPcap({}, packets);
}
