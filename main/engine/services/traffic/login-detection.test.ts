/** Logins as bytes on the wire, through flows and parsers to the detectors: facts are what detectors think they are. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import { DETECTORS, EMPTY_SEED, LearnedLandscape, NO_INDICATORS } from '../../detect/index.ts';
import { flowSettings, TrafficEngine } from '../../network/index.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';

const CLIENT = [198, 51, 100, 7];
const SERVER = [10, 0, 0, 9];
const MS = 1_000;
const FLAG = { fin: 0x01, syn: 0x02, ack: 0x10, push: 0x08 } as const;

/** Packets of TCP connections, handed to all detectors. */
class Wire {
  nowUs = 1_700_000_000_000_000;
  readonly #findings: Finding[] = [];
  readonly #engine: TrafficEngine;
  #port = 40_000;

  constructor(...ids: readonly string[]) {
    const landscape = new LearnedLandscape(EMPTY_SEED);
    const observers = DETECTORS.filter(({ id }) => ids.includes(id)).map((detector) =>
      detector.create({
        settings: defaultsOf(detector.settings),
        landscape,
        indicators: NO_INDICATORS,
        report: (finding) => this.#findings.push(finding),
      }),
    );
    const settings = { ...DEFAULT_SETTINGS.section('network', flowSettings), flowCapacity: 4_096 };
    this.#engine = new TrafficEngine({ settings, observers: [landscape, ...observers] });
  }

  /** A connection: what either side says, ">" the client and "<" the server. */
  connection(port: number, says: readonly (string | readonly ['>' | '<', Uint8Array])[]): void {
    const clientPort = this.#port++;
    const sent = [1_000, 5_000];
    const packet = (side: 0 | 1, flags: number, data: Uint8Array = new Uint8Array(0)) => {
      const ports = side === 0 ? [clientPort, port] : [port, clientPort];
      const hosts = side === 0 ? [CLIENT, SERVER] : [SERVER, CLIENT];
      this.#frame(
        tcpFrame(hosts as [number[], number[]], ports as [number, number], [sent[side]!, sent[1 - side]!], flags, data),
      );
      sent[side]! += data.length + (flags & (FLAG.syn | FLAG.fin) ? 1 : 0);
    };
    packet(0, FLAG.syn);
    packet(1, FLAG.syn | FLAG.ack);
    packet(0, FLAG.ack);
    for (const said of says) {
      const side = said[0] === '>' ? 0 : 1;
      const data = typeof said === 'string' ? new TextEncoder().encode(said.slice(2)) : said[1];
      packet(side, FLAG.push | FLAG.ack, data);
    }
    packet(0, FLAG.fin | FLAG.ack);
    packet(1, FLAG.fin | FLAG.ack);
    packet(0, FLAG.ack);
  }

  wait(seconds: number): void {
    this.nowUs += seconds * 1e6;
    this.#engine.advance(this.nowUs);
  }

  /** The last word on each cause. */
  alerts(): readonly Finding[] {
    this.wait(5);
    this.#engine.finish();
    return [...new Map(this.#findings.map((finding) => [finding.cause, finding])).values()];
  }

  #frame(frame: Uint8Array): void {
    this.nowUs += MS;
    this.#engine.frame(frame, 0, frame.length, frame.length, this.nowUs, LINK_TYPE.ethernet);
  }
}

function tcpFrame(
  [from, to]: readonly [number[], number[]],
  ports: readonly [number, number],
  [sequence, acknowledged]: readonly [number, number],
  flags: number,
  data: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(54 + data.length);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  frame[14] = 0x45;
  view.setUint16(16, 40 + data.length);
  frame[22] = 64;
  frame[23] = 6;
  frame.set(from, 26);
  frame.set(to, 30);
  view.setUint16(34, ports[0]);
  view.setUint16(36, ports[1]);
  view.setUint32(38, sequence);
  view.setUint32(42, acknowledged);
  frame[46] = 0x50;
  frame[47] = flags;
  view.setUint16(48, 1_024);
  frame.set(data, 54);
  return frame;
}

const ftp = (user: string, password: string, isRight: boolean) => [
  '< 220 ready\r\n',
  `> USER ${user}\r\n`,
  '< 331 Password required\r\n',
  `> PASS ${password}\r\n`,
  isRight ? '< 230 Logged in\r\n' : '< 530 Login incorrect\r\n',
];

const form = (password: string, isRight: boolean) => {
  const body = `username=bob&password=${password}`;
  return [
    `> POST /login HTTP/1.1\r\nHost: intranet\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `< HTTP/1.1 302 Found\r\nLocation: ${isRight ? '/home' : '/login?error=1'}\r\nContent-Length: 0\r\n\r\n`,
  ];
};

const basic = (password: string) => [
  `> GET /private HTTP/1.1\r\nHost: intranet\r\nAuthorization: Basic ${btoa(`bob:${password}`)}\r\n\r\n`,
  '< HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
];

/** A MySQL server of protocol 10, a client of 4.1, and the error for a wrong password. */
function mysql(user: string, isRight: boolean): readonly (readonly ['>' | '<', Uint8Array])[] {
  const packet = (sequence: number, ...parts: readonly (string | readonly number[])[]) => {
    const body = parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part));
    return Uint8Array.from([body.length & 255, body.length >> 8, 0, sequence, ...body]);
  };
  const zeros = (count: number) => new Array<number>(count).fill(0);
  const greeting = packet(
    0,
    [10],
    '8.0.36\0',
    [1, 0, 0, 0],
    'abcdefgh',
    [0, 0xff, 0xf7, 0x21, 2, 0, 0xff, 0x81, 21],
    zeros(10),
    'ijklmnopqrst\0',
    'mysql_native_password\0',
  );
  const answer = packet(
    1,
    [0x85, 0xa6, 0x0f, 0, 0, 0, 0, 1, 33],
    zeros(23),
    `${user}\0`,
    [20],
    zeros(20),
    'mysql_native_password\0',
  );
  const outcome = isRight
    ? packet(2, [0, 0, 0, 2, 0, 0, 0])
    : packet(2, [0xff, 0x15, 0x04], '#28000Access denied for user');
  return [
    ['<', greeting],
    ['>', answer],
    ['<', outcome],
  ];
}

describe('guessing on the wire', () => {
  it('counts each try once, and says who got in', () => {
    const wire = new Wire('brute-force');
    for (let n = 0; n < 25; n++) {
      wire.connection(21, ftp('root', `guess${n}`, n === 24));
      wire.wait(0.5);
    }
    const [alert, ...others] = wire.alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      severity: 'critical',
      title: '198.51.100.7 got into 10.0.0.9 as root after 24 failed logins',
      techniques: ['T1110.001', 'T1078'],
    });
    expect(JSON.stringify(alert)).not.toContain('guess24');
  });

  it('finds guesses at a form, and the one that was right', () => {
    const wire = new Wire('brute-force');
    for (let n = 0; n < 30; n++) {
      wire.connection(80, form(`guess${n}`, n === 29));
      wire.wait(0.5);
    }
    expect(wire.alerts()[0]).toMatchObject({
      severity: 'high',
      title: '198.51.100.7 got into 10.0.0.9 as bob after 29 failed logins',
    });
  });

  it('follows a website that keeps its connections open', () => {
    const wire = new Wire('brute-force');
    wire.connection(80, Array.from({ length: 60 }, (_, n) => form(`guess${n}`, false)).flat());
    expect(wire.alerts()[0]!.evidence[0]).toMatchObject({ name: 'failed logins', value: 60 });
  });

  it('finds guesses at a form whose page does not say what became of them', () => {
    const wire = new Wire('brute-force');
    const page = '<html><body><h1>Vulnerable area</h1></body></html>';
    const tries = Array.from({ length: 40 }, (_, n) => [
      `> GET /area?username=admin&password=guess${n}&Login=Login HTTP/1.1\r\nHost: intranet\r\n\r\n`,
      `< HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
    ]);
    wire.connection(80, tries.flat());
    const [alert] = wire.alerts();
    expect(alert).toMatchObject({ severity: 'medium', techniques: ['T1110.001'] });
    expect(alert!.evidence[0]!.value).toBeGreaterThan(30);
  });

  it('finds guesses by XML-RPC, and the one that was right', () => {
    const wire = new Wire('brute-force');
    for (let n = 0; n < 30; n++) {
      const values = ['admin', `guess${n}`].map((value) => `<param><value><string>${value}</string></value></param>`);
      const body = `<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>${values.join('')}</params></methodCall>`;
      const page =
        n < 29
          ? '<methodResponse><fault><value><string>Incorrect username or password.</string></value></fault></methodResponse>'
          : '<methodResponse><params><member><name>isAdmin</name></member></params></methodResponse>';
      wire.connection(80, [
        `> POST /xmlrpc.php HTTP/1.1\r\nHost: blog\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        `< HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
      ]);
    }
    expect(wire.alerts()[0]).toMatchObject({
      severity: 'critical',
      title: '198.51.100.7 got into 10.0.0.9 as admin after 29 failed logins',
    });
  });

  it('finds many names at a database', () => {
    const wire = new Wire('brute-force');
    for (let n = 0; n < 20; n++) {
      wire.connection(3306, mysql(`user${n}`, false));
      wire.wait(1);
    }
    expect(wire.alerts()[0]).toMatchObject({ severity: 'medium', techniques: ['T1110.003'] });
  });

  it('is silent about a program with one old password', () => {
    const wire = new Wire('brute-force');
    for (let n = 0; n < 60; n++) {
      wire.connection(80, [...basic('old'), ...basic('old')]);
      wire.connection(21, ftp('bob', 'old', false));
      wire.wait(1);
    }
    expect(wire.alerts()).toEqual([]);
  });
});

describe('notices from the wire', () => {
  it('speak of passwords in clear text without telling them', () => {
    const wire = new Wire('cleartext-credentials');
    wire.connection(21, ftp('bob', 'hunter2', true));
    wire.connection(80, form('hunter2', true));
    const alerts = wire.alerts();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ severity: 'low', attackers: ['198.51.100.7'], victims: ['10.0.0.9'] });
    expect(JSON.stringify(alerts)).not.toContain('hunter2');
  });

  it('speak of SSH on the port of the web', () => {
    const wire = new Wire('unusual-port');
    wire.connection(443, ['< SSH-2.0-OpenSSH_9.6\r\n', '> SSH-2.0-OpenSSH_9.2\r\n']);
    expect(wire.alerts()[0]).toMatchObject({
      severity: 'low',
      title: '198.51.100.7 speaks SSH with 10.0.0.9 on port 443',
    });
  });

  it('speak of a mining pool', () => {
    const wire = new Wire('unwanted-service');
    wire.connection(3333, [
      '> {"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"wallet","pass":"x","agent":"XMRig/6.21.0"}}\n',
      '< {"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"1","job":{"blob":"07","job_id":"1","target":"b88d0600"},"status":"OK"}}\n',
    ]);
    expect(wire.alerts()[0]).toMatchObject({ severity: 'low', techniques: ['T1496.001'] });
  });
});
