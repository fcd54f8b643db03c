import { describe, expect, it } from 'vitest';
import { postgresql } from './postgresql.ts';
import { big32, bytesOf, commandsOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

describe('PostgreSQL', () => {
  const message = (type: string, ...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return bytesOf(type, big32(content.length + 4), content);
  };
  const startup = (() => {
    const content = bytesOf(big32(0x30000), 'user\0alice\0database\0shop\0application_name\0psql\0\0');
    return bytesOf(big32(content.length + 4), content);
  })();
  const exchange: Exchange = [
    ['initiator', bytesOf(big32(8), big32(80877103))],
    ['responder', bytesOf('N')],
    ['initiator', startup],
    ['responder', message('R', big32(3))],
    ['initiator', message('p', 'hunter2\0')],
    ['responder', bytesOf(message('R', big32(0)), message('S', 'server_version\x0016.2\0'), message('Z', 'I'))],
    ['initiator', message('Q', 'select 1\0')],
  ];

  it('tells login, database, version and queries', () => {
    const facts = feed(postgresql, exchange);
    expect(loginsOf(facts)).toEqual(['alice success password cleartext']);
    expect(propertiesOf(facts, 'database')).toEqual(['shop']);
    expect(propertiesOf(facts, 'software')).toEqual(['PostgreSQL 16.2']);
    expect(commandsOf(facts)).toEqual(['query select 1 -1']);
    expect(JSON.stringify(facts)).not.toContain('hunter2');
  });

  it('tells a refused login', () => {
    const error = message('E', 'SFATAL\0C28P01\0Mpassword authentication failed\0\0');
    const facts = feed(postgresql, [...exchange.slice(0, 5), ['responder', error]]);
    expect(loginsOf(facts)).toEqual(['alice failure password cleartext']);
    expect(propertiesOf(facts, 'error')).toEqual(['28P01 password authentication failed']);
  });

  it('stands cuts and damage', () => expectRobust(postgresql, exchange));
});
