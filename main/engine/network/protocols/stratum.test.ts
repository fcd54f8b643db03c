import { describe, expect, it } from 'vitest';
import { bytesOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { stratum } from './stratum.ts';
import { feed } from './testing.ts';

describe('Stratum', () => {
  const exchange: Exchange = [
    ['initiator', bytesOf('{"id":1,"method":"mining.subscribe","params":["cpuminer/2.5"]}\n')],
    [
      'responder',
      bytesOf('{"id":1,"result":[[],"00",4],"error":null}\n{"id":null,"method":"mining.notify","params":[]}\n'),
    ],
    ['initiator', bytesOf('{"id":2,"method":"mining.authorize","params":["wallet.worker","secret"]}\n')],
    ['responder', bytesOf('{"id":2,"result":true,"error":null}\n')],
  ];

  it('tells wallet, software and the answer of the pool', () => {
    const facts = feed(stratum, exchange);
    expect(loginsOf(facts)).toEqual(['wallet.worker success stratum cleartext']);
    expect(propertiesOf(facts, 'software')).toEqual(['cpuminer/2.5']);
    expect(JSON.stringify(facts)).not.toContain('secret');
    const refused = bytesOf('{"id":2,"result":null,"error":[24,"Unauthorized",null]}\n');
    expect(loginsOf(feed(stratum, [...exchange.slice(0, 3), ['responder', refused]]))).toEqual([
      'wallet.worker failure stratum cleartext',
    ]);
  });

  it('knows miners of Monero, and is not told by a login of something else', () => {
    const login =
      '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4Wallet","pass":"x","agent":"XMRig/6.21"}}\n';
    expect(propertiesOf(feed(stratum, [['initiator', bytesOf(login)]]), 'software')).toEqual(['XMRig/6.21']);
    expect(feed(stratum, [['initiator', bytesOf('{"id":1,"method":"login","params":{"user":"bob"}}\n')]])).toEqual([]);
  });

  it('stands cuts and damage', () => expectRobust(stratum, exchange));
});
