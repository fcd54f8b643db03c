import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { bittorrent } from './bittorrent.ts';
import { big16, big32, bytesOf, commandsOf, type Exchange, expectRobust, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';

const udp = { transport: PROTOCOL.udp };

describe('BitTorrent', () => {
  const hash = '01234567890123456789';
  const handshake = (peer: string) => bytesOf('\x13BitTorrent protocol', new Uint8Array(8), hash, peer, '0'.repeat(12));
  const exchange: Exchange = [
    ['initiator', handshake('-qB4250-')],
    ['responder', bytesOf(handshake('-TR3000-'), big32(1), 2)],
  ];
  const hashHex = Buffer.from(hash).toString('hex');

  it('tells torrent and clients over TCP, also behind a hidden beginning', () => {
    const facts = feed(bittorrent, exchange);
    expect(propertiesOf(facts, 'info-hash')).toEqual([hashHex]);
    expect(propertiesOf(facts, 'software')).toEqual(['qBittorrent 4.2.5.0', 'Transmission 3.0.0.0']);
    const key = Uint8Array.from({ length: 120 }, (_, i) => (i * 167 + 13) & 0xff);
    const hidden = feed(bittorrent, [
      ['initiator', key],
      ['responder', key],
      ['responder', handshake('-UT3550-')],
    ]);
    expect(propertiesOf(hidden, 'info-hash')).toEqual([hashHex]);
  });

  it('tells searches, trackers and uTP over UDP', () => {
    const search = bytesOf('d1:ad2:id20:', hash, '9:info_hash20:', hash, 'e1:q9:get_peers1:t2:ab1:y1:qe');
    const facts = feed(bittorrent, [['initiator', search]], udp);
    expect(commandsOf(facts)).toEqual([`dht-get_peers ${hashHex} -1`]);
    const tracker = bytesOf(big32(0x417), big32(0x27101980), big32(0), big32(99));
    expect(commandsOf(feed(bittorrent, [['initiator', tracker]], udp))).toEqual(['tracker-connect  -1']);
    const start = bytesOf(0x41, 0, big16(500), big32(123456), big32(0), big32(65536), big16(1), big16(0));
    const data = bytesOf(0x01, 0, big16(501), big32(1), big32(2), big32(3), big16(2), big16(1), handshake('-LT1000-'));
    expect(
      propertiesOf(
        feed(
          bittorrent,
          [
            ['initiator', start],
            ['initiator', data],
          ],
          udp,
        ),
        'info-hash',
      ),
    ).toEqual([hashHex]);
    expect(feed(bittorrent, [['initiator', bytesOf('d1:ad2:id20:tooshort')]], udp)).toEqual([]);
    expectRobust(bittorrent, [['initiator', search]], udp);
  });

  it('stands cuts and damage', () => expectRobust(bittorrent, exchange));
});
