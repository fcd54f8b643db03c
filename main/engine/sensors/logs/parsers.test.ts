import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { readAuditLine } from './audit-record.ts';
import { LOG_PARSERS, type LogFormat } from './formats.ts';
import { JournalParser, readJournalLine } from './journal-entry.ts';
import { LineSplitter } from './line-splitter.ts';
import { eventsOfEntry } from './programs.ts';
import { readSyslogLine } from './syslog-line.ts';
import { readDatedTime, readYearlessTime } from './time.ts';

const NOW_MS = new Date(2026, 10, 21, 12, 0, 0).getTime();
const FORMATS = Object.keys(LOG_PARSERS) as LogFormat[];

function read(format: LogFormat, ...lines: string[]): HostEvent[] {
  const parser = LOG_PARSERS[format]();
  const events = lines.flatMap((line) => parser.parse(line, { nowMs: NOW_MS }));
  return [...events, ...parser.flush(Number.POSITIVE_INFINITY)];
}

/** Of a line of a system log: its line event without what is the same in all, and what it tells. */
function told(line: string): readonly unknown[] {
  return eventsOfEntry(readSyslogLine(`Nov 21 11:00:00 host ${line}`, { nowMs: NOW_MS }));
}

const MESSAGES: readonly (readonly [string, string, object, object | undefined])[] = [
  [
    'sshd[1]: Failed password for invalid user a from 10.0.0.1 port 22 ssh2 from 192.0.2.7 port 4242 ssh2',
    'sshd',
    { user: 'a from 10.0.0.1 port 22 ssh2', address: '192.0.2.7' },
    { type: 'login', isSuccess: false, remoteAddress: '192.0.2.7', remotePort: 4242 },
  ],
  [
    'sshd-session[1]: Accepted publickey for bob from 2001:db8::1 port 50 ssh2: ED25519 SHA256:x',
    'sshd',
    { key: 'ED25519 SHA256:x' },
    { type: 'login', isSuccess: true, user: 'bob', method: 'publickey', remoteAddress: '2001:db8::1' },
  ],
  [
    'sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=#-1 ; COMMAND=/bin/sh -c id ; USER=bob',
    'sudo',
    { TTY: 'pts/0', PWD: '/home/alice', USER: '#-1', COMMAND: '/bin/sh -c id ; USER=bob' },
    { type: 'login', isSuccess: true, user: 'alice', targetUser: '#-1', terminal: 'pts/0' },
  ],
  [
    'sudo: eve : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id',
    'sudo',
    { problem: 'user NOT in sudoers' },
    { type: 'login', isSuccess: false, user: 'eve', targetUser: 'root' },
  ],
  ['su[3]: FAILED SU (to root) eve on pts/1', 'su', { target: 'root' }, { isSuccess: false, targetUser: 'root' }],
  ['su[3]: (to root) eve on pts/1', 'su', { user: 'eve' }, { isSuccess: true, user: 'eve', terminal: 'pts/1' }],
  [
    "login[3]: FAILED LOGIN (1) on '/dev/tty1' FOR 'eve', Authentication failure",
    'login',
    {},
    { user: 'eve', terminal: 'tty1' },
  ],
  ['login[3]: ROOT LOGIN ON tty1', 'login', { tty: 'tty1' }, { user: 'root', isSuccess: true }],
  [
    'gdm-password]: pam_unix(gdm-password:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=eve',
    'pam',
    { module: 'pam_unix', service: 'gdm-password', user: 'eve' },
    { type: 'login', isSuccess: false, service: 'gdm-password', terminal: 'tty1' },
  ],
  ['CRON[5]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)', 'cron', { uid: '0' }, undefined],
  ['sshd[1]: pam_unix(sshd:session): session closed for user bob', 'sshd', {}, { type: 'logout', user: 'bob' }],
  [
    'passwd[1]: pam_unix(passwd:chauthtok): password changed for bob',
    'auth',
    {},
    { action: 'password-changed', name: 'bob' },
  ],
  [
    'CRON[5]: (root) CMD (  test -x /x && (run) )',
    'cron',
    { user: 'root', command: '  test -x /x && (run) ' },
    undefined,
  ],
  ['crontab[5]: (eve) REPLACE (eve)', 'cron', { crontab: 'eve' }, undefined],
  [
    'useradd[7]: new user: name=eve, UID=0, GID=0, home=/home/eve, shell=/bin/bash, from=none',
    'auth',
    { id: '0' },
    { type: 'account-change', subject: 'user', action: 'added', name: 'eve', id: 0, shell: '/bin/bash' },
  ],
  [
    "usermod[7]: add 'eve' to group 'sudo'",
    'auth',
    {},
    { subject: 'group', action: 'member-added', name: 'sudo', member: 'eve' },
  ],
  ["usermod[7]: add 'eve' to shadow group 'sudo'", 'auth', {}, undefined],
  [
    'kernel: [   12.345678] evil: loading out-of-tree module taints kernel.',
    'kernel',
    { uptime: '12.345678' },
    { type: 'module-load', name: 'evil' },
  ],
  [
    'kernel: [1.5] sshd[99]: segfault at 0 ip 00007f sp 00007f error 4 in libc.so.6[7f]',
    'kernel',
    { process: '99' },
    undefined,
  ],
  [
    "systemd[1]: nginx.service: Failed with result 'exit-code'.",
    'systemd',
    {},
    { type: 'service-change', unit: 'nginx.service', action: 'failed' },
  ],
  [
    'systemd[1]: Stopped auditd.service - Security Auditing Service.',
    'systemd',
    {},
    { action: 'stopped', unit: 'auditd.service' },
  ],
  [
    'pkexec[9]: eve: The value for environment variable XAUTHORITY contains suspicious content [USER=root] [TTY=/dev/pts/0] [CWD=/] [COMMAND=/x]',
    'polkit',
    { target: 'root', tty: '/dev/pts/0' },
    undefined,
  ],
];

describe('messages of programs', () => {
  it.each(MESSAGES)('%s', (line, service, fields, event) => {
    const [first, second] = told(line);
    expect(first).toMatchObject({ type: 'log-line', service, ...(Object.keys(fields).length === 0 ? {} : { fields }) });
    if (event === undefined) expect(second).toBeUndefined();
    else expect(second).toMatchObject(event);
  });

  it('tells repeated messages as often as they were, within a bound', () => {
    const inner = 'Failed password for root from 192.0.2.7 port 5 ssh2';
    expect(told(`sshd[1]: message repeated 3 times: [ ${inner}]`)).toHaveLength(4);
    expect(told(`sshd[1]: message repeated 999999999 times: [ ${inner}]`).length).toBeLessThan(100);
  });
});

describe('heads of system logs', () => {
  it('reads RFC 3164, RFC 3339 times and RFC 5424', () => {
    const classic = readSyslogLine('<34>Nov  5 08:01:02 host su[7]: text', { nowMs: NOW_MS });
    const at = new Date(2026, 10, 5, 8, 1, 2).getTime();
    expect(classic).toEqual({
      timeMs: at,
      host: 'host',
      identifier: 'su',
      pid: 7,
      message: 'text',
      facility: 4,
      severity: 2,
    });
    const dated = readSyslogLine('2026-11-21T10:00:00.250000+02:00 host sshd[1]: text', { nowMs: NOW_MS });
    expect(dated).toMatchObject({ timeMs: Date.UTC(2026, 10, 21, 8, 0, 0, 250), identifier: 'sshd', message: 'text' });
    const modern = readSyslogLine(
      '<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 ID47 [a@1 x="1\\"2" y="3"][b z="]"] \ufefftext',
      { nowMs: NOW_MS },
    );
    expect(modern).toMatchObject({ identifier: 'myproc', pid: 8710, message: 'text', extra: { x: '1"2', y: '3' } });
    expect(modern.timeMs).toBeCloseTo(Date.UTC(2003, 7, 24, 12, 14, 15), 0);
    expect(readSyslogLine('no head at all', { nowMs: NOW_MS })).toEqual({ timeMs: NOW_MS, message: 'no head at all' });
  });

  it('guesses the year around new year and on the 29th of February', () => {
    const newYear = new Date(2027, 0, 1, 0, 5).getTime();
    expect(readYearlessTime('Dec 31 23:59:59', newYear)?.timeMs).toBe(new Date(2026, 11, 31, 23, 59, 59).getTime());
    const oldYear = new Date(2026, 11, 31, 23, 59, 50).getTime();
    expect(readYearlessTime('Jan  1 00:00:05', oldYear)?.timeMs).toBe(new Date(2027, 0, 1, 0, 0, 5).getTime());
    expect(readYearlessTime('Feb 29 01:00:00', newYear)?.timeMs).toBe(new Date(2024, 1, 29, 1).getTime());
    expect(readYearlessTime('Feb 30 01:00:00', newYear)).toBeUndefined();
    expect(readDatedTime('2026-02-29T01:00:00Z')).toBeUndefined();
  });
});

describe('other logs', () => {
  it('reads access logs under the names of W3C', () => {
    const line =
      '192.0.2.7 - al ice [10/Oct/2000:13:55:36 -0700] "GET /a?q=%24%7Bjndi:x%7D HTTP/1.1" 200 2326 "https://f/" "curl \\"8\\""';
    expect(read('nginx-access', line)).toMatchObject([
      {
        service: 'nginx',
        timeMs: Date.UTC(2000, 9, 10, 20, 55, 36),
        fields: {
          'c-ip': '192.0.2.7',
          'cs-username': 'al ice',
          'cs-method': 'GET',
          'cs-uri-stem': '/a',
          'cs-uri-query': 'q=%24%7Bjndi:x%7D',
          'sc-status': '200',
          'sc-bytes': '2326',
          'cs-referer': 'https://f/',
          'cs-user-agent': 'curl "8"',
        },
      },
    ]);
    const odd = 'site.example:443 192.0.2.7 - - [10/Oct/2000:13:55:36 +0000] "\\x16\\x03" 400 -';
    expect(read('apache-access', odd)).toMatchObject([
      { fields: { 'cs-host': 'site.example:443', 'c-ip': '192.0.2.7', 'cs-method': '\\x16\\x03', 'sc-status': '400' } },
    ]);
  });

  it('reads dpkg, and joins the stanzas of apt', () => {
    expect(read('dpkg', '2026-11-21 21:16:03 install curl:amd64 <none> 8.14.1-2')).toMatchObject([
      {
        timeMs: new Date(2026, 10, 21, 21, 16, 3).getTime(),
        fields: { action: 'install', package: 'curl:amd64', version: '8.14.1-2' },
      },
    ]);
    const lines = [
      '',
      'Start-Date: 2026-11-21  21:16:03',
      'Commandline: apt install nmap',
      'Requested-By: al (1000)',
      'Install: nmap:amd64 (7.93)',
      'End-Date: 2026-11-21  21:16:09',
    ];
    expect(read('apt-history', ...lines)).toMatchObject([
      {
        service: 'apt',
        timeMs: new Date(2026, 10, 21, 21, 16, 3).getTime(),
        fields: { Commandline: 'apt install nmap', 'Requested-By': 'al (1000)' },
      },
    ]);
  });

  it('joins long and encoded arguments, and tells nothing of a call that failed', () => {
    const call = (serial: number, success: string) =>
      `type=SYSCALL msg=audit(1.000:${serial}): arch=c000003e syscall=59 success=${success} ppid=1 pid=2 auid=4294967295 uid=0 exe="/bin/sh" key=(null)`;
    const end = (serial: number) => `type=PROCTITLE msg=audit(1.000:${serial}): proctitle="sh"`;
    const argumentsLine = 'type=EXECVE msg=audit(1.000:5): argc=3 a0="sh" a1=2D63 a2_len=6';
    const rest = 'type=EXECVE msg=audit(1.000:5): a2[0]=6563686F a2[1]=2061';
    const events = read('audit', call(5, 'yes'), argumentsLine, rest, end(5), call(6, 'no'), end(6));
    expect(events.filter(({ type }) => type === 'process-start')).toMatchObject([
      { process: { arguments: ['sh', '-c', 'echo a'], commandLine: 'sh -c echo a', uid: 0, parent: { pid: 1 } } },
    ]);
  });

  it('keeps what auditd adds in its enriched format, and names of fields that objects have', () => {
    const record = readAuditLine(
      'type=USER_X msg=audit(1.5:6): uid=0 __proto__=1 msg=\'op=x acct="a b" res=success\'\u001dUID="root"',
    );
    expect(record?.fields).toEqual({ ...record?.fields, uid: '0', op: 'x', acct: 'a b', res: 'success', UID: 'root' });
    expect(Object.hasOwn(record?.fields ?? {}, '__proto__')).toBe(true);
  });
});

/** Pieces of real lines in any order, between noise: what gets deep into the parsers. */
const PIECES = [
  'Nov 21 11:00:00 h ',
  'sshd[1]: ',
  'Failed password for ',
  ' from ',
  ' port ',
  'sudo: ',
  ' : ',
  ' ; ',
  'COMMAND=',
  'USER=',
  'pam_unix(',
  'sshd:auth): ',
  'authentication failure; logname=',
  'type=EXECVE msg=audit(1.1:1): ',
  'type=SYSCALL msg=audit(1.1:1): ',
  'argc=',
  'a0=',
  '"',
  "'",
  "msg='",
  '{',
  '}',
  '[',
  ']',
  '<34>1 ',
  '2026-11-21T10:00:00Z ',
  ' [10/Oct/2000:13:55:36 +0000] "',
  '=',
  '(null)',
  ', ',
  '\u001d',
  'message repeated ',
  ' times: [ ',
  'saddr=0200',
  'FFFF',
  'Start-Date: ',
  'End-Date: ',
  '__proto__=',
  '\\',
  '\0',
  '\u{1f600}',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 12 }), fc.nat().map(String)), { maxLength: 40 })
  .map((parts) => parts.join(''));

describe('hostile lines', () => {
  it.each(FORMATS)('%s: nothing is thrown, and times are numbers', (format) => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 6 }), (lines) => {
        for (const event of read(format, ...lines)) expect(Number.isFinite(event.timeMs)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('entries of the journal: nothing is thrown whatever the fields hold', () => {
    const value = fc.oneof(hostile, fc.jsonValue(), fc.constant('1700000000123456'));
    const names = fc.constantFrom(
      'MESSAGE',
      '__CURSOR',
      '__REALTIME_TIMESTAMP',
      '_PID',
      '_TRANSPORT',
      '_AUDIT_ID',
      '_AUDIT_TYPE_NAME',
    );
    fc.assert(
      fc.property(fc.dictionary(names, value), hostile, (raw, text) => {
        new JournalParser().parse(raw, NOW_MS);
        readJournalLine(text);
        readJournalLine(JSON.stringify(raw));
      }),
      { numRuns: 200 },
    );
  });

  // Linear work: lines of the longest size are read in milliseconds, quadratic work would take minutes.
  it.each(PIECES)('a long line of %j is read at once', (piece) => {
    const heads = [
      '',
      'Nov 21 11:00:00 h sshd[1]: Failed password for ',
      'Nov 21 11:00:00 h sudo: a : ',
      'type=EXECVE msg=audit(1.1:1): ',
    ];
    const begunMs = performance.now();
    for (const head of heads) for (const format of FORMATS) read(format, head + piece.repeat(65_536 / piece.length));
    expect(performance.now() - begunMs).toBeLessThan(4_000);
  });

  it('lines are split alike however the bytes come', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 7 }), (text, size) => {
        const bytes = Buffer.from(text);
        const whole: string[] = [];
        const parts: string[] = [];
        new LineSplitter(5).push(bytes, (line) => whole.push(line));
        const splitter = new LineSplitter(5);
        for (let at = 0; at < bytes.length; at += size)
          splitter.push(bytes.subarray(at, at + size), (line) => parts.push(line));
        expect(parts).toEqual(whole);
      }),
    );
  });
});
