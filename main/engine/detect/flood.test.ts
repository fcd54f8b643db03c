import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../contract/domain.ts';
import { PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { floodDetector } from './flood.ts';
import { address, TestTraffic } from './flood-testing.ts';
import { NO_INDICATORS } from './indicators.ts';
import { EMPTY_SEED, type LandscapeSeed } from './landscape.ts';
import { LearnedLandscape } from './learned-landscape.ts';
import { declared } from './testing.ts';

const VICTIM = '10.0.0.2';
const OTHER = '192.0.2.9';

/** The last finding of each cause, and how many were reported in all. */
function watch(feed: (traffic: TestTraffic) => void, seed: LandscapeSeed = EMPTY_SEED) {
  const causes = new Map<string, Finding>();
  let reports = 0;
  const landscape = new LearnedLandscape(seed);
  const detector = floodDetector.create({
    settings: defaultsOf(floodDetector.settings),
    landscape,
    indicators: NO_INDICATORS,
    report(finding) {
      reports++;
      causes.set(finding.cause, declared(floodDetector, finding));
    },
  });
  const traffic = new TestTraffic(landscape, detector);
  feed(traffic);
  traffic.finish();
  return { findings: [...causes.values()], reports };
}

function flood(feed: (traffic: TestTraffic) => void): Finding {
  const { findings } = watch(feed);
  expect(findings).toHaveLength(1);
  expect(findings[0]!.victims).toEqual([VICTIM]);
  expect(findings[0]!.kind).toBe('denial-of-service');
  return findings[0]!;
}

function quiet(feed: (traffic: TestTraffic) => void): void {
  expect(watch(feed).findings).toEqual([]);
}

describe('floods that are found', () => {
  it('names spoofed senders as a number, not as a list', () => {
    const finding = flood((traffic) =>
      traffic.send(20_000, 5000, (index) => ({ from: address(index), to: VICTIM, toPort: 25565, flags: TCP_FLAG.syn })),
    );
    expect(finding.attackers).toEqual([]);
    expect(finding.attackerCount).toBeGreaterThan(18_000);
    expect(finding.attackerCount).toBeLessThan(22_000);
    expect(finding.title).toMatch(/^About \d\d,000 spoofed addresses flooded 10\.0\.0\.2:25565 with SYN packets$/);
    expect(finding.techniques).toEqual(['T1498.001', 'T1499.001']);
    expect(finding.evidence.find((row) => row.name === 'flood packets')?.value).toBe(20_000);
  });

  it('names the one sender of a SYN flood, whether its port is open or closed', () => {
    for (const answer of [TCP_FLAG.syn | TCP_FLAG.ack, TCP_FLAG.rst | TCP_FLAG.ack]) {
      const finding = flood((traffic) =>
        traffic.send(3000, 1000, (index) => [
          { from: OTHER, to: VICTIM, fromPort: 1024 + index, toPort: 80, flags: TCP_FLAG.syn },
          { from: VICTIM, to: OTHER, fromPort: 80, toPort: 1024 + index, flags: answer },
        ]),
      );
      expect(finding.attackers).toEqual([OTHER]);
      expect(finding.title).toBe(`${OTHER} flooded ${VICTIM}:80 with SYN packets`);
    }
  });

  it('finds a slow SYN flood that goes on', () => {
    flood((traffic) =>
      traffic.send(3000, 100, (index) => ({ from: address(index), to: VICTIM, toPort: 443, flags: TCP_FLAG.syn })),
    );
  });

  it.each([
    ['ACK', TCP_FLAG.ack, /ACK packets of no connection/],
    ['RST', TCP_FLAG.rst, /RST packets/],
    ['FIN', TCP_FLAG.fin, /impossible flags/],
    ['NULL', 0, /impossible flags/],
    ['XMAS', TCP_FLAG.fin | TCP_FLAG.psh | TCP_FLAG.urg, /impossible flags/],
  ])('finds a flood of %s packets of no connection', (_, flags, title) => {
    const finding = flood((traffic) =>
      traffic.send(3000, 1000, (index) => ({ from: OTHER, to: VICTIM, fromPort: 1000 + index, toPort: 80, flags })),
    );
    expect(finding.title).toMatch(title);
    expect(finding.attackers).toEqual([OTHER]);
  });

  it('takes SYN-ACK packets of many servers for a reflection', () => {
    const finding = flood((traffic) =>
      traffic.send(2000, 1000, (index) => ({
        from: address(index % 300),
        to: VICTIM,
        fromPort: 80,
        toPort: 1024 + index,
        flags: TCP_FLAG.syn | TCP_FLAG.ack,
      })),
    );
    expect(finding.techniques).toEqual(['T1498.002']);
    expect(finding.explanation).toContain('abused, not guilty');
  });

  it('finds an ACK flood within one connection', () => {
    const finding = flood((traffic) =>
      traffic.send(20_000, 10_000, (index) => ({
        from: OTHER,
        to: VICTIM,
        fromPort: 5555,
        toPort: 80,
        flags: TCP_FLAG.ack,
        acknowledgment: Math.imul(index, 0x9e3779b1),
      })),
    );
    expect(finding.attackers).toEqual([OTHER]);
  });

  it.each([
    [53, 'DNS'],
    [123, 'NTP'],
    [161, 'SNMP'],
    [389, 'CLDAP'],
    [1900, 'SSDP'],
    [11211, 'memcached'],
  ])('finds 24 ms of reflected answers from port %i', (port, name) => {
    const finding = flood((traffic) =>
      traffic.send(4000, 170_000, (index) => ({
        from: address(index % 1500),
        to: VICTIM,
        protocol: PROTOCOL.udp,
        fromPort: port,
        toPort: 1024 + (index % 50_000),
        payloadBytes: 400,
      })),
    );
    expect(finding.techniques).toEqual(['T1498.002']);
    expect(finding.title).toContain(`abused ${name} servers`);
    expect(finding.attackers.length).toBeGreaterThan(30);
    expect(finding.attackers.length).toBeLessThanOrEqual(64);
    expect(finding.attackerCount).toBeGreaterThan(1300);
  });

  it('finds a UDP flood of one sender, to one port or to all', () => {
    for (const toPort of [(): number => 53, (index: number): number => index % 65_536]) {
      const finding = flood((traffic) =>
        traffic.send(30_000, 15_000, (index) => ({
          from: OTHER,
          to: VICTIM,
          protocol: PROTOCOL.udp,
          fromPort: 1024 + index,
          toPort: toPort(index),
          payloadBytes: 500,
        })),
      );
      expect(finding.attackers).toEqual([OTHER]);
    }
  });

  it('finds floods of pings, of ping answers and of fragments', () => {
    const ping = (type: number) => (traffic: TestTraffic) =>
      traffic.send(3000, 1500, () => ({ from: OTHER, to: VICTIM, protocol: PROTOCOL.icmp, fromPort: type }));
    expect(flood(ping(8)).title).toContain('ping packets');
    expect(flood(ping(0)).title).toContain('ping answers');
    const fragments = flood((traffic) =>
      traffic.send(3000, 1500, () => ({ from: OTHER, to: VICTIM, protocol: PROTOCOL.udp, isFragment: true })),
    );
    expect(fragments.title).toContain('never become whole');
  });

  it('finds reflected answers of which only pieces arrive', () => {
    const finding = flood((traffic) =>
      traffic.send(3000, 30_000, (index) => ({
        from: address(index % 400),
        to: VICTIM,
        protocol: PROTOCOL.udp,
        fromPort: 53,
        toPort: 4000 + (index % 400),
        isFragment: index % 20 !== 0,
        payloadBytes: 3000,
      })),
    );
    expect(finding.attackerCount).toBeGreaterThan(300);
  });

  it('joins a mix of packets into one flood, and says it a bounded number of times', () => {
    const { findings, reports } = watch((traffic) =>
      traffic.send(200_000, 5000, (index) => ({
        from: address(index),
        to: VICTIM,
        toPort: 80,
        flags: index % 2 === 0 ? TCP_FLAG.syn : TCP_FLAG.ack,
      })),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]!.title).toContain('SYN packets and ACK packets of no connection');
    expect(reports).toBeLessThan(20);
  });

  it('finds a flood whose packets all have the same time', () => {
    flood((traffic) =>
      traffic.send(3000, Number.POSITIVE_INFINITY, (index) => ({
        from: address(index),
        to: VICTIM,
        toPort: 80,
        flags: TCP_FLAG.syn,
      })),
    );
  });

  it('finds a flood beside a large download', () => {
    const finding = flood((traffic) =>
      traffic.send(20_000, 10_000, (index) => {
        if (index % 5 === 0) return { from: address(index), to: VICTIM, toPort: 80, flags: TCP_FLAG.syn };
        const isAnswer = index % 5 === 1;
        return isAnswer
          ? { from: VICTIM, to: OTHER, fromPort: 40_000, toPort: 443, protocol: PROTOCOL.udp, payloadBytes: 30 }
          : { from: OTHER, to: VICTIM, fromPort: 443, toPort: 40_000, protocol: PROTOCOL.udp, payloadBytes: 1200 };
      }),
    );
    expect(finding.title).toMatch(/hosts|addresses/);
    expect(finding.attackers).not.toContain(OTHER);
  });

  it('never names a gateway that the host knows', () => {
    const { findings } = watch(
      (traffic) =>
        traffic.send(3000, 1000, (index) => ({
          from: '10.0.0.1',
          to: VICTIM,
          fromPort: 1000 + index,
          toPort: 80,
          flags: TCP_FLAG.syn,
        })),
      { ...EMPTY_SEED, gateways: ['10.0.0.1'] },
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]!.attackers).toEqual([]);
  });
});

describe('ordinary traffic', () => {
  it('lets large transfers pass, from the beginning and from the middle', () => {
    for (const begins of [true, false]) {
      quiet((traffic) => {
        const client = { from: OTHER, to: VICTIM, fromPort: 50_000, toPort: 80 };
        const server = { from: VICTIM, to: OTHER, fromPort: 80, toPort: 50_000 };
        if (begins) {
          traffic.one({ ...client, flags: TCP_FLAG.syn });
          traffic.one({ ...server, flags: TCP_FLAG.syn | TCP_FLAG.ack });
          traffic.one({ ...client, flags: TCP_FLAG.ack });
        }
        traffic.send(60_000, 20_000, (index) => [
          { ...server, flags: TCP_FLAG.ack, payloadBytes: 1448 },
          { ...client, flags: TCP_FLAG.ack, acknowledgment: index * 1448 },
        ]);
      });
    }
  });

  it('lets a one-sided view of an upload pass', () => {
    quiet((traffic) =>
      traffic.send(60_000, 20_000, (index) => ({
        from: OTHER,
        to: VICTIM,
        fromPort: 443,
        toPort: 50_000,
        flags: TCP_FLAG.ack,
        acknowledgment: (index * 1448) | 0,
      })),
    );
  });

  it('lets a busy server pass', () => {
    quiet((traffic) =>
      traffic.send(4000, 2000, (index) => {
        const client = { from: address(index % 900), to: VICTIM, fromPort: 1024 + index, toPort: 443 };
        const server = { from: VICTIM, to: client.from, fromPort: 443, toPort: client.fromPort };
        return [
          { ...client, flags: TCP_FLAG.syn },
          { ...server, flags: TCP_FLAG.syn | TCP_FLAG.ack },
          { ...client, flags: TCP_FLAG.ack },
          { ...client, flags: TCP_FLAG.ack | TCP_FLAG.psh, payloadBytes: 300 },
          { ...server, flags: TCP_FLAG.ack, payloadBytes: 900 },
        ];
      }),
    );
  });

  it('lets many connections that are met midway pass', () => {
    quiet((traffic) =>
      traffic.send(6000, 6000, (index) => {
        const client = { from: address(index % 2000), to: VICTIM, fromPort: 1024 + (index % 2000), toPort: 443 };
        return [
          { ...client, flags: TCP_FLAG.ack, payloadBytes: 300 },
          {
            from: VICTIM,
            to: client.from,
            fromPort: 443,
            toPort: client.fromPort,
            flags: TCP_FLAG.ack,
            payloadBytes: 90,
          },
        ];
      }),
    );
  });

  it('lets bulk UDP pass that is answered now and then, and a camera that is not', () => {
    const stream = (perSecond: number, everyAnswer: number) => (traffic: TestTraffic) =>
      traffic.send(perSecond * 3, perSecond, (index) => {
        const data = {
          from: OTHER,
          to: VICTIM,
          protocol: PROTOCOL.udp,
          fromPort: 443,
          toPort: 5000,
          payloadBytes: 1200,
        };
        const answer = {
          from: VICTIM,
          to: OTHER,
          protocol: PROTOCOL.udp,
          fromPort: 5000,
          toPort: 443,
          payloadBytes: 40,
        };
        return index % everyAnswer === 0 ? [data, answer] : data;
      });
    quiet(stream(20_000, 50));
    quiet(stream(2000, 1_000_000));
  });

  it('lets a busy resolver, a time server and peer-to-peer traffic pass', () => {
    for (const [port, perPeer] of [
      [53, 1],
      [123, 2],
      [6881, 4],
    ] as const) {
      quiet((traffic) =>
        traffic.send(6000, 3000, (index) => {
          const peer = address(Math.floor(index / perPeer) % 800);
          const fromPort = port === 53 ? 1024 + (index % 60_000) : port;
          return [
            { from: VICTIM, to: peer, protocol: PROTOCOL.udp, fromPort, toPort: port, payloadBytes: 60 },
            { from: peer, to: VICTIM, protocol: PROTOCOL.udp, fromPort: port, toPort: fromPort, payloadBytes: 300 },
          ];
        }),
      );
    }
  });

  it('lets peers pass that have not noticed that a file-sharing program was closed', () => {
    quiet((traffic) =>
      traffic.send(6000, 100, (index) => ({
        from: address(index % 3000),
        to: VICTIM,
        protocol: PROTOCOL.udp,
        fromPort: 1024 + (index % 9000),
        toPort: 6881,
        payloadBytes: 100,
      })),
    );
  });

  it('leaves port scans to the scan detector, and the answers to a scanner alone', () => {
    const scan =
      (flags: number, protocol: number = PROTOCOL.tcp) =>
      (traffic: TestTraffic) =>
        traffic.send(10_000, 5000, (index) => [
          { from: OTHER, to: VICTIM, protocol, fromPort: 40_000, toPort: 1 + index, flags },
          {
            from: VICTIM,
            to: OTHER,
            protocol,
            fromPort: 1 + index,
            toPort: 40_000,
            flags: TCP_FLAG.rst | TCP_FLAG.ack,
          },
        ]);
    for (const flags of [TCP_FLAG.syn, TCP_FLAG.ack, TCP_FLAG.fin, 0]) quiet(scan(flags));
    quiet((traffic) =>
      traffic.send(5000, 2500, (index) => ({
        from: OTHER,
        to: VICTIM,
        protocol: PROTOCOL.udp,
        fromPort: 40_000,
        toPort: 1 + index,
      })),
    );
  });

  it('lets multicast video, a small ping flood, logging and large datagrams pass', () => {
    quiet((traffic) =>
      traffic.send(30_000, 10_000, () => ({ from: OTHER, to: '239.1.2.3', protocol: PROTOCOL.udp, toPort: 5004 })),
    );
    quiet((traffic) =>
      traffic.send(200, 1000, () => ({ from: OTHER, to: VICTIM, protocol: PROTOCOL.icmp, fromPort: 8 })),
    );
    quiet((traffic) =>
      traffic.send(3000, 1000, () => ({
        from: OTHER,
        to: VICTIM,
        protocol: PROTOCOL.udp,
        toPort: 514,
        payloadBytes: 200,
      })),
    );
    quiet((traffic) =>
      traffic.send(20_000, 10_000, (index) => ({
        from: OTHER,
        to: VICTIM,
        protocol: PROTOCOL.udp,
        fromPort: 2049,
        toPort: 800,
        isFragment: index % 6 !== 5,
        payloadBytes: 8192,
      })),
    );
  });

  it('does not take packets of a minute for those of a second when timestamps run backwards', () => {
    quiet((traffic) => {
      traffic.one({ from: OTHER, to: '10.0.0.3', toPort: 1, flags: TCP_FLAG.syn });
      traffic.timeUs -= 55e6;
      traffic.send(2000, 40, (index) => ({
        from: OTHER,
        to: VICTIM,
        fromPort: index,
        toPort: 80,
        flags: TCP_FLAG.syn,
      }));
    });
  });
});

describe('hostile traffic', () => {
  it('never throws, and keeps the lists of every finding within their bounds', () => {
    const packet = fc.record({
      from: fc.nat(40).map(address),
      to: fc.constantFrom(VICTIM, OTHER, '255.255.255.255', '::1', 'ff02::1'),
      protocol: fc.constantFrom(...Object.values(PROTOCOL), 255),
      fromPort: fc.nat(0xffff),
      toPort: fc.nat(0xffff),
      flags: fc.nat(0xff),
      payloadBytes: fc.nat(70_000),
      kind: fc.constantFrom(...Object.values(PACKET_KIND)),
    });
    fc.assert(
      fc.property(
        fc.array(packet, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9000 }),
        (packets, rate) => {
          const { findings } = watch((traffic) =>
            traffic.send(3000, rate, (index) => packets[index % packets.length]!),
          );
          for (const finding of findings) {
            expect(finding.attackers.length).toBeLessThanOrEqual(64);
            expect(finding.confidence).toBeLessThanOrEqual(1);
            expect(finding.firstSeenMs).toBeLessThanOrEqual(finding.lastSeenMs);
            expect(finding.attackerCount).toBeGreaterThanOrEqual(finding.attackers.length);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('survives more targets than it can watch', () => {
    const { reports } = watch((traffic) =>
      traffic.send(200_000, 100_000, (index) => ({
        from: address(index),
        to: address(index % 4000),
        toPort: 80,
        flags: TCP_FLAG.syn,
      })),
    );
    expect(reports).toBeLessThan(10_000);
  });
});
