import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { snapshotForms } from './collectors/table.ts';
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
    for (const row of PLACE_ROWS) {
      for (const path of [...(row.files ?? []), ...(row.folders ?? []).map((folder) => `${folder}/x`)])
        expect(mayMatter(path, homes), path).toBe(true);
      for (const path of [...(row.homeFiles ?? []), ...(row.homeFolders ?? []).map((folder) => `${folder}/x`)])
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

  beforeEach(() => {
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
    ['/etc/NetworkManager/dispatcher.d/9x', '#!/bin/sh\n/tmp/x\n', 'init-script', 'root'],
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
