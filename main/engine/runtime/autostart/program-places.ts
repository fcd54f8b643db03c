/**
 * What runs inside of other programs or whenever they are used: libraries, interpreters, packages, the message bus,
 * git, the rotation of logs. ld.so(8), Python's site, apt.conf(5), dpkg.cfg(5), alpm-hooks(5), dbus-daemon(1),
 * git-config(1), githooks(5), logrotate.conf(5).
 */
import type { AutostartRow } from './row.ts';

const BUS_TOPS = ['/usr/share', '/usr/local/share'];
const SITES = ['dist-packages', 'site-packages'];
const PYTHON_SITES = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'].flatMap((top) =>
  SITES.map((site) => `${top}/python3*/${site}`),
);
/** Debian links what stands in /usr/lib to "/etc/python3.12/sitecustomize.py". */
const PYTHON_SETTINGS = Array.from({ length: 15 }, (_, index) => `/etc/python3.${index + 6}`);
const HOME_PYTHON_SITES = ['.local/lib/python3*/site-packages'];

export const PROGRAM_PLACES: readonly AutostartRow[] = [
  { place: 'ld-preload', form: 'preload', owner: 'nobody', files: ['/etc/ld.so.preload'] },
  {
    place: 'ld-preload',
    form: 'script',
    owner: 'nobody',
    files: ['/etc/ld.so.conf'],
    folders: ['/etc/ld.so.conf.d'],
    endings: ['.conf'],
  },
  {
    place: 'd-bus',
    form: 'bus-service',
    owner: 'nobody',
    folders: [
      ...[...BUS_TOPS, '/run', '/etc'].flatMap((top) => [`${top}/dbus-1/system-services`, `${top}/dbus-1/services`]),
      '/usr/lib/dbus-1/system-services',
    ],
    endings: ['.service'],
  },
  {
    place: 'd-bus',
    form: 'bus-service',
    owner: 'home',
    homeFolders: ['.local/share/dbus-1/services'],
    endings: ['.service'],
  },
  // Who may speak for which service.
  {
    place: 'd-bus',
    form: 'markup',
    owner: 'nobody',
    files: [
      '/etc/dbus-1/system.conf',
      '/etc/dbus-1/session.conf',
      '/etc/dbus-1/system-local.conf',
      '/etc/dbus-1/session-local.conf',
    ],
    folders: [...BUS_TOPS, '/etc'].flatMap((top) => [`${top}/dbus-1/system.d`, `${top}/dbus-1/session.d`]),
    endings: ['.conf'],
  },
  {
    place: 'interpreter-startup',
    form: 'script',
    owner: 'nobody',
    files: ['/etc/perl/sitecustomize.pl'],
    folders: [...PYTHON_SITES, ...PYTHON_SETTINGS, '/usr/lib/python3*', '/usr/local/lib/python3*'],
    endings: ['sitecustomize.py', 'usercustomize.py'],
    isFlat: true,
  },
  {
    place: 'interpreter-startup',
    form: 'script',
    owner: 'home',
    homeFolders: HOME_PYTHON_SITES,
    endings: ['sitecustomize.py', 'usercustomize.py'],
    isFlat: true,
  },
  {
    place: 'interpreter-startup',
    form: 'python-path',
    owner: 'nobody',
    folders: PYTHON_SITES,
    endings: ['.pth'],
    isFlat: true,
    isToldByContent: true,
  },
  {
    place: 'interpreter-startup',
    form: 'python-path',
    owner: 'home',
    homeFolders: HOME_PYTHON_SITES,
    endings: ['.pth'],
    isFlat: true,
    isToldByContent: true,
  },
  {
    place: 'interpreter-startup',
    form: 'php',
    owner: 'nobody',
    files: ['/etc/php.ini'],
    folders: ['/etc/php/*/*', '/etc/php/*/*/conf.d', '/etc/php.d'],
    endings: ['.ini'],
    isToldByContent: true,
  },
  {
    place: 'git-settings',
    form: 'git',
    owner: 'nobody',
    files: ['/etc/gitconfig'],
    isToldByContent: true,
  },
  {
    place: 'git-settings',
    form: 'git',
    owner: 'home',
    homeFiles: ['.gitconfig', '.config/git/config'],
    isToldByContent: true,
  },
  // Copied into every repository that is made from now on.
  {
    place: 'git-settings',
    form: 'script',
    owner: 'nobody',
    folders: ['/usr/share/git-core/templates/hooks', '/usr/local/share/git-core/templates/hooks'],
    ignored: /\.sample$/,
  },
  {
    place: 'log-rotation',
    form: 'log-rotation',
    owner: 'root',
    files: ['/etc/logrotate.conf'],
    folders: ['/etc/logrotate.d'],
    isToldByContent: true,
  },
  {
    place: 'package-hook',
    form: 'apt',
    owner: 'root',
    files: ['/etc/apt/apt.conf', '/etc/dpkg/dpkg.cfg'],
    folders: ['/etc/apt/apt.conf.d', '/etc/dpkg/dpkg.cfg.d'],
  },
  {
    place: 'package-hook',
    form: 'script',
    owner: 'root',
    folders: [
      ...['preinst.d', 'postinst.d', 'prerm.d', 'postrm.d', 'install.d'].map((each) => `/etc/kernel/${each}`),
      '/usr/lib/kernel/install.d',
      '/etc/ca-certificates/update.d',
      '/etc/dnf/plugins',
      '/etc/dnf/libdnf5-plugins/actions.d',
      '/etc/yum/pluginconf.d',
      '/usr/lib/zypp/plugins/commit',
      '/etc/pacman.d/hooks',
      '/usr/share/libalpm/hooks',
    ],
  },
  {
    place: 'package-hook',
    form: 'script',
    owner: 'root',
    folders: ['/usr/lib/python3*/site-packages/dnf-plugins'],
    endings: ['.py'],
    isFlat: true,
  },
  // What packages run when they are configured or removed: some thousand scripts.
  {
    place: 'package-hook',
    form: 'script',
    owner: 'root',
    folders: ['/var/lib/dpkg/info'],
    endings: ['.preinst', '.postinst', '.prerm', '.postrm'],
    isFlat: true,
    isSeenByWrites: true,
  },
];
