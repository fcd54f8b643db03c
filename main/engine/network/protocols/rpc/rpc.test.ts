import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import {
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  fromHex,
  little16,
  little32,
  propertiesOf,
  utf16,
} from '../service-testing.ts';
import { feed } from '../testing.ts';
import { rpcAnswer, rpcBind, rpcCreate, rpcMessage, svcctl } from '../windows-testing.ts';
import { rpc } from './index.ts';

const udp = { transport: PROTOCOL.udp };

describe('DCE/RPC', () => {
  const exchange: Exchange = [
    ['initiator', rpcBind],
    ['responder', rpcMessage(12, 1, new Uint8Array(44))],
    ['initiator', rpcCreate],
    ['responder', rpcAnswer],
    ['initiator', rpcMessage(0, 3, little32(4), little16(0), little16(99))],
    ['responder', rpcMessage(3, 3, new Uint8Array(8), little32(5), little32(0))],
  ];

  it('tells interfaces, calls and faults', () => {
    const facts = feed(rpc, exchange);
    expect(propertiesOf(facts, 'interface')).toEqual(['svcctl']);
    expect(commandsOf(facts)).toEqual(['call svcctl.CreateServiceW 0', 'call svcctl.99 5']);
  });

  it('tells paths that climb where they are worked out', () => {
    const srvsvc = fromHex('c84f324b7016d30112785a47bf6ee188');
    const bind = rpcBind.slice();
    bind.set(srvsvc, bind.length - 40);
    const path = (text: string) =>
      rpcMessage(0, 2, little32(4), little16(0), little16(31), new Uint8Array(20), utf16(text));
    const climbs = (text: string) =>
      propertiesOf(
        feed(rpc, [
          ['initiator', bind],
          ['initiator', path(text)],
        ]),
        'path-climb',
      );
    expect(climbs('\\AAAA\\..\\..\\B')).toEqual(['srvsvc.NetprPathCanonicalize']);
    expect(climbs('C:\\share\\folder')).toEqual([]);
  });

  it('reads datagrams', () => {
    const datagram = bytesOf(
      4,
      0,
      0,
      0,
      0x10,
      0,
      0,
      0,
      new Uint8Array(16),
      svcctl,
      new Uint8Array(28),
      little16(2),
      new Uint8Array(4),
      little16(3),
      new Uint8Array(4),
      'abc',
    );
    expect(commandsOf(feed(rpc, [['initiator', datagram]], udp))).toEqual(['call svcctl.DeleteService -1']);
    expectRobust(rpc, [['initiator', datagram]], udp);
  });

  it('stands cuts and damage', () => expectRobust(rpc, exchange));
});
