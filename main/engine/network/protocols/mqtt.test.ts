import { describe, expect, it } from 'vitest';
import { mqtt } from './mqtt.ts';
import { big16, bytesOf, commandsOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

describe('MQTT', () => {
  const text = (value: string) => bytesOf(big16(value.length), value);
  const packet = (type: number, ...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return content.length < 128
      ? bytesOf(type, content.length, content)
      : bytesOf(type, (content.length & 0x7f) | 0x80, content.length >> 7, content);
  };
  const exchange: Exchange = [
    ['initiator', packet(0x10, text('MQTT'), 4, 0xc2, 0, 60, text('sensor-1'), text('alice'), text('secret'))],
    ['responder', packet(0x20, 0, 0)],
    ['initiator', packet(0x82, 0, 1, text('home/#'), 0)],
    ['responder', packet(0x90, 0, 1, 0)],
    ['initiator', packet(0x30, text('home/door'), 'x'.repeat(200))],
  ];

  it('tells client, login and topics', () => {
    const facts = feed(mqtt, exchange);
    expect(loginsOf(facts)).toEqual(['alice success password cleartext']);
    expect(propertiesOf(facts, 'client-id')).toEqual(['sensor-1']);
    expect(commandsOf(facts)).toEqual(['subscribe home/# -1', 'publish home/door -1']);
    expect(JSON.stringify(facts)).not.toContain('secret');
    expect(loginsOf(feed(mqtt, [exchange[0], ['responder', packet(0x20, 0, 5)]]))).toEqual([
      'alice failure password cleartext',
    ]);
  });

  it('stands cuts and damage', () => expectRobust(mqtt, exchange));
});
