/**
 * What the system starts: with itself, at set times, and when the kernel, a device or a network calls for it.
 * systemd.unit(5), systemd.generator(7), crontab(5), udev(7), modules-load.d(5), binfmt.d(5), sysctl.d(5), core(5),
 * request-key.conf(5), NetworkManager-dispatcher(8), interfaces(5), dhclient-script(8), initramfs-tools(7).
 */
import type { AutostartRow } from './row.ts';

const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/etc/systemd/system.control',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/etc/systemd/user',
  '/run/systemd/user',
  '/usr/local/lib/systemd/user',
  '/usr/lib/systemd/user',
  '/usr/local/share/systemd/user',
  '/usr/share/systemd/user',
];
const HOME_UNIT_FOLDERS = ['.config/systemd/user', '.config/systemd/user.control', '.local/share/systemd/user'];
/** "ssh.service.d" is of one unit, "service.d" of all of the kind. */
const DROP_INS = ['service.d', 'timer.d', 'socket.d', 'path.d', 'mount.d', 'target.d'];
/** Run by systemd while it reads units, or makes the environment of what it starts. */
const GENERATORS = [
  'system-generators',
  'user-generators',
  'system-environment-generators',
  'user-environment-generators',
];
const INITRAMFS_STAGES = ['-top', '-bottom', '-premount', '-block', 'panic'];

export const BOOT_PLACES: readonly AutostartRow[] = [
  // Before crontab, which has the folder above.
  {
    place: 'at-job',
    form: 'script',
    owner: 'nobody',
    folders: ['/var/spool/cron/atjobs', '/var/spool/at', '/var/spool/atjobs'],
    isOpen: true,
  },
  {
    place: 'crontab',
    form: 'system-crontab',
    owner: 'root',
    files: ['/etc/crontab'],
    folders: ['/etc/cron.d'],
  },
  { place: 'crontab', form: 'anacrontab', owner: 'root', files: ['/etc/anacrontab'] },
  {
    place: 'crontab',
    form: 'script',
    owner: 'root',
    folders: ['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'],
  },
  {
    place: 'crontab',
    form: 'user-crontab',
    owner: 'file-name',
    folders: ['/var/spool/cron/crontabs', '/var/spool/cron/tabs', '/var/spool/cron'],
    isOpen: true,
  },
  { place: 'systemd-timer', form: 'unit', owner: 'root', folders: UNIT_FOLDERS, endings: ['.timer'] },
  { place: 'systemd-timer', form: 'unit', owner: 'home', homeFolders: HOME_UNIT_FOLDERS, endings: ['.timer'] },
  {
    place: 'systemd-unit',
    form: 'unit',
    owner: 'root',
    folders: UNIT_FOLDERS,
    endings: ['.service', '.socket', '.path', '.mount', '.automount', '.conf'],
    subfolders: DROP_INS,
  },
  {
    place: 'systemd-unit',
    form: 'unit',
    owner: 'home',
    homeFolders: HOME_UNIT_FOLDERS,
    endings: ['.service', '.socket', '.path', '.conf'],
    subfolders: DROP_INS,
  },
  {
    place: 'systemd-unit',
    form: 'script',
    owner: 'root',
    folders: [
      ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].flatMap((top) =>
        GENERATORS.map((folder) => `${top}/systemd/${folder}`),
      ),
      '/usr/lib/systemd/system-shutdown',
      '/usr/lib/systemd/system-sleep',
      '/etc/systemd/system-sleep',
    ],
  },
  // The environment of everything that systemd starts.
  {
    place: 'systemd-unit',
    form: 'manager',
    owner: 'root',
    files: ['/etc/systemd/system.conf', '/etc/systemd/user.conf'],
    folders: ['/etc/systemd/system.conf.d', '/etc/systemd/user.conf.d'],
    endings: ['.conf'],
    isToldByContent: true,
  },
  {
    place: 'init-script',
    form: 'script',
    owner: 'root',
    files: ['/etc/rc.local', '/etc/inittab', '/etc/inetd.conf', '/etc/default/grub'],
    folders: [
      '/etc/init.d',
      '/etc/rc.d',
      '/etc/rc.d/init.d',
      '/etc/init',
      '/etc/local.d',
      '/etc/xinetd.d',
      '/etc/acpi',
      '/etc/acpi/events',
      '/etc/grub.d',
      '/etc/supervisor/conf.d',
      '/etc/supervisord.d',
      '/var/lib/cloud/scripts/per-boot',
      '/var/lib/cloud/scripts/per-instance',
      '/var/lib/cloud/scripts/per-once',
    ],
  },
  // What the first file system of the machine is made with, and what is in it.
  {
    place: 'init-script',
    form: 'script',
    owner: 'root',
    folders: [
      '/etc/initramfs-tools/hooks',
      '/usr/share/initramfs-tools/hooks',
      '/etc/initramfs-tools/scripts',
      '/usr/share/initramfs-tools/scripts',
      '/etc/dracut.conf.d',
    ],
    subfolders: INITRAMFS_STAGES,
  },
  {
    place: 'init-script',
    form: 'script',
    owner: 'root',
    folders: ['/usr/lib/dracut/modules.d/*'],
    endings: ['.sh', '.service'],
    isFlat: true,
  },
  {
    place: 'network-hook',
    form: 'script',
    owner: 'root',
    folders: [
      ...['/etc/NetworkManager', '/usr/lib/NetworkManager'].flatMap((top) =>
        ['', '/pre-up.d', '/pre-down.d', '/no-wait.d'].map((folder) => `${top}/dispatcher.d${folder}`),
      ),
      ...['pre-up', 'up', 'down', 'post-down'].map((each) => `/etc/network/if-${each}.d`),
      ...['routable', 'degraded', 'configured', 'off', 'no-carrier'].map(
        (each) => `/etc/networkd-dispatcher/${each}.d`,
      ),
      ...['ip-pre-up.d', 'ip-up.d', 'ip-down.d', 'ipv6-up.d', 'ipv6-down.d'].map((each) => `/etc/ppp/${each}`),
      '/etc/dhcp/dhclient-enter-hooks.d',
      '/etc/dhcp/dhclient-exit-hooks.d',
      '/etc/dhcpcd.hooks',
      '/usr/lib/dhcpcd/dhcpcd-hooks',
    ],
    files: ['/etc/dhclient-enter-hooks', '/etc/dhclient-exit-hooks', '/etc/dhcpcd.enter-hook', '/etc/dhcpcd.exit-hook'],
  },
  {
    place: 'network-hook',
    form: 'interface',
    owner: 'root',
    files: ['/etc/network/interfaces'],
    folders: ['/etc/network/interfaces.d', '/etc/wireguard'],
    isToldByContent: true,
  },
  {
    place: 'udev',
    form: 'joined',
    owner: 'root',
    folders: ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/local/lib/udev/rules.d', '/usr/lib/udev/rules.d'],
    endings: ['.rules'],
  },
  {
    place: 'kernel-module',
    form: 'script',
    owner: 'root',
    files: ['/etc/modules'],
    folders: ['/etc/modules-load.d', '/run/modules-load.d', '/usr/local/lib/modules-load.d', '/usr/lib/modules-load.d'],
  },
  // "install NAME COMMAND" runs the command in place of the loading.
  {
    place: 'kernel-module',
    form: 'script',
    owner: 'root',
    folders: ['/etc/modprobe.d', '/run/modprobe.d', '/usr/local/lib/modprobe.d', '/usr/lib/modprobe.d'],
    endings: ['.conf'],
  },
  {
    place: 'kernel-helper',
    form: 'script',
    owner: 'root',
    files: ['/etc/request-key.conf'],
    folders: [
      '/etc/request-key.d',
      ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((top) => `${top}/binfmt.d`),
      '/usr/share/binfmts',
    ],
  },
  {
    place: 'kernel-helper',
    form: 'sysctl',
    owner: 'root',
    files: ['/etc/sysctl.conf'],
    folders: ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((top) => `${top}/sysctl.d`),
    endings: ['.conf'],
    isToldByContent: true,
  },
  {
    place: 'kernel-helper',
    form: 'binary-format',
    owner: 'nobody',
    folders: ['/proc/sys/fs/binfmt_misc'],
    ignored: /^(?:register|status)$/,
    onFileSystem: 'binfmt_misc',
    isOfKernel: true,
    isToldByContent: true,
  },
  {
    place: 'kernel-helper',
    form: 'kernel-value',
    owner: 'root',
    files: ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/kernel/hotplug'],
    isOfKernel: true,
    isToldByContent: true,
  },
];
