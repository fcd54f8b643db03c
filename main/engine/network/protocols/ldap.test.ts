import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ldap } from './ldap.ts';
import { VERDICT } from './protocol.ts';
import {
  ber,
  big32,
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  fromHex,
  loginsOf,
  propertiesOf,
} from './service-testing.ts';
import { feed } from './testing.ts';
import { ntlmChallenge, ntlmLogin, ntlmStart } from './windows-testing.ts';

describe('LDAP', () => {
  const message = (id: number, ...parts: Uint8Array[]) => ber(0x30, ber(2, id), ...parts);
  const bound = (id: number, result: number, ...rest: Uint8Array[]) =>
    message(id, ber(0x61, ber(0x0a, result), ber(4), ber(4), ...rest));
  const simple = message(1, ber(0x60, ber(2, 3), ber(4, 'cn=admin,dc=x'), ber(0x80, 'secret')));
  const sasl = (id: number, blob: Uint8Array) =>
    message(id, ber(0x60, ber(2, 3), ber(4), ber(0xa3, ber(4, 'GSS-SPNEGO'), ber(4, blob))));
  const exchange: Exchange = [
    ['initiator', simple],
    ['responder', bound(1, 49)],
    ['initiator', sasl(2, ntlmStart)],
    ['responder', bound(2, 14, ber(0x87, ntlmChallenge))],
    ['initiator', sasl(3, ntlmLogin('CORP', 'alice', 'WS1'))],
    ['responder', bound(3, 0)],
    [
      'initiator',
      message(
        4,
        ber(
          0x63,
          ber(4, 'dc=corp,dc=x'),
          ber(0x0a, 2),
          ber(0x0a, 0),
          ber(2, 0),
          ber(2, 0),
          ber(1, 0),
          ber(0x87, 'objectClass'),
          ber(0x30),
        ),
      ),
    ],
    ['responder', message(4, ber(0x65, ber(0x0a, 0), ber(4), ber(4)))],
    ['initiator', bytesOf(big32(20), new Uint8Array(20).fill(9))],
    ['initiator', message(5, ber(0x4a, 'cn=bob,dc=x'))],
    ['responder', message(5, ber(0x6b, ber(0x0a, 50), ber(4), ber(4)))],
  ];

  it('tells binds, searches and changes', () => {
    const facts = feed(ldap, exchange);
    expect(loginsOf(facts)).toEqual(['cn=admin,dc=x failure simple cleartext', 'alice@CORP success ntlmv2']);
    expect(commandsOf(facts)).toEqual(['search dc=corp,dc=x 0', 'delete cn=bob,dc=x 50']);
    expect(propertiesOf(facts, 'server-name')).toEqual(['dc1.corp.x']);
    expect(propertiesOf(facts, 'encryption')).toEqual(['sasl']);
    expect(JSON.stringify(facts)).not.toContain('secret');
  });

  it('tells objects of Java that a search finds', () => {
    const attribute = (name: string, value: string) => ber(0x30, ber(4, name), ber(0x31, ber(4, value)));
    const found = message(
      4,
      ber(0x64, ber(4, 'a'), ber(0x30, attribute('cn', 'x'), attribute('javaCodeBase', 'http://192.0.2.1/'))),
    );
    const facts = feed(ldap, [exchange[6], ['responder', found], exchange[7]]);
    expect(propertiesOf(facts, 'javaCodeBase')).toEqual(['http://192.0.2.1/']);
    expect(commandsOf(facts)).toEqual(['search dc=corp,dc=x 0']);
  });

  it('goes on in TLS', () => {
    const facts = feed(ldap, [
      ['initiator', message(1, ber(0x77, ber(0x80, '1.3.6.1.4.1.1466.20037')))],
      ['responder', message(1, ber(0x78, ber(0x0a, 0), ber(4), ber(4)))],
      ['initiator', fromHex('1603010005')],
    ]);
    expect(propertiesOf(facts, 'encryption')).toEqual(['tls']);
  });

  it('is told from either side where the beginning was missed', () => {
    const opening = {
      transport: PROTOCOL.tcp,
      initiatorPort: 50_000,
      responderPort: 389,
      initiator: bytesOf('tail of a message'),
      responder: exchange[7][1],
    };
    expect(ldap.identify({ ...opening, hasBeginning: false })).toBe(VERDICT.yes);
    expect(ldap.identify({ ...opening, responder: new Uint8Array(0), hasBeginning: false })).toBe(VERDICT.maybe);
    expect(ldap.identify({ ...opening, responder: new Uint8Array(0), hasBeginning: true })).toBe(VERDICT.no);
  });

  it('stands cuts and damage', () => expectRobust(ldap, exchange));
});
