import { describe, expect, it } from 'vitest';
import { BASE32, DNS_CLIENT, DNS_SERVER, HEX, type Lookup, lookUp, textSource } from '../dns-testing.ts';
import { NO_ROLES, Player } from '../testing.ts';
import { dnsTunnelDetector } from './dns-tunnel.ts';

interface Series {
  readonly count: number;
  readonly everySeconds: number;
  readonly lookup: (index: number, text: ReturnType<typeof textSource>) => Lookup;
}

function played(series: Series, landscape = NO_ROLES): Player {
  const player = new Player(dnsTunnelDetector, landscape);
  const text = textSource(7);
  for (let index = 0; index < series.count; index++) {
    lookUp(player, series.lookup(index, text));
    player.wait(series.everySeconds);
  }
  player.finish();
  return player;
}

const TUNNELS: Readonly<Record<string, Series>> = {
  'NULL records, as of iodine': {
    count: 30,
    everySeconds: 0.05,
    lookup: (_, text) => ({
      name: `${text(BASE32, 1)}${text(BASE32, 4)}.t.example.org`,
      type: 'NULL',
      answers: [text(HEX, 60)],
    }),
  },
  'private record types': {
    count: 10,
    everySeconds: 1,
    lookup: (_, text) => ({ name: `${text(BASE32, 20)}.t.example.org`, type: 'TYPE65399', answers: [text(HEX, 20)] }),
  },
  'an idle conversation in TXT, CNAME and MX, as of dnscat2': {
    count: 40,
    everySeconds: 1,
    lookup: (index, text) => ({
      name: `${text(HEX, 34)}.cat.example.org`,
      type: ['TXT', 'CNAME', 'MX'][index % 3] ?? 'TXT',
      answers: [text(HEX, 34)],
    }),
  },
  'the same without a domain, by a prefix': {
    count: 40,
    everySeconds: 1,
    lookup: (index, text) => ({
      name: `dnscat.${text(HEX, 32)}0a`,
      type: ['TXT', 'CNAME', 'MX'][index % 3] ?? 'TXT',
      answers: [text(HEX, 34)],
    }),
  },
  'base64 in KEY and TXT, as of dns2tcp': {
    count: 40,
    everySeconds: 0.2,
    lookup: (index, text) => ({
      name: `${text(`${BASE32}ABCDEFGH89`, 30)}.=connect.d.example.org`,
      type: index % 2 === 0 ? 'KEY' : 'TXT',
      answers: [text(HEX, 80)],
    }),
  },
  'a file in hexadecimal, which nobody answers': {
    count: 60,
    everySeconds: 0.5,
    lookup: (_, text) => ({ name: `${text(HEX, 60)}.example.org`, isUnanswered: true }),
  },
  'a file in pieces of a hash’s length, of names that do not exist': {
    count: 200,
    everySeconds: 0.5,
    lookup: (_, text) => ({ name: `${text(HEX, 32)}.example.org` }),
  },
  'commands and output in addresses, as of a beacon': {
    count: 60,
    everySeconds: 3,
    lookup: (index, text) => ({
      name: `post.1${text(HEX, 56)}.${text(HEX, 56)}.${text(HEX, 10)}.${index}.ns.example.org`,
      answers: ['0.0.0.0'],
    }),
  },
  'a few look-ups an hour for a day': {
    count: 130,
    everySeconds: 600,
    lookup: (_, text) => ({ name: `${text(BASE32, 48)}.example.org`, answers: ['198.51.100.1'] }),
  },
  'a program in text records under plain names': {
    count: 40,
    everySeconds: 1,
    lookup: (index, text) => ({ name: `${index}.stage.example.org`, type: 'TXT', answers: [text(BASE32, 250)] }),
  },
};

const ORDINARY: Readonly<Record<string, Series>> = {
  'reverse look-ups': {
    count: 2_000,
    everySeconds: 0.1,
    lookup: (index) => ({
      name: `${index % 250}.${index % 7}.168.192.in-addr.arpa`,
      type: 'PTR',
      answers: ['a.example'],
    }),
  },
  'reverse look-ups of IPv6': {
    count: 200,
    everySeconds: 0.1,
    lookup: (_, text) => ({ name: `${text(HEX, 32).split('').join('.')}.ip6.arpa`, type: 'PTR' }),
  },
  'a mail server that asks block lists for addresses': {
    count: 2_000,
    everySeconds: 0.2,
    lookup: (index) => ({ name: `${index % 251}.${index % 13}.113.203.zen.example.org`, answers: ['127.0.0.4'] }),
  },
  'a mail server that asks block lists for hashes': {
    count: 1_000,
    everySeconds: 0.2,
    lookup: (index, text) => ({
      name: `${text(HEX, 40)}.hashbl.example.org`,
      ...(index % 20 === 0 ? { answers: ['127.0.0.2'] } : {}),
    }),
  },
  'a virus scanner that asks its maker about files': {
    count: 300,
    everySeconds: 1,
    lookup: (_, text) => ({ name: `${text(HEX, 32)}.avqs.mcafee.com`, answers: ['127.0.5.8'] }),
  },
  'an unknown virus scanner': {
    count: 100,
    everySeconds: 2,
    lookup: (_, text) => ({ name: `${text(BASE32, 40)}.cloud.example.org`, answers: ['127.1.2.3'] }),
  },
  'hashed hosts of a delivery network': {
    count: 400,
    everySeconds: 1,
    lookup: (_, text) => ({ name: `d${text(BASE32, 13)}.cloudfront.net`, answers: ['198.51.100.9'] }),
  },
  'hashed hosts of a small delivery network': {
    count: 60,
    everySeconds: 2,
    lookup: (_, text) => ({ name: `${text(HEX, 10)}.cdn.example.net`, answers: ['198.51.100.9'] }),
  },
  'a test for leaking look-ups': {
    count: 30,
    everySeconds: 0.1,
    lookup: (_, text) => ({ name: `${text(HEX, 16)}.leak.example.org`, answers: ['198.51.100.9'] }),
  },
  'the same long name again and again': {
    count: 2_000,
    everySeconds: 2,
    lookup: () => ({ name: '7f3a9c52e8b14d6fa0c3e5d7b9812f46.t.example.org', type: 'TXT', answers: ['v=1'] }),
  },
  'the directory of a domain': {
    count: 300,
    everySeconds: 1,
    lookup: (index) => ({
      name: `_ldap._tcp.4f9d2c1${index % 3}-77aa-4be1-9c55-0a1b2c3d4e5f.domains._msdcs.corp.example.org`,
      type: 'SRV',
      answers: ['0 100 389 dc1.corp.example.org'],
    }),
  },
  'proofs and policies of a mail server': {
    count: 400,
    everySeconds: 1,
    lookup: (index) => ({
      name: `s${index}a1b2c3d4e5f60718._domainkey.example${index}.org`,
      type: 'TXT',
      answers: ['v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ'],
    }),
  },
  'a search for sub-domains with words': {
    count: 3_000,
    everySeconds: 0.01,
    lookup: (index) => ({ name: `mail-server-${index}.example.org` }),
  },
};

describe('the detector of DNS tunnels', () => {
  it.each(Object.entries(TUNNELS))('finds %s', (_name, series) => {
    const player = played(series);
    expect(player.alerts).toHaveLength(1);
    const [alert] = player.alerts;
    expect(alert).toMatchObject({ attackers: [DNS_SERVER], victims: [DNS_CLIENT] });
    expect(['medium', 'high']).toContain(alert?.severity);
    expect(['dns-tunnel', 'exfiltration']).toContain(alert?.kind);
  });

  it.each(Object.entries(ORDINARY))('is silent about %s', (_name, series) => {
    expect(played(series).findings).toEqual([]);
  });

  it('calls it exfiltration when much leaves and nothing comes back', () => {
    const [alert] = played(TUNNELS['a file in hexadecimal, which nobody answers']!).alerts;
    expect(alert).toMatchObject({ kind: 'exfiltration', techniques: ['T1048.003', 'T1071.004'] });
  });

  it('names nobody where the network’s own server is asked, and says so', () => {
    const series = TUNNELS['NULL records, as of iodine']!;
    const [alert] = played(series, { ...NO_ROLES, mayBeAttacker: () => false }).alerts;
    expect(alert).toMatchObject({ attackers: [], attackerCount: 0, victims: [DNS_CLIENT] });
    expect(alert?.explanation).toContain('only passes look-ups on');
  });

  it('asks more of a resolver, which asks for all of its clients', () => {
    const series: Series = {
      count: 100,
      everySeconds: 1,
      lookup: (_, text) => ({ name: `${text(BASE32, 40)}.cdn.example.org`, answers: ['198.51.100.9'] }),
    };
    expect(played({ ...series, count: 60 }, { ...NO_ROLES, isDnsServer: () => true }).findings).toEqual([]);
    expect(played(series).alerts).toHaveLength(1);
  });

  it('reports within the first look-ups and does not repeat itself', () => {
    const player = played({ ...TUNNELS['NULL records, as of iodine']!, count: 5_000 });
    expect(player.findings.length).toBeLessThan(20);
    const [first] = player.findings;
    expect((first!.lastSeenMs - first!.firstSeenMs) / 1000).toBeLessThan(2);
    expect(player.findings.at(-1)?.evidence[0]?.value).toBeGreaterThan(4_000);
  });

  it('holds no more than its bound when names are made up by the million', () => {
    const player = new Player(dnsTunnelDetector);
    const text = textSource(3);
    for (let index = 0; index < 20_000; index++) lookUp(player, { name: `${text(HEX, 20)}.d${index}.org` });
    player.finish();
    expect(player.findings).toEqual([]);
  });
});
