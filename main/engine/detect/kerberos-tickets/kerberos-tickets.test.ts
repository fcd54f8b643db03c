import { describe, expect, it } from 'vitest';
import { type Conversation, FINISHED, Player, type Step, type ToldFact } from '../testing.ts';
import { kerberosTicketsDetector } from './kerberos-tickets.ts';

const CLIENT = '10.0.0.5';
const KDC = '10.0.0.1';
const STRONG = 'aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 rc4-hmac rc4-hmac-exp etype-135';
const WEAK = 'rc4-hmac';

const property = (name: string, value: string): ToldFact => ({
  type: 'property',
  protocol: 'kerberos',
  name,
  value,
  fromInitiator: true,
});
const command = (what: string, argument: string, status: number): ToldFact => ({
  type: 'command',
  protocol: 'kerberos',
  command: what,
  argument,
  status,
  fromInitiator: true,
});

function talk(facts: readonly ToldFact[]): Conversation {
  const steps: readonly Step[] = ['>S', '<SA', '>A', ...facts.map((fact) => ({ fact }))];
  return { from: CLIENT, to: KDC, port: 88, steps, end: FINISHED };
}

function ticket(service: string, offered: string, cipher: string): Conversation {
  return talk([
    property('ciphers-offered', offered),
    command('tgs', `anna@EXAMPLE.ORG ${service}`, 0),
    property('ticket-cipher', cipher),
  ]);
}

function login(user: string, method: string, offered = STRONG): Conversation {
  return talk([
    property('ciphers-offered', offered),
    command('as', `${user}@EXAMPLE.ORG krbtgt/EXAMPLE.ORG`, 0),
    {
      type: 'login',
      protocol: 'kerberos',
      user,
      domain: 'EXAMPLE.ORG',
      host: '',
      outcome: 'success',
      isCleartext: false,
      method,
      fromInitiator: true,
    },
  ]);
}

function play(count: number, secondsApart: number, make: (n: number) => Conversation): Player {
  const player = new Player(kerberosTicketsDetector);
  for (let n = 0; n < count; n++) {
    player.play(make(n));
    player.wait(secondsApart);
  }
  player.finish();
  return player;
}

describe('tickets that are collected', () => {
  it.each<[string, number, (n: number) => Conversation]>([
    ['asked for with weak encryption only', 4, (n) => ticket(`svc${n}`, WEAK, WEAK)],
    ['many, as they come', 40, (n) => ticket(`MSSQLSvc/db${n}.example.org:1433`, STRONG, WEAK)],
  ])('of service accounts, %s', (_name, count, make) => {
    const player = play(count, 0.5, make);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      severity: 'medium',
      techniques: ['T1558.003'],
      attackers: [CLIENT],
      victims: [KDC],
    });
    expect(player.alerts[0]!.evidence[0]!.value).toBe(count);
    expect(player.findings.length).toBeLessThan(6);
  });

  it('in one conversation, where the cipher is told once', () => {
    const facts = Array.from({ length: 6 }, (_, n) => command('tgs', `anna@EXAMPLE.ORG svc${n}`, 0));
    const player = play(1, 1, () => talk([property('ciphers-offered', WEAK), ...facts]));
    expect(player.alerts[0]!.evidence[0]!.value).toBe(6);
  });

  it('of accounts that need no proof', () => {
    const [alert] = play(5, 1, (n) => login(`user${n}`, 'kerberos-no-preauth', WEAK)).alerts;
    expect(alert).toMatchObject({ severity: 'medium', techniques: ['T1558.004'], attackers: [CLIENT] });
  });
});

it('logins without proof at a usual strength are told of mildly, when they are many', () => {
  const [alert] = play(20, 1, (n) => login(`user${n}`, 'kerberos-no-preauth')).alerts;
  expect(alert).toMatchObject({ severity: 'low' });
});

describe('tickets that are used', () => {
  it.each<[string, number, number, (n: number) => Conversation]>([
    ['a morning at work', 60, 1, (n) => ticket(`cifs/server${n}.example.org`, STRONG, 'aes256-cts-hmac-sha1-96')],
    ['an old domain, where all is weak', 60, 1, (n) => ticket(`ldap/dc${n}.example.org`, STRONG, WEAK)],
    ['computers by their names', 60, 1, (n) => ticket(`desk${n}$`, STRONG, WEAK)],
    ['a server with a few databases', 5, 10, (n) => ticket(`MSSQLSvc/db${n}.example.org`, STRONG, WEAK)],
    ['many databases over a day', 40, 1_800, (n) => ticket(`MSSQLSvc/db${n}.example.org`, STRONG, WEAK)],
    ['strong tickets of many services', 60, 1, (n) => ticket(`HTTP/app${n}`, STRONG, 'aes256-cts-hmac-sha1-96')],
    ['people who log in', 60, 1, (n) => login(`user${n}`, 'kerberos')],
    ['a few people where no account needs a proof', 5, 60, (n) => login(`user${n}`, 'kerberos-no-preauth')],
    ['an old device that can do no better', 60, 60, () => login('scanner', 'kerberos-no-preauth')],
    ['logins that stay anonymous', 9, 1, (n) => login(`WELLKNOWN/ANONYMOUS${n}`, 'kerberos-no-preauth')],
  ])('%s: are silent', (_name, count, secondsApart, make) => {
    expect(play(count, secondsApart, make).findings).toEqual([]);
  });
});
