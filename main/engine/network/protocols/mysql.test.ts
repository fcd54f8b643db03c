import { describe, expect, it } from 'vitest';
import { mysql } from './mysql.ts';
import {
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  little16,
  little32,
  loginsOf,
  propertiesOf,
} from './service-testing.ts';
import { feed } from './testing.ts';

describe('MySQL', () => {
  const packet = (sequence: number, ...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return bytesOf(content.length, content.length >> 8, 0, sequence, content);
  };
  const greeting = packet(0, 10, '8.0.36\0', little32(7), '12345678', 0, new Uint8Array(31));
  // 4.1, secure connection, database, plugin.
  const login = (user: string) =>
    packet(
      1,
      little32(0x0008_8208),
      little32(0),
      33,
      new Uint8Array(23),
      `${user}\0`,
      2,
      'xy',
      'shop\0',
      'caching_sha2_password\0',
    );
  const exchange: Exchange = [
    ['responder', greeting],
    ['initiator', login('root')],
    ['responder', packet(2, 0, 0, 0, 2, 0, 0, 0)],
    ['initiator', packet(0, 3, 'SELECT 1')],
    ['responder', packet(1, 1)],
    ['initiator', packet(0, 2, 'other')],
    ['responder', packet(1, 0xff, little16(1049), '#42000Unknown database')],
    ['initiator', packet(0, 1)],
  ];

  it('tells version, login and commands with their errors', () => {
    const facts = feed(mysql, exchange);
    expect(propertiesOf(facts, 'software')).toEqual(['8.0.36']);
    expect(propertiesOf(facts, 'database')).toEqual(['shop']);
    expect(loginsOf(facts)).toEqual(['root success caching_sha2_password']);
    expect(commandsOf(facts)).toEqual(['query SELECT 1 0', 'use other 1049', 'quit  -1']);
  });

  it('tells a refused login, and one that was not answered', () => {
    const refused = feed(mysql, [
      ...exchange.slice(0, 2),
      ['responder', packet(2, 0xff, little16(1045), '#28000Access denied')],
    ]);
    expect(loginsOf(refused)).toEqual(['root failure caching_sha2_password']);
    expect(propertiesOf(refused, 'error')).toEqual(['1045 Access denied']);
    expect(loginsOf(feed(mysql, exchange.slice(0, 2)))).toEqual(['root attempt caching_sha2_password']);
  });

  it('tells a password in the clear', () => {
    const facts = feed(mysql, [
      ...exchange.slice(0, 2),
      ['responder', packet(2, 0xfe, 'mysql_clear_password\0')],
      ['initiator', packet(3, 'hunter2\0')],
      ['responder', packet(4, 0, 0, 0, 2, 0, 0, 0)],
    ]);
    expect(loginsOf(facts)).toEqual(['root success mysql_clear_password cleartext']);
    expect(JSON.stringify(facts)).not.toContain('hunter2');
  });

  it('knows the sides by the greeting, and the text behind attributes', () => {
    const swapped = exchange.map(([side, bytes]) => [side === 'initiator' ? 'responder' : 'initiator', bytes] as const);
    expect(feed(mysql, swapped).find((fact) => fact.type === 'login')).toMatchObject({
      fromInitiator: false,
      user: 'root',
    });
    const capable = packet(1, little32(0x0808_8200), little32(0), 33, new Uint8Array(23), 'a\0', 0, 'p\0');
    const facts = feed(mysql, [
      ['responder', greeting],
      ['initiator', capable],
      ['responder', packet(2, 0)],
      ['initiator', packet(0, 3, 1, 1, 0, 1, 0xfe, 0, 4, 'name', 5, 'value', 'SELECT 2')],
    ]);
    expect(commandsOf(facts)).toEqual(['query SELECT 2 -1']);
  });

  it('stands cuts and damage', () => expectRobust(mysql, exchange));
});
