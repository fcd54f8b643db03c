import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { discoveryBehaviour } from './discovery.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';
import { tracesRemovedBehaviour } from './traces-removed.ts';

const rm = program('/usr/bin/rm -rf', ['/usr/bin/bash']);
const bash = program('/usr/bin/bash', ['/usr/sbin/sshd']);

function deletes(process: HostProcessWithParents, path: string): HostEvent {
  return { type: 'file-deleted', timeMs: START_MS, path, process };
}

function empties(process: HostProcessWithParents, path: string): HostEvent {
  return { type: 'file-written', timeMs: START_MS, path, process, file: { sizeBytes: 0 } };
}

function stops(process: HostProcessWithParents, unit: string): HostEvent {
  return { type: 'service-change', timeMs: START_MS, unit, action: 'stopped', process };
}

function times(process: HostProcessWithParents, path: string): HostEvent {
  return { type: 'file-attributes', timeMs: START_MS, path, process, changed: ['times'] };
}

describe('traces removed', () => {
  const attacks: readonly [string, HostEvent, string][] = [
    ['a deleted log', deletes(rm, '/var/log/auth.log'), 'high'],
    ['an emptied log', empties(bash, '/var/log/wtmp'), 'high'],
    ['a deleted history', deletes(rm, '/root/.bash_history'), 'medium'],
    [
      'a history that leads nowhere',
      {
        type: 'file-created',
        timeMs: START_MS,
        path: '/home/anna/.bash_history',
        linkTarget: '/dev/null',
        process: program('/usr/bin/ln -sf'),
      },
      'medium',
    ],
    [
      'protection that is stopped',
      stops(program('/usr/bin/systemctl stop auditd', ['/usr/bin/bash']), 'auditd.service'),
      'high',
    ],
    [
      'Holdfast stopped',
      stops(program('/usr/bin/systemctl stop holdfast', ['/usr/bin/bash']), 'holdfast.service'),
      'critical',
    ],
    ['a time set back', times(program('/usr/bin/touch -r /bin/ls /usr/bin/x'), '/usr/bin/x'), 'medium'],
  ];
  for (const [name, event, severity] of attacks) {
    it(`tells of ${name}`, () =>
      expect(findingsOf(tracesRemovedBehaviour, [event])).toMatchObject([{ kind: 'defence-evasion', severity }]));
  }

  it('tells once of one program that removes several', () => {
    const found = findingsOf(tracesRemovedBehaviour, [deletes(rm, '/var/log/auth.log'), deletes(rm, '/var/log/wtmp')]);
    expect(found).toMatchObject([{ title: 'rm deleted 2 records of what happened' }]);
  });

  it('is silent about rotation, packages, other files and other services', () => {
    const usual: readonly HostEvent[] = [
      deletes(program('/usr/sbin/logrotate /etc/logrotate.conf'), '/var/log/auth.log'),
      empties(program('/usr/bin/dash -c x', ['/usr/sbin/logrotate /etc/logrotate.conf']), '/var/log/syslog'),
      deletes(program('/usr/lib/systemd/systemd-journald'), '/var/log/journal/a/system@1.journal'),
      deletes(program('/usr/bin/rm -f', ['/bin/sh x.postrm', '/usr/bin/dpkg --purge']), '/var/log/nginx/access.log'),
      deletes(rm, '/var/log/myapp/debug.log'),
      deletes(rm, '/home/anna/old.txt'),
      empties(bash, '/home/anna/.bash_history.tmp'),
      stops(program('/usr/bin/systemctl restart nginx'), 'nginx.service'),
      stops(program('/usr/bin/systemctl stop auditd', ['/bin/sh x.prerm', '/usr/bin/dpkg --remove']), 'auditd.service'),
      times(program('/usr/bin/touch x'), '/home/anna/x'),
      times(program('/usr/bin/rsync -a'), '/usr/lib/x.so'),
    ];
    for (const event of usual) expect(findingsOf(tracesRemovedBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('discovery', () => {
  const commands = ['id', 'uname -a', 'ps aux', 'ip a', 'ss -tln', 'w', 'lsmod', 'last', 'df'];
  function asked(parents: readonly string[], count: number, stepMs = 500): HostEvent[] {
    return commands
      .slice(0, count)
      .map((each, index) => starts(program(`/usr/bin/${each}`, parents), START_MS + index * stepMs));
  }

  it('tells of one shell that asks much', () => {
    const [found, ...others] = findingsOf(discoveryBehaviour, asked(['/usr/bin/bash', '/usr/sbin/apache2'], 8));
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      kind: 'discovery',
      severity: 'low',
      title: 'bash asked 8 different things about this computer',
    });
  });

  it('is silent about a few, slow ones, packages, and programs that gather facts', () => {
    expect(findingsOf(discoveryBehaviour, asked(['/usr/bin/bash'], 4))).toEqual([]);
    expect(findingsOf(discoveryBehaviour, asked(['/usr/bin/bash'], 9, 60_000))).toEqual([]);
    expect(findingsOf(discoveryBehaviour, asked(['/usr/bin/bash /usr/bin/neofetch'], 9))).toEqual([]);
    expect(findingsOf(discoveryBehaviour, asked(['/bin/sh x.postinst', '/usr/bin/dpkg -i'], 9))).toEqual([]);
  });
});
