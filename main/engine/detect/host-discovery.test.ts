import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACKET_KIND, PROTOCOL } from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { hostDiscoveryDetector } from './host-discovery.ts';
import { emptyPacket, NO_ROLES, Player, setAddress } from './testing.ts';

const SEEKER = '192.168.1.50';

function arp(player: Player, operation: 1 | 2, from: string, to: string): void {
  const packet = emptyPacket();
  setAddress(packet, 'source', from);
  setAddress(packet, 'destination', to);
  player.packet(
    Object.assign(packet, {
      kind: PACKET_KIND.arp,
      ipVersion: 0,
      protocol: 0,
      sourcePort: operation,
      sourceMacHigh: 0x0011,
      sourceMacLow: 0x22334455,
      timeUs: player.nowUs,
    }),
  );
}

function icmp(player: Player, protocol: number, type: number, from: string, to: string, target?: string): void {
  const packet = emptyPacket();
  setAddress(packet, 'source', from);
  setAddress(packet, 'destination', to);
  const bytes = new Uint8Array(24);
  for (const [index, word] of (target ? parseAddress(target)! : []).entries()) {
    new DataView(bytes.buffer).setInt32(8 + index * 4, word);
  }
  player.packet(
    Object.assign(packet, { protocol, sourcePort: type, bytes, payloadEnd: bytes.length, timeUs: player.nowUs }),
  );
}

describe('searches', () => {
  it('an ARP sweep of a /24 with a few answers', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 255; host++) {
      arp(player, 1, SEEKER, `192.168.1.${host}`);
      if (host < 5) arp(player, 2, `192.168.1.${host}`, SEEKER);
      player.wait(0.05);
    }
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      cause: `host-discovery/${SEEKER}`,
      severity: 'medium',
      techniques: ['T1018'],
      attackers: [SEEKER],
      victimCount: 253,
      title: `${SEEKER} searched 192.168.1.0/24 for computers: 253 hosts asked for`,
    });
    expect(player.alerts[0]!.victims).toHaveLength(64);
    expect(player.alerts[0]!.victims.slice(0, 2)).toEqual(['192.168.1.1', '192.168.1.2']);
    expect(player.findings.length).toBeLessThan(8);
  });

  it('one that the end of the capture cuts off', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 100; host++) arp(player, 1, SEEKER, `192.168.1.${host}`);
    player.finish();
    expect(player.alerts[0]).toMatchObject({ victimCount: 98 });
  });

  it('by a sender that hides its address', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 100; host++) arp(player, 1, '0.0.0.0', `192.168.1.${host}`);
    player.wait(8);
    expect(player.alerts[0]!.attackers).toEqual(['00:11:22:33:44:55']);
  });

  it('slowly, one host in 30 seconds', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 100; host++) {
      icmp(player, PROTOCOL.icmp, 8, SEEKER, `192.168.1.${host}`);
      player.wait(30);
    }
    expect(player.alerts).toHaveLength(1);
  });

  it.each([
    [PROTOCOL.icmp, 8],
    [PROTOCOL.icmp, 13],
    [PROTOCOL.icmp, 17],
    [PROTOCOL.icmpv6, 128],
  ])('by ICMP: protocol %d type %d', (protocol, type) => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 60; host++) icmp(player, protocol, type, SEEKER, `192.168.1.${host}`);
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
  });

  it('by IPv6 neighbour solicitation', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 60; host++) {
      icmp(player, PROTOCOL.icmpv6, 135, 'fe80::1', `ff02::1:ff00:${host}`, `2001:db8::${host}`);
    }
    player.wait(8);
    expect(player.alerts[0]).toMatchObject({ victimCount: 59 });
    expect(player.alerts[0]!.title).toContain('2001:db8::/64');
  });
});

describe('what is no search', () => {
  function expectSilence(player: Player): void {
    player.wait(10);
    player.finish();
    expect(player.alerts).toEqual([]);
  }

  it('a server whose many neighbours are there', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let host = 1; host < 200; host++) {
      arp(player, 1, SEEKER, `192.168.1.${host}`);
      if (host % 3 > 0) arp(player, 2, `192.168.1.${host}`, SEEKER);
    }
    expectSilence(player);
  });

  it('a monitor whose pings are answered', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let round = 0; round < 10; round++) {
      for (let host = 1; host < 60; host++) {
        icmp(player, PROTOCOL.icmp, 8, SEEKER, `192.168.1.${host}`);
        icmp(player, PROTOCOL.icmp, 0, `192.168.1.${host}`, SEEKER);
      }
      player.wait(60);
    }
    expectSilence(player);
  });

  it('announcements of the own address, and one silent neighbour', () => {
    const player = new Player(hostDiscoveryDetector);
    for (let n = 0; n < 200; n++) {
      arp(player, 1, `192.168.1.${n}`, `192.168.1.${n}`);
      arp(player, 1, SEEKER, '192.168.1.99');
      arp(player, 1, '0.0.0.0', '192.168.1.98');
    }
    expectSilence(player);
  });

  it('a gateway at its work', () => {
    const player = new Player(hostDiscoveryDetector, {
      ...NO_ROLES,
      explains: (activity) => activity === 'address-resolution',
    });
    for (let host = 1; host < 200; host++) arp(player, 1, SEEKER, `192.168.1.${host}`);
    expectSilence(player);
  });
});

describe('hostile packets', () => {
  it('never make it throw', () => {
    const packet = fc.record({
      kind: fc.constantFrom(PACKET_KIND.arp, PACKET_KIND.ip, PACKET_KIND.malformed),
      protocol: fc.constantFrom(0, 1, 58),
      sourcePort: fc.integer({ min: 0, max: 255 }),
      source3: fc.integer(),
      destination3: fc.integer(),
      bytes: fc.uint8Array({ maxLength: 40 }),
      transportStart: fc.integer({ min: 0, max: 60 }),
      payloadEnd: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 100 }), (packets) => {
        const player = new Player(hostDiscoveryDetector, NO_ROLES, { hosts: 5 });
        for (const given of packets) {
          player.packet(Object.assign(emptyPacket(), given, { timeUs: player.nowUs }));
          player.wait(0.1);
        }
        player.observer.clockReset?.(0);
        player.finish();
      }),
      { numRuns: 50 },
    );
  });
});
