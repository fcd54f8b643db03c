import { describe, expect, it } from 'vitest';
import type { LoginFact, ProtocolId } from '../../../contract/facts.ts';
import type { Service } from '../../../contract/traffic.ts';
import { bruteForceDetector } from './brute-force.ts';
import { type Conversation, FINISHED, Player, type Step } from './testing.ts';

const GUESSER = '198.51.100.7';
const SERVER = '10.0.0.9';
const BY_BOTH: readonly Step[] = ['>S', '<SA', '>A', '> ask', '< answer'];

function protocolFact(protocol: ProtocolId): Step {
  return { fact: { type: 'protocol', protocol, isUsualPort: true, fromInitiator: true } };
}

function login(protocol: ProtocolId, outcome: LoginFact['outcome'], user = '', more: Partial<LoginFact> = {}): Step {
  return {
    fact: {
      type: 'login',
      protocol,
      user,
      domain: '',
      host: '',
      outcome,
      isCleartext: false,
      method: 'password',
      fromInitiator: true,
      ...more,
    },
  };
}

function session(
  protocol: ProtocolId,
  steps: readonly Step[],
  more: Partial<Conversation> & { service?: Service } = {},
): Conversation {
  return {
    from: GUESSER,
    to: SERVER,
    port: 445,
    service: more.service ?? (protocol as Service),
    steps: [...BY_BOTH, protocolFact(protocol), ...steps, '>FA', '<FA'],
    end: FINISHED,
    ...more,
  };
}

function play(
  count: number,
  secondsApart: number,
  make: (n: number) => Conversation,
  player = new Player(bruteForceDetector),
) {
  for (let n = 0; n < count; n++) {
    player.play(make(n));
    player.wait(secondsApart);
  }
  player.wait(8);
  player.finish();
  return player;
}

const failure = (user: string, protocol: ProtocolId = 'smb') => session(protocol, [login(protocol, 'failure', user)]);

describe('what parsers tell of logins', () => {
  it('counts once what could also be read in the bytes', () => {
    const make = (n: number) =>
      session(
        'ftp',
        ['> USER bob\r\n', `> PASS ${n}\r\n`, '< 530 no\r\n', login('ftp', 'failure', 'bob', { isCleartext: true })],
        { port: 21 },
      );
    const [alert] = play(30, 1, make).alerts;
    expect(alert!.evidence[0]).toMatchObject({ name: 'failed logins', value: 30 });
    expect(alert).toMatchObject({ severity: 'medium', attackers: [GUESSER], victims: [SERVER] });
  });

  it('names who got in, and how often it failed before', () => {
    const make = (n: number) => session('smb', [login('smb', n < 212 ? 'failure' : 'success', 'bob')]);
    const [alert] = play(213, 0.2, make).alerts;
    expect(alert).toMatchObject({
      title: `${GUESSER} got into ${SERVER} as bob after 212 failed logins`,
      severity: 'high',
      techniques: ['T1110.001', 'T1078'],
    });
  });

  it('is critical when the account rules the computer', () => {
    const make = (n: number) => session('smb', [login('smb', n < 30 ? 'failure' : 'success', 'Administrator')]);
    expect(play(31, 0.2, make).alerts[0]).toMatchObject({ severity: 'critical' });
  });

  it('is told once however often it gets in afterwards', () => {
    const player = new Player(bruteForceDetector);
    play(40, 0.5, () => failure('root'), player);
    const told = player.findings.length;
    play(200, 1, () => session('ssh', [login('ssh', 'success')], { port: 22 }), player);
    expect(player.findings.length - told).toBeLessThan(12);
    expect(player.alerts[0]).toMatchObject({ severity: 'high' });
  });

  it('knows a login at another service of the same host, minutes later', () => {
    const player = new Player(bruteForceDetector);
    play(40, 0.5, () => failure('root'), player);
    player.wait(600);
    player.play(session('ssh', [login('ssh', 'success')], { port: 22 }));
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'high', victims: [SERVER] });
    expect(player.alerts[0]!.explanation).toContain('over SSH');
  });

  it.each<[string, Conversation]>([
    ['at another host', { ...session('ssh', [login('ssh', 'success')]), to: '10.0.0.10' }],
    ['of another computer', { ...session('ssh', [login('ssh', 'success')]), from: '10.0.0.77' }],
    ['of the computer itself', session('smb', [login('smb', 'success', 'DESK7$')])],
    ['of nobody', session('ftp', [login('ftp', 'success', 'anonymous')])],
  ])('a login %s is no breach', (_name, conversation) => {
    const player = new Player(bruteForceDetector);
    play(40, 0.5, () => failure('root'), player);
    player.play(conversation);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium' });
  });

  it('who logged in before the guessing began has the password by right', () => {
    const player = new Player(bruteForceDetector);
    player.play(session('smb', [login('smb', 'success', 'anna')]));
    player.wait(60);
    play(40, 0.5, (n) => failure(`user${n}`), player);
    player.play(session('smb', [login('smb', 'success', 'anna')]));
    expect(player.alerts[0]).toMatchObject({ severity: 'medium' });
  });

  it('goes on where parsers tell no more of a long connection', () => {
    const tries = Array.from({ length: 600 }, (_, n): readonly Step[] => [
      '> USER bob\r\n',
      `> PASS secret${100 + n}\r\n`,
      '< 530 Login incorrect.\r\n',
      ...(n < 256 ? [login('ftp', 'failure', 'bob', { isCleartext: true })] : []),
    ]).flat();
    const [alert] = play(1, 1, () => session('ftp', tries, { port: 21 })).alerts;
    expect(alert!.evidence[0]!.value).toBeGreaterThan(550);
    expect(alert!.evidence[0]!.value).toBeLessThan(610);
  });
});

describe('spraying', () => {
  it('is told by the names, when it is quick', () => {
    const [alert] = play(30, 1, (n) => failure(`user${n}`)).alerts;
    expect(alert).toMatchObject({ techniques: ['T1110.003'], severity: 'medium' });
    expect(alert!.explanation).toContain('30 names were tried');
  });

  it('is told by the names over hours, across hosts', () => {
    const make = (n: number) => ({ ...failure(`user${n % 20}`), to: `10.0.0.${1 + (n % 3)}` });
    const player = play(24, 1_800, make);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      severity: 'medium',
      techniques: ['T1110.003'],
      attackers: [GUESSER],
      victimCount: 3,
      title: `${GUESSER} is trying 20 account names for file sharing (SMB) on 3 hosts`,
    });
    expect(player.findings.length).toBeLessThan(24);
  });

  it('with another password for each name is a list of stolen ones', () => {
    const make = (n: number) =>
      session('ftp', [`> PASS pw${n}\r\n`, login('ftp', 'failure', `user${n}@example.org`, { isCleartext: true })]);
    expect(play(40, 1, make).alerts[0]).toMatchObject({ techniques: ['T1110.004'] });
  });

  it('with one password for all names is spraying, however often the password is the same', () => {
    const make = (n: number) =>
      session('ftp', ['> PASS Summer2026\r\n', login('ftp', 'failure', `user${n}`, { isCleartext: true })]);
    expect(play(40, 1, make).alerts[0]).toMatchObject({ techniques: ['T1110.003'] });
  });

  it('for names that do not exist is a search for accounts', () => {
    const unknown: Step = {
      fact: { type: 'command', protocol: 'kerberos', command: 'as', argument: '', status: 6, fromInitiator: true },
    };
    const make = (n: number) => session('kerberos', [unknown, login('kerberos', 'failure', `user${n}`)], { port: 88 });
    const [alert] = play(60, 0.2, make).alerts;
    expect(alert!.techniques).toEqual(['T1087', 'T1110.003']);
    expect(alert!.title).toBe(`${GUESSER} is guessing account names for Kerberos on ${SERVER}`);
  });

  it('that asks for one missing name again and again is none', () => {
    const answer = (status: number): Step => ({
      fact: { type: 'command', protocol: 'kerberos', command: 'as', argument: '', status, fromInitiator: true },
    });
    const gone = session('kerberos', [answer(6), login('kerberos', 'failure', 'gone')], { port: 88 });
    expect(play(60, 1, () => gone).alerts).toEqual([]);
    // An expired password was the right one.
    const expired = session('kerberos', [answer(23), login('kerberos', 'failure', 'bob')], { port: 88 });
    expect(play(60, 1, () => expired).alerts).toEqual([]);
  });

  it('is none behind a computer that many people use', () => {
    // A webmail server: of a thousand people some err each hour, and then get in.
    const player = play(400, 60, (n) =>
      session('imap', [login('imap', n % 20 === 0 ? 'failure' : 'success', `user${n % 200}`)], { port: 143 }),
    );
    expect(player.alerts).toEqual([]);
  });
});

describe('programs with an old password', () => {
  const cleartext = { isCleartext: true };

  it.each<[string, number, (n: number) => Conversation]>([
    [
      'a mail program, every minute',
      60,
      () => session('pop3', ['> PASS old\r\n', login('pop3', 'failure', 'bob', cleartext)], { port: 110 }),
    ],
    [
      'a mail program with three accounts',
      20,
      (n) =>
        session('imap', ['> 1 LOGIN x old\r\n', login('imap', 'failure', `bob${n % 3}`, cleartext)], { port: 143 }),
    ],
    [
      'a web program, in one connection after the other',
      1,
      () =>
        session('http', [
          '> GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n',
          login('http', 'failure', 'a', { isCleartext: true, method: 'basic' }),
        ]),
    ],
    [
      'a web program, in one long connection',
      1_000,
      () =>
        session(
          'http',
          Array.from({ length: 60 }, () => [
            '> GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n',
            login('http', 'failure', 'a', { isCleartext: true, method: 'basic' }),
          ]).flat(),
        ),
    ],
  ])('%s: are silent', (_name, secondsApart, make) => {
    expect(play(120, secondsApart, make).alerts).toEqual([]);
  });

  it.each<[string, number, number, ProtocolId]>([
    ['a scheduled task at a file server, every minute', 120, 60, 'smb'],
    ['a service that reconnects every five seconds', 300, 5, 'mssql'],
    ['a workstation whose password has expired', 60, 30, 'kerberos'],
    ['a device that reads a page with an old password, by challenge', 120, 60, 'http'],
  ])('%s: are low', (_name, count, secondsApart, protocol) => {
    const { alerts } = play(count, secondsApart, () => failure('svc-backup', protocol));
    expect(alerts.every((alert) => alert.severity === 'low')).toBe(true);
    expect(alerts.length).toBeLessThan(2);
  });

  it.each<[string, number, number, (n: number) => Conversation]>([
    [
      'a program with an expired token',
      300,
      1,
      () => session('http', [login('http', 'failure', '', { isCleartext: true, method: 'bearer' })], { port: 80 }),
    ],
    [
      'a telephone whose challenge is too old each time',
      300,
      30,
      () => session('sip', [login('sip', 'failure', '1001'), login('sip', 'success', '1001')], { port: 5060 }),
    ],
    [
      'somebody who mistypes and then gets in, all day',
      300,
      20,
      () =>
        session('smb', [
          login('smb', 'failure', 'anna'),
          login('smb', 'failure', 'anna'),
          login('smb', 'success', 'anna'),
        ]),
    ],
  ])('%s: is silent', (_name, count, secondsApart, make) => {
    expect(play(count, secondsApart, make).alerts).toEqual([]);
  });

  it('SSH that offers the keys of an agent, then works', () => {
    const make = () =>
      session('ssh', [...Array.from({ length: 5 }, () => login('ssh', 'failure')), login('ssh', 'success')], {
        port: 22,
      });
    expect(play(40, 1, make).alerts).toEqual([]);
  });
});

describe('forms', () => {
  const form = (n: number, outcome: LoginFact['outcome']) => [
    `> POST /login HTTP/1.1\r\n\r\nuser=bob&password=pw${n}`,
    login('http', outcome, 'bob', { isCleartext: true, method: 'form' }),
  ];

  it.each(['failure', 'attempt', 'success'] as const)(
    'many passwords that all look like %s are guessing',
    (outcome) => {
      const [alert] = play(40, 1, (n) => session('http', form(n, outcome), { port: 80 })).alerts;
      expect(alert).toMatchObject({ severity: 'medium', techniques: ['T1110.001'] });
    },
  );

  it('and then one that looks different is a breach', () => {
    const player = play(40, 1, (n) => session('http', form(n, n < 39 ? 'failure' : 'success'), { port: 80 }));
    expect(player.alerts[0]).toMatchObject({
      severity: 'high',
      title: `${GUESSER} got into ${SERVER} as bob after 39 failed logins`,
    });
  });
});
