import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../contract/domain.ts';
import { PROTOCOL } from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { dhcpExhaustionDetector } from './dhcp-exhaustion.ts';
import { DHCP_MESSAGE, parseDhcpMessage } from './dhcp-message.ts';
import { type TestPacket, TestTraffic } from './flood-testing.ts';
import { NO_INDICATORS } from './indicators.ts';
import { LearnedLandscape } from './learned-landscape.ts';
import { declared } from './testing.ts';

const SERVER = '192.168.1.1';

interface Message {
  readonly operation?: number;
  readonly type: number;
  readonly client: number;
  readonly server?: string;
  readonly relay?: boolean;
}

function dhcp({ operation = 1, type, client, server, relay }: Message): Uint8Array {
  const bytes = new Uint8Array(300);
  const view = new DataView(bytes.buffer);
  bytes[0] = operation;
  if (relay === true) view.setUint32(24, 0x0a000001);
  view.setUint16(28, 0x0200);
  view.setUint32(30, client);
  view.setUint32(236, 0x63825363);
  bytes.set([0, 53, 1, type], 240);
  if (server !== undefined) {
    bytes.set([54, 4], 244);
    view.setInt32(246, parseAddress(server)![3]);
  }
  bytes[server === undefined ? 244 : 250] = 255;
  return bytes;
}

function request(message: Message, fromMac = 77, from = '0.0.0.0'): TestPacket {
  return {
    from,
    to: '255.255.255.255',
    protocol: PROTOCOL.udp,
    fromPort: 68,
    toPort: 67,
    payload: dhcp(message),
    fromMac,
    toMac: -1,
  };
}

function offer(type: number, client: number): TestPacket {
  return {
    from: SERVER,
    to: '255.255.255.255',
    protocol: PROTOCOL.udp,
    fromPort: 67,
    toPort: 68,
    payload: dhcp({ operation: 2, type, client, server: SERVER }),
  };
}

function watch(feed: (traffic: TestTraffic) => void): Finding[] {
  const causes = new Map<string, Finding>();
  const detector = dhcpExhaustionDetector.create({
    settings: defaultsOf(dhcpExhaustionDetector.settings),
    landscape: new LearnedLandscape(),
    indicators: NO_INDICATORS,
    report: (finding) => causes.set(finding.cause, declared(dhcpExhaustionDetector, finding)),
  });
  const traffic = new TestTraffic(detector);
  feed(traffic);
  traffic.finish();
  return [...causes.values()];
}

describe('DHCP exhaustion', () => {
  it('finds requests that all come at once, and names the network card', () => {
    const findings = watch((traffic) =>
      traffic.send(10_000, Number.POSITIVE_INFINITY, () => request({ type: DHCP_MESSAGE.discover, client: 1 })),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      kind: 'denial-of-service',
      techniques: ['T1499.002'],
      attackers: ['00:02:00:00:00:4d'],
      victims: ['255.255.255.255'],
      severity: 'high',
    });
    expect(findings[0]!.title).toContain('10,000 requests');
  });

  it('finds a slow tool that asks in the name of many, and names the server', () => {
    const [finding] = watch((traffic) =>
      traffic.send(60, 1, (index) => [
        request({ type: DHCP_MESSAGE.discover, client: 1000 + index }),
        offer(DHCP_MESSAGE.offer, 1000 + index),
      ]),
    );
    expect(finding?.victims).toEqual([SERVER]);
    expect(finding?.explanation).toContain('different devices');
  });

  it('finds a tool that makes up the sender of each frame too, and names nobody', () => {
    const [finding] = watch((traffic) =>
      traffic.send(2000, 1000, (index) => request({ type: DHCP_MESSAGE.discover, client: index }, 5000 + index)),
    );
    expect(finding?.attackers).toEqual([]);
    expect(finding?.attackerCount).toBeGreaterThan(100);
  });

  it('lets a floor of computers come back after a power cut, and a relay do its work', () => {
    expect(
      watch((traffic) =>
        traffic.send(250, 25, (index) => [
          request({ type: DHCP_MESSAGE.discover, client: index }, 100 + index),
          offer(DHCP_MESSAGE.offer, index),
          request({ type: DHCP_MESSAGE.request, client: index, server: SERVER }, 100 + index),
          offer(DHCP_MESSAGE.ack, index),
        ]),
      ),
    ).toEqual([]);
    expect(
      watch((traffic) =>
        traffic.send(200, 20, (index) =>
          request({ type: DHCP_MESSAGE.discover, client: index, relay: true }, 9, '10.0.0.1'),
        ),
      ),
    ).toEqual([]);
  });
});

describe('parseDhcpMessage', () => {
  it('reads what it needs', () => {
    const bytes = dhcp({ type: DHCP_MESSAGE.request, client: 0x01020304, server: SERVER, relay: true });
    expect(parseDhcpMessage(bytes, 0, bytes.length)).toEqual({
      operation: 1,
      type: DHCP_MESSAGE.request,
      clientMacHigh: 0x0200,
      clientMacLow: 0x01020304,
      relayed: true,
      serverIdentifier: parseAddress(SERVER)![3],
    });
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(700), fc.nat(700), (bytes, start, end) => {
        bytes[start] = 1;
        parseDhcpMessage(bytes, start, end);
      }),
    );
  });
});
