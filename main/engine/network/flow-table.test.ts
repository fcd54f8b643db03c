import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  END_REASON,
  FLOW_CHANGE,
  INITIATOR_BASIS,
  PAYLOAD_PACKETS_SHOWN,
  PROTOCOL,
  TCP_FLAG,
  TCP_STATE,
} from '../../../contract/traffic.ts';
import { type PacketFields, RecordedTable } from './testing.ts';

const SECOND = 1_000_000;
const START = 1_700_000_000 * SECOND;
const { syn, ack, fin, rst } = TCP_FLAG;

/** A packet from the server back to the client. */
function answer(fields: PacketFields): PacketFields {
  return { from: '10.0.0.2', to: '10.0.0.1', sourcePort: 80, destinationPort: 40_000, ...fields };
}

function handshake(timeUs: number): PacketFields[] {
  return [
    { timeUs, flags: syn, sequence: 100 },
    answer({ timeUs: timeUs + 10, flags: syn | ack }),
    { timeUs: timeUs + 20, flags: ack },
  ];
}

describe('the initiator', () => {
  it('is who sent the SYN, whatever the addresses and ports', () => {
    const [flow] = new RecordedTable().play(answer({ timeUs: START, flags: syn })).finish(END_REASON.stopped);
    expect([flow.initiatorPort, flow.responderPort, flow.initiatorBasis]).toEqual([80, 40_000, INITIATOR_BASIS.syn]);
  });

  it('is the receiver of a SYN-ACK that comes first', () => {
    const table = new RecordedTable().play(answer({ timeUs: START, flags: syn | ack }), {
      timeUs: START + 5,
      flags: ack,
    });
    const [flow] = table.finish(END_REASON.stopped);
    expect([flow.initiatorPort, flow.initiatorBasis]).toEqual([40_000, INITIATOR_BASIS.synAck]);
    expect([flow.initiatorPackets, flow.responderPackets]).toEqual([1, 1]);
    expect(flow.tcpState).toBe(TCP_STATE.established);
  });

  it('is the first sender in mid-connection and for datagrams', () => {
    const table = new RecordedTable().play(answer({ timeUs: START, flags: ack }));
    const [flow] = table.finish(END_REASON.stopped);
    expect([flow.initiatorPort, flow.initiatorBasis]).toEqual([80, INITIATOR_BASIS.firstPacket]);
  });

  it('stays known when the active timeout cuts a long connection', () => {
    const table = new RecordedTable({ activeTimeoutSeconds: 100 }).play(
      ...handshake(START),
      { timeUs: START + 60 * SECOND, flags: ack },
      answer({ timeUs: START + 120 * SECOND, flags: ack }),
    );
    const [first, second] = table.finish(END_REASON.stopped);
    expect(first.reason).toBe(END_REASON.activeTimeout);
    expect([second.initiatorPort, second.initiatorBasis]).toEqual([40_000, INITIATOR_BASIS.syn]);
    expect([second.initiatorPackets, second.responderPackets]).toEqual([0, 1]);
  });
});

describe('a TCP connection', () => {
  it('is followed from handshake to the last FIN', () => {
    const table = new RecordedTable().play(
      ...handshake(START),
      { timeUs: START + 30, flags: ack | fin },
      answer({ timeUs: START + 40, flags: ack | fin }),
      { timeUs: START + 50, flags: ack },
    );
    expect(table.changes.map(({ change }) => change)).toEqual([
      FLOW_CHANGE.answered,
      FLOW_CHANGE.established,
      FLOW_CHANGE.closed,
    ]);
    const [flow] = table.finish(END_REASON.stopped);
    expect([flow.initiatorPackets, flow.responderPackets, flow.tcpState]).toEqual([4, 2, TCP_STATE.closed]);
  });

  it('is refused by a RST to the SYN, and reset by a later one', () => {
    const refused = new RecordedTable().play(
      { timeUs: START, flags: syn },
      answer({ timeUs: START + 1, flags: rst | ack }),
    );
    expect(refused.finish(END_REASON.stopped)[0].tcpState).toBe(TCP_STATE.refused);
    const reset = new RecordedTable().play(...handshake(START), { timeUs: START + 30, flags: rst });
    expect(reset.changes.at(-1)?.change).toBe(FLOW_CHANGE.reset);
  });

  it('ends when the next one begins on the same ports, and not by a repeated SYN', () => {
    const table = new RecordedTable().play(
      { timeUs: START, flags: syn },
      { timeUs: START + SECOND, flags: syn },
      answer({ timeUs: START + SECOND + 1, flags: rst | ack }),
      { timeUs: START + 2 * SECOND, flags: syn },
    );
    const flows = table.finish(END_REASON.stopped);
    expect(flows.map((flow) => flow.initiatorPackets)).toEqual([2, 1]);
    expect(flows[0].reason).toBe(END_REASON.finished);
  });

  it('lingers for its last acknowledgements, then ends', () => {
    const table = new RecordedTable({ lingerSeconds: 5 }).play(
      { timeUs: START, flags: syn },
      answer({ timeUs: START + 1, flags: rst | ack }),
    );
    table.table.advance(START + 4 * SECOND);
    expect(table.ended).toHaveLength(0);
    table.table.advance(START + 7 * SECOND);
    expect(table.ended.map((flow) => flow.reason)).toEqual([END_REASON.finished]);
  });
});

describe('time', () => {
  it('ends silent flows after the idle timeout, unanswered ones sooner', () => {
    const table = new RecordedTable({ idleTimeoutSeconds: 120, unansweredTimeoutSeconds: 60 }).play(
      { timeUs: START, flags: syn, sourcePort: 1 },
      ...handshake(START),
    );
    table.table.advance(START + 62 * SECOND);
    expect(table.ended.map((flow) => flow.initiatorPort)).toEqual([1]);
    table.table.advance(START + 119 * SECOND);
    expect(table.ended).toHaveLength(1);
    table.table.advance(START + 122 * SECOND);
    expect(table.ended.map((flow) => flow.reason)).toEqual([END_REASON.idleTimeout, END_REASON.idleTimeout]);
  });

  it('lets long flows report while they are active', () => {
    const table = new RecordedTable({ updateSeconds: 10 });
    for (let second = 0; second < 65; second++) table.play({ timeUs: START + second * SECOND, protocol: PROTOCOL.udp });
    expect(table.updates.length).toBeGreaterThanOrEqual(5);
    expect(table.updates.length).toBeLessThanOrEqual(7);
  });

  it('survives leaps of years in either direction', () => {
    const table = new RecordedTable();
    for (let i = 0; i < 50; i++) {
      table.play({ timeUs: i % 2 === 0 ? START : 4_294_967_295 * SECOND, sourcePort: i });
    }
    expect(table.finish(END_REASON.stopped)).toHaveLength(50);
  });
});

describe('keys', () => {
  it('keep VLANs and tunnels apart, and join ICMP of two hosts', () => {
    const table = new RecordedTable().play(
      { timeUs: START, vlan: 1 },
      { timeUs: START, vlan: 2 },
      { timeUs: START, tunnel: 7 },
      { timeUs: START, protocol: PROTOCOL.icmp, sourcePort: 8, destinationPort: 0 },
      answer({ timeUs: START, protocol: PROTOCOL.icmp, sourcePort: 0, destinationPort: 0 }),
    );
    expect(table.finish(END_REASON.stopped)).toHaveLength(4);
  });

  it('take a host that talks to itself on one port', () => {
    const self = {
      timeUs: START,
      from: '127.0.0.1',
      to: '127.0.0.1',
      sourcePort: 9,
      destinationPort: 9,
      protocol: PROTOCOL.udp,
    };
    const [flow] = new RecordedTable().play(self, self).finish(END_REASON.stopped);
    expect([flow.initiatorPackets, flow.responderPackets]).toEqual([2, 0]);
  });
});

describe('bounds', () => {
  it('evict the quietest flows when the table is full, and count them', () => {
    const table = new RecordedTable({ flowCapacity: 1_024 });
    for (let i = 0; i < 5_000; i++) {
      table.play({ timeUs: START + i, sourcePort: i, protocol: PROTOCOL.udp });
      // One conversation goes on all the time and must survive.
      table.play({ timeUs: START + i, sourcePort: 60_000, protocol: PROTOCOL.udp });
    }
    const { flows, open, evicted } = table.table.counters();
    expect(open).toBe(1_024);
    expect(flows - open).toBe(evicted);
    expect(table.ended.every((flow) => flow.reason === END_REASON.evicted)).toBe(true);
    expect(table.finish(END_REASON.stopped).filter((flow) => flow.initiatorPackets === 5_000)).toHaveLength(1);
  });

  it('evict conversations when statistics run out', () => {
    const table = new RecordedTable({ conversationCapacity: 1_024 });
    for (let i = 0; i < 3_000; i++) {
      const packet = { timeUs: START + i, sourcePort: i, protocol: PROTOCOL.udp };
      table.play(packet, packet);
    }
    expect(table.table.counters().evicted).toBe(3_000 - 1_024);
  });

  it('show the first packets with payload of each direction only', () => {
    const table = new RecordedTable();
    for (let i = 0; i < 40; i++) table.play({ timeUs: START + i, payload: Uint8Array.of(1) });
    expect(table.payloads).toBe(PAYLOAD_PACKETS_SHOWN);
  });
});

describe('segments', () => {
  const data = (timeUs: number, bytes = 10): PacketFields => ({ timeUs, flags: ack, payload: new Uint8Array(bytes) });

  it('are shown as long as they are wanted, however many there are', () => {
    const table = new RecordedTable().play(...handshake(START));
    for (let n = 0; n < 100; n++) table.play(data(START + 100 + n));
    expect(table.segments).toHaveLength(100);
    expect(table.payloads).toBe(PAYLOAD_PACKETS_SHOWN);
    table.satisfied.add(1);
    table.play(data(START + 300), data(START + 301), data(START + 302));
    expect(table.segments).toHaveLength(101);
  });

  it('come with where each side begins, by the newest handshake', () => {
    const table = new RecordedTable().play(
      { timeUs: START, flags: syn, sequence: 1 },
      { timeUs: START + 1, flags: syn, sequence: 0x7fffffff },
      answer({ timeUs: START + 2, flags: syn | ack, sequence: 500 }),
      data(START + 3),
      answer({ ...data(START + 4) }),
    );
    expect(table.segments.map(({ start }) => start)).toEqual([-0x80000000, 501]);
    const met = new RecordedTable().play(data(START), answer({ ...data(START + 1) }));
    expect(met.segments.map(({ start }) => start)).toEqual([Number.NaN, Number.NaN]);
  });

  it('go on, or stay unwanted, in the flow that the active timeout begins', () => {
    const settings = { activeTimeoutSeconds: 10, idleTimeoutSeconds: 60 };
    const table = new RecordedTable(settings).play(...handshake(START), data(START + 50));
    table.satisfied.add(1);
    table.play(data(START + 60), data(START + 20 * SECOND));
    expect(table.renewals).toEqual([{ formerId: 1, id: 2 }]);
    expect(table.segments.map(({ id }) => id)).toEqual([1, 1]);
    // What begins on the same ports later is another conversation.
    table.play({ timeUs: START + 21 * SECOND, flags: syn, sequence: 9 }, data(START + 22 * SECOND));
    expect(table.segments.map(({ id }) => id)).toEqual([1, 1, 3]);
  });
});

describe('the table as a whole', () => {
  it('counts like a map of lists, for any packets in any order', () => {
    const anyPacket = fc.record({
      gapUs: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 200 * SECOND })),
      ends: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      ports: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      protocol: fc.constantFrom(PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.icmp),
      flags: fc.integer({ min: 0, max: 255 }),
      payload: fc.uint8Array({ maxLength: 5 }),
      isIpv6: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 400 }), (packets) => {
        const table = new RecordedTable();
        const expected = new Map<number, number>();
        let timeUs = START;
        for (const { gapUs, ends, ports, isIpv6, ...rest } of packets) {
          timeUs += gapUs;
          const prefix = isIpv6 ? 'fd00::' : '10.0.0.';
          table.play({
            timeUs,
            from: prefix + ends[0],
            to: prefix + ends[1],
            sourcePort: ports[0],
            destinationPort: ports[1],
            ...rest,
          });
          expected.set(rest.payload.length, (expected.get(rest.payload.length) ?? 0) + 1);
        }
        const flows = table.finish(END_REASON.stopped);
        const packetsSeen = flows.reduce((total, flow) => total + flow.initiatorPackets + flow.responderPackets, 0);
        expect(packetsSeen).toBe(packets.length);
        expect(flows).toHaveLength(table.started);
        expect(new Set(flows.map((flow) => flow.id)).size).toBe(flows.length);
        expect(table.table.counters()).toEqual({ flows: flows.length, open: 0, evicted: 0 });
        const bytes = flows.reduce(
          (total, { features }) =>
            total + features['Total Length of Fwd Packets'] + features['Total Length of Bwd Packets'],
          0,
        );
        expect(bytes).toBe([...expected].reduce((total, [length, count]) => total + length * count, 0));
      }),
      { numRuns: 200 },
    );
  });
});
