/** Which files start programs without anybody asking: the places of AUTOSTART_PLACES by their paths. */
import type { AutostartPlace } from '../../../contract/events.ts';

interface Row {
  readonly place: AutostartPlace;
  /** Folders, with a slash at the end, whose content counts; and single files. */
  readonly under?: readonly string[];
  readonly files?: readonly string[];
  /** The same in every home directory, after "~/". */
  readonly homeUnder?: readonly string[];
  readonly homeFiles?: readonly string[];
  /** Only files that end like this. */
  readonly endings?: readonly string[];
}

/** The first row that fits is the place. systemd.unit(5), crontab(5), pam.d(5), ld.so(8), udev(7), modules-load.d(5). */
const ROWS: readonly Row[] = [
  { place: 'ld-preload', files: ['/etc/ld.so.preload'] },
  { place: 'ld-preload', under: ['/etc/ld.so.conf.d/'], files: ['/etc/ld.so.conf'] },
  {
    place: 'crontab',
    under: [
      '/etc/cron.d/',
      '/etc/cron.hourly/',
      '/etc/cron.daily/',
      '/etc/cron.weekly/',
      '/etc/cron.monthly/',
      '/var/spool/cron/',
    ],
    files: ['/etc/crontab', '/etc/anacrontab'],
  },
  { place: 'at-job', under: ['/var/spool/at/', '/var/spool/atjobs/'] },
  {
    place: 'systemd-timer',
    under: ['/etc/systemd/', '/usr/lib/systemd/', '/lib/systemd/', '/run/systemd/system/'],
    homeUnder: ['.config/systemd/', '.local/share/systemd/'],
    endings: ['.timer'],
  },
  {
    place: 'systemd-unit',
    under: [
      '/etc/systemd/system/',
      '/etc/systemd/user/',
      '/usr/lib/systemd/',
      '/lib/systemd/',
      '/run/systemd/system/',
      '/usr/local/lib/systemd/',
      '/etc/systemd/system-generators/',
    ],
    homeUnder: ['.config/systemd/', '.local/share/systemd/'],
  },
  {
    place: 'init-script',
    under: ['/etc/init.d/', '/etc/rc.d/', '/etc/init/'],
    files: ['/etc/rc.local', '/etc/inittab'],
  },
  {
    place: 'shell-startup',
    under: ['/etc/profile.d/'],
    files: [
      '/etc/profile',
      '/etc/bash.bashrc',
      '/etc/bashrc',
      '/etc/zsh/zshrc',
      '/etc/zsh/zshenv',
      '/etc/zshrc',
      '/etc/environment',
      '/etc/csh.login',
      '/etc/csh.cshrc',
    ],
    homeFiles: [
      '.bashrc',
      '.bash_profile',
      '.bash_login',
      '.bash_logout',
      '.profile',
      '.zshrc',
      '.zshenv',
      '.zprofile',
      '.zlogin',
      '.cshrc',
      '.tcshrc',
      '.config/fish/config.fish',
      '.pam_environment',
    ],
  },
  {
    place: 'desktop-autostart',
    under: ['/etc/xdg/autostart/'],
    homeUnder: ['.config/autostart/', '.config/autostart-scripts/', '.config/plasma-workspace/env/'],
    homeFiles: ['.xinitrc', '.xsession', '.xprofile'],
  },
  {
    place: 'pam',
    under: [
      '/etc/pam.d/',
      '/etc/security/',
      '/lib/security/',
      '/usr/lib/security/',
      '/usr/lib/x86_64-linux-gnu/security/',
      '/lib/x86_64-linux-gnu/security/',
    ],
    files: ['/etc/pam.conf'],
  },
  {
    place: 'udev',
    under: ['/etc/udev/rules.d/', '/usr/lib/udev/rules.d/', '/lib/udev/rules.d/', '/run/udev/rules.d/'],
  },
  {
    place: 'authorized-keys',
    homeFiles: ['.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/rc'],
    files: ['/etc/ssh/sshrc'],
  },
  { place: 'sudoers', under: ['/etc/sudoers.d/'], files: ['/etc/sudoers'] },
  {
    place: 'kernel-module',
    under: ['/etc/modules-load.d/', '/etc/modprobe.d/', '/usr/lib/modules-load.d/'],
    files: ['/etc/modules'],
  },
  {
    place: 'package-hook',
    under: [
      '/etc/apt/apt.conf.d/',
      '/etc/dpkg/dpkg.cfg.d/',
      '/etc/yum/pluginconf.d/',
      '/etc/dnf/plugins/',
      '/etc/kernel/postinst.d/',
    ],
  },
  { place: 'motd', under: ['/etc/update-motd.d/'] },
];

/** Editors and installers write beside the file and rename: these names start nothing. */
const NOT_YET = [
  '.swp',
  '.swx',
  '.swpx',
  '~',
  '.tmp',
  '.bak',
  '.dpkg-new',
  '.dpkg-tmp',
  '.dpkg-old',
  '.dpkg-dist',
  '.lock',
  '.placeholder',
];

/** The place that a file belongs to; undefined for every other file. */
export function autostartPlace(path: string): AutostartPlace | undefined {
  const home = afterHome(path);
  if (home === undefined && !path.startsWith('/etc/') && !path.startsWith('/var/spool/') && !MAYBE.test(path))
    return undefined;
  if (NOT_YET.some((ending) => path.endsWith(ending))) return undefined;
  return ROWS.find((row) => fits(row, path, home))?.place;
}

/** Beginnings outside of /etc. */
const MAYBE = /^\/(?:usr\/(?:local\/)?lib|lib|run)\//;

function fits(
  { under = [], files = [], homeUnder = [], homeFiles = [], endings }: Row,
  path: string,
  home: string | undefined,
): boolean {
  if (endings !== undefined && !endings.some((ending) => path.endsWith(ending))) return false;
  if (files.includes(path) || under.some((folder) => path.startsWith(folder))) return true;
  if (home === undefined) return false;
  return homeFiles.includes(home) || homeUnder.some((folder) => home.startsWith(folder));
}

/** What stands behind "/home/anna/" or "/root/". */
export function afterHome(path: string): string | undefined {
  if (path.startsWith('/root/')) return path.slice('/root/'.length);
  if (!path.startsWith('/home/')) return undefined;
  const end = path.indexOf('/', '/home/'.length);
  return end === -1 ? undefined : path.slice(end + 1);
}
