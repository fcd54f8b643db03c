import { describe, expect, it } from 'vitest';
import { redis } from './redis.ts';
import { bytesOf, commandsOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

describe('Redis', () => {
  const command = (...words: string[]) =>
    bytesOf(`*${words.length}\r\n`, ...words.map((word) => `$${word.length}\r\n${word}\r\n`));
  const exchange: Exchange = [
    [
      'initiator',
      bytesOf(command('AUTH', 'wrong-secret'), command('GET', 'key'), command('SET', 'other', 'x'.repeat(1_500))),
    ],
    [
      'responder',
      bytesOf(
        '-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n',
      ),
    ],
    ['initiator', command('AUTH', 'alice', 'right-secret')],
    ['responder', bytesOf('+OK\r\n')],
    ['initiator', bytesOf(command('CONFIG', 'SET', 'dir', '/root/.ssh'), 'PING\r\n')],
    ['responder', bytesOf(`+OK\r\n*2\r\n$3\r\nabc\r\n*1\r\n:1\r\n`)],
  ];

  it('tells logins, commands and refusals, and no secrets', () => {
    const facts = feed(redis, exchange);
    expect(loginsOf(facts)).toEqual(['default failure password cleartext', 'alice success password cleartext']);
    expect(commandsOf(facts)).toEqual([
      'AUTH  1',
      'GET key 1',
      'SET other 1',
      'AUTH  0',
      'CONFIG SET dir /root/.ssh 0',
      'PING  0',
    ]);
    expect(propertiesOf(facts, 'error')[1]).toBe('NOAUTH Authentication required.');
    expect(JSON.stringify(facts)).not.toContain('secret');
  });

  it('keeps no passwords that are set, or that the server repeats', () => {
    const facts = feed(redis, [
      ['initiator', bytesOf(command('CONFIG', 'SET', 'requirepass', 'secret'), command('AUTHH', 'alice', 'secret'))],
      ['responder', bytesOf('+OK\r\n-ERR unknown command `AUTHH`, with args beginning with: `alice` `secret`\r\n')],
    ]);
    expect(propertiesOf(facts, 'error')).toEqual(['ERR unknown command `AUTHH`']);
    expect(JSON.stringify(facts)).not.toContain('secret');
  });

  it('stops matching answers once the server speaks by itself', () => {
    const facts = feed(redis, [
      ['initiator', bytesOf(command('SUBSCRIBE', 'news'), command('GET', 'key'))],
      ['responder', bytesOf('*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n-ERR no\r\n')],
    ]);
    expect(commandsOf(facts)).toEqual(['SUBSCRIBE news -1', 'GET key -1']);
  });

  it('is not told by a line that mail servers answer too', () => {
    expect(
      feed(redis, [
        ['responder', bytesOf('+OK\r\n')],
        ['initiator', bytesOf('AUTH PLAIN\r\n')],
        ['responder', bytesOf('+OK\r\n')],
      ]),
    ).toEqual([]);
  });

  it('stands cuts and damage', () => expectRobust(redis, exchange));
});
