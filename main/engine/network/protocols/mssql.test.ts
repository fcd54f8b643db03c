import { describe, expect, it } from 'vitest';
import { certificate, commonName } from './certificate/testing.ts';
import { mssql } from './mssql.ts';
import {
  big16,
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  little16,
  little32,
  loginsOf,
  propertiesOf,
  utf16,
} from './service-testing.ts';
import { feed } from './testing.ts';
import { HANDSHAKE, RECORD } from './tls/numbers.ts';
import { CHANGE_CIPHER_SPEC, chain, handshake, hello, record, serverHello, serverName } from './tls/testing.ts';

describe('SQL Server', () => {
  const packet = (type: number, ...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return bytesOf(type, 1, big16(content.length + 8), 0, 0, 1, 0, content);
  };
  const prelogin = (encryption: number) =>
    bytesOf(0, big16(11), big16(6), 1, big16(17), big16(1), 0xff, 16, 0, big16(1000), big16(0), encryption);
  const login = (() => {
    const texts = ['WS1', 'sa', 'pw', 'sqlcmd', 'srv', '', '', '', 'master'];
    const header = new Uint8Array(94);
    header.set(little32(0x74000004), 4);
    let offset = 94;
    for (const [index, text] of texts.entries()) {
      header.set(bytesOf(little16(offset), little16(text.length)), 36 + 4 * index);
      offset += 2 * text.length;
    }
    const whole = bytesOf(header, ...texts.map(utf16));
    whole.set(little32(whole.length), 0);
    return whole;
  })();
  const text = (value: string) => bytesOf(little16(value.length), utf16(value));
  const failed = (() => {
    const content = bytesOf(little32(18456), 1, 14, text("Login failed for user 'sa'."), 0, 0, little32(1));
    return bytesOf(0xaa, little16(content.length), content);
  })();
  const accepted = (() => {
    const name = utf16('Microsoft SQL Server');
    const content = bytesOf(1, 0x74, 0, 0, 4, name.length / 2, name, 16, 0, 3, 232);
    return bytesOf(0xad, little16(content.length), content);
  })();
  const exchange: Exchange = [
    ['initiator', packet(18, prelogin(2))],
    ['responder', packet(4, prelogin(2))],
    ['initiator', packet(16, login)],
    ['responder', packet(4, accepted)],
    ['initiator', packet(1, little32(22), new Uint8Array(18), utf16('SELECT @@VERSION'))],
  ];

  it('tells login, program, host, database and batches', () => {
    const facts = feed(mssql, exchange);
    expect(loginsOf(facts)).toEqual(['sa success password cleartext']);
    expect(facts.find((fact) => fact.type === 'login')).toMatchObject({ host: 'WS1' });
    expect(propertiesOf(facts, 'database')).toEqual(['master']);
    expect(propertiesOf(facts, 'software')).toEqual(['SQL Server 16.0.1000', 'Microsoft SQL Server']);
    expect(commandsOf(facts)).toEqual(['batch SELECT @@VERSION -1']);
  });

  it('tells a refused login', () => {
    expect(loginsOf(feed(mssql, [...exchange.slice(0, 3), ['responder', packet(4, failed)]]))).toEqual([
      'sa failure password cleartext',
    ]);
  });

  const tlsMessages: Exchange = [
    ['initiator', packet(18, hello({ extensions: [serverName('db.example')] }))],
    [
      'responder',
      packet(
        18,
        handshake(
          [HANDSHAKE.serverHello, serverHello()],
          [HANDSHAKE.certificate, chain(certificate({ subject: commonName('SSL_Self_Signed_Fallback') }))],
        ),
      ),
    ],
    ['initiator', packet(18, CHANGE_CIPHER_SPEC)],
    ['responder', packet(18, CHANGE_CIPHER_SPEC)],
  ];
  const hiddenLogin: Exchange = [['initiator', record(RECORD.applicationData, new Uint8Array(200))]];
  const encrypted = (encryption: number): Exchange => [
    exchange[0],
    ['responder', packet(4, prelogin(encryption))],
    ...tlsMessages,
    ...hiddenLogin,
  ];

  it('tells what its TLS says, and reads on where only the login is hidden', () => {
    for (const encryption of [0, 1, 3]) {
      const facts = feed(mssql, [...encrypted(encryption), ...exchange.slice(3)]);
      expect(facts.find((fact) => fact.type === 'tls-client')).toMatchObject({ serverName: 'db.example' });
      expect(facts.find((fact) => fact.type === 'certificate')).toMatchObject({
        commonName: 'SSL_Self_Signed_Fallback',
        fromInitiator: false,
      });
      expect(loginsOf(facts)).toEqual([]);
      expect(commandsOf(facts)).toEqual(encryption === 0 ? ['batch SELECT @@VERSION -1'] : []);
    }
  });

  it('stands cuts and damage', () => {
    expectRobust(mssql, exchange);
    expectRobust(mssql, encrypted(1));
  });
});
