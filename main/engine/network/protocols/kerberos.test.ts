import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { kerberos } from './kerberos.ts';
import {
  ber,
  big32,
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  loginsOf,
  propertiesOf,
} from './service-testing.ts';
import { feed } from './testing.ts';

const udp = { transport: PROTOCOL.udp };

describe('Kerberos', () => {
  const text = (value: string) => ber(0x1b, value);
  const name = (...parts: string[]) => ber(0x30, ber(0xa0, ber(2, 1)), ber(0xa1, ber(0x30, ...parts.map(text))));
  const request = (tag: number, hasProof: boolean) =>
    ber(
      tag,
      ber(
        0x30,
        ber(0xa1, ber(2, 5)),
        ber(0xa2, ber(2, 10)),
        ber(0xa3, ber(0x30, ber(0x30, ber(0xa1, ber(2, hasProof ? 2 : 11)), ber(0xa2, ber(4, 'x'))))),
        ber(
          0xa4,
          ber(
            0x30,
            ber(0xa0, ber(3, 0, 0)),
            ber(0xa1, name('alice')),
            ber(0xa2, text('CORP.X')),
            ber(0xa3, name('krbtgt', 'CORP.X')),
            ber(0xa8, ber(0x30, ber(2, 18), ber(2, 23))),
          ),
        ),
      ),
    );
  const error = (code: number) =>
    ber(
      0x7e,
      ber(
        0x30,
        ber(0xa0, ber(2, 5)),
        ber(0xa1, ber(2, 30)),
        ber(0xa6, ber(2, code)),
        ber(0xa9, text('CORP.X')),
        ber(0xaa, name('krbtgt', 'CORP.X')),
      ),
    );
  const encrypted = (cipher: number) => ber(0x30, ber(0xa0, ber(2, cipher)), ber(0xa2, ber(4, 'cipher')));
  const reply = ber(
    0x6b,
    ber(
      0x30,
      ber(0xa0, ber(2, 5)),
      ber(0xa1, ber(2, 11)),
      ber(0xa3, text('CORP.X')),
      ber(0xa4, name('alice')),
      ber(
        0xa5,
        ber(
          0x61,
          ber(
            0x30,
            ber(0xa0, ber(2, 5)),
            ber(0xa1, text('CORP.X')),
            ber(0xa2, name('krbtgt', 'CORP.X')),
            ber(0xa3, encrypted(18)),
          ),
        ),
      ),
      ber(0xa6, encrypted(23)),
    ),
  );
  const overTcp = (message: Uint8Array) => bytesOf(big32(message.length), message);

  it('tells logins by their errors', () => {
    const facts = feed(
      kerberos,
      [
        ['initiator', request(0x6a, false)],
        ['responder', error(25)],
        ['initiator', request(0x6a, true)],
        ['responder', error(24)],
        ['initiator', request(0x6a, true)],
        ['responder', reply],
      ],
      udp,
    );
    expect(loginsOf(facts)).toEqual(['alice@CORP.X failure kerberos', 'alice@CORP.X success kerberos']);
    expect(commandsOf(facts)).toEqual([
      'as alice@CORP.X krbtgt/CORP.X 25',
      'as alice@CORP.X krbtgt/CORP.X 24',
      'as alice@CORP.X krbtgt/CORP.X 0',
    ]);
    expect(propertiesOf(facts, 'cipher')).toEqual(['rc4-hmac']);
    expect(propertiesOf(facts, 'ticket-cipher')).toEqual(['aes256-cts-hmac-sha1-96']);
    expect(propertiesOf(facts, 'error')).toEqual(['PREAUTH_REQUIRED', 'PREAUTH_FAILED']);
  });

  it('says who asks, also where the server is heard first', () => {
    const facts = feed(
      kerberos,
      [
        ['initiator', error(25)],
        ['responder', request(0x6a, true)],
        ['initiator', reply],
      ],
      { ...udp, initiatorPort: 88, responderPort: 40_000 },
    );
    const told = facts.filter(({ type }) => type === 'command' || type === 'login');
    expect(told.length).toBeGreaterThan(1);
    expect(told.filter(({ fromInitiator }) => fromInitiator)).toEqual([]);
  });

  it('stands cuts and damage', () => {
    const exchange: Exchange = [
      ['initiator', overTcp(request(0x6a, true))],
      ['responder', overTcp(reply)],
    ];
    expectRobust(kerberos, exchange);
    expectRobust(
      kerberos,
      [
        ['initiator', request(0x6c, true)],
        ['responder', error(7)],
      ],
      udp,
    );
  });
});
