import { describe, expect, it } from 'vitest';
import { findingsOf, program, starts } from './testing.ts';
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
