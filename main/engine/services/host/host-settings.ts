import type { SettingTable, SettingValues } from '../../runtime/settings.ts';

/** The word for the logs that systems usually have. */
export const USUAL_LOGS = 'usual';

/** Which of the host's sensors run, and on what. */
export const hostSettings = {
  processes: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to watch what programs are run, with their arguments and where they come from. Most of what is found ' +
      'on this computer is found by it, and the other sensors ask it who did what they see.',
  },
  auditRule: {
    type: 'boolean',
    default: false,
    reason:
      'Whether Holdfast may add one rule of its own (every execve) to the audit system while it runs, to see every program ' +
      'where eBPF is not to be had. Only where auditing is on and not locked, and no auditd runs; it is removed at the ' +
      "end, also after a crash. Off by default: the rule is the whole machine's, the kernel's log and the journal repeat " +
      'what it tells, and programs start a little slower.',
  },
  files: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to watch which files are made, written, renamed, removed and run, and by which program, on all real ' +
      'file systems of this computer.',
  },
  moreFileSystems: {
    type: 'list',
    default: [],
    pattern: /^\/[^\p{Cc}]{0,4000}$/u,
    patternMeaning: 'an absolute path',
    reason:
      'Mount points to watch as well, though their files are on other machines or in programs (NFS, SMB, FUSE). None ' +
      'by default: only what this computer itself does to them can be seen.',
  },
  logs: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to read log files: logins, commands run with raised rights, web servers, installed packages, the audit system.',
  },
  logFiles: {
    type: 'list',
    default: [USUAL_LOGS],
    // A word and an absolute path without control characters; or a path alone, which is read as syslog.
    pattern: /^(usual|((syslog|audit|nginx-access|apache-access|dpkg|apt-history):)?\/[^\p{Cc}]{1,4000})$/u,
    patternMeaning:
      '"usual", or an absolute path, with its format in front unless it is syslog: "nginx-access:/srv/log/access.log"',
    reason:
      'Which log files to read. "usual" stands for those that Debian, Red Hat, Arch and SUSE keep in /var/log. Name ' +
      'others with their format (syslog, audit, nginx-access, apache-access, dpkg, apt-history) and a colon in front.',
  },
  journal: {
    type: 'boolean',
    default: true,
    reason: 'Whether to read the journal of systemd. Where it is read, the log files that repeat it are left out.',
  },
  sockets: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to watch which program makes, takes on and waits for connections. Without it no flow says its program.',
  },
  access: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to watch which program traces another one, reads or writes its memory, or tries to end Holdfast, and what ' +
      'is loaded into the kernel. It needs eBPF; calls of the system that do none of that are not slowed down.',
  },
  system: {
    type: 'boolean',
    default: true,
    reason:
      'Whether to watch what somebody may change to stay, to get rights or to hide: users, what starts by itself, ' +
      'services, kernel modules, mounts, devices, set-uid files, the firewall.',
  },
  storedEventsPerSecond: {
    type: 'number',
    default: 2_000,
    min: 10,
    max: 20_000,
    integer: true,
    unit: 'events/s',
    reason:
      'How many events a second are kept for searches, at the most; every event is looked at by rules and behaviours all ' +
      'the same. More than this is a burst, or a flood that would fill the disk; Health counts what was left out.',
  },
} as const satisfies SettingTable;

export type HostSettings = SettingValues<typeof hostSettings>;

/** Sensors that may keep something across restarts, and what is counted of them. */
export const HOST_SENSOR_NAMES = [
  'processes',
  'logs',
  'journal',
  'files',
  'sockets',
  'access',
  'system',
  'yara',
  'activity',
] as const;
export type HostSensorName = (typeof HOST_SENSOR_NAMES)[number];
