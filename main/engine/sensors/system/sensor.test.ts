import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { FolderNames } from './collectors/folder-names.ts';
import { snapshotForms } from './collectors/table.ts';
import { HostFiles } from './host-files.ts';
import { persistenceList } from './persistence.ts';
import { mayMatter, PLACE_ROWS } from './places.ts';
import { SystemSensor } from './sensor.ts';
import { FileSnapshotStore, MemorySnapshotStore, type SnapshotStore } from './snapshot.ts';
import { createTestRoot, type TestRoot } from './testing.ts';

const MINUTE_MS = 60_000;
const LONGEST_INTERVAL_MS = 61_000;

describe('mayMatter', () => {
  it('lets through what a place is made of, and little else', () => {
    const homes = [{ path: '/home/ada' }, { path: '/root' }];
    for (const { files = [], folders = [], homeFiles = [], homeFolders = [] } of PLACE_ROWS) {
      for (const path of [...files, ...folders.map((folder) => `${folder}/x`)])
        expect(mayMatter(path, homes), path).toBe(true);
      for (const path of [...homeFiles, ...homeFolders.map((folder) => `${folder}/x`)])
        expect(mayMatter(`/home/ada/${path}`, homes), path).toBe(true);
    }
    for (const path of [
      '/home/ada/.cache/x',
      '/home/ada/work/x',
      '/var/log/syslog',
      '/tmp/x',
      '/home/adam/.ssh/x',
      '',
      '/',
    ])
      expect(mayMatter(path, homes), path).toBe(false);
  });
});

describe('SystemSensor', () => {
  let root: TestRoot;
  let clock: ManualClock;
  let events: HostEvent[];
  let messages: string[];
  let sensors: SystemSensor[];
  let areWritesSeen: boolean;

  beforeEach(() => {
    areWritesSeen = false;
    root = createTestRoot();
    clock = new ManualClock(1_700_000_000_000);
    events = [];
    messages = [];
    sensors = [];
  });

  afterEach(async () => {
    for (const sensor of sensors) await sensor.stop();
    root.end();
  });

  function started(snapshots: SnapshotStore = new MemorySnapshotStore(), isOnlyWalk = false) {
    const health = new HealthRegistry();
    const sensor = new SystemSensor({
      health,
      clock,
      root: root.path,
      snapshots,
      walksFiles: isOnlyWalk,
      areWritesSeen: () => areWritesSeen,
      ...(isOnlyWalk && { collectors: [] }),
      onEvents: (each) => events.push(...each),
      onMessage: (_level, text) => messages.push(text),
    });
    sensors.push(sensor);
    sensor.start();
    return { sensor, health };
  }

  it('tells nothing of what is there at the start', () => {
    root.write('/etc/cron.d/old', '* * * * * root true\n');
    started();
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events).toEqual([]);
  });

  it('tells users, groups, members and passwords that change', () => {
    started();
    root.write('/etc/passwd', `${PASSWD_BEGIN}eve:x:0:0::/home/eve:/bin/sh\n`);
    root.write('/etc/group', 'root:x:0:\nsudo:x:27:eve\n');
    root.write('/etc/shadow', 'root:!:1:\nada:$6$a$other:1:\neve::1:\n');
    clock.advance(MINUTE_MS);
    expect(events).toMatchObject([
      { type: 'account-change', subject: 'user', action: 'password-changed', name: 'ada' },
      { type: 'account-change', subject: 'user', action: 'added', name: 'eve', id: 0, shell: '/bin/sh' },
      { type: 'account-change', subject: 'group', action: 'member-added', name: 'sudo', member: 'eve', id: 27 },
    ]);
  });

  it.each([
    ['/etc/cron.d/x', '* * * * * root /tmp/x\n', 'crontab', 'root'],
    ['/var/spool/cron/crontabs/ada', '* * * * * curl x\n', 'crontab', 'ada'],
    ['/etc/ld.so.preload', '/tmp/evil.so\n', 'ld-preload', undefined],
    ['/etc/systemd/system/x.service', '[Service]\nExecStart=/tmp/x\n', 'systemd-unit', 'root'],
    ['/etc/systemd/system/ssh.service.d/x.conf', '[Service]\nExecStartPre=/tmp/x\n', 'systemd-unit', 'root'],
    ['/home/ada/.config/systemd/user/x.timer', '[Timer]\nOnCalendar=daily\n', 'systemd-timer', 'ada'],
    ['/home/ada/.config/autostart/x.desktop', '[Desktop Entry]\nExec=/tmp/x\n', 'desktop-autostart', 'ada'],
    ['/home/ada/.bashrc', 'nohup /tmp/x &\n', 'shell-startup', 'ada'],
    ['/root/.ssh/authorized_keys', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIxx eve\n', 'authorized-keys', 'root'],
    ['/etc/sudoers.d/x', 'eve ALL=(ALL) NOPASSWD: ALL\n', 'sudoers', 'eve'],
    ['/etc/pam.d/x', 'auth optional pam_exec.so /tmp/x\n', 'pam', 'root'],
    ['/etc/udev/rules.d/9.rules', 'RUN+="/tmp/x"\n', 'udev', 'root'],
    ['/etc/modules-load.d/x.conf', 'evil\n', 'kernel-module', 'root'],
    ['/etc/apt/apt.conf.d/9x', 'DPkg::Post-Invoke {"/tmp/x";};\n', 'package-hook', 'root'],
    ['/etc/update-motd.d/9x', '#!/bin/sh\n/tmp/x\n', 'motd', 'root'],
    ['/etc/init.d/x', '#!/bin/sh\n/tmp/x\n', 'init-script', 'root'],
    ['/etc/NetworkManager/dispatcher.d/9x', '#!/bin/sh\n/tmp/x\n', 'network-hook', 'root'],
    ['/etc/ssh/sshd_config', 'Port 22\nAuthorizedKeysCommand /tmp/x\n', 'ssh-server', 'root'],
    ['/etc/ssh/sshd_config.d/x.conf', 'PermitRootLogin yes\n', 'ssh-server', 'root'],
    ['/home/ada/.ssh/config', 'Host *\nProxyCommand /tmp/x\n', 'ssh-client', 'ada'],
    ['/etc/polkit-1/rules.d/0.rules', 'polkit.addRule(() => polkit.Result.YES);\n', 'polkit', undefined],
    ['/usr/share/polkit-1/actions/x.policy', '<allow_any>yes</allow_any>\n', 'polkit', undefined],
    ['/usr/share/dbus-1/system-services/x.service', '[D-BUS Service]\nExec=/x\nUser=root\n', 'd-bus', 'root'],
    ['/home/ada/.local/share/dbus-1/services/x.service', '[D-BUS Service]\nExec=/x\n', 'd-bus', 'ada'],
    ['/etc/dbus-1/system.d/x.conf', '<policy user="eve"><allow own="*"/></policy>\n', 'd-bus', undefined],
    ['/etc/sysctl.d/x.conf', 'kernel.core_pattern=|/tmp/x\n', 'kernel-helper', 'root'],
    ['/etc/binfmt.d/x.conf', ':x:M::MZ::/tmp/x:\n', 'kernel-helper', 'root'],
    ['/usr/lib/python3/dist-packages/x.pth', 'import os; os.system("x")\n', 'interpreter-startup', undefined],
    ['/etc/python3.12/sitecustomize.py', 'import x\n', 'interpreter-startup', undefined],
    ['/home/ada/.local/lib/python3.12/site-packages/x.pth', 'import x\n', 'interpreter-startup', 'ada'],
    ['/etc/php/8.3/cli/conf.d/x.ini', 'auto_prepend_file=/tmp/x\n', 'interpreter-startup', undefined],
    ['/home/ada/.gitconfig', '[core]\nhooksPath = /tmp/x\n', 'git-settings', 'ada'],
    ['/etc/logrotate.d/x', '/x {\npostrotate\n/tmp/x\nendscript\n}\n', 'log-rotation', 'root'],
    ['/etc/systemd/system/service.d/x.conf', '[Service]\nExecStartPre=/tmp/x\n', 'systemd-unit', 'root'],
    ['/etc/systemd/user-generators/x', '/tmp/x\n', 'systemd-unit', 'root'],
    ['/etc/systemd/system.conf', '[Manager]\nDefaultEnvironment=LD_PRELOAD=/x\n', 'systemd-unit', 'root'],
    ['/etc/initramfs-tools/scripts/init-top/x', '/tmp/x\n', 'init-script', 'root'],
    ['/usr/lib/dracut/modules.d/99x/module-setup.sh', '/tmp/x\n', 'init-script', 'root'],
    ['/etc/security/namespace.init', '/tmp/x\n', 'pam', 'root'],
    ['/home/ada/.config/sway/config', 'exec /tmp/x\n', 'desktop-autostart', 'ada'],
    ['/etc/skel/.bashrc', 'nohup /tmp/x &\n', 'shell-startup', undefined],
    ['/var/spool/cron/atjobs/a1', '/tmp/x\n', 'at-job', undefined],
  ])('tells at once that %s starts something, when somebody saw the write', (path, text, place, user) => {
    const { sensor } = started();
    clock.advance(1_000);
    root.write(path, text);
    sensor.noteWrite(path);
    clock.advance(300);
    expect(events).toMatchObject([{ type: 'autostart-change', place, action: 'added', path }]);
    const [event] = events;
    expect(event?.type === 'autostart-change' && event.user).toBe(user);
    expect(event?.type === 'autostart-change' && event.content).not.toBe('');
  });

  it.each([
    ['/etc/ssh/sshd_config', 'Port 2222\nPermitRootLogin no\n'],
    ['/home/ada/.ssh/config', 'Host x\nHostName y\n'],
    ['/home/ada/.gitconfig', '[user]\nname = Ada\n[core]\neditor = vim\n'],
    ['/etc/sysctl.d/x.conf', 'net.ipv4.ip_forward=1\n'],
    ['/etc/logrotate.d/x', '/var/log/x { weekly }\n'],
    ['/usr/lib/python3/dist-packages/x.pth', '/usr/lib/x\n'],
    ['/usr/lib/python3/dist-packages/deep/x.pth', 'import x\n'],
    ['/usr/share/git-core/templates/hooks/pre-commit.sample', '/tmp/x\n'],
    ['/etc/security/opasswd', 'ada:1000:1:$6$secret\n'],
    ['/etc/cron.d/x', '# nothing yet\n'],
  ])('says nothing of %s where no line of it starts anything', (path, text) => {
    const { sensor } = started();
    root.write(path, text);
    sensor.noteWrite(path);
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events).toEqual([]);
  });

  it('tells a library that logs people in when it is another one, without a word of its content', () => {
    const path = '/usr/lib/x86_64-linux-gnu/security/pam_unix.so';
    root.write(path, Buffer.from([0x7f, 0x45, 0, 1]));
    const { sensor } = started();
    root.write(path, Buffer.from([0x7f, 0x45, 0, 2]));
    sensor.noteWrite(path);
    clock.advance(300);
    expect(events).toEqual([
      { type: 'autostart-change', timeMs: expect.any(Number), place: 'pam', action: 'changed', path },
    ]);
  });

  it('tells that a unit runs as somebody else from now on', () => {
    const path = '/etc/systemd/system/x.service';
    root.write(path, '[Service]\nUser=www\nExecStart=/opt/x\n');
    const { sensor } = started();
    root.write(path, '[Service]\nUser=root\nExecStart=/opt/x\n');
    sensor.noteWrite(path);
    clock.advance(300);
    expect(events).toMatchObject([{ action: 'changed', content: 'ExecStart=/opt/x', user: 'root' }]);
  });

  it('tells a change behind the part of a file that is read', () => {
    const path = '/etc/init.d/x';
    const long = '# padding\n'.repeat(40_000);
    root.write(path, long);
    const { sensor } = started();
    root.write(path, `${long}/tmp/x\n`);
    sensor.noteWrite(path);
    clock.advance(300);
    expect(events).toMatchObject([{ action: 'changed', path }]);
  });

  it('looks at formats of programs only where the kernel shows them, and keeps them while it does not', () => {
    const mounts = '27 1 8:1 / / rw - ext4 /dev/sda1 rw\n';
    const shown = `${mounts}60 27 0:50 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw\n`;
    root.write('/proc/sys/fs/binfmt_misc/old', 'enabled\ninterpreter /usr/bin/old\n');
    root.write('/proc/1/mountinfo', shown);
    started();
    root.write('/proc/1/mountinfo', mounts);
    root.write('/proc/sys/fs/binfmt_misc/x', 'enabled\ninterpreter /tmp/x\nflags: OC\n');
    clock.advance(2 * LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type === 'autostart-change')).toEqual([]);
    root.write('/proc/1/mountinfo', shown);
    clock.advance(2 * LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type === 'autostart-change')).toMatchObject([
      { place: 'kernel-helper', path: '/proc/sys/fs/binfmt_misc/x', content: 'interpreter /tmp/x\nflags: OC' },
    ]);
  });

  it('sees a value of the kernel change although its file has the times of before', () => {
    const path = '/proc/sys/kernel/core_pattern';
    root.write(path, '|/usr/bin/x\n');
    const times = statSync(join(root.path, path));
    started();
    writeFileSync(join(root.path, path), '|/tmp/evil\n'.slice(0, times.size));
    utimesSync(join(root.path, path), times.atime, times.mtime);
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events).toMatchObject([{ place: 'kernel-helper', content: '|/tmp/evil' }]);
  });

  it('reads a folder again only when it is another one', async () => {
    root.write('/etc/cron.d/a', '* * * * * root a\n');
    const files = new HostFiles(root.path);
    const read: string[] = [];
    const list = files.list.bind(files);
    files.list = (folder, within, limit) => {
      read.push(folder);
      return list(folder, within, limit);
    };
    const row = PLACE_ROWS.find(({ folders }) => folders?.includes('/etc/cron.d'))!;
    const names = new FolderNames();
    const look = () => {
      names.startRound();
      return names.of(row, '/etc/cron.d', files, undefined);
    };
    // What was changed a moment ago is not trusted yet: more may come in the same step of the clock.
    expect([look(), look()]).toEqual([['a'], ['a']]);
    expect(read).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect([look(), look(), look()]).toEqual([['a'], ['a'], ['a']]);
    expect(read).toHaveLength(3);
    const absent = '/etc/cron.d/b';
    const isAbsent = () => {
      names.startRound();
      const is = names.isAbsent(absent, files);
      if (!is) names.noteAbsent(absent, files);
      return is;
    };
    expect([isAbsent(), isAbsent(), names.isAbsent('/etc/none/x', files)]).toEqual([false, true, true]);
    root.write(absent, '* * * * * root b\n');
    expect(isAbsent()).toBe(false);
    expect(look()).toEqual(['a', 'b']);
    expect(names.alike('cron.*', '/etc', files, undefined)).toEqual(['cron.d']);
  });

  it('tells only the lines that are new, and those that are gone', () => {
    const { sensor } = started();
    const path = '/etc/crontab';
    const look = (text: string) => {
      root.write(path, text);
      sensor.noteWrite(path);
      clock.advance(1_000);
    };
    look('17 * * * * root run-parts /etc/cron.hourly\n* * * * * ada /tmp/x\n');
    look('* * * * * ada /tmp/x\n');
    look('# a comment\n* * * * * ada /tmp/x\n');
    root.remove(path);
    sensor.noteWrite(path);
    clock.advance(1_000);
    expect(events).toMatchObject([
      { action: 'changed', content: '* * * * * ada /tmp/x', user: 'ada' },
      { action: 'removed', content: '17 * * * * root run-parts /etc/cron.hourly' },
      { action: 'removed', content: '* * * * * ada /tmp/x' },
    ]);
  });

  it('finds changes that nobody told, within a minute', () => {
    started();
    root.write('/etc/systemd/system/x.service', '[Service]\nExecStart=/tmp/x\n');
    root.write('/home/ada/.profile', '/tmp/x\n');
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events).toHaveLength(2);
  });

  it('tells services, modules, mounts and devices', () => {
    root.write('/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs', '');
    started();
    root.link('/etc/systemd/system/multi-user.target.wants/x.service', '/etc/systemd/system/x.service');
    root.link('/etc/systemd/system/auditd.service', '/dev/null');
    root.remove('/sys/fs/cgroup/system.slice/ssh.service');
    root.write('/proc/modules', 'evil 16384 0 - Live 0x0 (OE)\n');
    root.write(
      '/proc/1/mountinfo',
      '27 1 8:1 / / rw - ext4 /dev/sda1 rw\n50 27 8:2 / /media/x rw - vfat /dev/sdb1 rw\n',
    );
    root.write('/sys/bus/usb/devices/1-2/idVendor', '0781\n');
    root.write('/sys/bus/usb/devices/1-2/idProduct', '5567\n');
    root.write('/sys/bus/usb/devices/1-2/product', 'Cruzer Blade\n');
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type !== 'autostart-change')).toEqual([
      { type: 'service-change', timeMs: expect.any(Number), unit: 'ssh.service', action: 'stopped' },
      { type: 'module-load', timeMs: expect.any(Number), name: 'evil', isTainting: true },
      { type: 'module-unload', timeMs: expect.any(Number), name: 'ext4' },
      expect.objectContaining({ type: 'mount-change', action: 'mounted', path: '/media/x', fileSystem: 'vfat' }),
      expect.objectContaining({
        type: 'device-change',
        action: 'added',
        subsystem: 'usb',
        vendorId: '0781',
        name: 'Cruzer Blade',
      }),
      expect.objectContaining({ type: 'service-change', unit: 'auditd.service', action: 'masked' }),
      expect.objectContaining({ type: 'service-change', unit: 'x.service', action: 'enabled' }),
    ]);
  });

  it('is not led out of a home, does not wait for pipes, and shows nobody’s second names', () => {
    root.write('/etc/secret', 'the secret\n');
    root.write('/etc/secrets/authorized_keys', 'the secret\n');
    const { sensor } = started();
    root.link('/home/ada/.bashrc', join(root.path, 'etc/secret'));
    root.link('/home/ada/.ssh', join(root.path, 'etc/secrets'));
    execFileSync('mkfifo', [join(root.path, 'home/ada/.profile')]);
    root.write('/home/ada/.zshrc', Buffer.alloc(2 * 1024 * 1024, 0x41));
    root.write('/home/ada/.zshenv', Buffer.from([0, 1, 2, 0xff]));
    root.folder('/home/ada/.xprofile');
    sensor.noteWrite('/home/ada/.bashrc');
    sensor.noteWrite('/home/ada/.ssh/authorized_keys');
    clock.advance(LONGEST_INTERVAL_MS);
    const text = JSON.stringify([events, persistenceList(sensor.snapshot(), new Map(), 0)]);
    expect(text).not.toContain('the secret');
    expect(text).toContain('.zshrc');
    expect(text.length).toBeLessThan(100_000);
    expect(messages).toEqual([]);
  });

  it.skipIf(process.geteuid?.() !== 0)('does not show a file of root to which a user made a second name', () => {
    root.write('/etc/secret', 'the secret\n');
    const home = join(root.path, 'home/ada');
    execFileSync('chown', ['1000', home]);
    linkSync(join(root.path, 'etc/secret'), join(home, '.bashrc'));
    const { sensor } = started();
    expect(JSON.stringify(persistenceList(sensor.snapshot(), new Map(), 0))).not.toContain('the secret');
  });

  it('keeps what it knows, and tells what changed while it was off', async () => {
    const folder = join(root.path, 'data');
    root.folder('/data');
    const store = () => new FileSnapshotStore(folder, snapshotForms(), (text) => messages.push(text));
    const { sensor } = started(store());
    await sensor.stop();
    expect(statSync(join(folder, 'holdfast.system.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toHaveLength(1);
    root.write('/etc/cron.d/x', '* * * * * root /tmp/x\n');
    root.write('/proc/sys/kernel/random/boot_id', 'boot-2\n');
    root.write('/proc/modules', '');
    const again = started(store());
    expect(events).toMatchObject([{ type: 'autostart-change', path: '/etc/cron.d/x' }]);
    expect(messages).toEqual(['While Holdfast was not running: /etc/cron.d/x was added.']);
    const list = persistenceList(again.sensor.snapshot(), new Map([['/etc/cron.d/x', 'dpkg:x']]), 1);
    expect(list.find(({ path }) => path === '/etc/cron.d/x')).toMatchObject({ isNew: true, package: 'dpkg:x' });
    expect(list.find(({ path }) => path === '/etc/crontab')).toMatchObject({ isNew: false, firstSeenMs: undefined });
  });

  it('begins anew where the kept snapshot is damaged or others can write it', () => {
    const folder = join(root.path, 'data');
    root.folder('/data');
    const path = join(folder, 'holdfast.system.json');
    for (const text of [
      '{',
      '{"version":1}',
      '[]',
      '{"version":1,"takenMs":1,"bootId":"","userId":0,"parts":{"users":{"facts":7}}}',
    ]) {
      writeFileSync(path, text);
      chmodSync(path, 0o600);
      expect(() => started(new FileSnapshotStore(folder, snapshotForms()))).not.toThrow();
    }
    writeFileSync(path, '{}');
    chmodSync(path, 0o666);
    const said: string[] = [];
    expect(new FileSnapshotStore(folder, snapshotForms(), (text) => said.push(text)).load()).toBeUndefined();
    expect(said[0]).toContain('others can write it');
  });

  it('does not call the files of a home new because the home appears, and keeps them while it is away', () => {
    started();
    root.write('/home/eve/.bashrc', 'a\n');
    root.write('/etc/passwd', `${PASSWD_BEGIN}eve:x:1001:1001::/home/eve:/bin/sh\n`);
    clock.advance(2 * LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type === 'autostart-change')).toEqual([]);
    root.write('/home/eve/.profile', '/tmp/x\n');
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type === 'autostart-change')).toHaveLength(1);
    execFileSync('mv', [join(root.path, 'home/eve'), join(root.path, 'home/away')]);
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events.filter(({ type }) => type === 'autostart-change')).toHaveLength(1);
  });

  it('looks less often where writes are seen, and at once at what was written', () => {
    areWritesSeen = true;
    const { sensor } = started();
    root.write('/etc/cron.d/unseen', '* * * * * root /tmp/x\n');
    clock.advance(11_000);
    expect(events).toEqual([]);
    sensor.noteWrite('/etc/cron.d/unseen');
    clock.advance(1_000);
    expect(events).toMatchObject([{ type: 'autostart-change', path: '/etc/cron.d/unseen' }]);
    // Of a file system whose writes are not seen.
    root.write('/etc/cron.d/other', '* * * * * root /tmp/x\n');
    clock.advance(31_000);
    expect(events.at(-1)).toMatchObject({ type: 'autostart-change', path: '/etc/cron.d/other' });
    areWritesSeen = false;
    clock.advance(31_000);
    root.write('/etc/cron.d/third', '* * * * * root /tmp/x\n');
    clock.advance(11_000);
    expect(events.at(-1)).toMatchObject({ type: 'autostart-change', path: '/etc/cron.d/third' });
  });

  it('finds set-uid files that come, in small turns', () => {
    root.write('/usr/bin/old', 'x');
    chmodSync(join(root.path, 'usr/bin/old'), 0o4755);
    const { sensor, health } = started(new MemorySnapshotStore(), true);
    const walk = () => clock.advance(6.1 * 3_600_000);
    walk();
    expect(events).toEqual([]);
    root.write('/tmp/shell', 'x');
    chmodSync(join(root.path, 'tmp/shell'), 0o4755);
    walk();
    expect(events).toMatchObject([{ type: 'file-created', path: '/tmp/shell', file: { mode: 0o4755 } }]);
    expect(sensor.snapshot().parts.get('set-uid')?.facts.size).toBe(2);
    expect(health.report().entries[0]?.counters).toMatchObject({ setUidFiles: 2 });
  });

  it('looks at an empty computer without a word', () => {
    root.remove('/etc');
    root.remove('/proc');
    started();
    clock.advance(LONGEST_INTERVAL_MS);
    expect(events).toEqual([]);
    expect(messages).toEqual([]);
  });
});

const PASSWD_BEGIN =
  'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n';
