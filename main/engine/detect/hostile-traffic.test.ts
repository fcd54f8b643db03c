/** What an attacker sends to make detectors fail, repeat themselves, forget, or accuse the wrong one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CertificateFact, HttpRequestFact, HttpResponseFact } from '../../../contract/facts.ts';
import { END_REASON, PROTOCOL } from '../../../contract/traffic.ts';
import { certificateChangeDetector } from './certificate-change/certificate-change.ts';
import { LETTERS, lookUp, textSource } from './dns-testing.ts';
import { exfiltrationDetector } from './exfiltration/exfiltration.ts';
import { exploitDetector } from './exploit/exploit.ts';
import { generatedDomainsDetector } from './generated-domains/generated-domains.ts';
import { DETECTORS } from './index.ts';
import type { Indicators } from './indicators.ts';
import { kerberosTicketsDetector } from './kerberos-tickets/kerberos-tickets.ts';
import { lateralMovementDetector } from './lateral-movement/lateral-movement.ts';
import { malwareTransferDetector } from './malware-transfer/malware-transfer.ts';
import { NoticeBook, noticeFinding } from './policy/notice-book.ts';
import { remoteControlDetector } from './remote-control/remote-control.ts';
import { rogueServerDetector } from './rogue-server/rogue-server.ts';
import { FINISHED, NO_ROLES, Player, type Step, type ToldFact } from './testing.ts';
import { tunnelDetector } from './tunnel/tunnel.ts';
import { webAttackDetector } from './web-attack/web-attack.ts';
import { exchange, requestFact, responseFact } from './web-attack/web-attack-testing.ts';

/** Not written as one text, which would look like a template. */
const LOOKUP = `$${'{jndi:ldap://a.example/}'}`;
const HOST = '10.0.0.7';
const SERVER = '203.0.113.9';
const OPENING: readonly Step[] = ['>S', '<SA', '>A'];
/** Members that every object has. */
const MEMBERS = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'];

const address = (index: number) => `10.9.${index >> 8}.${index & 255}`;

function request(fields: Partial<HttpRequestFact> = {}): Step {
  return { fact: { ...requestFact('/'), ...fields } as ToldFact };
}

function response(status: number, index = 0, fields: Partial<HttpResponseFact> = {}): Step {
  return { fact: { ...responseFact(status, '', index), ...fields } as ToldFact };
}

describe('names from the wire', () => {
  it.each(MEMBERS)('that every object has are no signs: %s', (name) => {
    const facts: ToldFact[] = [
      { type: 'property', protocol: 'ldap', name, value: 'x', fromInitiator: false },
      { type: 'command', protocol: 'rpc', command: 'call', argument: name, status: 0, fromInitiator: true },
      { type: 'command', protocol: 'smb', command: 'rpc-call', argument: name, status: 0, fromInitiator: true },
    ];
    const player = new Player(exploitDetector);
    player.play({ from: HOST, to: SERVER, port: 389, end: FINISHED, steps: facts.map((fact) => ({ fact })) });
    player.finish();
    expect(player.findings).toEqual([]);
  });

  it.each(MEMBERS)('are no kinds of programs: %s', (kind) => {
    const file = { name: 'a', kind, claimedType: '', bytes: 9, isWhole: true, sha256: '', md5: '' } as const;
    const player = new Player(malwareTransferDetector);
    const fact: ToldFact = { type: 'file', protocol: 'smtp', fromInitiator: true, ...file };
    player.play({ from: HOST, to: SERVER, port: 25, end: FINISHED, steps: [{ fact }] });
    expect(player.findings).toEqual([]);
  });

  it('are no reason to fail, whatever they are and whoever says them, in any order', () => {
    const text = fc.oneof(
      fc.constantFrom(...MEMBERS, '', '\0', '\ud800', '../', LOOKUP, "' or 1=1--", '%', '&#x;'),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    const from = { fromInitiator: fc.boolean() };
    const number = fc.constantFrom(-1, 0, 1, 200, 404, 65_535, 2 ** 31, Number.MAX_SAFE_INTEGER);
    const date = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -8.64e16, 0, 1.7e12, 8.64e16);
    const protocol = fc.constantFrom('smb', 'rpc', 'ldap', 'kerberos', 'http', 'socks', 'ftp', 'snmp', 'vnc');
    const pairs = fc.array(fc.tuple(text, text), { maxLength: 4 });
    const fact = fc.oneof(
      fc.record({ type: fc.constant('property'), protocol, name: text, value: text, ...from }),
      fc.record({ type: fc.constant('command'), protocol, command: text, argument: text, status: number, ...from }),
      fc
        .record({ ...from, uri: text, host: text, headers: pairs, bodyStart: text, contentType: text })
        .map((parts) => ({
          ...requestFact('/'),
          ...parts,
        })),
      fc.record({ ...from, status: number, headers: pairs, bodyStart: text, contentLength: number }).map((parts) => ({
        ...responseFact(200),
        ...parts,
      })),
      fc
        .record({ ...from, issuer: text, subject: text, commonName: text, notBeforeMs: date, notAfterMs: date })
        .map((parts) => ({ ...CERTIFICATE, ...parts })),
    );
    fc.assert(
      fc.property(fc.array(fact, { minLength: 1, maxLength: 12 }), (facts) => {
        for (const definition of DETECTORS) {
          const player = new Player(definition);
          const steps = facts.map((told) => ({ fact: told as ToldFact }));
          player.play({ from: SERVER, to: HOST, port: 8080, end: FINISHED, steps: [...OPENING, ...steps] });
          player.finish();
          player.observer.clockReset?.(0);
          for (const finding of player.findings) {
            expect(finding.confidence).toBeGreaterThan(0);
            expect(Number.isFinite(finding.firstSeenMs + finding.lastSeenMs)).toBe(true);
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});

const CERTIFICATE: Omit<CertificateFact, 'timeUs'> = {
  type: 'certificate',
  fromInitiator: false,
  position: 0,
  subject: 'CN=a',
  issuer: 'CN=b',
  commonName: 'a',
  issuerCommonName: 'b',
  serial: '01',
  names: [],
  notBeforeMs: 1_600_000_000_000,
  notAfterMs: 1_900_000_000_000,
  sha1: '',
  sha256: 'c0',
  isSelfSigned: false,
};

describe('what goes on', () => {
  it('is told as it doubles, and not for every server beyond those that are counted', () => {
    const player = new Player(certificateChangeDetector);
    const hello = {
      type: 'tls-client',
      fromInitiator: true,
      protocol: 'tls',
      version: 0x0303,
      alpn: [],
      ciphers: [],
      extensions: [],
      ja3: '',
      ja3Text: '',
      ja4: '',
      sessionId: '',
    } as const;
    const show = (serverName: string, issuer: string, sha256: string) => {
      const certificate = { fact: { ...CERTIFICATE, issuer, sha256 } };
      const steps = ['> x', { fact: { ...hello, serverName } }, certificate] as const;
      player.play({ from: HOST, to: SERVER, port: 443, steps, end: FINISHED });
    };
    for (let server = 0; server < 200; server++) {
      show(`bank${server}.example`, "CN=R11,O=Let's Encrypt,C=US", `good ${server}`);
      show(`bank${server}.example`, 'CN=Inspection CA,O=Example', `bad ${server}`);
    }
    expect(player.alerts).toHaveLength(1);
    // 1, 2, 4, … 64 servers, which is as many as are counted.
    expect(player.findings).toHaveLength(7);
  });

  it('is not told anew because more hosts guess domains than are watched', () => {
    const player = new Player(generatedDomainsDetector);
    const text = textSource(7);
    const clients = 140;
    const guess = () => {
      for (let client = 0; client < clients; client++) {
        lookUp(player, { client: address(client), name: `${text(LETTERS, 14)}.com` });
      }
    };
    for (let round = 0; round < 20; round++) guess();
    expect(player.alerts).toHaveLength(clients);
    const told = player.findings.length;
    for (let round = 0; round < 5; round++) guess();
    // Twice as many domains are news; five more are none.
    expect(player.findings.length - told).toBeLessThan(clients);
  });

  it('is not told anew because a router differs from two others, each in another way', () => {
    const player = new Player(rogueServerDetector);
    const say = (from: string, properties: readonly (readonly [name: string, value: string])[]) => {
      const steps = properties.map(([name, value]) => {
        const fact: ToldFact = { type: 'property', protocol: 'icmp', name, value, fromInitiator: true };
        return { fact };
      });
      player.play({ from, to: 'ff02::1', port: 0, protocol: PROTOCOL.icmpv6, steps, end: FINISHED });
      player.wait(1);
    };
    const lifetime = ['router-lifetime', '1800'] as const;
    for (let round = 0; round < 20; round++) {
      say('fe80::1', [lifetime, ['prefix', '2001:db8:1::/64'], ['name-server', '2001:db8:3::53']]);
      say('fe80::2', [lifetime, ['prefix', '2001:db8:2::/64'], ['name-server', '2001:db8:2::53']]);
      say('fe80::3', [lifetime, ['prefix', '2001:db8:3::/64'], ['name-server', '2001:db8:3::53']]);
    }
    expect(player.findings.length).toBeGreaterThan(0);
    expect(player.findings.length).toBeLessThan(8);
  });

  it('is not told anew because more hosts send than are watched', () => {
    const player = new Player(exfiltrationDetector);
    const secret = `root:x:0:0:root:/root:/bin/sh\n${'a'.repeat(2_000)}`;
    const hosts = 300;
    const send = (host: number) => {
      const body = { method: 'POST', bodyStart: secret, contentLength: secret.length, host: SERVER, userAgent: '' };
      const steps = [...OPENING, { from: '>', bytes: new Uint8Array(2_000) } as const, request(body)];
      player.play({ from: address(host), to: SERVER, port: 80, steps, end: FINISHED });
    };
    for (let host = 0; host < hosts; host++) send(host);
    expect(player.alerts).toHaveLength(hosts);
    const told = player.findings.length;
    for (let host = 0; host < hosts; host++) send(host);
    expect(player.findings.length - told).toBeLessThan(hosts / 10);
  });
});

describe('a conversation that is met in its middle', () => {
  const evil: Indicators = {
    size: 1,
    isListed: (type) => type === 'domain',
    address: () => undefined,
    domain: (name) =>
      name === 'evil.example' ? { type: 'domain', value: name, label: '', source: 'own list' } : undefined,
    url: () => undefined,
    hash: () => undefined,
  };

  it('has the one who asked as victim of what is on a list', () => {
    const player = new Player(malwareTransferDetector, NO_ROLES, {}, evil);
    const steps = ['> x', request({ host: 'evil.example', fromInitiator: false })] as const;
    player.play({ from: SERVER, fromPort: 80, to: HOST, port: 50_000, steps, end: FINISHED });
    expect(player.alerts).toMatchObject([{ attackers: [SERVER], victims: [HOST] }]);
  });

  it('has the one who asked for tickets as the one who collects them', () => {
    const player = new Player(kerberosTicketsDetector);
    for (let service = 0; service < 12; service++) {
      const argument = `anna@EXAMPLE.ORG db${service}/host`;
      const facts: ToldFact[] = [
        { type: 'command', protocol: 'kerberos', command: 'tgs', argument, status: 0, fromInitiator: false },
        { type: 'property', protocol: 'kerberos', name: 'ticket-cipher', value: 'rc4-hmac', fromInitiator: true },
      ];
      const steps = ['> x', ...facts.map((fact) => ({ fact }))];
      player.play({ from: SERVER, fromPort: 88, to: HOST, port: 50_000, protocol: PROTOCOL.udp, steps, end: FINISHED });
    }
    expect(player.alerts).toMatchObject([{ attackers: [HOST], victims: [SERVER] }]);
  });

  it('has the one who called as the one who goes from host to host', () => {
    const player = new Player(lateralMovementDetector);
    for (let target = 0; target < 4; target++) {
      const facts = ['IPC$', 'ADMIN$'].map((share) => ({ command: 'tree-connect', argument: `\\\\h\\${share}` }));
      const steps: Step[] = ['> x'];
      for (const fact of [...facts, { command: 'create', argument: 'PSEXESVC' }]) {
        steps.push({ fact: { type: 'command', protocol: 'smb', ...fact, status: 0, fromInitiator: true } });
      }
      player.play({ from: address(target), fromPort: 445, to: HOST, port: 50_000, steps, end: FINISHED });
      player.wait(1);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ attackers: [HOST], victimCount: 4 });
  });

  it('has the one who asked as the controlled end, whatever the ports', () => {
    const player = new Player(remoteControlDetector);
    const body = 'username=a&hostname=b&pid=12&integrity=3&process_name=x';
    const steps: Step[] = ['> x'];
    for (let index = 0; index < 4; index++) {
      const asked = { host: SERVER, method: 'POST', userAgent: '', bodyStart: body, contentLength: body.length };
      steps.push(request({ ...asked, index, fromInitiator: false, headers: [] }));
      const tasks = '{"tasks":[{"command":"x"}],"sleep":5,"jitter":1}';
      steps.push(response(200, index, { fromInitiator: true, bodyStart: tasks, contentLength: tasks.length }));
    }
    // A translated port of the caller, below those that systems lend.
    player.play({ from: SERVER, fromPort: 8080, to: HOST, port: 2_000, steps, end: FINISHED });
    player.finish();
    expect(player.alerts).toMatchObject([{ attackers: [SERVER], victims: [HOST] }]);
  });
});

describe('a proxy', () => {
  const connect = request({ method: 'CONNECT', host: 'x.example', hostPort: 443, uri: 'x.example:443' });
  const moved: readonly Step[] = [
    { from: '>', bytes: new Uint8Array(3_000) },
    { from: '<', bytes: new Uint8Array(3_000) },
  ];
  const served = (...steps: readonly Step[]) => {
    const player = new Player(tunnelDetector);
    player.play({ from: SERVER, to: HOST, port: 80, end: FINISHED, steps: [...OPENING, ...steps, ...moved] });
    player.finish();
    return player.alerts;
  };

  it('is no server that refuses to be one and then serves its pages on the same connection', () => {
    expect(served(connect, response(405), request({ index: 1 }), response(200, 1))).toEqual([]);
    expect(served(connect, request({ index: 1 }), response(405), response(200, 1))).toEqual([]);
  });

  it('counts a conversation once that has the signs of two tunnels by turns', () => {
    const player = new Player(tunnelDetector);
    const oddPort = request({ method: 'CONNECT', host: 'x.example', hostPort: 4444, uri: 'x.example:4444' });
    const tool = request({ headers: [['sec-websocket-protocol', 'chisel-v3']] });
    const steps = Array.from({ length: 10 }, () => [oddPort, tool]).flat();
    player.play({ from: HOST, to: SERVER, port: 80, end: FINISHED, steps: [...OPENING, ...moved, ...steps] });
    player.finish();
    expect(player.alerts).toHaveLength(2);
    for (const { evidence } of player.alerts) {
      expect(evidence).toContainEqual(expect.objectContaining({ name: 'conversations', value: 1 }));
      expect(evidence).toContainEqual(expect.objectContaining({ name: 'data out', value: 3_000 }));
    }
  });

  it('is one that grants it, whatever is answered inside', () => {
    expect(served(connect, response(200), request({ index: 1 }), response(404, 1))).toHaveLength(1);
  });
});

describe('memory', () => {
  it('is not filled by requests that never wait for their answers', () => {
    const player = new Player(webAttackDetector);
    const uri = `/a?id=1%27+or+1%3D1--+${'x'.repeat(300)}`;
    // More than wait in all, half of them of conversations that end: the places of these come back.
    for (let flow = 0; flow < 300; flow++) {
      const steps = [...OPENING, ...Array.from({ length: 20 }, (_, index) => request({ uri, index }))];
      player.play({ from: address(flow), to: SERVER, port: 80, steps, end: END_REASON.idleTimeout });
    }
    const answer = 'You have an error in your SQL syntax near';
    player.play({ from: HOST, to: SERVER, port: 80, steps: [...OPENING, ...exchange(uri, 200, answer)] });
    player.finish();
    expect(player.alerts.find(({ attackers }) => attackers.includes(HOST))).toMatchObject({ severity: 'high' });
  });

  it('holds no notices of computers that are forgotten', () => {
    const told: string[] = [];
    const book = new NoticeBook({
      quietHours: 12,
      landscape: NO_ROLES,
      describe: (group) =>
        noticeFinding(group, { detector: 'x', techniques: [], confidence: 1, title: '', explanation: '' }, () => true),
      report: ({ cause }) => told.push(cause),
    });
    const sight = (client: string, port: number) =>
      book.sight({ topic: 't', client, server: client, port, what: 'x', meaning: '', severity: 'low', timeUs: 1e6 });
    for (let client = 0; client < 2_000; client++) for (let port = 1; port <= 3; port++) sight(address(client), port);
    told.length = 0;
    book.tick(200e6);
    expect(told.length).toBeLessThanOrEqual(512);
  });
});
