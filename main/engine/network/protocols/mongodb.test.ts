import { describe, expect, it } from 'vitest';
import { mongodb } from './mongodb.ts';
import { bytesOf, commandsOf, type Exchange, expectRobust, little32, loginsOf } from './service-testing.ts';
import { feed } from './testing.ts';

describe('MongoDB', () => {
  const element = (type: number, name: string, ...value: (string | number | Uint8Array)[]) =>
    bytesOf(type, `${name}\0`, ...value);
  const text = (name: string, value: string) => element(2, name, little32(value.length + 1), `${value}\0`);
  const document = (...elements: Uint8Array[]) => {
    const content = bytesOf(...elements, 0);
    return bytesOf(little32(content.length + 4), content);
  };
  const message = (id: number, answers: number, body: Uint8Array) =>
    bytesOf(little32(body.length + 21), little32(id), little32(answers), little32(2013), little32(0), 0, body);
  const scram = 'n,,n=admin,r=abc';
  const start = document(
    element(16, 'saslStart', little32(1)),
    text('mechanism', 'SCRAM-SHA-256'),
    element(5, 'payload', little32(scram.length), 0, scram),
    text('$db', 'admin'),
  );
  const ok = (done: number) => document(element(8, 'done', done), element(16, 'ok', little32(1)));
  const failed = document(
    element(1, 'ok', new Uint8Array(8)),
    element(16, 'code', little32(18)),
    text('errmsg', 'Authentication failed.'),
  );
  const exchange: Exchange = [
    ['initiator', message(1, 0, start)],
    ['responder', message(9, 1, ok(0))],
    ['initiator', message(2, 0, document(element(16, 'saslContinue', little32(1)), text('$db', 'admin')))],
    ['responder', message(10, 2, ok(1))],
    ['initiator', message(3, 0, document(text('find', 'users'), text('$db', 'shop')))],
    ['responder', message(11, 3, ok(1))],
  ];

  it('tells login and commands', () => {
    const facts = feed(mongodb, exchange);
    expect(loginsOf(facts)).toEqual(['admin@admin success scram-sha-256']);
    expect(commandsOf(facts)).toEqual(['find shop.users 0']);
    const refused = feed(mongodb, [...exchange.slice(0, 3), ['responder', message(10, 2, failed)]]);
    expect(loginsOf(refused)).toEqual(['admin@admin failure scram-sha-256']);
  });

  it('stands cuts and damage', () => expectRobust(mongodb, exchange));
});
