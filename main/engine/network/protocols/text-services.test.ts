import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../contract/facts.ts';
import { extendedHostPort, hostPort } from './ftp/endpoint.ts';
import { ftp } from './ftp/ftp.ts';
import { ftpData } from './ftp/ftp-data.ts';
import { http } from './http/http.ts';
import { imap } from './imap.ts';
import { irc } from './irc.ts';
import { pop3 } from './pop3.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { smtp } from './smtp/smtp.ts';
import { socks } from './socks.ts';
import { LoginWatch } from './ssh/login-watch.ts';
import { packetSizeOf } from './ssh/packet-size.ts';
import { ssh } from './ssh/ssh.ts';
import { feed } from './testing.ts';
import { SAMPLES, talk } from './text-testing.ts';
import { tls } from './tls/tls.ts';

function sampleFacts(definition: ProtocolDefinition): Fact[] {
  const sample = SAMPLES.find((each) => each.definition === definition);
  return feed(definition, sample?.exchange ?? []);
}

function logins(facts: readonly Fact[]): unknown[] {
  return facts
    .filter((fact) => fact.type === 'login')
    .map(({ user, outcome, method, isCleartext }) => [user, outcome, method, isCleartext]);
}

function commands(facts: readonly Fact[]): unknown[] {
  return facts
    .filter((fact) => fact.type === 'command')
    .map(({ command, argument, status }) => [command, argument, status]);
}

function properties(facts: readonly Fact[], name: string): string[] {
  return facts
    .filter((fact) => fact.type === 'property' && fact.name === name)
    .map((fact) => ('value' in fact ? fact.value : ''));
}

describe('ftp', () => {
  const facts = sampleFacts(ftp);

  it('pairs commands with their answers and keeps no password', () => {
    expect(commands(facts)).toEqual([
      ['USER', 'anna', 331],
      ['PASS', '*', 530],
      ['USER', 'anna', 331],
      ['PASS', '*', 230],
      ['PASV', '', 227],
      ['RETR', 'dir/secret.zip', 226],
      ['EPSV', '', 229],
      ['QUIT', '', -1],
    ]);
  });

  it('tells logins and data connections', () => {
    expect(logins(facts)).toEqual([
      ['anna', 'failure', 'password', true],
      ['anna', 'success', 'password', true],
    ]);
    expect(properties(facts, 'data-endpoint')).toEqual(['10.0.0.2:51213', ':6446']);
    expect(properties(facts, 'banner')).toEqual(['hello', '(vsFTPd 2.3.4)']);
  });

  it('goes on in TLS', () => {
    const said = talk(['<', '220 FTP\r\n'], ['>', 'AUTH TLS\r\n'], ['<', '234 go\r\n'], ['>', '\x16\x03\x01']);
    expect(feed(ftp, said, { others: [tls] })).toContainEqual(
      expect.objectContaining({ type: 'protocol', protocol: 'tls' }),
    );
  });

  it.each([
    ['227 (1,2,3,4,5,6)', { address: '1.2.3.4', port: 1286 }],
    ['1,2,3,4,0,21', { address: '1.2.3.4', port: 21 }],
    ['1,2,3,4,0,0', undefined],
    ['1,2,3,256,0,1', undefined],
    ['1,2,3', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => expect(hostPort(text.replace(/^\d+ /, ''))).toEqual(expected));

  it.each([
    ['|1|132.235.1.2|6275|', { address: '132.235.1.2', port: 6275 }],
    ['Entering (|||6446|)', { address: '', port: 6446 }],
    ['|||99999|', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => expect(extendedHostPort(text)).toEqual(expected));

  it('leaves data connections alone that nobody announced', () => {
    expect(feed(ftpData, talk(['<', 'whatever']))).toEqual([]);
  });
});

describe('smtp', () => {
  const facts = sampleFacts(smtp);

  it('tells logins by SASL', () => {
    expect(logins(facts)).toEqual([
      ['carol', 'failure', 'sasl-login', true],
      ['dave', 'success', 'sasl-plain', true],
    ]);
  });

  it('tells the mail, and the file in it', () => {
    expect(properties(facts, 'subject')).toEqual(['a long one']);
    expect(facts.filter((fact) => fact.type === 'file')).toMatchObject([
      {
        name: 'run.sh',
        kind: 'script',
        claimedType: 'application/x-sh',
        bytes: 16,
        isWhole: true,
        fromInitiator: true,
      },
    ]);
    expect(commands(facts)).toContainEqual(['MAIL', 'FROM:<a@example.org>', 250]);
    expect(commands(facts).slice(-3)).toEqual([
      ['DATA', '', 354],
      ['DATA', '', 250],
      ['QUIT', '', 221],
    ]);
  });

  it('goes on in TLS', () => {
    const said = talk(['<', '220 x ESMTP\r\n'], ['>', 'STARTTLS\r\n'], ['<', '220 go\r\n'], ['>', '\x16\x03\x01']);
    expect(feed(smtp, said, { others: [tls] })).toContainEqual(expect.objectContaining({ protocol: 'tls' }));
  });
});

describe('ftp and smtp', () => {
  const both = { others: [smtp], responderPort: 9_999 };
  const protocolOf = (facts: readonly Fact[]) => facts.find((fact) => fact.type === 'protocol')?.protocol;

  it.each([
    ['ftp', talk(['<', '220 ready\r\n'], ['>', 'USER x\r\n'])],
    ['smtp', talk(['<', '220 ready\r\n'], ['>', 'EHLO x\r\n'])],
    ['smtp', talk(['<', '220 mail.example.org ESMTP\r\n'])],
    ['ftp', talk(['<', '220 ProFTPD\r\n'])],
    [undefined, talk(['<', '220 ready\r\n'])],
    [undefined, talk(['<', '220 ready\r\n'], ['>', 'GET key\r\n'])],
  ])('are told apart: %s', (protocol, said) => expect(protocolOf(feed(ftp, said, both))).toBe(protocol));
});

describe('mailboxes', () => {
  it('of POP3 tell logins', () => {
    expect(logins(sampleFacts(pop3))).toEqual([
      ['erin', 'failure', 'password', true],
      ['frank', 'success', 'sasl-cram-md5', false],
    ]);
  });

  it('of IMAP tell logins, also those in literals', () => {
    const facts = sampleFacts(imap);
    expect(logins(facts)).toEqual([
      ['gina', 'failure', 'password', true],
      ['gi"na', 'success', 'password', true],
    ]);
    // What looks like an answer inside a mail is none.
    expect(commands(facts).at(-1)).toEqual(['SELECT', 'INBOX', 1]);
  });

  it('are not Redis, whose answers look like greetings', () => {
    expect(feed(pop3, talk(['>', '*1\r\n$4\r\nPING\r\n'], ['<', '+OK\r\n']))).toEqual([]);
  });
});

it('telnet tells who logs in, typed by the letter', () => {
  const telnet = SAMPLES.find(({ definition }) => definition.id === 'telnet');
  expect(logins(feed(telnet?.definition as ProtocolDefinition, telnet?.exchange ?? []))).toEqual([
    ['root', 'failure', 'password', true],
    ['root', 'success', 'password', true],
  ]);
});

it('irc tells who joins what, and what bots are told', () => {
  const facts = sampleFacts(irc);
  expect(commands(facts)).toEqual([
    ['PASS', '*', -1],
    ['NICK', 'bot1', -1],
    ['USER', 'bot 0 * :Bot One', -1],
    ['JOIN', '#orders', -1],
    ['PRIVMSG', 'NickServ *', -1],
    ['TOPIC', 'bot1 #orders :.download http://x/y', -1],
  ]);
  expect(logins(facts)).toEqual([['bot1', 'success', 'password', true]]);
});

describe('socks', () => {
  it('tells who asks for what, and goes on in it', () => {
    const sample = SAMPLES.find(({ definition }) => definition === socks);
    const inner = talk(['>', 'GET /in HTTP/1.1\r\nHost: h\r\n\r\n']);
    const facts = feed(socks, [...(sample?.exchange ?? []), ...inner], { others: [http], responderPort: 4_444 });
    expect(commands(facts)).toEqual([['CONNECT', 'example.org:443', 0]]);
    expect(logins(facts)).toEqual([['hans', 'success', 'password', true]]);
    expect(facts).toContainEqual(expect.objectContaining({ type: 'http-request', uri: '/in' }));
  });

  it.each([
    ['\x04\x01\x00\x50\x01\x02\x03\x04user\0', '1.2.3.4:80'],
    ['\x04\x01\x00\x50\0\0\0\x01user\0name.example\0', 'name.example:80'],
  ])('reads version 4', (request, target) => {
    const facts = feed(socks, talk(['>', request], ['<', '\0\x5a\0\0\0\0\0\0']), { segmentBytes: 1 });
    expect(commands(facts)).toEqual([['CONNECT', target, 90]]);
  });
});

describe('ssh', () => {
  const names = ['curve25519-sha256', 'ssh-ed25519', ...Array(2).fill('chacha20-poly1305@openssh.com')];
  const lists = [...names, 'hmac-sha2-256', 'hmac-sha2-256', 'none', 'none', '', ''];
  const packet = (payload: Uint8Array) => {
    const padding = 8 - ((payload.length + 5) % 8) + 4;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(payload.length + padding + 1);
    head[4] = padding;
    return Buffer.concat([head, payload, Buffer.alloc(padding)]);
  };
  const list = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const init = packet(Buffer.concat([Buffer.from([20]), Buffer.alloc(16, 1), ...lists.map(list), Buffer.alloc(5)]));
  const newKeys = packet(Buffer.from([21]));
  const reply = packet(Buffer.concat([Buffer.from([31]), list('\0\0\0\x0bssh-ed25519xxxx')]));
  const opening: ['initiator' | 'responder', Uint8Array][] = [
    ['responder', Buffer.concat([Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), init])],
    ['initiator', Buffer.concat([Buffer.from('SSH-2.0-Client\r\n'), init])],
    ['responder', Buffer.concat([reply, newKeys])],
    ['initiator', newKeys],
  ];

  it('tells banners, HASSH and what was agreed on, however it is cut', () => {
    for (const segmentBytes of [1, 7, 60_000]) {
      const facts = feed(ssh, opening, { segmentBytes });
      const said = facts.filter((fact) => fact.type === 'ssh');
      expect(said.map(({ event, software, fromInitiator }) => [event, software, fromInitiator])).toEqual([
        ['banner', 'SSH-2.0-OpenSSH_9.9', false],
        ['key-exchange', '', false],
        ['banner', 'SSH-2.0-Client', true],
        ['key-exchange', '', true],
      ]);
      expect(said[3].hasshText).toBe('curve25519-sha256;chacha20-poly1305@openssh.com;hmac-sha2-256;none');
      expect(said[3].hassh).toMatch(/^[0-9a-f]{32}$/);
      expect(properties(facts, 'cipher')).toEqual(['chacha20-poly1305@openssh.com']);
      expect(properties(facts, 'host-key-sha256')).toHaveLength(1);
    }
  });

  it('tells logins by the sizes of their answers', () => {
    const sizes = ([[44], [84, 52], [84, 52], [148, 52], [148, 28]] as const).flatMap(([a, b]) =>
      b === undefined
        ? [['responder', Buffer.alloc(a, 9)] as const]
        : [['initiator', Buffer.alloc(a, 9)] as const, ['responder', Buffer.alloc(b, 9)] as const],
    );
    expect(logins(feed(ssh, [...opening, ...sizes]))).toEqual([
      ['', 'failure', '', false],
      ['', 'failure', '', false],
      ['', 'failure', '', false],
      ['', 'success', '', false],
    ]);
  });

  it('knows how long messages become', () => {
    const size = (cipher: string, mac: string) => packetSizeOf({ cipher, mac, compression: 'none' });
    expect(size('chacha20-poly1305@openssh.com', '')?.(1)).toBe(28);
    expect(size('aes256-gcm@openssh.com', '')?.(17)).toBe(52);
    expect(size('aes128-ctr', 'hmac-sha2-256-etm@openssh.com')?.(1)).toBe(52);
    expect(size('aes128-cbc', 'hmac-sha1')?.(1)).toBe(36);
    expect(size('unheard-of', 'hmac-sha1')).toBeUndefined();
    expect(packetSizeOf({ cipher: 'aes128-ctr', mac: 'hmac-sha1', compression: 'zlib' })).toBeUndefined();
  });

  it('takes the question for methods for no failure', () => {
    const size = packetSizeOf({ cipher: 'chacha20-poly1305@openssh.com', mac: '', compression: 'none' });
    if (size === undefined) throw new Error('a known cipher');
    const watch = new LoginWatch(size, size);
    expect([watch.piece(44, 0), watch.piece(52, 60), watch.piece(52, 148)]).toEqual([undefined, undefined, 'failure']);
  });
});
