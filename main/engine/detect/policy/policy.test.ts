import { describe, expect, it } from 'vitest';
import type { CertificateFact, LoginFact, ProtocolId } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import type { DetectorDefinition } from '../detector.ts';
import { type Conversation, FINISHED, NO_ROLES, Player, type Step, type ToldFact } from '../testing.ts';
import { cleartextCredentialsDetector } from './cleartext-credentials.ts';
import { unusualPortDetector } from './unusual-port.ts';
import { unwantedServiceDetector } from './unwanted-service.ts';
import { weakEncryptionDetector } from './weak-encryption.ts';

const CLIENT = '10.0.0.5';
const INSIDE = '10.0.0.9';
const OUTSIDE = '198.51.100.7';
const DAY_MS = 86_400_000;
const NOW_MS = 1_700_000_000_000;

function talk(facts: readonly ToldFact[], more: Partial<Conversation> = {}): Conversation {
  const told: readonly Step[] = facts.map((fact) => ({ fact }));
  return { from: CLIENT, to: OUTSIDE, port: 443, steps: ['>S', '<SA', '>A', ...told], end: FINISHED, ...more };
}

function play(definition: DetectorDefinition, talks: readonly Conversation[], settings: object = {}): Player {
  const player = new Player(definition, NO_ROLES, settings);
  for (const conversation of talks) {
    player.play(conversation);
    player.wait(1);
  }
  player.finish();
  return player;
}

function login(protocol: ProtocolId, more: Partial<LoginFact> = {}): ToldFact {
  return {
    type: 'login',
    protocol,
    user: 'bob',
    domain: '',
    host: '',
    outcome: 'success',
    isCleartext: true,
    method: 'password',
    fromInitiator: true,
    ...more,
  };
}

function certificate(more: Partial<CertificateFact> = {}): ToldFact {
  return {
    type: 'certificate',
    position: 0,
    subject: 'CN=example.org',
    issuer: 'CN=Some Authority',
    commonName: 'example.org',
    issuerCommonName: 'Some Authority',
    serial: '01',
    names: ['example.org'],
    notBeforeMs: NOW_MS - 30 * DAY_MS,
    notAfterMs: NOW_MS + 30 * DAY_MS,
    sha1: '',
    sha256: '',
    isSelfSigned: false,
    fromInitiator: false,
    ...more,
  };
}

function protocol(id: ProtocolId, isUsualPort = true): ToldFact {
  return { type: 'protocol', protocol: id, isUsualPort, fromInitiator: true };
}

function tlsServer(version: number, more: object = {}): ToldFact {
  return {
    type: 'tls-server',
    protocol: 'tls',
    version,
    cipher: 1,
    alpn: '',
    ja3s: '',
    sessionId: '',
    isRetryRequest: false,
    fromInitiator: false,
    ...more,
  } as ToldFact;
}

function tlsClient(serverName: string): ToldFact {
  return {
    type: 'tls-client',
    protocol: 'tls',
    version: 0x0303,
    serverName,
    alpn: [],
    ciphers: [],
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: '',
    fromInitiator: true,
  };
}

describe('passwords in clear text', () => {
  it('are one low notice per computer, without the password', () => {
    const { alerts } = play(cleartextCredentialsDetector, [
      ...Array.from({ length: 50 }, () => talk([login('ftp')], { port: 21 })),
      talk([login('pop3')], { port: 110, to: INSIDE }),
    ]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      kind: 'policy',
      severity: 'low',
      attackers: [CLIENT],
      victims: [OUTSIDE, INSIDE],
      techniques: ['T1040', 'T1552'],
      title: `${CLIENT} logged in to 2 servers without encryption`,
    });
    expect(alerts[0]!.explanation).toContain('FTP and mail (POP3)');
  });

  it.each<[string, ToldFact, Partial<Conversation>]>([
    ['an encrypted login', login('smb', { isCleartext: false }), {}],
    ['nobody in particular', login('ftp', { user: 'anonymous' }), {}],
    ['a password that is turned down', login('ftp', { outcome: 'failure' }), {}],
    ['a wallet', login('stratum'), {}],
    ['a login that stays on the computer', login('redis'), { to: '127.0.0.1' }],
  ])('%s is none', (_name, fact, more) => {
    expect(play(cleartextCredentialsDetector, [talk([fact], more)]).findings).toEqual([]);
  });

  it('counts a screen without a password, and devices by SNMP milder', () => {
    const property = (id: ProtocolId, name: string, value: string): ToldFact => ({
      type: 'property',
      protocol: id,
      name,
      value,
      fromInitiator: true,
    });
    const [vnc] = play(cleartextCredentialsDetector, [talk([property('vnc', 'security', 'none')])]).alerts;
    expect(vnc).toMatchObject({ severity: 'low' });
    const [snmp] = play(cleartextCredentialsDetector, [talk([property('snmp', 'community', 'default:public')])]).alerts;
    expect(snmp).toMatchObject({ severity: 'info' });
  });

  it('of a busy server are its own notice, and not one for each client', () => {
    const talks = Array.from({ length: 200 }, (_, n) =>
      talk([login('http')], { from: `10.0.1.${n}`, to: INSIDE, port: 80 }),
    );
    const player = play(cleartextCredentialsDetector, talks);
    expect(player.alerts).toHaveLength(6);
    expect(player.findings.length).toBeLessThan(20);
    expect(player.alerts.at(-1)).toMatchObject({
      victims: [INSIDE],
      cause: `cleartext-credentials/password/at/${INSIDE}`,
    });
  });

  it('are told once while the habit goes on, and again after the quiet time', () => {
    const player = new Player(cleartextCredentialsDetector, NO_ROLES, { quietHours: 1 });
    for (let n = 0; n < 50; n++) {
      player.play(talk([login('pop3')], { port: 110 }));
      player.wait(60);
    }
    expect(player.findings).toHaveLength(1);
    player.wait(3_600);
    player.play(talk([login('pop3')], { port: 110 }));
    expect(player.findings).toHaveLength(2);
    expect(player.alerts).toHaveLength(1);
  });

  it('name nobody who must not be named', () => {
    const player = new Player(cleartextCredentialsDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    player.play(talk([login('ftp')], { port: 21 }));
    expect(player.findings[0]).toMatchObject({ attackers: [], victims: [OUTSIDE] });
  });
});

describe('weak encryption', () => {
  const expired = certificate({ notAfterMs: NOW_MS - 20 * DAY_MS });

  it('fifty expired certificates are one notice', () => {
    const talks = Array.from({ length: 50 }, (_, n) => talk([expired], { to: `198.51.100.${n + 1}` }));
    const player = play(weakEncryptionDetector, talks);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'low', techniques: ['T1557'] });
    expect(player.alerts[0]!.evidence.length).toBeLessThan(16);
    expect(player.findings.length).toBeLessThan(10);
  });

  it.each<[string, ToldFact, Partial<Conversation>, string]>([
    ['expired', expired, {}, 'low'],
    ['not yet valid', certificate({ notBeforeMs: NOW_MS + 5 * DAY_MS }), {}, 'low'],
    ['self-signed, outside', certificate({ isSelfSigned: true }), {}, 'low'],
    ['self-signed, inside', certificate({ isSelfSigned: true }), { to: INSIDE }, 'info'],
    ['SSL 3', tlsServer(0x0300), {}, 'info'],
    ['TLS 1.0', tlsServer(0x0301), {}, 'info'],
  ])('%s', (_name, fact, more, severity) => {
    const { alerts } = play(weakEncryptionDetector, [talk([fact], more)]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ severity, attackers: [CLIENT] });
  });

  it.each<[string, ToldFact, Partial<Conversation>]>([
    ['a good certificate', certificate(), {}],
    ['one that expired an hour ago', certificate({ notAfterMs: NOW_MS - 3_600_000 }), {}],
    ['an authority, which always signs itself', certificate({ position: 2, isSelfSigned: true }), {}],
    ['that of a client', certificate({ isSelfSigned: true, fromInitiator: true }), {}],
    ['those of a call', certificate({ isSelfSigned: true }), { protocol: PROTOCOL.udp }],
    ['TLS 1.3', tlsServer(0x0304), {}],
    ['DTLS', tlsServer(0xfeff, { protocol: 'dtls' }), {}],
  ])('%s is none', (_name, fact, more) => {
    expect(play(weakEncryptionDetector, [talk([fact], more)]).findings).toEqual([]);
  });

  it('self-signed ones can be left out', () => {
    const { findings } = play(weakEncryptionDetector, [talk([certificate({ isSelfSigned: true })])], {
      selfSigned: false,
    });
    expect(findings).toEqual([]);
  });
});

describe('unwanted services', () => {
  it.each<[string, ToldFact, Partial<Conversation>, string]>([
    ['a mining pool', protocol('stratum'), { port: 3333 }, 'works for a mining pool'],
    ['a mining pool over TLS', tlsClient('xmr-eu1.nanopool.org'), {}, 'works for a mining pool'],
    ['BitTorrent', protocol('bittorrent'), { port: 6881 }, 'peer-to-peer'],
    ['TeamViewer', protocol('teamviewer'), { port: 5938 }, 'remote access (TeamViewer)'],
    ['AnyDesk', protocol('anydesk'), {}, 'remote access (AnyDesk)'],
    ['RustDesk', tlsClient('rs-ny.rustdesk.com'), {}, 'remote access (RustDesk)'],
    ['Tor by its port and name', tlsClient('www.dkalt6c7vbnbs.com'), { port: 9001 }, 'uses Tor'],
    ['Tor by what parsers say', protocol('tor'), {}, 'uses Tor'],
    ['a screen across the Internet', protocol('rdp'), { port: 3389 }, 'across the Internet'],
    ['a screen that is reached from outside', protocol('vnc'), { from: OUTSIDE, to: CLIENT }, 'across the Internet'],
  ])('%s', (_name, fact, more, title) => {
    const { alerts } = play(unwantedServiceDetector, [talk([fact], more), talk([fact], more)]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]!.title).toContain(title);
    expect(alerts[0]).toMatchObject({ kind: 'policy', severity: 'low' });
  });

  it.each<[string, ToldFact, Partial<Conversation>]>([
    ['the website of a pool', tlsClient('www.f2pool.com'), {}],
    ['the website of a program for remote access', tlsClient('www.teamviewer.com'), {}],
    ['a screen within the own network', protocol('rdp'), { to: INSIDE, port: 3389 }],
    ['an ordinary name on the port of the web', tlsClient('www.example.com'), {}],
    ['a name that only ends like one', tlsClient('rs-ny.notrustdesk.com'), {}],
  ])('%s is none', (_name, fact, more) => {
    expect(play(unwantedServiceDetector, [talk([fact], more)]).findings).toEqual([]);
  });

  it('thousands of peers are one notice about the computer inside, bounded', () => {
    const talks = Array.from({ length: 2_000 }, (_, n) => {
      const peer = `198.51.${n >> 8}.${n & 255}`;
      return n % 2 === 0
        ? talk([protocol('bittorrent')], { to: peer, port: 6881 + n })
        : talk([protocol('bittorrent')], { from: peer, to: CLIENT, port: 51_413 });
    });
    const player = play(unwantedServiceDetector, talks);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]!.attackers).toEqual([CLIENT]);
    expect(player.findings.length).toBeLessThan(12);
  });

  it('can be left out', () => {
    expect(play(unwantedServiceDetector, [talk([protocol('bittorrent')])], { peerToPeer: false }).findings).toEqual([]);
  });
});

describe('unusual ports', () => {
  it.each<[ProtocolId, number]>([
    ['ssh', 443],
    ['ssh', 4444],
    ['rdp', 8080],
    ['http', 22],
    ['tls', 53],
    ['ftp', 40_000],
  ])('%s on port %d', (id, port) => {
    const { alerts } = play(unusualPortDetector, [talk([protocol(id, false)], { port })]);
    expect(alerts[0]).toMatchObject({
      severity: 'low',
      techniques: ['T1571'],
      attackers: [CLIENT],
      victims: [OUTSIDE],
    });
  });

  it.each<[string, ToldFact, Partial<Conversation>, object?]>([
    ['SSH on its own port', protocol('ssh'), { port: 22 }],
    ['SSH where many have it', protocol('ssh', false), { port: 2022 }],
    ['the web on any high port', protocol('http', false), { port: 9000 }],
    ['TLS on any high port', protocol('tls', false), { port: 10_443 }],
    ['what programs do on ports of their own choice', protocol('stun', false), { port: 41_000 }],
    ['SSH where the owner has put it', protocol('ssh', false), { port: 2299 }, { allowedPorts: ['ssh:2299'] }],
    [
      'SSH that is met in the middle',
      protocol('ssh', false),
      { from: OUTSIDE, fromPort: 22, to: CLIENT, port: 50_000, steps: ['> data', { fact: protocol('ssh', false) }] },
    ],
  ])('%s is none', (_name, fact, more, settings) => {
    expect(play(unusualPortDetector, [talk([fact], more)], settings).findings).toEqual([]);
  });
});
