import { describe, expect, it } from 'vitest';
import { PACKET_KIND, PROTOCOL } from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { address, type TestPacket, TestTraffic } from './flood-testing.ts';
import { EMPTY_SEED } from './landscape.ts';
import { LearnedLandscape } from './learned-landscape.ts';

const GATEWAY = '192.168.1.1';
const HOST = '192.168.1.20';
const GATEWAY_MAC = 100;
const HOST_MAC = 200;

const at = (text: string) => parseAddress(text)!;

function announce(ip: string, mac: number): TestPacket {
  return { from: ip, to: HOST, kind: PACKET_KIND.arp, fromPort: 1, protocol: 0, fromMac: mac };
}

describe('LearnedLandscape', () => {
  it('believes the seed, and ignores what is no address', () => {
    const landscape = new LearnedLandscape({
      gateways: [GATEWAY, 'nonsense'],
      dnsServers: ['2001:db8::53'],
      ownAddresses: [HOST],
      neverAttackers: ['10.9.9.9'],
    });
    for (const exempt of [GATEWAY, '2001:db8::53', '10.9.9.9'])
      expect(landscape.mayBeAttacker(...at(exempt))).toBe(false);
    for (const other of [HOST, '10.9.9.8', '127.0.0.1']) expect(landscape.mayBeAttacker(...at(other))).toBe(true);
    expect(landscape.isGateway(...at(GATEWAY))).toBe(true);
    expect(landscape.isDnsServer(...at('2001:db8::53'))).toBe(true);
    expect(landscape.isOwn(...at(HOST))).toBe(true);
  });

  it('knows groups by their address, and the broadcast address of a subnet by its frames', () => {
    const landscape = new LearnedLandscape();
    for (const group of ['224.0.0.251', '255.255.255.255', 'ff02::1', '0.0.0.0', '::']) {
      expect(landscape.isMulticastOrBroadcast(...at(group))).toBe(true);
      expect(landscape.mayBeAttacker(...at(group))).toBe(false);
    }
    const traffic = new TestTraffic(landscape);
    traffic.one({ from: HOST, to: '192.168.1.255', protocol: PROTOCOL.udp, toPort: 137, toMac: -1 });
    expect(landscape.isMulticastOrBroadcast(...at('192.168.1.255'))).toBe(true);
  });

  it('does not let a host be hidden as a broadcast address', () => {
    const landscape = new LearnedLandscape();
    const traffic = new TestTraffic(landscape);
    const victims = ['192.168.1.20', '192.168.1.23'];
    traffic.one(announce(victims[1]!, 9));
    for (const to of victims) traffic.one({ from: '192.168.1.66', to, protocol: PROTOCOL.udp, toPort: 9, toMac: -1 });
    for (const victim of victims) expect(landscape.isMulticastOrBroadcast(...at(victim))).toBe(false);
    // One that shows itself later is no longer taken for one.
    traffic.one({ from: HOST, to: '192.168.1.127', protocol: PROTOCOL.udp, toPort: 10, toMac: -1 });
    expect(landscape.isMulticastOrBroadcast(...at('192.168.1.127'))).toBe(true);
    traffic.one(announce('192.168.1.127', 10));
    expect(landscape.isMulticastOrBroadcast(...at('192.168.1.127'))).toBe(false);
  });

  it('learns a gateway from the packets that pass it in both directions', () => {
    const landscape = new LearnedLandscape();
    const traffic = new TestTraffic(landscape);
    traffic.one(announce(GATEWAY, GATEWAY_MAC));
    traffic.one(announce(HOST, HOST_MAC));
    for (let index = 0; index < 40; index++) {
      const port = 1000 + index;
      traffic.one({
        from: HOST,
        to: address(index),
        toPort: 443,
        fromPort: port,
        fromMac: HOST_MAC,
        toMac: GATEWAY_MAC,
      });
      traffic.one({
        from: address(500 + index),
        to: HOST,
        toPort: 22,
        fromPort: port,
        fromMac: GATEWAY_MAC,
        toMac: HOST_MAC,
      });
    }
    expect(landscape.isGateway(...at(GATEWAY))).toBe(true);
    expect(landscape.explains('address-resolution', ...at(GATEWAY))).toBe(true);
    // A learned role explains its own activity only.
    expect(landscape.mayBeAttacker(...at(GATEWAY))).toBe(true);
    expect(landscape.isGateway(...at(HOST))).toBe(false);
  });

  it('does not take a neighbour with forged senders for a gateway', () => {
    const landscape = new LearnedLandscape();
    const traffic = new TestTraffic(landscape);
    traffic.one(announce('192.168.1.66', 66));
    for (let index = 0; index < 3000; index++) {
      traffic.one({ from: address(index), to: HOST, toPort: 80, fromMac: 66, toMac: HOST_MAC });
    }
    expect(landscape.isGateway(...at('192.168.1.66'))).toBe(false);
  });

  it('learns a DNS server from answered questions, not from answers alone', () => {
    const landscape = new LearnedLandscape(EMPTY_SEED);
    const traffic = new TestTraffic(landscape);
    for (let index = 0; index < 12; index++) {
      const question = { from: HOST, to: GATEWAY, protocol: PROTOCOL.udp, fromPort: 4000 + index, toPort: 53 };
      traffic.one(question);
      expect(landscape.isDnsServer(...at(GATEWAY))).toBe(index > 9);
      traffic.one({ ...question, from: GATEWAY, to: HOST, fromPort: 53, toPort: question.fromPort });
      traffic.one({ from: '6.6.6.6', to: HOST, protocol: PROTOCOL.udp, fromPort: 53, toPort: 100 + index });
    }
    expect(landscape.explains('dns', ...at(GATEWAY))).toBe(true);
    expect(landscape.explains('icmp-echo', ...at(GATEWAY))).toBe(false);
    expect(landscape.isDnsServer(...at('6.6.6.6'))).toBe(false);
  });
});
