import { describe, expect, it } from 'vitest';
import type { CertificateFact } from '../../../../contract/facts.ts';
import { FINISHED, Player, type ToldFact } from '../testing.ts';
import { certificateChangeDetector } from './certificate-change.ts';
import { isPublicIssuer } from './public-issuers.ts';

const CLIENT = '192.168.1.7';
const SERVER = '93.184.216.34';
const PUBLIC = "CN=R11,O=Let's Encrypt,C=US";
const PRIVATE = 'CN=Inspection CA,O=Example';
const START_MS = 1_700_000_000_000;

let serial = 0;

interface Shown {
  readonly issuer: string;
  readonly sha256?: string;
  readonly isSelfSigned?: boolean;
  readonly notAfterMs?: number;
}

function reach(player: Player, name: string, shown: Shown, to = SERVER, client = CLIENT): void {
  const hello: ToldFact = {
    type: 'tls-client',
    fromInitiator: true,
    protocol: 'tls',
    version: 0x0303,
    serverName: name,
    alpn: [],
    ciphers: [],
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: '',
  };
  const certificate: Omit<CertificateFact, 'timeUs'> = {
    type: 'certificate',
    fromInitiator: false,
    position: 0,
    subject: `CN=${name}`,
    commonName: name,
    issuerCommonName: '',
    serial: '01',
    names: [name],
    notBeforeMs: START_MS - 1e9,
    notAfterMs: START_MS + 5e9,
    sha1: '',
    sha256: `${serial++}`,
    isSelfSigned: false,
    ...shown,
  };
  const steps = ['> x', { fact: hello }, { fact: certificate }] as const;
  player.play({ from: client, to, port: 443, steps, end: FINISHED });
  player.wait(1);
}

describe('told', () => {
  it('a public name that suddenly has a certificate of a private issuer', () => {
    const player = new Player(certificateChangeDetector);
    reach(player, 'bank.example', { issuer: PUBLIC });
    reach(player, 'bank.example', { issuer: PRIVATE });
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'man-in-the-middle',
      severity: 'medium',
      techniques: ['T1557'],
      attackers: [],
      victims: [CLIENT],
    });
  });

  it('a new address, which is named then', () => {
    const player = new Player(certificateChangeDetector);
    reach(player, 'bank.example', { issuer: PUBLIC });
    reach(player, 'bank.example', { issuer: 'CN=bank.example', isSelfSigned: true }, '192.168.1.66');
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: ['192.168.1.66'] });
  });

  it('many names of one issuer once', () => {
    const player = new Player(certificateChangeDetector);
    for (let i = 0; i < 16; i++) reach(player, `site${i}.example`, { issuer: PUBLIC });
    for (let i = 0; i < 16; i++) reach(player, `site${i}.example`, { issuer: PRIVATE });
    expect(player.alerts).toHaveLength(1);
    expect(player.findings).toHaveLength(5);
    expect(player.alerts[0]!.evidence[2]!.value).toBe(16);
  });

  it('a device with a new certificate of its own, as a notice', () => {
    const player = new Player(certificateChangeDetector);
    reach(player, '', { issuer: 'CN=nas', isSelfSigned: true }, '192.168.1.5');
    reach(player, '', { issuer: 'CN=nas', isSelfSigned: true }, '192.168.1.5');
    expect(player.alerts[0]).toMatchObject({ severity: 'low' });
  });
});

describe('silent', () => {
  it.each([
    ['renewals', [{ issuer: PUBLIC }, { issuer: PUBLIC }, { issuer: PUBLIC }]],
    ['changes between issuers for the public', [{ issuer: PUBLIC }, { issuer: 'CN=WR2,O=Google Trust Services,C=US' }]],
    ['renewals by a private issuer', [{ issuer: PRIVATE }, { issuer: PRIVATE }]],
    ['a certificate that had run out', [{ issuer: PUBLIC, notAfterMs: START_MS - 1000 }, { issuer: PRIVATE }]],
    [
      'the same certificates in turn',
      [
        { issuer: PRIVATE, sha256: 'a' },
        { issuer: PRIVATE, sha256: 'a' },
      ],
    ],
  ])('%s', (_name, all) => {
    const player = new Player(certificateChangeDetector);
    for (const shown of all) reach(player, 'site.example', shown);
    expect(player.alerts).toEqual([]);
  });

  it('servers that make a certificate up for each connection', () => {
    const player = new Player(certificateChangeDetector);
    for (let i = 0; i < 50; i++) reach(player, '', { issuer: `CN=peer${i}`, isSelfSigned: true }, '203.0.113.7');
    expect(player.alerts).toEqual([]);
    for (let i = 0; i < 50; i++) reach(player, '', { issuer: `CN=peer${i}`, isSelfSigned: true }, '192.168.1.8');
    expect(player.findings).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'low' });
  });
});

describe('SSH', () => {
  const connect = (player: Player, software: string, hassh: string) => {
    const base = { type: 'ssh', fromInitiator: false, hasshText: '' } as const;
    const banner: ToldFact = { ...base, event: 'banner', software, hassh: '' };
    const exchange: ToldFact = { ...base, event: 'key-exchange', software: '', hassh };
    const steps = ['> x', { fact: banner }, { fact: exchange }] as const;
    player.play({ from: CLIENT, to: '192.168.1.5', port: 22, steps, end: FINISHED });
  };

  it('notices another program once, and no update', () => {
    const player = new Player(certificateChangeDetector);
    connect(player, 'SSH-2.0-OpenSSH_9.2p1 Debian', 'a');
    connect(player, 'SSH-2.0-OpenSSH_9.9', 'b');
    expect(player.alerts).toEqual([]);
    for (let i = 0; i < 10; i++)
      connect(player, i % 2 === 0 ? 'SSH-2.0-Go' : 'SSH-2.0-OpenSSH_9.9', i % 2 === 0 ? 'c' : 'b');
    expect(player.findings).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'low', victims: [CLIENT] });
  });
});

it('knows issuers for the public by their organisation', () => {
  expect([PUBLIC, 'CN=DigiCert TLS RSA,O=DigiCert Inc,C=US', PRIVATE, 'CN=not amazon'].map(isPublicIssuer)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
