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

  it('is told in the middle of a conversation, on its port', () => {
    const publication = packet(0x30, text('home/door'), 'x'.repeat(200));
    const amid = (payload: Uint8Array, responderPort: number, initiatorPort = 40_000) =>
      feed(mqtt, [['initiator', payload]], { isMetInTheMiddle: true, initiatorPort, responderPort });
    expect(commandsOf(amid(publication, 1_883))).toEqual(['publish home/door -1']);
    expect(amid(publication, 40_000, 1_883)[1]).toMatchObject({ argument: 'home/door', fromInitiator: false });
    for (const [payload, isOne] of [
      [packet(0x20, 0, 0), true],
      [packet(0xc0), true],
      [packet(0x82, 0, 1, text('home/#'), 0), true],
      [packet(0xe0), true],
      [packet(0x80, 0, 1, text('home/#'), 0), false],
      [packet(0xc0, 1), false],
      [packet(0x30, text('home/+'), 'x'), false],
      [packet(0x36, text('home'), 'x'), false],
      [packet(0x30, 0, 200, 'home'), false],
      [bytesOf('GET / HTTP/1.1\r\n\r\n'), false],
    ] as const) {
      expect(amid(payload, 1_883)[0]?.type === 'protocol', Buffer.from(payload).toString('hex')).toBe(isOne);
    }
    expect(amid(publication, 4_444)).toEqual([]);
  });

  it('stands cuts and damage', () => expectRobust(mqtt, exchange));
});
