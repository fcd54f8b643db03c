import { describe, expect, it } from 'vitest';
import { big16, big32, bytesOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';
import { vnc } from './vnc.ts';

describe('VNC', () => {
  const exchange: Exchange = [
    ['responder', bytesOf('RFB 003.008\n')],
    ['initiator', bytesOf('RFB 003.008\n')],
    ['responder', bytesOf(2, 2, 1)],
    ['initiator', bytesOf(2)],
    ['responder', new Uint8Array(16).fill(7)],
    ['initiator', new Uint8Array(16).fill(8)],
    ['responder', big32(0)],
    ['initiator', bytesOf(1)],
    ['responder', bytesOf(big16(1280), big16(800), new Uint8Array(16), big32(4), 'desk')],
  ];

  it('tells security, outcome and screen', () => {
    const facts = feed(vnc, exchange);
    expect(loginsOf(facts)).toEqual([' success vnc']);
    expect(propertiesOf(facts, 'security-offered')).toEqual(['vnc none']);
    expect(propertiesOf(facts, 'hostname')).toEqual(['desk']);
    expect(propertiesOf(facts, 'screen')).toEqual(['1280x800']);
  });

  it('tells a refusal with its reason, and a server that asks for nothing', () => {
    const refused = feed(vnc, [...exchange.slice(0, 6), ['responder', bytesOf(big32(1), big32(6), 'denied')]]);
    expect(loginsOf(refused)).toEqual([' failure vnc']);
    expect(propertiesOf(refused, 'refused')).toEqual(['denied']);
    const open = feed(vnc, [
      ['responder', bytesOf('RFB 003.003\n')],
      ['initiator', bytesOf('RFB 003.003\n')],
      ['responder', big32(1)],
    ]);
    expect(loginsOf(open)).toEqual([' success none']);
  });

  it('stands cuts and damage', () => expectRobust(vnc, exchange));
});
