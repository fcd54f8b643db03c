/**
 * Where programs are started from without anybody asking: which files, and how what they start is read.
 * systemd.unit(5), crontab(5), pam.d(5), ld.so(8), udev(7), modules-load.d(5), sshd(8), autostart-spec, apt.conf(5).
 */
import type { AutostartPlace } from '../../../../contract/events.ts';
import { parseAnacrontab, parseSystemCrontab, parseUserCrontab } from './parse/crontab.ts';
import { parseAptConfiguration, parseAuthorizedKeys, parseJoined, parsePreload, parseScript } from './parse/startup.ts';
import { parseSudoers } from './parse/sudoers.ts';
import { parseDesktop, parseUnit } from './parse/unit.ts';
import type { StartItem } from './start-item.ts';

/** What a file starts. @param owner whom it runs as where it does not say */
export type StartParser = (text: string, owner: string | undefined) => readonly StartItem[];

export interface PlaceRow {
  readonly place: AutostartPlace;
  readonly parse: StartParser;
  /** Whom it runs as where the file does not say: the user whose home it is in, that of the file's name, or root. */
  readonly owner: 'root' | 'home' | 'file-name' | 'nobody';
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  /** The same in every home, without a slash at the beginning. */
  readonly homeFiles?: readonly string[];
  readonly homeFolders?: readonly string[];
  /** Only names of a folder that end like this. */
  readonly endings?: readonly string[];
  /** Folders in the folder whose name ends like this are read as well: "ssh.service.d". */
  readonly subfolders?: readonly string[];
  /** Users can write into the folder: links are not followed. */
  readonly isOpen?: boolean;
}

const root = (parse: (text: string) => readonly StartItem[]): StartParser => parse;
const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/etc/systemd/user',
  '/usr/lib/systemd/user',
];
const HOME_UNIT_FOLDERS = ['.config/systemd/user', '.local/share/systemd/user'];
const DROP_INS = ['.service.d', '.timer.d', '.socket.d', '.path.d', '.mount.d', '.target.d'];

export const PLACE_ROWS: readonly PlaceRow[] = [
  { place: 'ld-preload', parse: root(parsePreload), owner: 'nobody', files: ['/etc/ld.so.preload'] },
  {
    place: 'ld-preload',
    parse: parseScript,
    owner: 'nobody',
    files: ['/etc/ld.so.conf'],
    folders: ['/etc/ld.so.conf.d'],
    endings: ['.conf'],
  },
  {
    place: 'crontab',
    parse: root(parseSystemCrontab),
    owner: 'root',
    files: ['/etc/crontab'],
    folders: ['/etc/cron.d'],
  },
  { place: 'crontab', parse: root(parseAnacrontab), owner: 'root', files: ['/etc/anacrontab'] },
  {
    place: 'crontab',
    parse: parseScript,
    owner: 'root',
    folders: ['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'],
  },
  {
    place: 'crontab',
    parse: parseUserCrontab,
    owner: 'file-name',
    folders: ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/spool/cron/tabs'],
    isOpen: true,
  },
  {
    place: 'at-job',
    parse: parseScript,
    owner: 'nobody',
    folders: ['/var/spool/cron/atjobs', '/var/spool/at', '/var/spool/atjobs'],
    isOpen: true,
  },
  {
    place: 'systemd-timer',
    parse: parseUnit,
    owner: 'root',
    folders: UNIT_FOLDERS,
    endings: ['.timer'],
  },
  { place: 'systemd-timer', parse: parseUnit, owner: 'home', homeFolders: HOME_UNIT_FOLDERS, endings: ['.timer'] },
  {
    place: 'systemd-unit',
    parse: parseUnit,
    owner: 'root',
    folders: UNIT_FOLDERS,
    endings: ['.service', '.socket', '.path', '.mount', '.automount', '.conf'],
    subfolders: DROP_INS,
  },
  {
    place: 'systemd-unit',
    parse: parseUnit,
    owner: 'home',
    homeFolders: HOME_UNIT_FOLDERS,
    endings: ['.service', '.socket', '.path', '.conf'],
    subfolders: DROP_INS,
  },
  {
    place: 'systemd-unit',
    parse: parseScript,
    owner: 'root',
    folders: [
      '/etc/systemd/system-generators',
      '/usr/local/lib/systemd/system-generators',
      '/usr/lib/systemd/system-generators',
      '/usr/lib/systemd/system-shutdown',
      '/usr/lib/systemd/system-sleep',
      '/etc/systemd/system-sleep',
    ],
  },
  {
    place: 'init-script',
    parse: parseScript,
    owner: 'root',
    files: ['/etc/rc.local', '/etc/rc.d/rc.local', '/etc/inittab'],
    folders: ['/etc/init.d', '/etc/rc.d/init.d', '/etc/init', '/etc/local.d'],
  },
  // Run when a network comes or goes, a lid is closed, somebody connects, or the machine's first file system is made.
  {
    place: 'init-script',
    parse: parseScript,
    owner: 'root',
    files: ['/etc/inetd.conf'],
    folders: [
      '/etc/NetworkManager/dispatcher.d',
      ...['pre-up.d', 'pre-down.d', 'no-wait.d'].map((each) => `/etc/NetworkManager/dispatcher.d/${each}`),
      ...['pre-up', 'up', 'down', 'post-down'].map((each) => `/etc/network/if-${each}.d`),
      ...['routable', 'degraded', 'configured', 'off', 'no-carrier'].map(
        (each) => `/etc/networkd-dispatcher/${each}.d`,
      ),
      '/etc/dhcp/dhclient-enter-hooks.d',
      '/etc/dhcp/dhclient-exit-hooks.d',
      '/etc/acpi',
      '/etc/acpi/events',
      '/etc/xinetd.d',
      '/etc/initramfs-tools/hooks',
      '/etc/grub.d',
    ],
  },
  {
    place: 'shell-startup',
    parse: parseScript,
    owner: 'nobody',
    files: [
      '/etc/profile',
      '/etc/bash.bashrc',
      '/etc/bashrc',
      '/etc/zsh/zshrc',
      '/etc/zsh/zshenv',
      '/etc/zsh/zprofile',
      '/etc/zshrc',
      '/etc/zshenv',
      '/etc/environment',
      '/etc/csh.login',
      '/etc/csh.cshrc',
      '/etc/fish/config.fish',
    ],
    // What lies in skel is in the home of every user that is made from now on.
    folders: ['/etc/profile.d', '/etc/fish/conf.d', '/etc/environment.d', '/etc/bash_completion.d', '/etc/skel'],
  },
  {
    place: 'shell-startup',
    parse: parseScript,
    owner: 'home',
    homeFiles: [
      '.bashrc',
      '.bash_profile',
      '.bash_login',
      '.bash_logout',
      '.bash_aliases',
      '.profile',
      '.zshrc',
      '.zshenv',
      '.zprofile',
      '.zlogin',
      '.zlogout',
      '.kshrc',
      '.cshrc',
      '.tcshrc',
      '.login',
      '.config/fish/config.fish',
      '.pam_environment',
    ],
    homeFolders: ['.config/environment.d', '.config/fish/conf.d'],
  },
  {
    place: 'desktop-autostart',
    parse: parseDesktop,
    owner: 'nobody',
    folders: ['/etc/xdg/autostart'],
    endings: ['.desktop'],
  },
  {
    place: 'desktop-autostart',
    parse: parseDesktop,
    owner: 'home',
    homeFolders: ['.config/autostart'],
    endings: ['.desktop'],
  },
  {
    place: 'desktop-autostart',
    parse: parseScript,
    owner: 'home',
    homeFiles: ['.xinitrc', '.xsession', '.xprofile', '.xsessionrc'],
    homeFolders: ['.config/autostart-scripts', '.config/plasma-workspace/env', '.config/plasma-workspace/shutdown'],
  },
  {
    place: 'desktop-autostart',
    parse: parseScript,
    owner: 'nobody',
    folders: ['/etc/X11/Xsession.d', '/etc/X11/xinit/xinitrc.d'],
  },
  {
    place: 'pam',
    parse: parseJoined,
    owner: 'root',
    files: ['/etc/pam.conf', '/etc/security/pam_env.conf'],
    folders: ['/etc/pam.d'],
  },
  {
    place: 'udev',
    parse: parseJoined,
    owner: 'root',
    folders: ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/local/lib/udev/rules.d', '/usr/lib/udev/rules.d'],
    endings: ['.rules'],
  },
  {
    place: 'authorized-keys',
    parse: parseAuthorizedKeys,
    owner: 'home',
    homeFiles: ['.ssh/authorized_keys', '.ssh/authorized_keys2'],
  },
  { place: 'authorized-keys', parse: parseScript, owner: 'home', homeFiles: ['.ssh/rc'] },
  { place: 'authorized-keys', parse: parseScript, owner: 'nobody', files: ['/etc/ssh/sshrc'] },
  {
    place: 'authorized-keys',
    parse: parseAuthorizedKeys,
    owner: 'file-name',
    folders: ['/etc/ssh/authorized_keys.d', '/etc/ssh/authorized_keys'],
  },
  {
    place: 'sudoers',
    parse: root(parseSudoers),
    owner: 'nobody',
    files: ['/etc/sudoers'],
    folders: ['/etc/sudoers.d'],
  },
  {
    place: 'kernel-module',
    parse: parseScript,
    owner: 'root',
    files: ['/etc/modules'],
    folders: ['/etc/modules-load.d', '/run/modules-load.d', '/usr/lib/modules-load.d'],
  },
  {
    place: 'kernel-module',
    parse: parseScript,
    owner: 'root',
    folders: ['/etc/modprobe.d', '/run/modprobe.d', '/usr/lib/modprobe.d'],
    endings: ['.conf'],
  },
  {
    place: 'package-hook',
    parse: parseAptConfiguration,
    owner: 'root',
    folders: ['/etc/apt/apt.conf.d', '/etc/dpkg/dpkg.cfg.d'],
  },
  {
    place: 'package-hook',
    parse: parseScript,
    owner: 'root',
    folders: [
      '/etc/kernel/postinst.d',
      '/etc/kernel/install.d',
      '/etc/dnf/plugins',
      '/etc/yum/pluginconf.d',
      '/etc/pacman.d/hooks',
    ],
  },
  { place: 'motd', parse: parseScript, owner: 'root', folders: ['/etc/update-motd.d'] },
];

/** Editors and installers write beside the file and rename: these names start nothing, and cron and others skip them. */
export const UNFINISHED = /(?:~|\.(?:swp|swx|swpx|tmp|bak|dpkg-[a-z]+|ucf-[a-z]+|rpmnew|rpmsave|lock|placeholder))$/;

/**
 * Tells quickly of most paths that no collector cares about them: files are written all the time, and every write that
 * is seen is asked about. What is let through is asked again by the collectors.
 */
export function mayMatter(path: string, homes: readonly { readonly path: string }[]): boolean {
  if (SYSTEM_BEGINNINGS.has(beginning(path, SYSTEM_PARTS))) return true;
  return homes.some(
    ({ path: home }) =>
      path.startsWith(home) &&
      path[home.length] === '/' &&
      HOME_BEGINNINGS.has(beginning(path.slice(home.length), HOME_PARTS)),
  );
}

/** Folders from the top by which paths are told apart: "/etc/cron.d", "/usr/lib". */
const SYSTEM_PARTS = 2;
const HOME_PARTS = 1;
const ACCOUNT_FILES = ['/etc/passwd', '/etc/shadow', '/etc/group'];

const SYSTEM_BEGINNINGS: ReadonlySet<string> = new Set(
  [...ACCOUNT_FILES, ...PLACE_ROWS.flatMap(({ files = [], folders = [] }) => [...files, ...folders])].map((path) =>
    beginning(path, SYSTEM_PARTS),
  ),
);
const HOME_BEGINNINGS: ReadonlySet<string> = new Set(
  PLACE_ROWS.flatMap(({ homeFiles = [], homeFolders = [] }) => [...homeFiles, ...homeFolders]).map((path) =>
    beginning(`/${path}`, HOME_PARTS),
  ),
);

function beginning(path: string, parts: number): string {
  let end = 0;
  for (let part = 0; part < parts && end !== -1; part++) end = path.indexOf('/', end + 1);
  return end === -1 ? path : path.slice(0, end);
}
