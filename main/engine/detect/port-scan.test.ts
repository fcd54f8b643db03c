import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_REASON, PROTOCOL } from '../../../contract/traffic.ts';
import { portScanDetector } from './port-scan.ts';
import { emptyPacket, FINISHED, NO_ROLES, Player, type Step, setAddress, TALK } from './testing.ts';

const SCANNER = '198.51.100.7';
const HOST = '10.0.0.9';
const SILENCE: readonly Step[] = ['>S'];
const REFUSED: readonly Step[] = ['>S', '<RA'];
const HALF_OPEN: readonly Step[] = ['>S', '<SA', '>R'];

function scan(steps: readonly Step[], ports: number, secondsApart: number, player = new Player(portScanDetector)) {
  for (let port = 1; port <= ports; port++) {
    player.play({ from: SCANNER, to: HOST, port, steps });
    player.wait(secondsApart);
  }
  player.wait(8);
  return player;
}

describe('vertical scans', () => {
  it.each([
    ['SYN, unanswered', SILENCE, 'SYN'],
    ['SYN, refused', REFUSED, 'SYN'],
    ['SYN, half open', HALF_OPEN, 'SYN'],
    ['connect, hung up at once', ['>S', '<SA', '>A', '>RA'], 'SYN'],
    ['FIN', ['>F'], 'FIN'],
    ['NULL', ['>'], 'NULL'],
    ['XMAS', ['>FPU', '<RA'], 'XMAS'],
    ['ACK', ['>A', '<R'], 'ACK'],
    ['Maimon', ['>FA', '<R'], 'Maimon'],
  ] as const)('%s', (_name, steps, technique) => {
    const player = scan(steps, 100, 0.01);
    expect(player.alerts).toHaveLength(1);
    const [alert] = player.alerts;
    expect(alert).toMatchObject({
      cause: `port-scan/${SCANNER}`,
      attackers: [SCANNER],
      victims: [HOST],
      techniques: ['T1046'],
      title: `${SCANNER} scanned 100 ports of ${HOST}`,
    });
    expect(alert!.evidence.find((row) => row.name === 'kind of packets')!.value).toBe(technique);
    expect(player.findings.length).toBeLessThan(10);
  });

  it('UDP, unanswered', () => {
    const player = new Player(portScanDetector);
    for (let port = 1; port <= 50; port++) {
      player.play({ from: SCANNER, to: HOST, port, protocol: PROTOCOL.udp, steps: ['> x'] });
    }
    player.wait(8);
    expect(player.alerts[0]).toMatchObject({ title: `${SCANNER} scanned 50 ports of ${HOST}` });
  });

  it('is told within two seconds and a half', () => {
    const player = new Player(portScanDetector);
    for (let port = 1; port <= 12; port++) player.play({ from: SCANNER, to: HOST, port, steps: SILENCE });
    player.wait(2.5);
    expect(player.alerts).toHaveLength(1);
  });

  it('counts a scan that the end of the capture cuts off', () => {
    const player = new Player(portScanDetector);
    for (let port = 1; port <= 100; port++) {
      player.play({ from: SCANNER, to: HOST, port, steps: SILENCE, end: END_REASON.stopped });
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ title: `${SCANNER} scanned 100 ports of ${HOST}` });
  });

  it('a port a minute', () => {
    const player = scan(REFUSED, 40, 60);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]!.title).toContain('40 ports');
  });

  it('names what was found open, and is louder about a wide search from inside', () => {
    const player = new Player(portScanDetector);
    for (let host = 1; host <= 30; host++) {
      for (let port = 1; port <= 20; port++) {
        player.play({ from: '10.0.0.200', to: `10.0.0.${host}`, port, steps: port === 5 ? HALF_OPEN : REFUSED });
      }
    }
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', victimCount: 30 });
    expect(player.alerts[0]!.evidence.find((row) => row.name === 'found open')!.value).toBe(30);
  });
});

describe('the time of a scan', () => {
  const END_MS = 1_700_000_000_000 + 100 * 10;

  it('ends with the last new port, whatever the scanner does later', () => {
    const player = scan(REFUSED, 100, 0.01);
    for (let n = 0; n < 2000; n++) {
      // One port that the scan had, and one that it had not: a flood of each.
      player.play({ from: SCANNER, to: HOST, fromPort: 2000 + n, port: n % 2 === 0 ? 80 : 8080, steps: SILENCE });
      player.wait(0.002);
    }
    player.wait(70);
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]!.lastSeenMs).toBeLessThan(END_MS);
  });

  it('goes on with further ports, also after a pause', () => {
    const player = scan(REFUSED, 100, 0.01);
    for (let port = 200; port < 210; port++) player.play({ from: SCANNER, to: HOST, port, steps: REFUSED });
    const laterMs = player.nowUs / 1000;
    player.wait(70);
    expect(player.alerts[0]!.lastSeenMs).toBe(laterMs);
  });

  it('begins with the first port tried in vain, not with the conversations before', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 5; n++) player.play({ from: SCANNER, to: HOST, port: 8000 + n, steps: TALK });
    player.wait(600);
    const beginMs = player.nowUs / 1000;
    scan(REFUSED, 100, 0.01, player);
    expect(player.alerts[0]!.firstSeenMs).toBe(beginMs);
  });
});

describe('scans by several hosts', () => {
  function together(hosts: number, portOf: (host: number, n: number) => number) {
    const player = new Player(portScanDetector);
    for (let n = 1; n <= 100; n++) {
      for (let host = 1; host <= hosts; host++) {
        player.play({ from: `203.0.113.${host}`, to: HOST, port: portOf(host, n), steps: REFUSED });
      }
      player.wait(0.01);
    }
    player.wait(70);
    return player;
  }

  it('with one list of ports are one scan (decoys)', () => {
    const player = together(40, (_host, n) => n);
    const group = player.alerts.find((alert) => alert.cause === `port-scan/together/${HOST}`);
    expect(group).toMatchObject({
      attackerCount: 40,
      victims: [HOST],
      confidence: 0.99,
      title: `40 hosts scanned 100 ports of ${HOST} together`,
    });
    expect(group!.attackers).toHaveLength(40);
    // The first two were told before there were three; their hosts are among those of the group.
    expect(player.alerts.length).toBeLessThanOrEqual(3);
    expect(player.findings.length).toBeLessThan(60);
  });

  it('with ports of their own are not', () => {
    const player = together(4, (host, n) => host * 1000 + n);
    expect(player.alerts).toHaveLength(4);
  });
});

describe('horizontal scans', () => {
  it('one port of many neighbours', () => {
    const player = new Player(portScanDetector);
    for (let host = 1; host <= 60; host++)
      player.play({ from: SCANNER, to: `10.0.0.${host}`, port: 22, steps: SILENCE });
    player.wait(8);
    expect(player.alerts[0]).toMatchObject({
      title: `${SCANNER} searched for port 22/tcp on 60 hosts of 10.0.0.0/24`,
      victimCount: 60,
    });
  });

  it('one port all over the Internet', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 150; n++) player.play({ from: SCANNER, to: `${n + 1}.${n}.3.4`, port: 23, steps: SILENCE });
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
  });

  it('many ports of many hosts, a few each', () => {
    const player = new Player(portScanDetector);
    for (let host = 1; host <= 10; host++) {
      for (let port = 20; port < 28; port++) player.play({ from: SCANNER, to: `10.0.0.${host}`, port, steps: REFUSED });
    }
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
  });
});

describe('what is no scan', () => {
  function expectSilence(player: Player): void {
    player.wait(10);
    player.finish();
    expect(player.alerts).toEqual([]);
  }

  it('a client that retries one closed port', () => {
    expectSilence(
      (() => {
        const player = new Player(portScanDetector);
        for (let n = 0; n < 500; n++)
          player.play({ from: SCANNER, to: HOST, port: 8080, fromPort: 30_000 + n, steps: REFUSED });
        return player;
      })(),
    );
  });

  it('a flood with invented senders', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 5000; n++) {
      player.play({ from: `9.${n >> 8}.${n & 255}.1`, to: HOST, port: 80, steps: ['>S', '<SA'] });
    }
    expectSilence(player);
  });

  it('the echo of a flood: answers to nobody', () => {
    const player = new Player(portScanDetector);
    for (let n = 1; n < 500; n++) {
      player.play({ from: HOST, to: SCANNER, fromPort: 80, port: 1024 + n, steps: ['>RA'] });
      player.play({ from: HOST, to: SCANNER, fromPort: 80, port: 1024 + n, steps: ['>SA'] });
    }
    expectSilence(player);
  });

  it('a browser: many hosts, and they answer', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 400; n++)
      player.play({ from: HOST, to: `${n % 200}.1.2.3`, port: 443, steps: n % 5 === 0 ? SILENCE : TALK });
    expectSilence(player);
  });

  it('a monitor that opens and closes one port of many neighbours', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 400; n++) {
      player.play({
        from: HOST,
        to: `10.0.0.${20 + (n % 40)}`,
        port: [22, 80, 443, 5432, 9100][n % 5]!,
        steps: ['>S', '<SA', '>A', '>FA', '<FA', '>A'],
        end: FINISHED,
      });
      player.wait(0.1);
    }
    expectSilence(player);
  });

  it('a peer-to-peer program: many hosts in vain, each on another port', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 600; n++) {
      player.play({
        from: HOST,
        to: `${(n % 220) + 1}.${n % 7}.2.3`,
        port: 10_000 + n * 7,
        protocol: PROTOCOL.udp,
        steps: n % 4 === 0 ? ['> x', '< y'] : ['> x'],
      });
    }
    expectSilence(player);
  });

  it('tails of connections that began before anybody watched', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 200; n++) {
      player.play({ from: HOST, to: `1.2.3.${n}`, fromPort: 50_000 + n, port: 443, steps: ['>FA', '<R'] });
      player.play({ from: '1.2.3.4', to: HOST, fromPort: 443, port: 50_000 + n, steps: ['>FA', '<R'] });
      player.play({ from: '1.2.3.4', to: HOST, fromPort: 443, port: 50_000 + n, steps: ['> data', '<A'] });
    }
    expectSilence(player);
  });

  it('answers of a DNS server whose questions were not seen', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 200; n++)
      player.play({
        from: '10.0.0.53',
        to: HOST,
        fromPort: 53,
        port: 40_000 + n,
        protocol: PROTOCOL.udp,
        steps: ['> x'],
      });
    expectSilence(player);
  });

  it('traceroute, and path traces to other ports that routers answer', () => {
    const player = new Player(portScanDetector);
    for (let hop = 0; hop < 90; hop++) {
      player.play({ from: HOST, to: '1.2.3.4', port: 33_434 + hop, protocol: PROTOCOL.udp, steps: ['> x'] });
      player.play({
        from: HOST,
        to: '1.2.3.4',
        fromPort: 44_444,
        port: 5000 + hop,
        protocol: PROTOCOL.udp,
        steps: ['> x'],
      });
      player.packet(quote(11, 0, HOST, '1.2.3.4', 44_444, 5000 + hop, player.nowUs));
    }
    expectSilence(player);
  });

  it('media sessions on many ports, which answer', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 100; n++)
      player.play({
        from: HOST,
        to: '1.2.3.4',
        port: 16_384 + n,
        protocol: PROTOCOL.udp,
        steps: n % 3 === 0 ? ['> x'] : ['> x', '< y'],
      });
    expectSilence(player);
  });

  it('whoever may not be accused', () => {
    const landscape = { ...NO_ROLES, mayBeAttacker: () => false };
    expectSilence(scan(SILENCE, 100, 0.01, new Player(portScanDetector, landscape)));
  });

  it('groups', () => {
    const player = new Player(portScanDetector);
    for (let n = 0; n < 100; n++)
      player.play({ from: HOST, to: '239.1.1.1', port: 5000 + n, protocol: PROTOCOL.udp, steps: ['> x'] });
    expectSilence(player);
  });
});

/** An ICMP error from the destination that quotes a UDP datagram. */
function quote(type: number, code: number, from: string, to: string, fromPort: number, port: number, timeUs: number) {
  const packet = emptyPacket();
  setAddress(packet, 'source', to);
  setAddress(packet, 'destination', from);
  const bytes = new Uint8Array(36);
  bytes[8] = 0x45;
  bytes[17] = PROTOCOL.udp;
  bytes.set(from.split('.').map(Number), 20);
  bytes.set(to.split('.').map(Number), 24);
  bytes.set([fromPort >> 8, fromPort & 255, port >> 8, port & 255], 28);
  return Object.assign(packet, {
    protocol: PROTOCOL.icmp,
    sourcePort: type,
    destinationPort: code,
    bytes,
    payloadStart: 8,
    payloadEnd: bytes.length,
    timeUs,
  });
}

describe('ICMP errors', () => {
  it('show that a UDP port is closed, at once', () => {
    const player = new Player(portScanDetector);
    for (let port = 1; port <= 20; port++) {
      player.play({ from: SCANNER, to: HOST, port, fromPort: 40_001, protocol: PROTOCOL.udp, steps: ['> x'] });
      player.packet(quote(3, 3, SCANNER, HOST, 40_001, port, player.nowUs));
    }
    expect(player.alerts).toHaveLength(1);
  });

  it('that quote packets which nobody sent accuse nobody', () => {
    const player = new Player(portScanDetector);
    for (let port = 1; port <= 100; port++) player.packet(quote(3, 3, SCANNER, HOST, 40_001, port, player.nowUs));
    player.wait(5);
    expect(player.alerts).toEqual([]);
  });
});

describe('hostile traffic', () => {
  const address = fc.integer({ min: 0, max: 30 }).map((n) => `10.0.0.${n}`);
  const step = fc.constantFrom<Step>('>S', '<SA', '<RA', '>R', '>', '>FPU', '>A', '> data', '< data', '>FA', '<FA');
  const event = fc.record({
    from: address,
    to: address,
    port: fc.integer({ min: 0, max: 65_535 }),
    fromPort: fc.integer({ min: 0, max: 65_535 }),
    protocol: fc.constantFrom(1, 6, 17, 132, 255),
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    end: fc.constantFrom(undefined, FINISHED, END_REASON.stopped, END_REASON.evicted, END_REASON.clockReset),
    wait: fc.constantFrom(0, 0, 0.5, 2, 4000),
  });

  it('never throws, and what it says is well formed', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, reset) => {
        const player = new Player(portScanDetector, NO_ROLES, { portsOfOneHost: 3, hostsOfOneSubnet: 4 });
        for (const { wait, ...conversation } of events) {
          player.play(conversation);
          player.wait(Math.min(wait, 100));
        }
        if (reset) player.observer.clockReset?.(0);
        player.finish();
        for (const finding of player.findings) {
          expect(finding.victims.length).toBeGreaterThan(0);
          expect(finding.victimCount).toBeGreaterThanOrEqual(finding.victims.length);
          expect(finding.lastSeenMs).toBeGreaterThanOrEqual(finding.firstSeenMs);
        }
      }),
      { numRuns: 30 },
    );
  });
});
