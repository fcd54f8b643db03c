import { describe, expect, it } from 'vitest';
import { ber, commandsOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { snmp } from './snmp.ts';
import { feed } from './testing.ts';

describe('SNMP', () => {
  const oid = ber(0x06, 0x2b, 6, 1, 2, 1, 1, 5, 0);
  const message = (community: string, tag: number, value: Uint8Array) =>
    ber(
      0x30,
      ber(2, 1),
      ber(4, community),
      ber(tag, ber(2, 7), ber(2, 0), ber(2, 0), ber(0x30, ber(0x30, oid, value))),
    );
  const exchange: Exchange = [
    ['initiator', message('public', 0xa0, ber(5))],
    ['responder', message('public', 0xa2, ber(4, 'router1'))],
  ];
  const version3 = (user: string, flags: number, tag: number, name: Uint8Array) =>
    ber(
      0x30,
      ber(2, 3),
      ber(0x30, ber(2, 9), ber(2, 0x05, 0xdc), ber(4, flags), ber(2, 3)),
      ber(4, ber(0x30, ber(4, 'ENGINE'), ber(2, 1), ber(2, 2), ber(4, user), ber(4, 'DIGEST'), ber(4))),
      ber(
        0x30,
        ber(4, 'ENGINE'),
        ber(4),
        ber(tag, ber(2, 7), ber(2, 0), ber(2, 0), ber(0x30, ber(0x30, name, ber(2, 1)))),
      ),
    );

  it('tells names, and of a community only whether it is a default', () => {
    const facts = feed(snmp, exchange);
    expect(commandsOf(facts)).toEqual(['get 1.3.6.1.2.1.1.5.0 -1']);
    expect(propertiesOf(facts, 'hostname')).toEqual(['router1']);
    expect(propertiesOf(facts, 'community')).toEqual(['default:public']);
    const other = feed(snmp, [['initiator', message('s3cret', 0xa0, ber(5))]]);
    expect(propertiesOf(other, 'community')).toEqual(['other']);
    expect(JSON.stringify(other)).not.toContain('s3cret');
  });

  it('tells users of version 3 and what becomes of them', () => {
    const asked = version3('operator', 5, 0xa0, oid);
    const wrong = ber(0x06, 0x2b, 6, 1, 6, 3, 15, 1, 1, 5, 0);
    expect(
      loginsOf(
        feed(snmp, [
          ['initiator', asked],
          ['responder', version3('operator', 0, 0xa8, wrong)],
        ]),
      ),
    ).toEqual(['operator failure usm-digest']);
    expect(
      loginsOf(
        feed(snmp, [
          ['initiator', asked],
          ['responder', version3('operator', 1, 0xa2, oid)],
        ]),
      ),
    ).toEqual(['operator success usm-digest']);
  });

  it('stands damage', () => {
    expectRobust(snmp, exchange);
    expectRobust(snmp, [['initiator', version3('operator', 5, 0xa0, oid)]]);
  });
});
