import { describe, expect, it } from 'vitest';
import { oracle } from './oracle.ts';
import { big16, bytesOf, type Exchange, expectRobust, little32, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

describe('Oracle', () => {
  const packet = (type: number, ...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return bytesOf(big16(content.length + 8), 0, 0, type, 0, 0, 0, content);
  };
  const text = '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl)(CID=(PROGRAM=sqlplus)(HOST=ws1)(USER=bob))))';
  const connect = packet(
    1,
    big16(314),
    big16(300),
    new Uint8Array(12),
    big16(text.length),
    big16(58),
    new Uint8Array(30),
    text,
  );
  const session = packet(
    6,
    0,
    0,
    3,
    0x76,
    2,
    new Uint8Array(8).fill(0xfe),
    6,
    'system',
    little32(13),
    13,
    'AUTH_TERMINAL',
    0,
  );
  const exchange: Exchange = [
    ['initiator', connect],
    ['responder', packet(2, big16(314), new Uint8Array(16))],
    ['initiator', session],
    ['responder', packet(6, 0, 0, 8, 'AUTH_SESSKEY')],
    ['responder', packet(6, 0, 0, 4, 'ORA-01017: invalid username/password; logon denied')],
  ];

  it('tells who asks for which database, and how the login ended', () => {
    const facts = feed(oracle, exchange);
    expect(propertiesOf(facts, 'database')).toEqual(['orcl']);
    expect(propertiesOf(facts, 'client-user')).toEqual(['bob']);
    expect(loginsOf(facts)).toEqual(['system failure o5logon']);
    expect(loginsOf(feed(oracle, exchange.slice(0, 4)))).toEqual(['system attempt o5logon']);
    expect(
      loginsOf(feed(oracle, [...exchange.slice(0, 4), ['responder', packet(6, 0, 0, 8, 'AUTH_SVR_RESPONSE')]])),
    ).toEqual(['system success o5logon']);
  });

  it('stands cuts and damage', () => expectRobust(oracle, exchange));
});
