import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../contract/events.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';
import { webShellBehaviour } from './web-shell.ts';

const APACHE = '/usr/sbin/apache2 -k start';
const FPM = '/usr/sbin/php-fpm8.2 --nodaemonize';

describe('web shells', () => {
  it('is sure when the shell looks around', () => {
    const found = findingsOf(webShellBehaviour, [
      starts(program('/usr/bin/dash -c id', [APACHE, APACHE, '/usr/lib/systemd/systemd'])),
      starts(program('/usr/bin/id', ['/usr/bin/dash -c id', APACHE])),
      starts(program('/usr/bin/uname -a', ['/usr/bin/dash -c uname -a', APACHE])),
    ]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'high', title: 'apache2 ran commands: dash, id, uname' });
  });

  it('tells mildly of a shell alone, also below PHP and a database', () => {
    for (const server of [FPM, '/usr/lib/postgresql/15/bin/postgres -D /var/lib', '/usr/sbin/mysqld']) {
      const found = findingsOf(webShellBehaviour, [starts(program('/usr/bin/sh -c convert a.png b.jpg', [server]))]);
      expect(found, server).toMatchObject([{ severity: 'medium' }]);
    }
  });

  it('knows an application by who connected to it, and what it runs by what that asks', () => {
    const app = '/usr/bin/python3.11 /srv/app.py';
    const dash = '/usr/bin/dash -c id;uname;cat /etc/passwd';
    const from = (remoteAddress: string): HostEvent => ({
      type: 'network-connection',
      timeMs: START_MS,
      direction: 'inbound',
      protocol: 'tcp',
      localAddress: '192.0.2.1',
      localPort: 8_080,
      remoteAddress,
      remotePort: 50_000,
      process: program(app),
    });
    const inbound = from('203.0.113.9');
    const asks = ['/usr/bin/id', '/usr/bin/uname', '/usr/bin/cat /etc/passwd'].map((each) =>
      starts(program(each, [dash, app])),
    );
    expect(findingsOf(webShellBehaviour, [inbound, ...asks]).map(({ severity }) => severity)).toEqual(['high']);
    expect(findingsOf(webShellBehaviour, [inbound, asks[0]!])).toMatchObject([{ severity: 'medium' }]);
    // Who took a connection on may be told after what was done for it.
    expect(findingsOf(webShellBehaviour, [...asks, inbound])).toMatchObject([{ severity: 'high' }]);
    // Without somebody else, without a shell, and with one thing that programs ask as well.
    expect(findingsOf(webShellBehaviour, asks)).toEqual([]);
    expect(findingsOf(webShellBehaviour, [from('127.0.0.1'), ...asks])).toEqual([]);
    expect(findingsOf(webShellBehaviour, [inbound, starts(program('/usr/bin/uname', [app]))])).toEqual([]);
    expect(findingsOf(webShellBehaviour, [inbound, starts(program('/usr/bin/cat /x', [dash, app]))])).toEqual([]);
  });

  it('is silent about scripts of packages, log rotation, and what servers are not above', () => {
    const usual = [
      program('/usr/bin/dash /var/lib/dpkg/info/nginx.postinst configure', [
        '/usr/sbin/nginx',
        '/usr/bin/dpkg --configure',
      ]),
      program('/bin/sh -c /usr/bin/rotatelogs /var/log/x 86400', [APACHE]),
      program('/bin/sh /usr/sbin/apachectl start', ['/usr/lib/systemd/systemd']),
      program('/usr/bin/id', ['/usr/bin/bash', '/usr/bin/gnome-terminal']),
      program('/usr/sbin/apache2 -k start', [APACHE]),
    ];
    expect(
      findingsOf(
        webShellBehaviour,
        usual.map((each) => starts(each)),
      ),
    ).toEqual([]);
  });
});
