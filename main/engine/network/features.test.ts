/**
 * Every feature against a second implementation that keeps all packets and computes each number from the
 * whole list, straight from its definition.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_REASON, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
import { CICFLOWMETER_FEATURE_COUNT, FEATURES } from './features.ts';
import { type PacketFields, RecordedTable } from './testing.ts';

interface Seen {
  readonly timeUs: number;
  readonly forward: boolean;
  readonly payload: Uint8Array;
  readonly header: number;
  readonly flags: number;
  readonly window: number;
  readonly sequence: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
const variance = (values: readonly number[]) => {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
};
const deviation = (values: readonly number[]) => Math.sqrt(variance(values));
const max = (values: readonly number[]) => (values.length === 0 ? 0 : Math.max(...values));
const min = (values: readonly number[]) => (values.length === 0 ? 0 : Math.min(...values));
const gaps = (packets: readonly Seen[]) => packets.slice(1).map((packet, i) => packet.timeUs - packets[i].timeUs);
const lengths = (packets: readonly Seen[]) => packets.map((packet) => packet.payload.length);
const having = (packets: readonly Seen[], flag: number) => packets.filter((packet) => packet.flags & flag).length;

function entropy(bytes: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return -sum([...counts.values()].map((count) => (count / bytes.length) * Math.log2(count / bytes.length)));
}

/** Runs of payload packets of one direction, as CICFlowMeter's bulk rules cut them. */
function bulks(packets: readonly Seen[], forward: boolean): { packets: number; bytes: number; durationUs: number }[] {
  const runs: Seen[][] = [];
  let lastOtherUs = 0;
  for (const packet of packets) {
    if (packet.payload.length === 0) continue;
    if (packet.forward !== forward) {
      lastOtherUs = packet.timeUs;
      continue;
    }
    const run = runs[runs.length - 1];
    const goesOn = run && lastOtherUs <= run[0].timeUs && packet.timeUs - run[run.length - 1].timeUs <= 1_000_000;
    if (goesOn) run.push(packet);
    else runs.push([packet]);
  }
  return runs
    .filter((run) => run.length >= 4)
    .map((run) => ({
      packets: run.length,
      bytes: sum(lengths(run)),
      durationUs: run[run.length - 1].timeUs - run[0].timeUs,
    }));
}

/** [active periods, idle pauses] in microseconds. */
function activity(packets: readonly Seen[]): [number[], number[]] {
  const active: number[] = [];
  const idle: number[] = [];
  let startUs = packets[0].timeUs;
  gaps(packets).forEach((gap, i) => {
    if (gap <= 5_000_000) return;
    active.push(packets[i].timeUs - startUs);
    idle.push(gap);
    startUs = packets[i + 1].timeUs;
  });
  active.push(packets[packets.length - 1].timeUs - startUs);
  return [active, idle];
}

function reference(packets: readonly Seen[]): Record<string, number> {
  const forward = packets.filter((packet) => packet.forward);
  const backward = packets.filter((packet) => !packet.forward);
  const durationUs = packets[packets.length - 1].timeUs - packets[0].timeUs;
  const perSecond = (amount: number) => (durationUs > 0 ? amount / (durationUs / 1e6) : 0);
  const [active, idle] = activity(packets);
  const subflows = 1 + gaps(packets).filter((gap) => gap > 1_000_000).length;
  const headers = (list: readonly Seen[]) => list.map((packet) => packet.header);
  const lengthNumbers = (side: string, list: readonly Seen[]) => ({
    [`${side} Packet Length Max`]: max(lengths(list)),
    [`${side} Packet Length Min`]: min(lengths(list)),
    [`${side} Packet Length Mean`]: mean(lengths(list)),
    [`${side} Packet Length Std`]: deviation(lengths(list)),
  });
  const gapNumbers = (side: string, list: readonly Seen[]) => ({
    [`${side} IAT Total`]: sum(gaps(list)),
    [`${side} IAT Mean`]: mean(gaps(list)),
    [`${side} IAT Std`]: deviation(gaps(list)),
    [`${side} IAT Max`]: max(gaps(list)),
    [`${side} IAT Min`]: min(gaps(list)),
  });
  const bulkNumbers = (side: string, isForward: boolean) => {
    const found = bulks(packets, isForward);
    const seconds = sum(found.map((bulk) => bulk.durationUs)) / 1e6;
    const bytes = sum(found.map((bulk) => bulk.bytes));
    return {
      [`${side} Avg Bytes/Bulk`]: mean(found.map((bulk) => bulk.bytes)),
      [`${side} Avg Packets/Bulk`]: mean(found.map((bulk) => bulk.packets)),
      [`${side} Avg Bulk Rate`]: seconds > 0 ? bytes / seconds : 0,
    };
  };
  const groupNumbers = (name: string, list: readonly number[]) => ({
    [`${name} Mean`]: mean(list),
    [`${name} Std`]: deviation(list),
    [`${name} Max`]: max(list),
    [`${name} Min`]: min(list),
  });
  const withPayload = (list: readonly Seen[]) => list.filter((packet) => packet.payload.length > 0);
  const pauses = gaps(withPayload(forward)).filter((gap) => gap >= 500_000);
  const firstPayload = (list: readonly Seen[]) => withPayload(list)[0]?.payload ?? new Uint8Array(0);
  return {
    'Flow Duration': durationUs,
    'Total Fwd Packets': forward.length,
    'Total Backward Packets': backward.length,
    'Total Length of Fwd Packets': sum(lengths(forward)),
    'Total Length of Bwd Packets': sum(lengths(backward)),
    ...lengthNumbers('Fwd', forward),
    ...lengthNumbers('Bwd', backward),
    'Flow Bytes/s': perSecond(sum(lengths(packets))),
    'Flow Packets/s': perSecond(packets.length),
    'Flow IAT Mean': mean(gaps(packets)),
    'Flow IAT Std': deviation(gaps(packets)),
    'Flow IAT Max': max(gaps(packets)),
    'Flow IAT Min': min(gaps(packets)),
    ...gapNumbers('Fwd', forward),
    ...gapNumbers('Bwd', backward),
    'Fwd PSH Flags': having(forward, TCP_FLAG.psh),
    'Bwd PSH Flags': having(backward, TCP_FLAG.psh),
    'Fwd URG Flags': having(forward, TCP_FLAG.urg),
    'Bwd URG Flags': having(backward, TCP_FLAG.urg),
    'Fwd Header Length': sum(headers(forward)),
    'Bwd Header Length': sum(headers(backward)),
    'Fwd Packets/s': perSecond(forward.length),
    'Bwd Packets/s': perSecond(backward.length),
    'Min Packet Length': min(lengths(packets)),
    'Max Packet Length': max(lengths(packets)),
    'Packet Length Mean': mean(lengths(packets)),
    'Packet Length Std': deviation(lengths(packets)),
    'Packet Length Variance': variance(lengths(packets)),
    'FIN Flag Count': having(packets, TCP_FLAG.fin),
    'SYN Flag Count': having(packets, TCP_FLAG.syn),
    'RST Flag Count': having(packets, TCP_FLAG.rst),
    'PSH Flag Count': having(packets, TCP_FLAG.psh),
    'ACK Flag Count': having(packets, TCP_FLAG.ack),
    'URG Flag Count': having(packets, TCP_FLAG.urg),
    'CWE Flag Count': having(packets, TCP_FLAG.cwr),
    'ECE Flag Count': having(packets, TCP_FLAG.ece),
    'Down/Up Ratio': Math.floor(backward.length / forward.length),
    'Average Packet Size': mean(lengths(packets)),
    'Avg Fwd Segment Size': mean(lengths(forward)),
    'Avg Bwd Segment Size': mean(lengths(backward)),
    'Fwd Header Length.1': sum(headers(forward)),
    ...bulkNumbers('Fwd', true),
    ...bulkNumbers('Bwd', false),
    'Subflow Fwd Packets': forward.length / subflows,
    'Subflow Fwd Bytes': sum(lengths(forward)) / subflows,
    'Subflow Bwd Packets': backward.length / subflows,
    'Subflow Bwd Bytes': sum(lengths(backward)) / subflows,
    Init_Win_bytes_forward: forward[0].window,
    Init_Win_bytes_backward: backward[0]?.window ?? -1,
    act_data_pkt_fwd: withPayload(forward).length,
    min_seg_size_forward: min(headers(forward)),
    ...groupNumbers('Active', active),
    ...groupNumbers('Idle', idle),
    'Initiator Payload Ratio': sum(lengths(packets)) > 0 ? sum(lengths(forward)) / sum(lengths(packets)) : 0,
    'Initiator Payload Entropy': entropy(firstPayload(forward).subarray(0, 128)),
    'Responder Payload Entropy': entropy(firstPayload(backward).subarray(0, 128)),
    'Fwd Zero Windows': forward.filter((packet) => packet.window === 0 && !(packet.flags & TCP_FLAG.rst)).length,
    'Bwd Zero Windows': backward.filter((packet) => packet.window === 0 && !(packet.flags & TCP_FLAG.rst)).length,
    'Fwd First Payload Size': firstPayload(forward).length,
    'Bwd First Payload Size': firstPayload(backward).length,
    'Fwd Wire Bytes': sum(forward.map((packet) => 34 + packet.header + packet.payload.length)),
    'Bwd Wire Bytes': sum(backward.map((packet) => 34 + packet.header + packet.payload.length)),
    Periodicity: pauses.length >= 3 ? 1 / (1 + deviation(pauses) / mean(pauses)) : 0,
  };
}

/** Features about the order of segments and about handshakes: tested by example below. */
const BY_EXAMPLE = [
  'Round Trip Time',
  'Fwd Retransmissions',
  'Bwd Retransmissions',
  'Fwd Out of Order',
  'Bwd Out of Order',
];

const seenPacket = fc.record({
  gapUs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 8_000_000 })),
  forward: fc.boolean(),
  payload: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 400 })),
  header: fc.integer({ min: 5, max: 15 }).map((words) => words * 4),
  // No SYN, FIN or RST: they would begin or end flows, which is another test's subject.
  flags: fc.integer({ min: 0, max: 255 }).map((flags) => flags & ~(TCP_FLAG.syn | TCP_FLAG.fin | TCP_FLAG.rst)),
  window: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_535 })),
  sequence: fc.integer({ min: 0, max: 100_000 }),
});

const START_US = 1_700_000_000_000_000;

function fieldsOf(packet: Seen): PacketFields {
  return {
    timeUs: packet.timeUs,
    from: packet.forward ? '10.0.0.1' : '10.0.0.2',
    to: packet.forward ? '10.0.0.2' : '10.0.0.1',
    sourcePort: packet.forward ? 40_000 : 80,
    destinationPort: packet.forward ? 80 : 40_000,
    flags: packet.flags,
    headerBytes: packet.header,
    window: packet.window,
    sequence: packet.sequence,
    payload: packet.payload,
  };
}

/** A tenth of a nanosecond: what is left of the squares of gaps of seconds when their spread is some microseconds. */
const TIME_TOLERANCE_US = 1e-4;

/** Equal but for the rounding of sums in another order. */
function close(actual: number, expected: number, name: string, unit: string): void {
  const tolerance = Math.max(unit === 'µs' ? TIME_TOLERANCE_US : 1e-6, Math.abs(expected) * 1e-6);
  expect(Math.abs(actual - expected), `${name}: ${actual}, expected ${expected}`).toBeLessThanOrEqual(tolerance);
}

describe('features of a flow', () => {
  it('equal a reference that keeps every packet, on random conversations', () => {
    fc.assert(
      fc.property(fc.array(seenPacket, { minLength: 1, maxLength: 60 }), (raw) => {
        let timeUs = START_US;
        const packets: Seen[] = raw.map(({ gapUs, ...packet }, i) => {
          timeUs += i === 0 ? 0 : gapUs;
          // Whoever sends first is the initiator.
          return { ...packet, timeUs, forward: i === 0 ? true : packet.forward };
        });
        const [flow] = new RecordedTable({
          activeTimeoutSeconds: 86_400,
          idleTimeoutSeconds: 3_600,
          unansweredTimeoutSeconds: 3_600,
        })
          .play(...packets.map(fieldsOf))
          .finish(END_REASON.stopped);
        const expected = reference(packets);
        for (const { name, unit } of FEATURES) {
          if (BY_EXAMPLE.includes(name)) continue;
          expect(expected, `the reference lacks ${name}`).toHaveProperty([name]);
          close(flow.features[name], expected[name], name, unit);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keep the precision of pauses of hours that differ by microseconds', () => {
    const table = new RecordedTable({
      activeTimeoutSeconds: 864_000,
      idleTimeoutSeconds: 86_400,
      unansweredTimeoutSeconds: 86_400,
    });
    const packet = { forward: true, payload: new Uint8Array(10), header: 20, flags: 0, window: 1, sequence: 0 };
    const times = Array.from({ length: 40 }, (_, i) => START_US + i * 7_200_000_000 + (i % 3));
    const [flow] = table.play(...times.map((timeUs) => fieldsOf({ ...packet, timeUs }))).finish(END_REASON.stopped);
    const pauses = times.slice(1).map((time, i) => time - times[i]);
    expect(flow.features['Idle Std']).toBeCloseTo(deviation(pauses), 5);
  });

  it('keep the precision of regular gaps with a jitter of microseconds', () => {
    const table = new RecordedTable({ activeTimeoutSeconds: 86_400 });
    const times = Array.from({ length: 200 }, (_, i) => START_US + i * 60_000_000 + (i % 2) * 3);
    const [flow] = table
      .play(
        ...times.map((timeUs) =>
          fieldsOf({
            timeUs,
            forward: true,
            payload: new Uint8Array(10),
            header: 20,
            flags: 0,
            window: 1,
            sequence: 0,
          }),
        ),
      )
      .finish(END_REASON.stopped);
    const pauses = times.slice(1).map((time, i) => time - times[i]);
    close(flow.features['Flow IAT Std'], deviation(pauses), 'Flow IAT Std', '');
    expect(flow.features['Flow IAT Std']).toBeGreaterThan(2.9);
  });

  it('measure the round trip of a handshake and of a datagram', () => {
    const handshake = new RecordedTable()
      .play(
        { timeUs: START_US, flags: TCP_FLAG.syn },
        {
          timeUs: START_US + 300,
          from: '10.0.0.2',
          to: '10.0.0.1',
          sourcePort: 80,
          destinationPort: 40_000,
          flags: TCP_FLAG.syn | TCP_FLAG.ack,
        },
        { timeUs: START_US + 320, flags: TCP_FLAG.ack },
      )
      .finish(END_REASON.stopped);
    expect(handshake[0].features['Round Trip Time']).toBe(320);
    const datagram = new RecordedTable()
      .play(
        { timeUs: START_US, protocol: PROTOCOL.udp },
        { timeUs: START_US + 50, protocol: PROTOCOL.udp },
        {
          timeUs: START_US + 450,
          protocol: PROTOCOL.udp,
          from: '10.0.0.2',
          to: '10.0.0.1',
          sourcePort: 80,
          destinationPort: 40_000,
        },
      )
      .finish(END_REASON.stopped);
    expect(datagram[0].features['Round Trip Time']).toBe(450);
  });

  it('tell late segments from retransmitted ones, across the wrap of sequence numbers', () => {
    const bytes = new Uint8Array(100);
    const first = 0xffffff9c; // 100 bytes before the wrap
    const at = (i: number) => ({ timeUs: START_US + i, flags: TCP_FLAG.ack, payload: bytes });
    const [flow] = new RecordedTable()
      .play(
        { ...at(0), sequence: first },
        { ...at(1), sequence: first + 200 }, // leaves a hole of 100
        { ...at(2), sequence: first + 100 }, // fills it: late
        { ...at(3), sequence: first + 100 }, // again: retransmitted
        { ...at(4), sequence: first + 300 },
        { ...at(5), sequence: first + 399, payload: new Uint8Array(1) }, // keep-alive
      )
      .finish(END_REASON.stopped);
    expect(flow.features['Fwd Out of Order']).toBe(1);
    expect(flow.features['Fwd Retransmissions']).toBe(1);
  });

  it('have unique names, and the published ones first', () => {
    const names = FEATURES.map((feature) => feature.name);
    expect(new Set(names).size).toBe(names.length);
    expect(CICFLOWMETER_FEATURE_COUNT).toBe(77);
  });
});
