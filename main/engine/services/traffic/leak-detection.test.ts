/** Data that leaves, as bytes on the wire, through flows and parsers to the detectors: facts are what they think. */
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../../contract/domain.ts';
import { type Said, Wire } from './wire-testing.ts';

const INSIDE = '10.0.0.9';
const OUTSIDE = '203.0.113.66';
const LEAKS = new Set(['dns-tunnel', 'exfiltration', 'tunnel']);

function leaksOf(wire: Wire): readonly Alert[] {
  return wire.finish().filter(({ kind }) => LEAKS.has(kind));
}

const text = (content: string) => Buffer.from(content, 'latin1');
/** Bytes that repeat never in so few (Lehmer generator). */
function noise(count: number, seed: number): Buffer {
  let state = seed * 2 + 1;
  return Buffer.from(
    Array.from({ length: count }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return (state >> 8) & 0xff;
    }),
  );
}

const TYPE = { A: 1, NULL: 10, TXT: 16 } as const;

/** RFC 1035 4.1: a question, and with `answer` the response that holds it. */
function message(id: number, name: string, type: number, answer?: Uint8Array, isMissing = false): Buffer {
  const isResponse = answer !== undefined || isMissing;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE((isResponse ? 0x8580 : 0x0100) | (isMissing ? 3 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answer === undefined ? 0 : 1, 6);
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), text(label)]));
  const question = Buffer.concat([...labels, Buffer.of(0, 0, type, 0, 1)]);
  if (answer === undefined) return Buffer.concat([head, question]);
  const fixed = Buffer.of(0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, answer.length >> 8, answer.length & 0xff);
  return Buffer.concat([head, question, fixed, answer]);
}

function lookUp(wire: Wire, index: number, name: string, type: number, answer?: Uint8Array): void {
  const port = 30_000 + index;
  wire.datagram(INSIDE, port, OUTSIDE, 53, message(index, name, type));
  wire.datagram(OUTSIDE, 53, INSIDE, port, message(index, name, type, answer, answer === undefined));
}

describe('data in look-ups of names', () => {
  it.each<[string, (index: number) => readonly [name: string, type: number, answer: Uint8Array]]>([
    ['NULL records', (index) => [`${noise(12, index).toString('hex')}.t.example.org`, TYPE.NULL, noise(40, index)]],
    [
      'text records',
      (index) => [
        `${noise(17, index).toString('hex')}.t.example.org`,
        TYPE.TXT,
        Buffer.concat([Buffer.of(34), text(noise(17, index + 500).toString('hex'))]),
      ],
    ],
    [
      'addresses',
      (index) => [
        `${noise(28, index).toString('hex')}.${noise(28, index + 500).toString('hex')}.t.example.org`,
        TYPE.A,
        Buffer.of(0, 0, 0, 0),
      ],
    ],
  ])('is found in %s', (_name, lookup) => {
    const wire = new Wire();
    for (let index = 0; index < 60; index++) {
      lookUp(wire, index, ...lookup(index));
      wire.wait(0.5);
    }
    expect(leaksOf(wire)).toMatchObject([{ attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('is not seen in names of the web', () => {
    const wire = new Wire();
    for (let index = 0; index < 200; index++) {
      lookUp(wire, index, `www${index % 9}.shop${index}.example.org`, TYPE.A, Buffer.of(198, 51, 100, index));
      wire.wait(0.2);
    }
    expect(leaksOf(wire)).toEqual([]);
  });
});

describe('made-up domains', () => {
  it('are found by the answers that they do not exist', () => {
    const wire = new Wire();
    for (let index = 0; index < 30; index++) {
      const label = [...noise(13, index * 31 + 7)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
      lookUp(wire, index, `${label}.${['com', 'net', 'org'][index % 3]}`, TYPE.A);
      wire.wait(1);
    }
    const found = wire.finish().filter(({ kind }) => kind === 'command-and-control');
    expect(found).toMatchObject([{ victims: [INSIDE], techniques: ['T1568.002'] }]);
  });
});

describe('data in pings', () => {
  /** A packet of IPv4 with something in it. */
  const packet = (bytes: number, index: number) => {
    const content = noise(bytes, index);
    content.set([0x45, 0, bytes >> 8, bytes & 0xff]);
    return content;
  };

  it('is found in packets within them', () => {
    const wire = new Wire();
    for (let index = 0; index < 40; index++) {
      wire.echo(INSIDE, OUTSIDE, false, 0, packet(84, index));
      wire.echo(OUTSIDE, INSIDE, true, 0, packet(120, index + 500));
      wire.wait(0.5);
    }
    expect(leaksOf(wire)).toMatchObject([{ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('is found late in a long series of them', () => {
    const wire = new Wire();
    const filling = Buffer.from(Array.from({ length: 56 }, (_, index) => index));
    for (let index = 0; index < 1_000; index++) {
      const isTunnel = index >= 200;
      wire.echo(INSIDE, OUTSIDE, false, index, isTunnel ? noise(300, index) : filling);
      wire.echo(OUTSIDE, INSIDE, true, index, isTunnel ? noise(200, index + 5_000) : filling);
      wire.wait(0.1);
    }
    expect(leaksOf(wire)).toMatchObject([{ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('is not seen in pings of any size', () => {
    const wire = new Wire();
    for (let index = 0; index < 300; index++) {
      const filling = Buffer.from(Array.from({ length: 56 + index * 4 }, (_, at) => at));
      filling.set(noise(16, index));
      wire.echo(INSIDE, OUTSIDE, false, index, filling);
      wire.echo(OUTSIDE, INSIDE, true, index, filling);
      wire.wait(0.5);
    }
    expect(leaksOf(wire)).toEqual([]);
  });
});

describe('data that leaves over TCP', () => {
  const ZIP = Buffer.concat([Buffer.of(0x50, 0x4b, 0x03, 0x04, 20, 0, 0, 0, 8, 0), noise(40_000, 3)]);
  const FORM_HEAD = '--b\r\nContent-Disposition: form-data; name="f"; filename="home.zip"\r\n\r\n';

  function leaks(port: number, ...says: readonly Said[]): readonly Alert[] {
    const wire = new Wire();
    wire.talk({ from: INSIDE, to: OUTSIDE, port }, says);
    return leaksOf(wire);
  }

  function post(head: string, body: Uint8Array): readonly Said[] {
    const request = text(`${head}Content-Length: ${body.length}\r\n\r\n`);
    return [['>', Buffer.concat([request, body])], '< HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'];
  }

  it.each<[string, number, readonly Said[]]>([
    ['an archive poured into a bare connection', 4_444, [['>', ZIP]]],
    ['an encrypted one', 4_444, [['>', Buffer.concat([text('Salted__'), noise(40_000, 9)])]]],
    [
      'an archive sent by curl',
      8_000,
      post(`PUT /home.zip HTTP/1.1\r\nHost: ${OUTSIDE}:8000\r\nUser-Agent: curl/8.5.0\r\n`, ZIP),
    ],
    [
      'an archive sent by curl as a form',
      8_000,
      post(
        `POST / HTTP/1.1\r\nHost: ${OUTSIDE}:8000\r\nUser-Agent: curl/8.5.0\r\nContent-Type: multipart/form-data; boundary=b\r\n`,
        Buffer.concat([text(FORM_HEAD), ZIP, text('\r\n--b--\r\n')]),
      ),
    ],
    [
      'accounts of the system',
      80,
      post(
        'POST /c HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.5.0\r\nContent-Type: text/plain\r\n',
        text('root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/sbin/nologin\n'),
      ),
    ],
  ])('is found: %s', (_name, port, says) => {
    expect(leaks(port, ...says)).toMatchObject([{ kind: 'exfiltration', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('is found in a file of a password thief sent by FTP', () => {
    const wire = new Wire();
    const control: readonly Said[] = [
      '< 220 ready\r\n',
      '> USER a\r\n',
      '< 331 password\r\n',
      '> PASS b\r\n',
      '< 230 in\r\n',
      '> PASV\r\n',
      `< 227 Entering Passive Mode (${OUTSIDE.replaceAll('.', ',')},195,80)\r\n`,
      '> STOR PW_anna-DESKTOP-1_2024_03_05_10_11_12.html\r\n',
      '< 150 go on\r\n',
    ];
    wire.talk({ from: INSIDE, to: OUTSIDE, port: 21, closes: false }, control);
    wire.talk({ from: INSIDE, to: OUTSIDE, port: 195 * 256 + 80 }, ['> <html><body>mail: anna / secret</body></html>']);
    expect(leaksOf(wire)).toMatchObject([{ kind: 'exfiltration', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('is not seen in what a browser uploads, or a program fetches', () => {
    const head = 'POST /u HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11)\r\n';
    expect(leaks(80, ...post(`${head}Content-Type: application/zip\r\n`, ZIP))).toEqual([]);
    const answer = Buffer.concat([text(`HTTP/1.1 200 OK\r\nContent-Length: ${ZIP.length}\r\n\r\n`), ZIP]);
    expect(
      leaks(80, '> GET /a.zip HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8\r\n\r\n', ['<', answer]),
    ).toEqual([]);
  });
});

describe('connections inside of others', () => {
  it('are found behind a proxy by the protocol that follows', () => {
    const wire = new Wire();
    wire.talk({ from: INSIDE, to: OUTSIDE, port: 3128 }, [
      '> CONNECT shell.example.org:443 HTTP/1.1\r\nHost: shell.example.org:443\r\n\r\n',
      '< HTTP/1.1 200 Connection established\r\n\r\n',
      '< SSH-2.0-OpenSSH_9.6\r\n',
      '> SSH-2.0-OpenSSH_9.2\r\n',
    ]);
    expect(leaksOf(wire)).toMatchObject([{ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });

  it('are found where a called server asks the caller for them', () => {
    const wire = new Wire();
    wire.talk({ from: INSIDE, to: OUTSIDE, port: 443 }, [
      ['<', Uint8Array.of(5, 1, 0)],
      ['>', Uint8Array.of(5, 0)],
      ['<', Uint8Array.of(5, 1, 0, 1, 10, 0, 0, 5, 1, 189)],
      ['>', Uint8Array.of(5, 0, 0, 1, 10, 0, 0, 9, 200, 1)],
      ['<', noise(300, 1)],
      ['>', noise(300, 2)],
    ]);
    expect(leaksOf(wire)).toMatchObject([{ kind: 'tunnel', severity: 'high', attackers: [OUTSIDE] }]);
  });

  it('are found on the port of DNS', () => {
    const wire = new Wire();
    for (let index = 0; index < 60; index++) {
      wire.datagram(INSIDE, 40_000, OUTSIDE, 53, Buffer.concat([Buffer.of(0x10, 0xd1, 0x9e, 0x20), noise(300, index)]));
      wire.datagram(OUTSIDE, 53, INSIDE, 40_000, Buffer.concat([Buffer.of(0x10, 0xd1, 0x9e, 0x20), noise(300, index)]));
    }
    expect(leaksOf(wire)).toMatchObject([{ kind: 'tunnel', attackers: [OUTSIDE], victims: [INSIDE] }]);
  });
});
