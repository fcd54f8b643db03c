import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import type { Landscape } from '../landscape.ts';
import { emptyPacket, NO_ROLES, Player, processorMs, setAddress, TALK } from '../testing.ts';
import { arpSpoofingDetector } from './arp-spoofing.ts';

const ATTACKER = { mac: '00:0c:29:aa:00:66', ip: '192.168.1.66' };
const VICTIM = { mac: '00:1b:21:00:00:07', ip: '192.168.1.7' };
const OTHER = { mac: '00:1b:21:00:00:08', ip: '192.168.1.8' };
const GATEWAY = { mac: '00:26:0b:00:00:01', ip: '192.168.1.1' };
const ALL = 'ff:ff:ff:ff:ff:ff';
const OUTSIDE = '93.184.216.34';

type Device = typeof ATTACKER;

function macWords(text: string): [number, number] {
  const bytes = text.split(':').map((part) => Number.parseInt(part, 16));
  return [(bytes[0]! << 8) | bytes[1]!, (bytes[2]! << 24) | (bytes[3]! << 16) | (bytes[4]! << 8) | bytes[5]!];
}

function frame(player: Player, from: string, to: string) {
  const packet = emptyPacket();
  packet.timeUs = player.nowUs;
  [packet.sourceMacHigh, packet.sourceMacLow] = macWords(from);
  [packet.destinationMacHigh, packet.destinationMacLow] = macWords(to);
  return packet;
}

/** One ARP message. `senderMac` stands in the message, `frameMac` on the frame. */
function arp(
  player: Player,
  operation: 'ask' | 'answer',
  senderMac: string,
  senderIp: string,
  targetIp: string,
  toMac: string,
  frameMac = senderMac,
): void {
  const packet = frame(player, frameMac, toMac);
  const bytes = new Uint8Array(28);
  bytes.set([0, 1, 8, 0, 6, 4, 0, operation === 'ask' ? 1 : 2]);
  bytes.set(
    senderMac.split(':').map((part) => Number.parseInt(part, 16)),
    8,
  );
  setAddress(packet, 'source', senderIp);
  setAddress(packet, 'destination', targetIp);
  const sourcePort = operation === 'ask' ? 1 : 2;
  player.packet(Object.assign(packet, { kind: PACKET_KIND.arp, ipVersion: 0, protocol: 0, sourcePort, bytes }));
}

const ask = (player: Player, who: Device, target: string) => arp(player, 'ask', who.mac, who.ip, target, ALL);
const answer = (player: Player, who: Device, to: Device) => arp(player, 'answer', who.mac, who.ip, to.ip, to.mac);
const poison = (player: Player, claimed: string, to: Device) =>
  arp(player, 'answer', ATTACKER.mac, claimed, to.ip, to.mac);

/** A neighbour is asked for, and answers. */
function resolve(player: Player, who: Device, whom: Device): void {
  ask(player, who, whom.ip);
  answer(player, whom, who);
}

/** A packet of a flow, as its first one too. */
function ip(
  player: Player,
  from: string,
  to: string,
  source: string,
  destination: string,
  hopLimit = 64,
  port = 40_000,
) {
  const packet = frame(player, from, to);
  setAddress(packet, 'source', source);
  setAddress(packet, 'destination', destination);
  Object.assign(packet, { hopLimit, sourcePort: port, destinationPort: 443, tcpFlags: TCP_FLAG.syn, sequence: port });
  player.packet(packet);
  const { observer } = player;
  // The detector reads nothing of the flow itself.
  const flow = {} as Parameters<NonNullable<typeof observer.flowStart>>[0];
  observer.flowStart?.(flow, packet);
}

/** An ordinary morning: everybody finds everybody, and goes out through the gateway. */
function morning(player: Player): void {
  for (const device of [VICTIM, OTHER, ATTACKER]) {
    resolve(player, device, GATEWAY);
    resolve(player, GATEWAY, device);
    ip(player, device.mac, GATEWAY.mac, device.ip, OUTSIDE);
    player.wait(1);
  }
}

describe('told', () => {
  it('both directions between a host and the gateway, as the usual tools do', () => {
    const player = new Player(arpSpoofingDetector);
    morning(player);
    for (let round = 0; round < 10; round++) {
      poison(player, GATEWAY.ip, VICTIM);
      poison(player, VICTIM.ip, GATEWAY);
      player.wait(1);
      ip(player, VICTIM.mac, ATTACKER.mac, VICTIM.ip, OUTSIDE, 64, 41_000 + round);
      ip(player, ATTACKER.mac, GATEWAY.mac, VICTIM.ip, OUTSIDE, 63, 41_000 + round);
      player.wait(1);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'man-in-the-middle',
      severity: 'high',
      attackers: [ATTACKER.ip],
      victims: [VICTIM.ip],
      techniques: ['T1557.002', 'T1557'],
      title: '192.168.1.66 put itself between 192.168.1.7 and 192.168.1.1 (ARP spoofing)',
    });
    expect(player.alerts[0]!.evidence.map(({ name }) => name)).toContain('packets seen going in and out of it');
    expect(player.findings.length).toBeLessThan(8);
  });

  it('within two seconds of the third answer', () => {
    const player = new Player(arpSpoofingDetector);
    morning(player);
    for (let round = 0; round < 3; round++) poison(player, GATEWAY.ip, VICTIM);
    player.wait(0.1);
    ask(player, GATEWAY, OTHER.ip);
    player.wait(2);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', victims: [VICTIM.ip] });
  });

  it('one direction, seen at the victim, whose traffic takes another way since', () => {
    const player = new Player(arpSpoofingDetector);
    resolve(player, VICTIM, GATEWAY);
    ip(player, VICTIM.mac, GATEWAY.mac, VICTIM.ip, OUTSIDE);
    player.wait(5);
    ask(player, ATTACKER, VICTIM.ip);
    answer(player, VICTIM, ATTACKER);
    for (let round = 0; round < 4; round++) {
      poison(player, GATEWAY.ip, VICTIM);
      player.wait(2);
      ip(player, VICTIM.mac, ATTACKER.mac, VICTIM.ip, OUTSIDE, 64, 42_000 + round);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.ip], victims: [VICTIM.ip] });
  });

  it('four messages, where the spoofer gives itself away by asking', () => {
    const player = new Player(arpSpoofingDetector);
    ip(player, VICTIM.mac, GATEWAY.mac, VICTIM.ip, OUTSIDE);
    arp(player, 'ask', ATTACKER.mac, GATEWAY.ip, VICTIM.ip, VICTIM.mac);
    arp(player, 'answer', VICTIM.mac, VICTIM.ip, GATEWAY.ip, ATTACKER.mac);
    poison(player, GATEWAY.ip, VICTIM);
    player.wait(1);
    expect(player.alerts).toEqual([]);
    ask(player, ATTACKER, GATEWAY.ip);
    ip(player, VICTIM.mac, ATTACKER.mac, VICTIM.ip, OUTSIDE, 64, 43_000);
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.ip], victims: [VICTIM.ip] });
  });

  it('a whole network by answers to everybody', () => {
    const player = new Player(arpSpoofingDetector);
    morning(player);
    for (let round = 0; round < 6; round++) {
      arp(player, 'answer', ATTACKER.mac, GATEWAY.ip, '255.255.255.255', ALL);
      ask(player, GATEWAY, OTHER.ip);
      player.wait(2);
      ip(player, OTHER.mac, ATTACKER.mac, OTHER.ip, OUTSIDE, 64, 44_000 + round);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.ip], victims: [OTHER.ip] });
  });

  it('somebody who answers every question in place of those who are asked', () => {
    const player = new Player(arpSpoofingDetector);
    morning(player);
    for (const device of [VICTIM, OTHER, GATEWAY]) {
      const asker = device === VICTIM ? OTHER : VICTIM;
      ask(player, asker, device.ip);
      answer(player, device, asker);
      poison(player, device.ip, asker);
      player.wait(1);
      ask(player, device, asker.ip);
      answer(player, asker, device);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ attackers: [ATTACKER.ip] });
  });

  it('where nothing but its own messages is seen', () => {
    const player = new Player(arpSpoofingDetector);
    for (let round = 0; round < 3; round++) {
      poison(player, GATEWAY.ip, VICTIM);
      poison(player, VICTIM.ip, GATEWAY);
      player.wait(10);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.mac] });
    expect(player.alerts[0]!.victims).toContain(VICTIM.ip);
  });

  it('one direction, where only the way of the traffic tells that there was another', () => {
    const player = new Player(arpSpoofingDetector);
    ip(player, VICTIM.mac, GATEWAY.mac, VICTIM.ip, OUTSIDE);
    for (let round = 0; round < 4; round++) {
      poison(player, GATEWAY.ip, VICTIM);
      player.wait(2);
      ip(player, VICTIM.mac, ATTACKER.mac, VICTIM.ip, OUTSIDE, 64, 47_000 + round);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.mac], victims: [VICTIM.ip] });
  });

  it('by its MAC address when it has no address of its own', () => {
    const player = new Player(arpSpoofingDetector);
    for (const device of [VICTIM, OTHER]) resolve(player, device, GATEWAY);
    for (let round = 0; round < 4; round++) {
      poison(player, GATEWAY.ip, VICTIM);
      poison(player, VICTIM.ip, GATEWAY);
      player.wait(10);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.mac] });
  });

  it('IPv6 neighbour advertisements for the router', () => {
    const player = new Player(arpSpoofingDetector);
    const victim = { mac: VICTIM.mac, ip: 'fe80::7' };
    const router = { mac: GATEWAY.mac, ip: 'fe80::1' };
    const attacker = { mac: ATTACKER.mac, ip: 'fe80::66' };
    solicit(player, victim, router.ip);
    advertise(player, router.mac, router, victim);
    solicit(player, attacker, victim.ip);
    advertise(player, victim.mac, victim, attacker);
    for (let round = 0; round < 4; round++) {
      advertise(player, attacker.mac, router, victim);
      advertise(player, attacker.mac, victim, router);
      player.wait(2);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: ['fe80::66'] });
  });
});

function neighbourMessage(player: Player, type: number, from: Device, to: string, target: string, linkMac: string) {
  const packet = frame(player, from.mac, type === 135 ? '33:33:ff:00:00:01' : ALL.replace('ff', '00'));
  setAddress(packet, 'source', from.ip);
  setAddress(packet, 'destination', to);
  const bytes = new Uint8Array(32);
  for (const [index, word] of parseAddress(target)!.entries()) new DataView(bytes.buffer).setInt32(8 + index * 4, word);
  bytes.set([type === 135 ? 1 : 2, 1], 24);
  bytes.set(
    linkMac.split(':').map((part) => Number.parseInt(part, 16)),
    26,
  );
  player.packet(
    Object.assign(packet, { protocol: PROTOCOL.icmpv6, sourcePort: type, bytes, payloadEnd: 32, payloadStart: 8 }),
  );
}

function solicit(player: Player, who: Device, target: string): void {
  neighbourMessage(player, 135, who, 'ff02::1:ff00:1', target, who.mac);
}

function advertise(player: Player, mac: string, whose: Device, to: Device): void {
  neighbourMessage(player, 136, { mac, ip: whose.ip }, to.ip, whose.ip, mac);
}

describe('silent', () => {
  const quiet = (play: (player: Player) => void, landscape: Landscape = NO_ROLES) => {
    const player = new Player(arpSpoofingDetector, landscape);
    morning(player);
    play(player);
    player.wait(60);
    player.finish();
    return player.alerts.filter(({ severity }) => severity !== 'low');
  };

  it('an address that is handed to another device after the first is gone', () => {
    expect(
      quiet((player) => {
        player.wait(700);
        const next = { mac: '00:1b:21:00:00:99', ip: OTHER.ip };
        for (let i = 0; i < 3; i++) arp(player, 'ask', next.mac, next.ip, next.ip, ALL);
        resolve(player, next, GATEWAY);
        resolve(player, GATEWAY, next);
      }),
    ).toEqual([]);
  });

  it('a second router that takes over and announces itself', () => {
    expect(
      quiet((player) => {
        const second = { mac: '00:26:0b:00:00:02', ip: '192.168.1.3' };
        resolve(player, second, GATEWAY);
        for (let i = 0; i < 10; i++) {
          arp(player, 'answer', second.mac, GATEWAY.ip, '255.255.255.255', ALL);
          player.wait(1);
          ip(player, VICTIM.mac, second.mac, VICTIM.ip, OUTSIDE, 64, 45_000 + i);
        }
        resolve(player, VICTIM, { mac: second.mac, ip: GATEWAY.ip });
      }),
    ).toEqual([]);
  });

  it('routers that share a MAC address (VRRP)', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 20; i++) {
          arp(player, 'answer', '00:00:5e:00:01:05', GATEWAY.ip, VICTIM.ip, VICTIM.mac);
          ask(player, GATEWAY, VICTIM.ip);
          player.wait(1);
        }
      }),
    ).toEqual([]);
  });

  it('a virtual machine that moves and announces itself from its new place', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 5; i++) {
          arp(player, 'ask', VICTIM.mac, VICTIM.ip, VICTIM.ip, ALL);
          arp(player, 'answer', VICTIM.mac, VICTIM.ip, '255.255.255.255', ALL);
          player.wait(0.1);
        }
      }),
    ).toEqual([]);
  });

  it('a router that answers for others when it is asked (proxy ARP)', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 50; i++) {
          ask(player, VICTIM, `10.9.0.${i}`);
          arp(player, 'answer', GATEWAY.mac, `10.9.0.${i}`, VICTIM.ip, VICTIM.mac);
          player.wait(1);
        }
      }),
    ).toEqual([]);
  });

  it('one host with two cards that answer for both addresses, and one that tells each neighbour another card', () => {
    expect(
      quiet((player) => {
        const cards = ['00:1b:21:10:00:01', '00:1b:21:10:00:02'];
        for (let i = 0; i < 30; i++) {
          for (const address of ['192.168.1.20', '192.168.1.21']) {
            ask(player, VICTIM, address);
            for (const mac of cards) arp(player, 'answer', mac, address, VICTIM.ip, VICTIM.mac);
          }
          for (const mac of cards) arp(player, 'answer', mac, '192.168.1.20', OTHER.ip, OTHER.mac, cards[0]);
          player.wait(20);
        }
      }),
    ).toEqual([]);
  });

  it('a host that roams behind a repeater, which puts its own MAC address on everything', () => {
    expect(
      quiet((player) => {
        const repeater = { mac: '00:1b:21:77:00:01', ip: '192.168.1.250' };
        resolve(player, repeater, GATEWAY);
        for (let i = 0; i < 10; i++) {
          const mac = i % 2 === 0 ? repeater.mac : VICTIM.mac;
          resolve(player, { mac, ip: VICTIM.ip }, GATEWAY);
          ip(player, mac, GATEWAY.mac, VICTIM.ip, OUTSIDE, 64, 46_000 + i);
          player.wait(30);
        }
      }),
    ).toEqual([]);
  });

  it('an address used twice is a notice', () => {
    const player = new Player(arpSpoofingDetector);
    morning(player);
    const twin = { mac: '00:1b:21:00:00:55', ip: OTHER.ip };
    for (let i = 0; i < 5; i++) {
      for (const device of [OTHER, twin]) resolve(player, device, GATEWAY);
      for (const device of [OTHER, twin]) {
        ask(player, VICTIM, OTHER.ip);
        answer(player, device, VICTIM);
      }
      player.wait(30);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ kind: 'anomaly', severity: 'low', victims: [OTHER.ip] });
  });

  it('frames that were damaged on their way', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 30; i++) {
          const damaged = `00:1b:21:00:00:${(0x80 + i).toString(16)}`;
          const isDamaged = i % 3 === 0;
          ask(player, GATEWAY, isDamaged ? '192.70.1.7' : VICTIM.ip);
          arp(player, 'answer', i % 4 === 0 ? damaged : VICTIM.mac, VICTIM.ip, GATEWAY.ip, GATEWAY.mac, VICTIM.mac);
          player.wait(60);
        }
      }),
    ).toEqual([]);
  });

  it('the gateway itself, when the host knows it', () => {
    const words = parseAddress(ATTACKER.ip)!;
    const landscape = { ...NO_ROLES, mayBeAttacker: (...address: number[]) => address[3] !== words[3] };
    expect(
      quiet((player) => {
        for (let round = 0; round < 10; round++) {
          poison(player, OTHER.ip, VICTIM);
          poison(player, VICTIM.ip, OTHER);
          player.wait(2);
        }
      }, landscape),
    ).toEqual([]);
  });
});

it('stays bounded and quick under a flood of forged claims', () => {
  const player = new Player(arpSpoofingDetector);
  const begin = process.threadCpuUsage();
  for (let i = 0; i < 60_000; i++) {
    const mac = `02:00:${[i >> 16, (i >> 8) & 0xff, i & 0xff, i % 7].map((byte) => byte.toString(16)).join(':')}`;
    arp(player, 'answer', mac, `10.0.${(i >> 8) & 0xff}.${(i * 7) & 0xff}`, VICTIM.ip, VICTIM.mac);
    if (i % 10_000 === 0) player.wait(1);
  }
  expect(processorMs(begin)).toBeLessThan(4_000);
  player.finish();
});

it('takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), fc.boolean(), (bytes, start, isArp) => {
      const player = new Player(arpSpoofingDetector);
      const packet = frame(player, VICTIM.mac, ALL);
      const kind = isArp ? PACKET_KIND.arp : PACKET_KIND.ip;
      const fields = { kind, bytes, transportStart: start, payloadEnd: bytes.length, sourcePort: isArp ? 2 : 136 };
      player.packet(Object.assign(packet, fields, { protocol: isArp ? 0 : PROTOCOL.icmpv6 }));
      player.play({ from: VICTIM.ip, to: OUTSIDE, port: 443, steps: TALK });
      player.finish();
    }),
  );
});

describe('more spoofers than are watched at once', () => {
  it('are each told of as it grows, and not whenever it comes back', () => {
    const player = new Player(arpSpoofingDetector);
    const count = 200;
    const device = (kind: string, network: number, index: number): Device => ({
      mac: `00:0c:29:${kind}:00:${index.toString(16).padStart(2, '0')}`,
      ip: `192.168.${network}.${index + 1}`,
    });
    const round = () => {
      for (let index = 0; index < count; index++) {
        ask(player, device('0a', 2, index), GATEWAY.ip);
        ask(player, device('0b', 3, index), GATEWAY.ip);
        const posed = { mac: device('0b', 3, index).mac, ip: device('0a', 2, index).ip };
        for (let times = 0; times < 4; times++) answer(player, posed, VICTIM);
        // Few enough for all contests to have a place, and each to be judged in its turn.
        if (index % 50 === 49) player.wait(1);
      }
    };
    for (let times = 0; times < 8; times++) round();
    const spoofers = player.alerts.length;
    expect(spoofers).toBe(count);
    const told = player.findings.length;
    // A quarter more of the same.
    round();
    round();
    expect(player.findings.length - told).toBeLessThan(count / 2);
  });
});
