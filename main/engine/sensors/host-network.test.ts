import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseFibTrie,
  parseIfInet6,
  parseIpv6Routes,
  parseLease,
  parseResolvers,
  parseRoutes,
  readHostNetwork,
} from './host-network.ts';

const FIB_TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.0
           /24 link UNICAST
        |-- 192.168.1.20
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 3 0 5
        |-- 192.168.1.20
           /32 host LOCAL
`;
const IF_INET6 = `00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000000c0fffeee0001 02 40 20 80     eth0
`;
const ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	50	00000000	0	0	0
tun0	00000000	0100080A	0003	0	0	0	00000080	0	0	0
`;
const IPV6_ROUTE = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;
const RESOLV_CONF = `# made by hand
nameserver 127.0.0.53
nameserver	2001:DB8:0:0:0:0:0:53
nameserver fe80::1%eth0
options edns0
#nameserver 9.9.9.9
nameserver not-an-address
`;

describe('what /proc says', () => {
  it('own IPv4 addresses', () => {
    expect(parseFibTrie(FIB_TRIE)).toEqual(['127.0.0.1', '192.168.1.20', '192.168.1.20']);
  });

  it('own IPv6 addresses', () => {
    expect(parseIfInet6(IF_INET6)).toEqual(['::1', 'fe80::c0ff:feee:1']);
  });

  it('default gateways, and no other routes', () => {
    expect(parseRoutes(ROUTE)).toEqual(['192.168.1.1']);
    expect(parseIpv6Routes(IPV6_ROUTE)).toEqual(['fe80::1']);
  });
});

describe('what resolvers and DHCP clients say', () => {
  it('name servers', () => {
    expect(parseResolvers(RESOLV_CONF)).toEqual(['127.0.0.53', '2001:db8::53', 'fe80::1']);
  });

  it('DHCP servers', () => {
    expect(parseLease('ADDRESS=192.0.2.9\nSERVER_ADDRESS=192.0.2.1\n')).toEqual(['192.0.2.1']);
    expect(parseLease('lease {\n  option dhcp-server-identifier 192.0.2.2;\n}\n')).toEqual(['192.0.2.2']);
    expect(parseLease('SERVER_ADDRESS=192.0.2.3 \r\n')).toEqual(['192.0.2.3']);
  });

  it('takes linear time on a lease of blank lines', () => {
    const began = performance.now();
    expect(parseLease('\n'.repeat(1_000_000))).toEqual([]);
    // A second is far above linear and far below the hour of quadratic.
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('readHostNetwork', () => {
  it('joins the files below a root, without repetitions', () => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-host-network-test-'));
    const files = {
      'proc/net/fib_trie': FIB_TRIE,
      'proc/net/if_inet6': IF_INET6,
      'proc/net/route': ROUTE,
      'proc/net/ipv6_route': IPV6_ROUTE,
      'etc/resolv.conf': RESOLV_CONF,
      'run/systemd/resolve/resolv.conf': 'nameserver 192.168.1.1\nnameserver 127.0.0.53\n',
      'run/systemd/netif/leases/2': 'SERVER_ADDRESS=192.168.1.1\n',
      'var/lib/NetworkManager/internal-eth0.lease': 'SERVER_ADDRESS=192.168.1.2\n',
      'var/lib/NetworkManager/secret_key': 'SERVER_ADDRESS=192.168.1.3\n',
    };
    try {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
      expect(readHostNetwork(root)).toEqual({
        addresses: ['127.0.0.1', '192.168.1.20', '::1', 'fe80::c0ff:feee:1'],
        gateways: ['192.168.1.1', 'fe80::1'],
        dnsServers: ['127.0.0.53', '2001:db8::53', 'fe80::1', '192.168.1.1'],
        dhcpServers: ['192.168.1.1', '192.168.1.2'],
      });
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('knows nothing where there is nothing', () => {
    const nothing = { addresses: [], gateways: [], dnsServers: [], dhcpServers: [] };
    expect(readHostNetwork('/nonexistent')).toEqual(nothing);
  });

  it('knows this host', () => {
    expect(readHostNetwork().addresses).toContain('127.0.0.1');
  });

  it('takes any text for any file', () => {
    const parsers = [parseFibTrie, parseIfInet6, parseRoutes, parseIpv6Routes, parseResolvers, parseLease];
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...[FIB_TRIE, IF_INET6, ROUTE, IPV6_ROUTE, RESOLV_CONF].flatMap((text) => text.split('\n'))),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        for (const parse of parsers) {
          for (const address of parse(lines.join('\n'))) expect(address).toMatch(/^[0-9a-f.:]+$/);
        }
      }),
    );
  });
});
