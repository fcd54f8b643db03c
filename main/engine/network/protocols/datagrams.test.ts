/** The small protocols whose messages are single datagrams. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { icmp } from './icmp.ts';
import { ntp } from './ntp.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { ssdp } from './ssdp.ts';
import { stun } from './stun.ts';
import { syslog } from './syslog.ts';
import { type FeedOptions, feed, mutations, type Side } from './testing.ts';
import { tftp } from './tftp.ts';

const text = (value: string) => new TextEncoder().encode(value);
const hex = (value: string) => Uint8Array.from(Buffer.from(value.replaceAll(' ', ''), 'hex'));

function say(
  definition: ProtocolDefinition,
  exchange: readonly (readonly [Side, Uint8Array])[],
  options: FeedOptions = {},
): string[] {
  return feed(definition, exchange, options).map((fact: Fact) => {
    if (fact.type === 'property') return `${fact.name} ${fact.value}`;
    if (fact.type === 'command') return `${fact.command} ${fact.argument} ${fact.status}`;
    return fact.type === 'protocol' ? fact.protocol : fact.type;
  });
}

describe('ICMP', () => {
  const echo = (sequence: number, payload: string) =>
    Uint8Array.from([8, 0, 0, 0, 0x12, 0x34, sequence >> 8, sequence & 255, ...text(payload)]);

  it('tells of echo what tunnels show themselves in', () => {
    const facts = feed(icmp, [['initiator', echo(7, 'abcdefgh')]]);
    expect(facts[1]).toMatchObject({
      type: 'icmp',
      version: 4,
      messageType: 8,
      id: 0x1234,
      sequence: 7,
      payloadBytes: 8,
      entropy: 3,
      payloadStart: '6162636465666768',
    });
  });

  it('tells the first ones and then samples', () => {
    const pings = Array.from({ length: 640 }, (_, i) => ['initiator', echo(i, 'x')] as const);
    expect(feed(icmp, pings).filter((fact) => fact.type === 'icmp')).toHaveLength(64 + 36);
  });

  it('reads where packets are to go by another way', () => {
    const packet = '45000028 00010000 40060000 0a000007 5db8d822';
    expect(say(icmp, [['initiator', hex(`05 01 0000 0a000042 ${packet} 0102030405060708`)]])).toContain(
      'redirect-to 10.0.0.66',
    );
    expect(say(icmp, [['initiator', hex(`05 01 0000 0a000042 ${packet}`)]])).toContain('redirect-for 93.184.216.34');
    expect(say(icmp, [['initiator', hex('05 01 0000 0a000042 4500')]]).join()).not.toContain('redirect');
    const to = 'fe800000000000000000000000000066';
    const target = '20010db8000000000000000000000001';
    const message = hex(`89 00 0000 00000000 ${to} ${target}`);
    expect(say(icmp, [['initiator', message]], { transport: PROTOCOL.icmpv6 })).toEqual(
      expect.arrayContaining(['redirect-to fe80::66', 'redirect-for 2001:db8::1']),
    );
  });

  it('reads what a router would have hosts believe', () => {
    const prefix = '03 04 40 c0 00000000 00000000 00000000 20010db8000000000000000000000000';
    const servers = '19 03 0000 00000000 20010db8000000000000000000000053';
    const advert = hex(`86 00 0000 40 00 0708 00000000 00000000 01 01 0242ac110007 ${prefix} ${servers}`);
    expect(say(icmp, [['initiator', advert]], { transport: PROTOCOL.icmpv6 })).toEqual([
      'icmp',
      'icmp',
      'router-preference medium',
      'router-lifetime 1800',
      'router-mac 02:42:ac:11:00:07',
      'prefix 2001:db8::/64',
      'name-server 2001:db8::53',
    ]);
  });
});

describe('NTP', () => {
  const request = hex(`23 02 06 ec ${'00'.repeat(36)} 0102030405060708`);
  const answer = hex(`24 01 06 ec ${'00'.repeat(8)} 47505300 ${'00'.repeat(8)} 0102030405060708 ${'11'.repeat(16)}`);

  it('reads a question and its answer, also on another port', () => {
    for (const responderPort of [123, 4_123]) {
      const facts = feed(
        ntp,
        [
          ['initiator', request],
          ['responder', answer],
        ],
        { responderPort },
      );
      expect(facts.slice(1)).toMatchObject([
        { version: 4, mode: 3, referenceId: '', fromInitiator: true },
        { version: 4, mode: 4, stratum: 1, referenceId: 'GPS', fromInitiator: false },
      ]);
    }
    const other = answer.slice();
    other[24] = 9;
    expect(
      feed(
        ntp,
        [
          ['initiator', request],
          ['responder', other],
        ],
        { responderPort: 4_123 },
      ),
    ).toEqual([]);
  });

  it('reads the request for a list of clients that floods are made with', () => {
    expect(feed(ntp, [['initiator', hex('17 00 03 2a 00000000')]])[1]).toMatchObject({
      mode: 7,
      request: 42,
      version: 2,
    });
  });
});

describe('TFTP', () => {
  it('reads requests and refusals', () => {
    const request = text('\0\x01startup-config\0OCTET\0');
    const refusal = text('\0\x05\0\x01File not found\0');
    expect(
      say(tftp, [
        ['initiator', request],
        ['responder', refusal],
      ]),
    ).toEqual(['tftp', 'RRQ startup-config -1', 'ERROR File not found 1']);
    expect(say(tftp, [['initiator', text('\0\x01name\0text\0')]])).toEqual([]);
    expect(say(tftp, [['initiator', text('\0\x01name')]])).toEqual([]);
  });
});

describe('syslog', () => {
  it('reads who sends, in either standard', () => {
    const modern = text('<165>1 2003-10-11T22:14:15.003Z web.example evntslog - ID47 - said');
    const old = text('<34>Oct  1 22:14:15 mail sshd[411]: Failed password');
    expect(
      say(
        syslog,
        [
          ['initiator', modern],
          ['initiator', old],
        ],
        { responderPort: 9_999 },
      ),
    ).toEqual(['syslog', 'hostname web.example', 'program evntslog', 'hostname mail', 'program sshd']);
    expect(say(syslog, [['initiator', text('<999>Oct 1 22:14:15 mail x: y')]])).toEqual([]);
    expect(say(syslog, [['initiator', text('<13>anything at all')]])).toEqual(['syslog']);
    expect(say(syslog, [['initiator', text('<13>anything at all')]], { responderPort: 9_999 })).toEqual([]);
  });

  it('reads it over TCP, with or without lengths', () => {
    const line = '<34>Oct 11 22:14:15 mail su: no\n';
    const stream = text(`${line}${line.length} ${line}`);
    for (const segmentBytes of [1, 100]) {
      expect(say(syslog, [['initiator', stream]], { transport: PROTOCOL.tcp, segmentBytes })).toEqual([
        'syslog',
        'hostname mail',
        'program su',
      ]);
    }
  });
});

describe('SSDP', () => {
  it('reads searches, answers and notices', () => {
    const search = text(
      'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: upnp:rootdevice\r\n\r\n',
    );
    const answer = text(
      'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Linux UPnP/1.0\r\nLOCATION: http://192.0.2.1/d.xml\r\n\r\n',
    );
    expect(
      say(ssdp, [
        ['initiator', search],
        ['responder', answer],
      ]),
    ).toEqual([
      'ssdp',
      'M-SEARCH upnp:rootdevice -1',
      'RESPONSE upnp:rootdevice 200',
      'server Linux UPnP/1.0',
      'location http://192.0.2.1/d.xml',
    ]);
    expect(say(ssdp, [['initiator', answer]], { responderPort: 9_999 })).toEqual([]);
  });
});

describe('STUN', () => {
  const header = '2112a442 b7e7a701bc34d686fa87dfae';

  it('reads the example of RFC 5769', () => {
    const software = '8022000b 7465737420766563746f7220';
    const mapped = '00200008 0001a147 e112a643';
    const answer = hex(`0101 001c ${header} ${software} ${mapped}`);
    expect(say(stun, [['initiator', answer]], { responderPort: 9_999 })).toEqual([
      'stun',
      'method binding',
      'software test vector',
      'mapped-address 192.0.2.1 32853',
    ]);
  });

  it('is told over TCP, with its length before it and without', () => {
    const request = `0001 0008 ${header} 00060004 6b696d21`;
    for (const length of ['', '001c', '0000 001c']) {
      const facts = say(stun, [['initiator', hex(`${length} ${request}`)]], { transport: PROTOCOL.tcp });
      expect(facts).toEqual(['stun', 'method binding', 'username kim!']);
    }
    expect(say(stun, [['initiator', hex(`001d ${request} 00`)]], { transport: PROTOCOL.tcp })).toEqual([]);
  });

  it('knows the old form by its answer, and leaves DTLS to those who read it', () => {
    const old = '00112233445566778899aabbccddeeff';
    const exchange = [
      ['initiator', hex(`0001 0000 ${old}`)],
      ['responder', hex(`0101 0000 ${old}`)],
    ] as const;
    expect(say(stun, exchange, { responderPort: 9_999 })).toEqual(['stun', 'method binding']);
    expect(say(stun, [exchange[0]], { responderPort: 9_999 })).toEqual([]);
    const dtls: ProtocolDefinition = {
      id: 'dtls',
      transports: [PROTOCOL.udp],
      ports: [],
      identify: () => 0,
      parser: (context) => ({
        read: (bytes) => {
          context.tell({ type: 'property', protocol: 'dtls', name: 'bytes', value: String(bytes.length) });
          return bytes.length;
        },
      }),
    };
    const handshake = hex(`16 fefd ${'00'.repeat(20)}`);
    const request = hex(`0001 0000 ${header}`);
    expect(
      say(
        stun,
        [
          ['initiator', request],
          ['responder', handshake],
        ],
        { others: [dtls] },
      ),
    ).toEqual(['stun', 'method binding', 'dtls', 'bytes 23']);
  });
});

describe('any bytes', () => {
  const valid: readonly (readonly [ProtocolDefinition, Uint8Array])[] = [
    [icmp, hex('86 00 0000 40 00 0708 00000000 00000000 01 01 0242ac110007')],
    [ntp, hex(`24 01 06 ec ${'00'.repeat(8)} 47505300 ${'11'.repeat(32)}`)],
    [tftp, text('\0\x01startup-config\0octet\0')],
    [syslog, text('<34>Oct 11 22:14:15 mail su: no')],
    [ssdp, text('M-SEARCH * HTTP/1.1\r\nST: upnp:rootdevice\r\n\r\n')],
    [stun, hex('0101 0018 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220')],
  ];

  it.each(valid.map(([definition, bytes]) => [definition.id, definition, bytes] as const))(
    'do %s no harm',
    (_, definition, bytes) => {
      for (const damaged of mutations(bytes, 9, 120)) {
        for (const transport of definition.transports) {
          const facts = feed(
            definition,
            [
              ['initiator', damaged],
              ['responder', damaged],
            ],
            { transport },
          );
          expect(facts.some((fact) => fact.type === 'broken')).toBe(false);
        }
      }
    },
  );
});
