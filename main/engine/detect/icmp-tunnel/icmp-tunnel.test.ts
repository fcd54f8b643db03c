import { describe, expect, it } from 'vitest';
import type { IcmpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { HEX, textSource } from '../dns-testing.ts';
import { NO_ROLES, Player, type Step } from '../testing.ts';
import { icmpTunnelDetector } from './icmp-tunnel.ts';

const INSIDE = '10.1.0.7';
const OUTSIDE = '203.0.113.9';
const SHOWN_BYTES = 32;

interface Ping {
  readonly isReply?: boolean;
  readonly id?: number;
  readonly sequence: number;
  /** Hexadecimal. */
  readonly payload: string;
}

function step({ isReply = false, id = 77, sequence, payload }: Ping): Step {
  const fact: Omit<IcmpFact, 'timeUs'> = {
    type: 'icmp',
    version: 4,
    messageType: isReply ? 0 : 8,
    code: 0,
    id,
    sequence,
    payloadBytes: payload.length / 2,
    entropy: 5,
    payloadStart: payload.slice(0, SHOWN_BYTES * 2),
    fromInitiator: !isReply,
  };
  return { fact };
}

type Text = ReturnType<typeof textSource>;

function played(
  count: number,
  pingsOf: (index: number, text: Text) => readonly Ping[],
  options: { from?: string; to?: string; landscape?: typeof NO_ROLES; waitSeconds?: number } = {},
): Player {
  const { from = INSIDE, to = OUTSIDE, landscape = NO_ROLES, waitSeconds = 1 } = options;
  const player = new Player(icmpTunnelDetector, landscape);
  const text = textSource(5);
  const steps = Array.from({ length: count }, (_, index) => [
    ...pingsOf(index, text).map(step),
    { waitSeconds },
  ]).flat();
  player.play({ from, to, port: 0, fromPort: 0, protocol: PROTOCOL.icmp, steps });
  player.finish();
  return player;
}

/** 00 01 02 … as Linux fills. */
const RISING = Array.from({ length: 1_472 }, (_, index) => (index & 0xff).toString(16).padStart(2, '0')).join('');
const filled = (bytes: number, head: string) => head + RISING.slice(head.length, bytes * 2);
const ipPacket = (bytes: number, rest: string) =>
  `4500${bytes.toString(16).padStart(4, '0')}${rest}`.padEnd(bytes * 2, '7a').slice(0, bytes * 2);

describe('the detector of tunnels in pings', () => {
  it('finds whole packets in pings at once, whatever their number and id', () => {
    const player = played(6, (index, text) => [
      { sequence: 0, payload: ipPacket(84 + index, text(HEX, 40)) },
      { sequence: 0, isReply: true, payload: ipPacket(84 + index, text(HEX, 40)) },
    ]);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'tunnel',
      severity: 'high',
      attackers: [OUTSIDE],
      victims: [INSIDE],
      techniques: ['T1095', 'T1572'],
    });
  });

  it('finds packets behind a short header of the tunnel', () => {
    const player = played(8, (index, text) => [
      { sequence: index, payload: `d5200880${text(HEX, 16)}${ipPacket(60, text(HEX, 40))}` },
    ]);
    expect(player.alerts).toHaveLength(1);
  });

  it('finds a shell that polls with empty pings and is answered with commands', () => {
    const player = played(12, (index, text) => [
      { sequence: index, payload: index % 2 === 0 ? '' : text(HEX, 128) },
      { sequence: index, isReply: true, payload: text(HEX, 12) },
    ]);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('finds a file that leaves in pings which the system answers', () => {
    const player = played(60, (index, text) => {
      const payload = text(HEX, 400);
      return [
        { sequence: index, payload },
        { sequence: index, isReply: true, payload },
      ];
    });
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ kind: 'exfiltration', attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('finds a tunnel whose requests the system answers as well', () => {
    const player = played(20, (index, text) => {
      const payload = `deadc0de${'00'.repeat(16)}${text(HEX, 16)}${text(HEX, (index % 3) * 200)}`;
      return [
        { sequence: index, payload },
        { sequence: index, isReply: true, payload },
      ];
    });
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('finds data in replies that nobody asked for', () => {
    const player = played(60, (index, text) => [{ sequence: index, isReply: true, payload: text(HEX, 400) }], {
      from: OUTSIDE,
      to: INSIDE,
    });
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('takes the outside for the attacker also when it asks', () => {
    const player = played(8, (index, text) => [{ sequence: index, payload: ipPacket(100, text(HEX, 60)) }], {
      from: OUTSIDE,
      to: INSIDE,
    });
    expect(player.alerts[0]).toMatchObject({ attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('names nobody where the other end is the network’s own gateway', () => {
    const landscape = { ...NO_ROLES, mayBeAttacker: () => false };
    const player = played(8, (index, text) => [{ sequence: index, payload: ipPacket(100, text(HEX, 60)) }], {
      landscape,
    });
    expect(player.alerts[0]).toMatchObject({ attackers: [], victims: [INSIDE] });
    expect(player.alerts[0]?.explanation).toContain('own gateway');
  });

  const both = (sequence: number, payload: string, answer = payload): readonly Ping[] => [
    { sequence, payload },
    { sequence, isReply: true, payload: answer },
  ];

  it.each<[string, number, (index: number, text: Text) => readonly Ping[]]>([
    ['ping of Linux', 500, (index, text) => both(index, filled(56, text(HEX, 32)))],
    [
      'ping of Windows',
      500,
      (index) => both(index, '6162636465666768696a6b6c6d6e6f7071727374757677616263646566676869'),
    ],
    ['large pings', 300, (index, text) => both(index, filled(1_400, text(HEX, 32)))],
    ['a search for the largest packet', 200, (index, text) => both(index, filled(100 + index * 6, text(HEX, 32)))],
    [
      'replies cut short',
      200,
      (index, text) => {
        const payload = filled(1_400, text(HEX, 32));
        return both(index, payload, payload.slice(0, 128));
      },
    ],
    ['a monitor whose head varies by 24 bytes', 500, (index, text) => both(index, text(HEX, 48) + '00'.repeat(32))],
    ['a monitor with random bytes of one small size', 200, (index, text) => both(index, text(HEX, 112))],
    ['pings without data', 500, (index) => both(index, '')],
    [
      'replies that nobody asked for, all alike',
      500,
      (index) => [{ sequence: index, isReply: true, payload: filled(56, '') }],
    ],
    ['a person who tries a few patterns', 16, (index, text) => both(index, text(HEX, 200))],
  ])('is silent about %s', (_name, count, pings) => {
    expect(played(count, pings).findings).toEqual([]);
  });

  it('tells of a long tunnel now and then, and at last', () => {
    const player = played(
      2_000,
      (index, text) => both(index, ipPacket(200, text(HEX, 60)), ipPacket(180, text(HEX, 60))),
      {
        waitSeconds: 0.1,
      },
    );
    expect(player.findings.length).toBeLessThan(20);
    expect(player.findings.at(-1)?.evidence[1]?.value).toBe(4_000);
  });

  it('holds no more than its bound when pings come from everywhere', () => {
    const player = new Player(icmpTunnelDetector);
    for (let index = 0; index < 5_000; index++) {
      player.play({
        from: `10.2.${index >> 8}.${index & 255}`,
        to: INSIDE,
        port: 0,
        protocol: PROTOCOL.icmp,
        steps: both(index, filled(56, '')).map(step),
      });
    }
    player.finish();
    expect(player.findings).toEqual([]);
  });
});
