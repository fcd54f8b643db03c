import { describe, expect, it } from 'vitest';
import type { DhcpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { NO_ROLES, Player, processorMs, type ToldFact } from '../testing.ts';
import { rogueServerDetector } from './rogue-server.ts';

const SERVER = '192.168.1.1';
const ROGUE = '192.168.1.66';

function dhcpFact(fields: Partial<DhcpFact>): ToldFact {
  const fact: Omit<DhcpFact, 'timeUs'> = {
    type: 'dhcp',
    fromInitiator: true,
    protocol: 'dhcp',
    messageType: 'offer',
    transactionId: 7,
    clientMac: '00:1b:21:00:00:07',
    clientId: '',
    hostname: '',
    vendorClass: '',
    fingerprint: '',
    requestedAddress: '',
    assignedAddress: '192.168.1.7',
    server: SERVER,
    relay: '',
    routers: [SERVER],
    nameServers: [SERVER],
    domain: '',
    proxyUrl: '',
    bootFile: '',
    routes: [],
    leaseSeconds: 3600,
    ...fields,
  };
  return fact;
}

function dhcp(player: Player, fields: Partial<DhcpFact>): void {
  const from = fields.server ?? SERVER;
  player.play({
    from,
    to: '255.255.255.255',
    fromPort: 67,
    port: 68,
    protocol: PROTOCOL.udp,
    steps: ['> x', { fact: dhcpFact(fields) }],
  });
}

const rogue = { server: ROGUE, routers: [ROGUE], nameServers: [ROGUE] };

describe('DHCP', () => {
  it('tells of a second server that answers the same question otherwise', () => {
    const player = new Player(rogueServerDetector);
    for (let i = 0; i < 3; i++) {
      dhcp(player, { transactionId: i });
      dhcp(player, { transactionId: i, messageType: 'ack' });
      player.wait(60);
    }
    dhcp(player, { transactionId: 9 });
    dhcp(player, { transactionId: 9, ...rogue, assignedAddress: '192.168.1.120' });
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [ROGUE] });
    dhcp(player, { transactionId: 9, ...rogue, assignedAddress: '192.168.1.120', messageType: 'ack' });
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'man-in-the-middle',
      severity: 'high',
      techniques: ['T1557.003', 'T1557'],
      attackers: [ROGUE],
      victims: ['192.168.1.120'],
      title: '192.168.1.66 hands out network settings beside 192.168.1.1 (rogue DHCP)',
    });
  });

  it('tells of a proxy and of routes for everything', () => {
    const player = new Player(rogueServerDetector);
    dhcp(player, { messageType: 'ack' });
    const trap = {
      proxyUrl: `http://${ROGUE}/wpad.dat`,
      routes: ['0.0.0.0/1 192.168.1.66', '128.0.0.0/1 192.168.1.66'],
    };
    dhcp(player, { server: ROGUE, ...trap, messageType: 'ack' });
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ROGUE] });
    expect(player.alerts[0]!.evidence.map(({ name }) => name)).toEqual([
      'proxy that it names',
      'routes for everything',
    ]);
  });

  it.each([
    ['two that say the same', { server: '192.168.1.2' }],
    ['a server behind a relay', { ...rogue, relay: '192.168.1.1' }],
    ['a helper for starting computers up', { server: ROGUE, routers: [], nameServers: [] }],
    ['another network', { ...rogue, transactionId: 8, assignedAddress: '172.17.0.3' }],
  ])('is silent about %s', (_name, fields) => {
    const player = new Player(rogueServerDetector);
    for (let i = 0; i < 5; i++) {
      dhcp(player, { messageType: 'ack' });
      dhcp(player, { messageType: 'ack', ...fields });
      player.wait(30);
    }
    expect(player.alerts).toEqual([]);
  });

  it('is silent about a server that was replaced, and about the one that the host uses', () => {
    const player = new Player(rogueServerDetector);
    dhcp(player, { messageType: 'ack' });
    player.wait(2 * 3600);
    dhcp(player, { ...rogue, transactionId: 8, messageType: 'ack' });
    expect(player.alerts).toEqual([]);
    const careful = new Player(rogueServerDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    dhcp(careful, { messageType: 'ack' });
    dhcp(careful, { ...rogue, messageType: 'ack' });
    expect(careful.alerts).toEqual([]);
  });
});

function dhcpv6(player: Player, sender: string, client: string, fields: Partial<DhcpFact>): void {
  const fact = dhcpFact({ protocol: 'dhcpv6', messageType: 'advertise', server: '00010001', routers: [], ...fields });
  player.play({ from: sender, to: client, fromPort: 547, port: 546, protocol: PROTOCOL.udp, steps: ['> x', { fact }] });
}

function advertise(player: Player, router: string, properties: readonly (readonly [string, string])[]): void {
  player.play({
    from: router,
    to: 'ff02::1',
    fromPort: 134,
    port: 0,
    protocol: PROTOCOL.icmpv6,
    steps: [
      '> x',
      ...properties.map(([name, value]) => ({
        fact: { type: 'property', fromInitiator: true, protocol: 'icmp', name, value } as const,
      })),
    ],
  });
}

const ROUTER = [
  ['router-preference', 'medium'],
  ['router-lifetime', '1800'],
  ['prefix', '2001:db8:1::/64'],
  ['name-server', '2001:db8:1::1'],
] as const;

describe('IPv6', () => {
  it('tells of a server that makes itself the DNS server and gives out addresses of the link', () => {
    const player = new Player(rogueServerDetector);
    for (let i = 7; i < 10; i++) {
      dhcpv6(player, 'fe80::66', `fe80::${i}`, { nameServers: ['fe80::66'], assignedAddress: `fe80::192:168:1:${i}` });
    }
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: ['fe80::66'] });
    expect(player.alerts[0]!.victims).toContain('fe80::7');
  });

  it('is silent about the router of a home and about a server with a lasting address', () => {
    const player = new Player(rogueServerDetector);
    advertise(player, 'fe80::1', ROUTER);
    dhcpv6(player, 'fe80::1', 'fe80::7', { nameServers: ['fe80::1'], assignedAddress: '2001:db8:1::7' });
    dhcpv6(player, 'fe80::2', 'fe80::7', { nameServers: ['2001:db8:1::53'], assignedAddress: '2001:db8:1::7' });
    expect(player.alerts).toEqual([]);
  });

  it('tells of a router that comes later, wants to be preferred and announces other addresses', () => {
    const player = new Player(rogueServerDetector);
    advertise(player, 'fe80::1', ROUTER);
    player.wait(60);
    advertise(player, 'fe80::66', [
      ['router-preference', 'high'],
      ['router-lifetime', '1800'],
      ['prefix', '2001:db8:bad::/64'],
      ['name-server', 'fe80::66'],
    ]);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: ['fe80::66'] });
  });

  it('keeps to a notice about a second line, and is silent about one that routes inside only', () => {
    const player = new Player(rogueServerDetector);
    advertise(player, 'fe80::1', ROUTER);
    advertise(player, 'fe80::3', [
      ['router-preference', 'medium'],
      ['router-lifetime', '0'],
      ['prefix', 'fd00:1::/64'],
    ]);
    expect(player.alerts).toEqual([]);
    player.wait(1);
    advertise(player, 'fe80::2', [
      ['router-preference', 'medium'],
      ['router-lifetime', '1800'],
      ['prefix', '2001:db8:2::/64'],
    ]);
    expect(player.alerts[0]).toMatchObject({ severity: 'low' });
  });
});

it('stays bounded and quick under a flood of forged servers and routers', () => {
  const player = new Player(rogueServerDetector);
  const begin = process.threadCpuUsage();
  dhcp(player, { messageType: 'ack' });
  advertise(player, 'fe80::1', ROUTER);
  for (let i = 0; i < 5_000; i++) {
    const server = `192.168.${i >> 8}.${i & 0xff}`;
    dhcp(player, { server, routers: [server], nameServers: [server], transactionId: i });
    advertise(
      player,
      `fe80::bad:${i.toString(16)}`,
      ROUTER.map(([name, value]) => [name, value.replace('db8', `${i}`)]),
    );
  }
  expect(player.alerts.length).toBeLessThanOrEqual(16);
  expect(player.findings.length).toBeLessThan(100);
  expect(processorMs(begin)).toBeLessThan(4_000);
});

describe('redirects', () => {
  const redirect = (player: Player, to: string, destination: string) =>
    player.play({
      from: SERVER,
      to: '192.168.1.7',
      fromPort: 5,
      port: 1,
      protocol: PROTOCOL.icmp,
      steps: [
        '> x',
        { fact: { type: 'property', fromInitiator: true, protocol: 'icmp', name: 'redirect-to', value: to } },
        { fact: { type: 'property', fromInitiator: true, protocol: 'icmp', name: 'redirect-for', value: destination } },
      ],
    });

  it('become more than a notice when everything goes by way of one that is no router', () => {
    const player = new Player(rogueServerDetector);
    for (let i = 0; i < 20; i++) redirect(player, ROGUE, `93.184.216.${i}`);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [ROGUE], victims: ['192.168.1.7'] });
    expect(player.findings.length).toBeLessThan(5);
  });

  it('are nothing between inside networks, or by way of a known router', () => {
    const player = new Player(rogueServerDetector, { ...NO_ROLES, isGateway: (_0, _1, _2, w3) => (w3 & 0xff) === 254 });
    for (let i = 0; i < 20; i++) redirect(player, ROGUE, `10.0.${i}.1`);
    for (let i = 0; i < 20; i++) redirect(player, '192.168.1.254', `93.184.216.${i}`);
    expect(player.alerts).toEqual([]);
  });
});
