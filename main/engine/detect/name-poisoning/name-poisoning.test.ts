import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { Player, type ToldFact } from '../testing.ts';
import { isSameComputer, isTrapName, plainName } from './answered-names.ts';
import { namePoisoningDetector } from './name-poisoning.ts';

const ATTACKER = '192.168.1.66';
const VICTIM = '192.168.1.7';
const GROUP = { llmnr: '224.0.0.252', 'netbios-ns': '192.168.1.255', mdns: '224.0.0.251' } as const;
const PORT = { llmnr: 5355, 'netbios-ns': 137, mdns: 5353 } as const;

type Protocol = keyof typeof GROUP;

function message(protocol: Protocol, name: string, address: string | undefined): ToldFact {
  const type = protocol === 'netbios-ns' ? 'NB' : address?.includes(':') ? 'AAAA' : 'A';
  const fact: Omit<DnsFact, 'timeUs'> = {
    type: 'dns',
    fromInitiator: true,
    protocol,
    id: 1,
    isResponse: address !== undefined,
    opcode: 0,
    responseCode: 'NOERROR',
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    questions: [{ name, type, class: 1 }],
    answers: address === undefined ? [] : [{ name, type, ttl: 30, data: address }],
    authorities: [],
    additionals: [],
    bytes: 60,
  };
  return fact;
}

function tell(player: Player, from: string, to: string, port: number, fact: ToldFact): void {
  player.play({ from, to, port, protocol: PROTOCOL.udp, steps: ['> x', { fact }] });
}

/** A host asks for a name, and another answers with an address. */
function lookUp(player: Player, protocol: Protocol, name: string, who: string, answerer: string, address = answerer) {
  tell(player, who, GROUP[protocol], PORT[protocol], message(protocol, name, undefined));
  tell(player, answerer, who, PORT[protocol], message(protocol, name, address));
  player.wait(1);
}

function login(player: Player, client: string, server: string, serverName: string): void {
  player.play({
    from: client,
    to: server,
    port: 445,
    steps: [
      '> x',
      { fact: { type: 'property', fromInitiator: false, protocol: 'smb', name: 'server-name', value: serverName } },
      {
        fact: {
          type: 'login',
          fromInitiator: true,
          protocol: 'smb',
          user: 'alice',
          domain: 'CORP',
          host: 'PC7',
          outcome: 'failure',
          isCleartext: false,
          method: 'ntlmv2',
        },
      },
    ],
  });
  player.wait(1);
}

describe('told', () => {
  it('a host that answers for every name, by two protocols', () => {
    const player = new Player(namePoisoningDetector);
    for (const name of ['fileshrae', 'printsrv', 'wpda']) {
      lookUp(player, 'llmnr', name, VICTIM, ATTACKER);
      lookUp(player, 'netbios-ns', `${name.toUpperCase()}<20>`, VICTIM, ATTACKER);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      kind: 'man-in-the-middle',
      severity: 'medium',
      techniques: ['T1557.001', 'T1557'],
      attackers: [ATTACKER],
      victims: [VICTIM],
    });
    expect(player.alerts[0]!.evidence[0]!.value).toBe(3);
  });

  it('one name, whose server then calls itself something else and is given a login', () => {
    const player = new Player(namePoisoningDetector);
    lookUp(player, 'llmnr', 'fileshrae', VICTIM, ATTACKER);
    login(player, VICTIM, ATTACKER, 'WIN-7Q2XK9.J4M2.local');
    expect(player.alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER], victims: [VICTIM] });
    expect(player.alerts[0]!.explanation).toContain('CORP\\alice');
  });

  it('the name of the proxy, whose settings are then fetched', () => {
    const player = new Player(namePoisoningDetector);
    lookUp(player, 'netbios-ns', 'WPAD<00>', VICTIM, ATTACKER);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium' });
    const fact: ToldFact = {
      type: 'http-request',
      fromInitiator: true,
      protocol: 'http',
      index: 0,
      method: 'GET',
      host: 'wpad',
      hostPort: -1,
      uri: '/wpad.dat',
      version: '1.1',
      userAgent: '',
      referrer: '',
      contentType: '',
      contentLength: -1,
      user: '',
      authorization: '',
      headers: [],
      bodyStart: '',
    };
    player.play({ from: VICTIM, to: ATTACKER, port: 80, steps: ['> x', { fact }] });
    player.wait(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high' });
  });

  it('over IPv6, where the address of the other version is given', () => {
    const player = new Player(namePoisoningDetector);
    for (const name of ['a1', 'b2', 'c3']) lookUp(player, 'llmnr', name, 'fe80::7', 'fe80::66', ATTACKER);
    expect(player.alerts[0]).toMatchObject({ attackers: ['fe80::66'], victims: ['fe80::7'] });
  });

  it('not once per answer', () => {
    const player = new Player(namePoisoningDetector);
    for (let i = 0; i < 60; i++) lookUp(player, 'llmnr', `name${i}`, `192.168.1.${100 + i}`, ATTACKER);
    player.finish();
    expect(player.findings.length).toBeLessThan(12);
    expect(player.alerts[0]!.victimCount).toBe(60);
  });
});

describe('silent', () => {
  const quiet = (play: (player: Player) => void) => {
    const player = new Player(namePoisoningDetector);
    play(player);
    player.finish();
    return player.alerts;
  };

  it('a computer that answers for its own name, by every protocol, and is logged in to', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 20; i++) {
          lookUp(player, 'llmnr', 'NAS', `192.168.1.${20 + i}`, '192.168.1.5');
          lookUp(player, 'netbios-ns', 'NAS<20>', `192.168.1.${20 + i}`, '192.168.1.5');
          lookUp(player, 'mdns', 'nas.local', `192.168.1.${20 + i}`, '192.168.1.5');
          login(player, `192.168.1.${20 + i}`, '192.168.1.5', 'NAS');
        }
      }),
    ).toEqual([]);
  });

  it('a WINS server, and a proxy that knows sleeping hosts', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 40; i++) {
          lookUp(player, 'netbios-ns', `PC${i}<20>`, VICTIM, '192.168.1.2', `192.168.1.${50 + i}`);
          lookUp(player, 'mdns', `mac${i}.local`, VICTIM, '192.168.1.3', `192.168.1.${50 + i}`);
        }
      }),
    ).toEqual([]);
  });

  it('a printer with services, and a home server with a name for each', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 8; i++) lookUp(player, 'mdns', `service${i}.local`, VICTIM, '192.168.1.9');
        for (let i = 0; i < 40; i++) lookUp(player, 'mdns', `Printer ${i}._ipp._tcp.local`, VICTIM, '192.168.1.9');
      }),
    ).toEqual([]);
  });

  it('names of domains and groups, and names that nobody asked for', () => {
    expect(
      quiet((player) => {
        for (let i = 0; i < 9; i++) lookUp(player, 'netbios-ns', `DOMAIN${i}<1c>`, VICTIM, '192.168.1.2');
        for (let i = 0; i < 9; i++)
          tell(player, '192.168.1.2', '224.0.0.252', 5355, message('llmnr', `n${i}`, '192.168.1.2'));
      }),
    ).toEqual([]);
  });
});

it('reads names', () => {
  expect(['WPAD<00>', 'Files.local.', 'CORP<1b>', '_ipp._tcp.local', '*<00>'].map(plainName)).toEqual([
    'wpad',
    'files',
    '',
    '',
    '',
  ]);
  expect(isTrapName('wpad.corp.example')).toBe(true);
  expect(isTrapName('wpadded')).toBe(false);
  expect(isSameComputer('a-very-long-computer', 'A-VERY-LONG-COM')).toBe(true);
});

it('takes any names', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (names) => {
      const player = new Player(namePoisoningDetector);
      for (const name of names) lookUp(player, 'llmnr', name, VICTIM, ATTACKER);
      player.finish();
    }),
    { numRuns: 50 },
  );
});
