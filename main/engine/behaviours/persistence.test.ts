import { describe, expect, it } from 'vitest';
import { AUTOSTART_PLACES, type HostEvent, type HostProcessWithParents } from '../../../contract/events.ts';
import { autostartPlace } from './autostart-paths.ts';
import { persistenceBehaviour } from './persistence.ts';
import { findingsOf, program, START_MS } from './testing.ts';

function writes(path: string, process?: HostProcessWithParents): HostEvent {
  return { type: 'file-written', timeMs: START_MS, path, ...(process !== undefined && { process }) };
}

const bash = program('/usr/bin/bash ./install.sh', ['/usr/bin/bash']);

describe('autostartPlace', () => {
  it('knows the places', () => {
    const places = {
      crontab: '/var/spool/cron/crontabs/anna',
      'at-job': '/var/spool/at/a0001',
      'systemd-unit': '/home/anna/.config/systemd/user/x.service',
      'systemd-timer': '/etc/systemd/system/x.timer',
      'init-script': '/etc/rc.local',
      'shell-startup': '/root/.bashrc',
      'desktop-autostart': '/home/anna/.config/autostart/x.desktop',
      'ld-preload': '/etc/ld.so.preload',
      pam: '/etc/pam.d/sshd',
      udev: '/etc/udev/rules.d/99-x.rules',
      'authorized-keys': '/home/anna/.ssh/authorized_keys',
      sudoers: '/etc/sudoers.d/anna',
      'kernel-module': '/etc/modules-load.d/x.conf',
      'package-hook': '/etc/apt/apt.conf.d/99x',
      motd: '/etc/update-motd.d/99-x',
    };
    expect(Object.keys(places).sort()).toEqual([...AUTOSTART_PLACES].sort());
    for (const [place, path] of Object.entries(places)) expect(autostartPlace(path), path).toBe(place);
  });

  it('leaves other files alone', () => {
    for (const path of [
      '/home/anna/notes.txt',
      '/etc/hosts',
      '/root/.bashrc.swp',
      '/home/anna/.ssh/known_hosts',
      '/usr/lib/x.so',
      '/home/anna',
    ])
      expect(autostartPlace(path), path).toBeUndefined();
  });
});

describe('persistence', () => {
  it('tells who changed a place, once for a file', () => {
    const path = '/etc/systemd/system/x.service';
    const found = findingsOf(persistenceBehaviour, [
      writes(path, bash),
      {
        type: 'autostart-change',
        timeMs: START_MS + 500,
        place: 'systemd-unit',
        action: 'added',
        path,
        content: 'ExecStart=/tmp/.x',
      },
    ]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      kind: 'persistence',
      severity: 'high',
      title: `bash changed ${path}`,
      techniques: ['T1543.002'],
      files: [{ path }],
    });
  });

  it('weighs what a program from an open folder writes more', () => {
    const found = findingsOf(persistenceBehaviour, [
      writes('/home/anna/.bashrc', program('/tmp/.cache/x')),
      writes('/home/anna/.zshrc', bash),
    ]);
    expect(found.map(({ severity }) => severity)).toEqual(['medium', 'low']);
  });

  it('tells of crontab that takes its lines from elsewhere, and of the preloaded library even of a package', () => {
    expect(
      findingsOf(persistenceBehaviour, [
        writes('/var/spool/cron/crontabs/anna', program('/usr/bin/crontab -', ['/usr/bin/bash'])),
      ]),
    ).toHaveLength(1);
    expect(
      findingsOf(persistenceBehaviour, [writes('/etc/ld.so.preload', program('/usr/bin/dpkg -i x.deb'))]),
    ).toHaveLength(1);
  });

  it('is not excused by a program that only calls itself a package manager', () => {
    expect(findingsOf(persistenceBehaviour, [writes('/etc/cron.d/x', program('/tmp/dpkg -i'))])).toHaveLength(1);
  });

  it('is silent about packages, editors, the desktop and systemctl', () => {
    const events = [
      writes(
        '/etc/cron.d/sysstat',
        program('/usr/bin/dash /var/lib/dpkg/info/sysstat.postinst', [
          '/usr/bin/dpkg --configure -a',
          '/usr/bin/apt-get install',
        ]),
      ),
      writes('/etc/cron.d/backup', program('/usr/bin/vim.basic /etc/cron.d/backup', ['/usr/bin/sudo vim'])),
      writes('/usr/lib/systemd/system/x.service', program('/usr/bin/rpm -U x.rpm')),
      writes('/home/anna/.config/autostart/slack.desktop', program('/usr/bin/gnome-shell')),
      writes('/etc/systemd/system/multi-user.target.wants/x.service', program('/usr/bin/systemctl enable x')),
      writes('/var/spool/cron/crontabs/anna', program('/usr/bin/crontab -e')),
      writes('/home/anna/notes.txt', bash),
    ];
    expect(findingsOf(persistenceBehaviour, events)).toEqual([]);
  });
});
