/** Small captures with known contents. */
import { buildPcap, type TestPacket } from '../main/engine/network/capture/testing.ts';
import { tcpPacket } from '../main/engine/network/decode/testing.ts';

const BEGIN_US = Date.parse('2026-01-02T03:04:05Z') * 1_000;
const MILLISECOND_US = 1_000;

/** 192.0.2.66 sends a SYN to 1,000 ports of 192.0.2.9, each refused, one a millisecond. */
export function scanCapture(): Buffer {
  const scanner = '192.0.2.66';
  const victim = '192.0.2.9';
  const packets = Array.from({ length: 1_000 }, (_, index): TestPacket[] => {
    const ports = { sourcePort: 50_000, destinationPort: index + 1 };
    const timeUs = BEGIN_US + index * MILLISECOND_US;
    const back = { sourcePort: ports.destinationPort, destinationPort: ports.sourcePort };
    return [
      { timeUs, bytes: tcpPacket({ from: scanner, to: victim, ...ports, flags: 'S' }) },
      { timeUs: timeUs + 100, bytes: tcpPacket({ from: victim, to: scanner, ...back, flags: 'RA' }) },
    ];
  });
  return buildPcap({}, packets.flat());
}

/** One ordinary conversation: a handshake, a request, an answer, the end. */
export function quietCapture(): Buffer {
  const client = { from: '192.0.2.5', to: '198.51.100.7', sourcePort: 40_000, destinationPort: 443 };
  const server = { from: client.to, to: client.from, sourcePort: 443, destinationPort: 40_000 };
  const steps = [
    { ...client, flags: 'S', sequence: 0 },
    { ...server, flags: 'SA', sequence: 0, acknowledgment: 1 },
    { ...client, flags: 'A', sequence: 1, acknowledgment: 1 },
    { ...client, flags: 'PA', sequence: 1, acknowledgment: 1, payload: 'hello' },
    { ...server, flags: 'PA', sequence: 1, acknowledgment: 6, payload: 'hello to you' },
    { ...client, flags: 'FA', sequence: 6, acknowledgment: 13 },
    { ...server, flags: 'FA', sequence: 13, acknowledgment: 7 },
    { ...client, flags: 'A', sequence: 7, acknowledgment: 14 },
  ];
  return buildPcap(
    {},
    steps.map((step, index) => ({ timeUs: BEGIN_US + index * 10 * MILLISECOND_US, bytes: tcpPacket(step) })),
  );
}
