import { describe, expect, it } from 'vitest';
import type { HttpRequestFact, HttpResponseFact, ProtocolId } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { type Conversation, FINISHED, NO_ROLES, Player, type Step } from '../testing.ts';
import { tunnelDetector } from './tunnel.ts';

const INSIDE = '10.1.0.7';
const PROXY = '10.1.0.2';
const OUTSIDE = '203.0.113.9';
const HANDSHAKE: readonly Step[] = ['>S', '<SA', '>A'];

const out = (...bytes: number[]): Step => ({ from: '>', bytes: Uint8Array.from(bytes) });
const back = (...bytes: number[]): Step => ({ from: '<', bytes: Uint8Array.from(bytes) });
const many = (count: number, size: number): Step[] =>
  Array.from({ length: count }, () => [
    { from: '>', bytes: new Uint8Array(size) } as const,
    { from: '<', bytes: new Uint8Array(size) } as const,
  ]).flat();

const told = (protocol: ProtocolId): Step => ({
  fact: { type: 'protocol', protocol, isUsualPort: false, fromInitiator: true },
});

function request(fields: Partial<Omit<HttpRequestFact, 'timeUs' | 'type'>>): Step {
  const fact: Omit<HttpRequestFact, 'timeUs'> = {
    type: 'http-request',
    protocol: 'http',
    index: 0,
    method: 'GET',
    host: 'www.example.org',
    hostPort: -1,
    uri: '/',
    version: '1.1',
    userAgent: '',
    referrer: '',
    contentType: '',
    contentLength: -1,
    user: '',
    authorization: '',
    headers: [],
    bodyStart: '',
    fromInitiator: true,
    ...fields,
  };
  return { fact };
}

const connect = (host: string, hostPort: number): Step =>
  request({ method: 'CONNECT', host, hostPort, uri: `${host}:${hostPort}` });

function response(status: number): Step {
  const fact: Omit<HttpResponseFact, 'timeUs'> = {
    type: 'http-response',
    protocol: 'http',
    index: 0,
    status,
    reason: '',
    server: '',
    contentType: '',
    contentLength: -1,
    location: '',
    headers: [],
    bodyStart: '',
    fromInitiator: false,
  };
  return { fact };
}

const socks = (status: number): Step => ({
  fact: {
    type: 'command',
    protocol: 'socks',
    command: 'CONNECT',
    argument: '198.51.100.4:3389',
    status,
    fromInitiator: true,
  },
});

function talk(steps: readonly Step[], fields: Partial<Conversation> = {}): Conversation {
  return { from: INSIDE, to: OUTSIDE, port: 443, steps: [...HANDSHAKE, ...steps], end: FINISHED, ...fields };
}

function played(conversation: Conversation, landscape = NO_ROLES): Player {
  const player = new Player(tunnelDetector, landscape);
  player.play(conversation);
  player.finish();
  return player;
}

const REVERSED: readonly Step[] = [back(5, 1, 0), out(5, 0), back(5, 1, 0, 1, 10, 1, 0, 9, 1, 189), ...many(2, 100)];

describe('the detector of tunnels', () => {
  it.each<[string, Conversation, string, string]>([
    [
      'SSH through a web proxy outside',
      talk([connect('x.example', 443), response(200), told('ssh')]),
      'medium',
      OUTSIDE,
    ],
    [
      'SSH through a web proxy inside',
      talk([connect('x.example', 22), response(200), told('ssh')], { to: PROXY }),
      'medium',
      PROXY,
    ],
    ['an odd port asked of a proxy', talk([connect('x.example', 4444), response(200)], { to: PROXY }), 'low', PROXY],
    ['SSH on the port of DNS', talk([told('ssh'), ...many(40, 400)], { port: 53 }), 'medium', OUTSIDE],
    [
      'something unknown on the port of DNS',
      talk(many(40, 400), { port: 53, protocol: PROTOCOL.udp }),
      'medium',
      OUTSIDE,
    ],
    [
      'a VPN on the port of DNS',
      talk([told('openvpn'), ...many(40, 400)], { port: 53, protocol: PROTOCOL.udp }),
      'low',
      OUTSIDE,
    ],
    [
      'look-ups that turn into something else',
      talk(
        [
          told('dns'),
          { fact: { type: 'broken', protocol: 'dns', reason: 'bad-message', fromInitiator: true } },
          ...many(40, 400),
        ],
        { port: 53, protocol: PROTOCOL.udp },
      ),
      'medium',
      OUTSIDE,
    ],
    ['SOCKS the wrong way round', talk(REVERSED), 'high', OUTSIDE],
    [
      'chisel',
      talk([request({ headers: [['sec-websocket-protocol', 'chisel-v3']] }), response(101)], { port: 8080 }),
      'medium',
      OUTSIDE,
    ],
    ['a service that opens a port', talk([{ fact: { ...clientHello('abc.tunnel.eu.ngrok.com') } }]), 'low', OUTSIDE],
    [
      'SSH with much both ways on a port of the web',
      talk([told('ssh'), ...many(30, 30_000), { waitSeconds: 120 }, ...many(2, 100)]),
      'medium',
      OUTSIDE,
    ],
  ])('finds %s', (_name, conversation, severity, attacker) => {
    const { alerts } = played(conversation);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'tunnel', severity, attackers: [attacker], victims: [INSIDE] });
  });

  it.each<[string, readonly Step[]]>([
    ['SOCKS', [told('socks'), socks(0), ...many(20, 400)]],
    ['CONNECT', [connect('x.example', 443), response(200), told('tls'), ...many(20, 400)]],
  ])('finds a host inside that serves somebody outside as a proxy by %s', (_name, steps) => {
    const { alerts } = played(talk(steps, { from: OUTSIDE, to: INSIDE, port: 8080 }));
    expect(alerts[0]).toMatchObject({ severity: 'medium', attackers: [OUTSIDE], victims: [INSIDE] });
  });

  it('takes the caller of a script on a web server for the attacker, also inside', () => {
    const steps = [request({ method: 'POST', headers: [['x-cmd', 'CONNECT']] }), response(200)];
    for (const from of [OUTSIDE, '10.1.0.66']) {
      const { alerts } = played(talk(steps, { from, to: INSIDE, port: 80 }));
      expect(alerts[0]).toMatchObject({ severity: 'high', attackers: [from], victims: [INSIDE] });
    }
  });

  it.each<[string, Conversation]>([
    [
      'the web through a proxy',
      talk([connect('x.example', 443), response(200), told('tls'), ...many(50, 1_000)], { to: PROXY }),
    ],
    ['mail through a proxy', talk([connect('x.example', 993), response(200), told('imap')], { to: PROXY })],
    ['what a proxy refuses', talk([connect('x.example', 443), response(403), told('ssh')], { to: PROXY })],
    ['look-ups', talk([told('dns'), ...many(100, 400)], { port: 53, protocol: PROTOCOL.udp })],
    ['a few damaged look-ups', talk(many(5, 100), { port: 53, protocol: PROTOCOL.udp })],
    [
      'look-ups that nobody answers',
      talk(
        Array.from({ length: 100 }, () => out(...new Array(400).fill(1))),
        { port: 53 },
      ),
    ],
    [
      'encrypted look-ups (DNSCrypt)',
      talk(
        [out(...new Array(512).fill(7)), back(0x72, 0x36, 0x66, 0x6e, 0x76, 0x57, 0x6a, 0x38, 1), ...many(100, 400)],
        {
          port: 53,
          protocol: PROTOCOL.udp,
        },
      ),
    ],
    [
      'SSH on its own port',
      talk([told('ssh'), ...many(30, 30_000), { waitSeconds: 120 }, ...many(2, 9)], { port: 22 }),
    ],
    ['a short session of SSH on a port of the web', talk([told('ssh'), ...many(30, 500)])],
    ['SOCKS to a proxy of one’s own', talk([told('socks'), socks(0), ...many(50, 900)], { to: PROXY, port: 1080 })],
    [
      'a proxy that refuses somebody outside',
      talk([told('socks'), socks(2), ...many(9, 900)], { from: OUTSIDE, to: INSIDE }),
    ],
    ['a stream that begins like a greeting', talk([back(5, 1, 0), out(1, 2, 3), back(5, 1, 0, 1, 1, 2, 3, 4, 5, 6)])],
    ['an ordinary WebSocket', talk([request({ headers: [['sec-websocket-protocol', 'graphql-ws']] }), response(101)])],
  ])('is silent about %s', (_name, conversation) => {
    expect(played(conversation).findings).toEqual([]);
  });

  it('names nobody whom the landscape protects', () => {
    const { alerts } = played(talk(REVERSED), { ...NO_ROLES, mayBeAttacker: () => false });
    expect(alerts[0]).toMatchObject({ attackers: [], victims: [INSIDE] });
    expect(alerts[0]?.explanation).toContain('not named as attacker');
  });

  it('adds conversations up and does not repeat itself', () => {
    const player = new Player(tunnelDetector);
    for (let index = 0; index < 200; index++) {
      player.play(talk(REVERSED));
      player.wait(1);
    }
    player.finish();
    expect(player.findings.length).toBeLessThan(12);
    expect(player.findings.at(-1)?.evidence.find(({ name }) => name === 'conversations')?.value).toBe(200);
  });
});

function clientHello(serverName: string) {
  return {
    type: 'tls-client',
    protocol: 'tls',
    version: 0x0304,
    serverName,
    alpn: [],
    ciphers: [],
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: '',
    fromInitiator: true,
  } as const;
}
