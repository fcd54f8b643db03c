import { describe, expect, it } from 'vitest';
import { adb } from './adb.ts';
import {
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  little32,
  loginsOf,
  propertiesOf,
} from './service-testing.ts';
import { feed } from './testing.ts';
import { hello, serverName } from './tls/testing.ts';
import { tls } from './tls/tls.ts';

describe('Android debug bridge', () => {
  const message = (command: string, first: number, payload: string | Uint8Array = '') => {
    const name = bytesOf(command);
    const content = bytesOf(payload);
    const magic = name.map((byte) => ~byte);
    return bytesOf(name, little32(first), little32(0), little32(content.length), little32(0), magic, content);
  };
  const banner = 'device:SERIAL1:ro.product.name=sdk;ro.product.model=Pixel 9;ro.product.device=p9;features=cmd\0';
  const host = ['initiator', message('CNXN', 0x01000001, 'host::features=shell_v2\0')] as const;
  const device = ['responder', message('CNXN', 0x01000001, banner)] as const;
  const shell: Exchange = [
    ['initiator', message('OPEN', 1, 'shell:id; uname -a\0')],
    ['responder', message('OKAY', 1)],
    ['responder', message('WRTE', 1, new Uint8Array(5_000))],
    ['initiator', message('OPEN', 2, 'sync:\0')],
  ];

  it('tells the device and what is opened there, and that nobody asked for a key', () => {
    const facts = feed(adb, [host, device, ...shell]);
    expect(propertiesOf(facts, 'serial')).toEqual(['SERIAL1']);
    expect(propertiesOf(facts, 'model')).toEqual(['Pixel 9']);
    expect(propertiesOf(facts, 'authentication')).toEqual(['none']);
    expect(commandsOf(facts)).toEqual(['open shell:id; uname -a -1', 'open sync: -1']);
    expect(loginsOf(facts)).toEqual([]);
  });

  it('tells whose key was let in, or not yet', () => {
    const asked: Exchange = [
      host,
      ['responder', message('AUTH', 1, new Uint8Array(20))],
      ['initiator', message('AUTH', 3, 'QAAAAEtleQ== kim@laptop\0')],
    ];
    expect(loginsOf(feed(adb, asked))).toEqual(['kim attempt public-key']);
    const facts = feed(adb, [...asked, device]);
    expect(loginsOf(facts)).toEqual(['kim success public-key']);
    expect(facts.find((fact) => fact.type === 'login')).toMatchObject({ host: 'laptop', fromInitiator: true });
    expect(propertiesOf(facts, 'authentication')).toEqual(['key']);
  });

  it('goes on in TLS when both have said so', () => {
    const facts = feed(
      adb,
      [
        host,
        ['responder', message('STLS', 0x01000000)],
        ['initiator', bytesOf(message('STLS', 0x01000000), hello({ extensions: [serverName('adb.example')] }))],
      ],
      { others: [tls] },
    );
    expect(facts.find((fact) => fact.type === 'tls-client')).toMatchObject({ serverName: 'adb.example' });
  });

  it('is told by its bytes alone', () => {
    expect(feed(adb, [host], { responderPort: 4_444 })[0]).toMatchObject({ protocol: 'adb', isUsualPort: false });
    expect(feed(adb, [['initiator', host[1].with(23, 0)]])).toEqual([]);
    expect(feed(adb, [['initiator', bytesOf('CONNECT example.org:443 HTTP/1.1\r\n\r\n')]])).toEqual([]);
  });

  it('tells what programs ask the server of the bridge for', () => {
    const say = (...commands: readonly string[]) =>
      bytesOf(commands.map((text) => text.length.toString(16).padStart(4, '0') + text).join(''));
    const exchange: Exchange = [
      ['initiator', say('host:transport-any', 'shell:id')],
      ['responder', bytesOf('OKAYOKAYuid=2000(shell)')],
      ['initiator', bytesOf('more')],
    ];
    expect(commandsOf(feed(adb, exchange, { responderPort: 5_037 }))).toEqual([
      'open host:transport-any -1',
      'open shell:id -1',
    ]);
    expect(feed(adb, exchange, { responderPort: 4_444 })).toEqual([]);
    expect(feed(adb, [['initiator', bytesOf('cafe babe 0000')]], { responderPort: 5_037 })).toEqual([]);
    expectRobust(adb, exchange, { responderPort: 5_037 });
  });

  it('stands cuts and damage', () => expectRobust(adb, [host, device, ...shell.slice(0, 2)]));
});
