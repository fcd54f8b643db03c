import { describe, expect, it } from 'vitest';
import type { FileFact, HttpRequestFact, TlsClientFact } from '../../../../contract/facts.ts';
import { HEX, lookUp, textSource } from '../dns-testing.ts';
import { type Conversation, FINISHED, NO_ROLES, Player, type Step } from '../testing.ts';
import { exfiltrationDetector } from './exfiltration.ts';

const INSIDE = '10.1.0.7';
const OUTSIDE = '203.0.113.9';
const HANDSHAKE: readonly Step[] = ['>S', '<SA', '>A'];

const bytes = (count: number, fill = 0x20): Uint8Array => new Uint8Array(count).fill(fill);
const sent = (count: number, head: readonly number[] = []): Step => {
  const data = bytes(count);
  data.set(head);
  return { from: '>', bytes: data };
};
const received = (count: number): Step => ({ from: '<', bytes: bytes(count) });
const ZIP = [0x50, 0x4b, 0x03, 0x04];

function request(fields: Partial<Omit<HttpRequestFact, 'timeUs' | 'type'>>): Step {
  const fact: Omit<HttpRequestFact, 'timeUs'> = {
    type: 'http-request',
    protocol: 'http',
    index: 0,
    method: 'POST',
    host: 'www.example.org',
    hostPort: -1,
    uri: '/upload',
    version: '1.1',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    referrer: '',
    contentType: 'application/octet-stream',
    contentLength: 50_000,
    user: '',
    authorization: '',
    headers: [],
    bodyStart: '',
    fromInitiator: true,
    ...fields,
  };
  return { fact };
}

function file(fields: Partial<Omit<FileFact, 'timeUs' | 'type'>>): Step {
  const fact: Omit<FileFact, 'timeUs'> = {
    type: 'file',
    protocol: 'http',
    name: '',
    kind: 'unknown',
    claimedType: '',
    bytes: 50_000,
    isWhole: true,
    sha256: '',
    md5: '',
    fromInitiator: true,
    ...fields,
  };
  return { fact };
}

function hello(serverName: string): Step {
  const fact: Omit<TlsClientFact, 'timeUs'> = {
    type: 'tls-client',
    protocol: 'tls',
    version: 0x0304,
    serverName,
    alpn: [],
    ciphers: [],
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: '',
    fromInitiator: true,
  };
  return { fact };
}

const told = (protocol: 'tls' | 'ssh' | 'smb' | 'ftp-data'): Step => ({
  fact: { type: 'protocol', protocol, isUsualPort: true, fromInitiator: true },
});

function talk(steps: readonly Step[], fields: Partial<Conversation> = {}): Conversation {
  return { from: INSIDE, to: OUTSIDE, port: 443, steps: [...HANDSHAKE, ...steps], end: FINISHED, ...fields };
}

function played(conversations: readonly Conversation[], landscape = NO_ROLES, settings = {}): Player {
  const player = new Player(exfiltrationDetector, landscape, settings);
  for (const conversation of conversations) {
    player.play(conversation);
    player.wait(1);
  }
  player.finish();
  return player;
}

const THEFTS: Readonly<Record<string, readonly Conversation[]>> = {
  'an archive poured into a bare connection': [talk([sent(20_000, ZIP), sent(20_000)], { port: 4444 })],
  'the same within the network': [talk([sent(20_000, ZIP), sent(20_000)], { port: 4444, to: '10.1.0.66' })],
  'the accounts of a system, however small': [
    talk(['> root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\n'], { port: 9001 }),
  ],
  'an archive by a command-line program to a bare address': [
    talk(
      [
        request({ host: OUTSIDE, hostPort: 8000, userAgent: 'curl/8.5.0' }),
        file({ kind: '7z', name: 'docs.7z' }),
        sent(50_000),
      ],
      { port: 8000 },
    ),
  ],
  'the same as a form': [
    talk(
      [
        request({
          host: '10.1.0.66',
          userAgent: 'curl/8.5.0',
          contentType: 'multipart/form-data; boundary=x',
          bodyStart: `--x\r\nContent-Disposition: form-data; name="f"; filename="all.zip"\r\n\r\n${String.fromCharCode(...ZIP)}`,
        }),
        sent(50_000),
      ],
      { port: 8000, to: '10.1.0.66' },
    ),
  ],
  'a private key in a form': [
    talk([request({ bodyStart: 'key=-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb', contentLength: 400 }), sent(400)]),
  ],
  'a file of a password thief by FTP': [
    talk(
      [told('ftp-data'), file({ protocol: 'ftp-data', name: 'PW_anna-DESKTOP-1_2024_03_05_10_11_12.html' }), sent(900)],
      {
        port: 49_152,
      },
    ),
  ],
  'a file copied out by SMB': [
    talk([told('smb'), file({ protocol: 'smb', kind: 'docx', name: 'plan.docx' }), sent(90_000)], { port: 445 }),
  ],
  'much to a service that takes files from anybody': [
    talk([told('tls'), hello('transfer.sh'), ...Array.from({ length: 40 }, () => sent(40_000)), received(3_000)]),
  ],
};

const ORDINARY: Readonly<Record<string, readonly Conversation[]>> = {
  'a form': [talk([request({ contentLength: 300 }), sent(300), received(900)])],
  'an archive that a browser uploads to a site': [
    talk([request({}), file({ kind: 'zip', name: 'theme.zip' }), sent(500_000), received(2_000)]),
  ],
  'packed records of a program': [
    talk([request({ userAgent: 'Go-http-client/1.1' }), file({ kind: 'gzip' }), sent(50_000), received(200)]),
  ],
  'a camera that sends pictures': [
    talk([request({ host: OUTSIDE, userAgent: '' }), file({ kind: 'image' }), sent(500_000), received(200)], {
      port: 80,
    }),
  ],
  'a cloud in its first hour': Array.from({ length: 10 }, () =>
    talk([
      told('tls'),
      hello('content.dropboxapi.com'),
      ...Array.from({ length: 60 }, () => sent(60_000)),
      received(2_000),
    ]),
  ),
  'a visit to a service': [talk([told('tls'), hello('pastebin.com'), sent(20_000), received(400_000)])],
  'a long push by SSH': [talk([told('ssh'), sent(60_000), sent(60_000), received(3_000)], { port: 22 })],
  'a page sent to a printer': [talk([sent(60_000, [0x25, 0x50, 0x44, 0x46, 0x2d])], { to: '10.1.0.9', port: 9100 })],
  'an archive that a server gives out': [
    talk([
      request({ method: 'GET', contentLength: -1 }),
      file({ kind: 'zip', fromInitiator: false }),
      received(900_000),
    ]),
  ],
  'an upload from outside to a server inside': [
    talk([request({ host: INSIDE, userAgent: 'curl/8' }), file({ kind: 'zip' }), sent(90_000)], {
      from: OUTSIDE,
      to: INSIDE,
    }),
  ],
  'pages published by FTP': Array.from({ length: 30 }, (_, index) =>
    talk([told('ftp-data'), file({ protocol: 'ftp-data', kind: 'html', name: `page${index}.html` }), sent(9_000)], {
      port: 49_152 + index,
    }),
  ),
  'a file fetched by active FTP': [
    talk([told('ftp-data'), file({ protocol: 'ftp-data', kind: 'zip', name: 'a.zip' }), sent(90_000)], {
      from: OUTSIDE,
      to: INSIDE,
      fromPort: 20,
      port: 40_001,
    }),
  ],
  'mail with an archive': [
    talk([file({ protocol: 'smtp', kind: 'zip', name: 'invoices.zip' }), sent(900_000)], { port: 25 }),
  ],
  'a bare stream that is answered': [talk([sent(20_000, ZIP), received(500), sent(20_000)], { port: 5_001 })],
  'metrics in plain text': [talk([sent(60_000)], { port: 2_003 })],
  'encrypted bytes of peers that nobody answers': [
    talk(
      [
        {
          from: '>',
          bytes: Uint8Array.from({ length: 9_000 }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff),
        },
      ],
      {
        from: '198.51.100.77',
        port: 6_881,
      },
    ),
  ],
  'a file that goes to a group': [talk([sent(60_000, ZIP)], { to: '239.1.1.1', port: 5_000 })],
};

describe('the detector of exfiltration', () => {
  it.each(Object.entries(THEFTS))('finds %s', (_name, conversations) => {
    const player = played(conversations);
    expect(player.alerts).toHaveLength(1);
    const [alert] = player.alerts;
    expect(alert).toMatchObject({ kind: 'exfiltration', attackers: [conversations[0]?.to], victims: [INSIDE] });
    expect(['medium', 'high']).toContain(alert?.severity);
  });

  it.each(Object.entries(ORDINARY))('is silent about %s', (_name, conversations) => {
    expect(played(conversations).findings).toEqual([]);
  });

  it('says what leaves, and adds up what follows', () => {
    const theft = THEFTS['an archive by a command-line program to a bare address']!;
    const player = played([...theft, ...theft, ...theft]);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]?.title).toContain('docs.7z');
    expect(player.alerts[0]?.evidence[0]).toMatchObject({ name: 'sent', value: 150_000 });
  });

  it('finds a file cut into even pieces', () => {
    const piece = talk([
      request({ host: OUTSIDE, userAgent: 'python-requests/2.31', contentLength: 4_096 }),
      sent(4_096),
    ]);
    const player = played(Array.from({ length: 12 }, () => piece));
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', techniques: ['T1020'] });
  });

  it('knows the service by its look-up where no name is said', () => {
    const player = new Player(exfiltrationDetector);
    lookUp(player, { name: 'termbin.com', answers: [OUTSIDE], client: INSIDE });
    player.play(talk([sent(40_000), received(30)], { port: 9999 }));
    player.finish();
    expect(player.alerts[0]?.title ?? '').toContain('termbin.com');
  });

  it('names nobody whom the landscape protects, and is silent about what the owner allows', () => {
    const theft = THEFTS['an archive poured into a bare connection']!;
    expect(played(theft, { ...NO_ROLES, mayBeAttacker: () => false }).alerts[0]?.attackers).toEqual([]);
    expect(played(theft, NO_ROLES, { ignoredDestinations: [OUTSIDE] }).findings).toEqual([]);
  });

  it('tells while it still runs', () => {
    const [theft] = THEFTS['an archive poured into a bare connection']!;
    const player = new Player(exfiltrationDetector);
    player.play({ ...theft!, end: undefined });
    expect(player.findings).toHaveLength(1);
  });

  describe('with a history', () => {
    const HOUR = 3_600;
    /** An ordinary upload of so many MB to one of the host's own places. */
    const ordinary = (megabytes: number, to = '198.51.100.5') =>
      talk([told('tls'), ...Array.from({ length: megabytes }, () => sent(1_000_000)), received(2_000)], { to });

    function afterDays(hours: number, usualMegabytes: number): Player {
      const player = new Player(exfiltrationDetector, NO_ROLES, { unusualMebibytes: 20 });
      for (let hour = 0; hour < hours; hour++) {
        player.play(ordinary(usualMegabytes + (hour % 2)));
        player.nowUs += HOUR * 1e6;
      }
      return player;
    }

    it('finds an hour far above the others, to a place never seen before', () => {
      const player = afterDays(30, 1);
      player.play(ordinary(60, OUTSIDE));
      player.finish();
      expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [OUTSIDE], victims: [INSIDE] });
      expect(player.alerts[0]?.evidence.map(({ name }) => name)).toContain('sent out in this hour');
    });

    it('says less of a place that is known, as of a weekly backup', () => {
      const player = afterDays(30, 1);
      player.play(ordinary(60));
      player.finish();
      expect(player.alerts.filter(({ severity }) => severity !== 'low')).toEqual([]);
    });

    it('is silent about a host that sends as much every hour', () => {
      const player = afterDays(30, 40);
      player.play(ordinary(45, OUTSIDE));
      player.finish();
      expect(player.findings).toEqual([]);
    });

    it('is silent while it does not know the host', () => {
      const player = afterDays(3, 1);
      player.play(ordinary(60, OUTSIDE));
      player.finish();
      expect(player.findings).toEqual([]);
    });
  });

  it('takes any texts', () => {
    const text = textSource(9);
    const player = played(
      Array.from({ length: 50 }, () =>
        talk([
          request({ host: text(HEX, 300), userAgent: text(HEX, 500), bodyStart: `--${text(HEX, 4_000)}` }),
          file({ name: 'PW_'.repeat(100), kind: text(HEX, 9) }),
          hello('.'.repeat(200)),
        ]),
      ),
    );
    expect(player.findings).toEqual([]);
  });
});
