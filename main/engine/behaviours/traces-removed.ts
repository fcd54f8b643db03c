import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { afterHome } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInstalling, isInterpreter, isOfTheSystem, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_PROCESSES = 1_024;
const MAX_FILES = 32;
/** 'echo "" > file' leaves the end of a line. */
const EMPTY_BYTES = 1;

const HISTORIES = new Set([
  '.bash_history',
  '.zsh_history',
  '.history',
  '.sh_history',
  '.ash_history',
  '.local/share/fish/fish_history',
  '.python_history',
  '.mysql_history',
  '.psql_history',
  '.viminfo',
  '.lesshst',
]);
/** Logs in which logins and attacks stand. */
const LOG_NAMES = [
  'auth.log',
  'secure',
  'syslog',
  'messages',
  'wtmp',
  'btmp',
  'utmp',
  'lastlog',
  'kern.log',
  'faillog',
  'cron',
  'cron.log',
  'maillog',
  'mail.log',
  'audit.log',
  'access.log',
  'access_log',
  'error.log',
  'error_log',
  'daemon.log',
  'user.log',
  'dpkg.log',
];
/** Programs that write, turn over and tidy up logs. */
const LOG_KEEPERS = new Set([
  'logrotate',
  'rsyslogd',
  'syslog-ng',
  'systemd-journald',
  'systemd-journal',
  'journalctl',
  'auditd',
  'systemd-tmpfiles',
  'savelog',
  'newsyslog',
  'systemd',
  'sshd',
  'sshd-session',
  'login',
  'last',
  'lastb',
  'cron',
  'crond',
  'nginx',
  'apache',
  'httpd',
  'gdm',
  'gdm-session-worker',
  'agetty',
  'sddm',
  'sddm-helper',
  'lightdm',
  'useradd',
  'usermod',
  'tmux',
  'screen',
  'xterm',
  'gnome-terminal-server',
  'systemd-update-utmp',
  'runlevel',
  'sendmail',
  'postfix',
  'exim',
  'utempter',
  'sudo',
  'su',
  'dpkg',
  'gzip',
  'xz',
  'bzip2',
  'zstd',
  'localsearch',
]);
/** Programs that keep a history of their own. */
const HISTORY_KEEPERS = new Set([
  'python',
  'mysql',
  'mariadb',
  'psql',
  'vim',
  'vim.basic',
  'vim.tiny',
  'nvim',
  'vi',
  'less',
  'sed',
  'atuin',
  'hstr',
  'mcfly',
]);

/** Units whose work is protection. */
const SECURITY_UNITS: Readonly<Record<string, Severity>> = {
  holdfast: 'critical',
  auditd: 'high',
  falco: 'high',
  'falcon-sensor': 'high',
  mdatp: 'high',
  wazuh: 'high',
  'wazuh-agent': 'high',
  osqueryd: 'high',
  'clamav-daemon': 'medium',
  'clamav-freshclam': 'low',
  apparmor: 'high',
  selinux: 'high',
  ufw: 'medium',
  firewalld: 'medium',
  nftables: 'medium',
  iptables: 'medium',
  fail2ban: 'medium',
  rsyslog: 'medium',
  'syslog-ng': 'medium',
  'systemd-journald': 'medium',
  crowdsec: 'medium',
  sysmon: 'high',
  'elastic-agent': 'high',
  auditbeat: 'high',
  opensnitch: 'medium',
  suricata: 'medium',
  cbdaemon: 'high',
  sentinelone: 'high',
  auoms: 'medium',
  aide: 'low',
};

interface Removal {
  readonly firstSeenMs: number;
  readonly files: string[];
}

type Trace = 'log' | 'history';

/** Traces are removed: logs and histories emptied or deleted, protection stopped, times of files put back. */
class TraceWatcher implements Behaviour {
  readonly #context: Context;
  readonly #removals = new RecentMap<string, Removal>(MAX_PROCESSES);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    switch (event.type) {
      case 'file-deleted':
        this.#removed(event.process, event.path, event.timeMs, 'deleted');
        return;
      case 'file-written':
        if ((event.file?.sizeBytes ?? Number.POSITIVE_INFINITY) <= EMPTY_BYTES)
          this.#removed(event.process, event.path, event.timeMs, 'emptied');
        return;
      case 'file-created':
        if (event.linkTarget === '/dev/null')
          this.#removed(event.process, event.path, event.timeMs, 'redirected to nowhere');
        return;
      case 'service-change':
        if (event.action !== 'started' && event.action !== 'enabled' && event.action !== 'failed') {
          this.#stopped(event.unit, event.action, event.process, event.timeMs);
        }
        return;
      case 'file-attributes':
        if (event.changed.length === 1 && event.changed[0] === 'times' && event.process !== undefined)
          this.#timed(event.process, event.path, event.timeMs);
    }
  }

  #removed(process: HostProcessWithParents | undefined, path: string, timeMs: number, what: string): void {
    const trace = traceOf(path);
    if (trace === undefined || process === undefined || isKeeper(trace, process, what)) return;
    const lineage = [process, ...this.#context.processes.ancestors(process)];
    if (isInstalling(lineage) || lineage.some((each) => programName(each.image) === 'logrotate' && isOfTheSystem(each)))
      return;
    const key = processKey(process);
    const removal = this.#removals.getOrInsert(key, () => ({ firstSeenMs: timeMs, files: [] }));
    if (removal.files.length < MAX_FILES && !removal.files.includes(path)) removal.files.push(path);
    this.#tell(process, {
      cause: `traces-removed/${key}`,
      firstSeenMs: removal.firstSeenMs,
      timeMs,
      severity: trace === 'log' ? 'high' : 'medium',
      techniques: [trace === 'log' ? 'T1070.002' : 'T1070.003'],
      title: `${shownProgram(process)} ${what.split(' ')[0] ?? what} ${removal.files.length === 1 ? shownPath(path) : `${removal.files.length} records of what happened`}`,
      explanation: `${trace === 'log' ? 'Logs tell who logged in and what failed' : 'The history tells which commands were typed'}. The system turns old logs over by itself; this was done by something else. Intruders remove such records so that nobody can tell what they did.`,
      files: removal.files,
    });
  }

  #stopped(unit: string, action: string, process: HostProcessWithParents | undefined, timeMs: number): void {
    const name = unitName(unit);
    if (!Object.hasOwn(SECURITY_UNITS, name)) return;
    // Everything is stopped at the end of the day, by nobody's order.
    if (process === undefined || isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    this.#tell(process, {
      cause: `traces-removed/unit/${name}`,
      firstSeenMs: timeMs,
      timeMs,
      severity: SECURITY_UNITS[name] ?? 'medium',
      techniques: [FIREWALLS.has(name) ? 'T1562.004' : 'T1562.001'],
      title: `${shownProgram(process)} ${action} ${plainText(unit, 80)}`,
      explanation:
        'This service protects the computer or records what happens on it. Administrators stop it to repair or replace it; intruders do so first of all, so that nothing sees the rest.',
      files: [],
    });
  }

  /** The clock of a file set by hand hides that it is new. Only where programs of the system lie it means something. */
  #timed(process: HostProcessWithParents, path: string, timeMs: number): void {
    if (
      programName(process.image) !== 'touch' &&
      isOfTheSystem(process) &&
      !isShell(process) &&
      !isInterpreter(process)
    )
      return;
    if (!PROGRAM_FOLDERS.some((folder) => path.startsWith(folder))) return;
    if (isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    this.#tell(process, {
      cause: `traces-removed/times/${path}`,
      firstSeenMs: timeMs,
      timeMs,
      severity: 'medium',
      techniques: ['T1070.006'],
      title: `${shownProgram(process)} changed the time of ${shownPath(path)}`,
      explanation:
        'The time of a file of the system was set without changing the file. That makes a planted file look as old as its neighbours.',
      files: [path],
    });
  }

  #tell(
    process: HostProcessWithParents,
    said: {
      readonly cause: string;
      readonly firstSeenMs: number;
      readonly timeMs: number;
      readonly severity: Severity;
      readonly techniques: readonly string[];
      readonly title: string;
      readonly explanation: string;
      readonly files: readonly string[];
    },
  ): void {
    const { timeMs, ...rest } = said;
    this.#context.report(
      hostFinding(
        {
          detector: 'traces-removed',
          kind: 'defence-evasion',
          lastSeenMs: timeMs,
          confidence: 0.7,
          evidence: [],
          process,
          ...rest,
        },
        this.#context.processes,
      ),
    );
  }
}

const FIREWALLS = new Set(['ufw', 'firewalld', 'nftables', 'iptables']);
const PROGRAM_FOLDERS = ['/usr/bin/', '/usr/sbin/', '/bin/', '/sbin/', '/usr/lib/', '/lib/', '/etc/'];

function traceOf(path: string): Trace | undefined {
  const home = afterHome(path);
  if (home !== undefined) return HISTORIES.has(home) ? 'history' : undefined;
  if (path.startsWith('/var/log/journal/')) return 'log';
  if (!path.startsWith('/var/log/') && !path.startsWith('/var/run/') && !path.startsWith('/run/')) return undefined;
  return LOG_NAMES.includes(path.slice(path.lastIndexOf('/') + 1)) ? 'log' : undefined;
}

function isKeeper(trace: Trace, process: HostProcess, what: string): boolean {
  const name = programName(process.image);
  if (!isOfTheSystem(process)) return false;
  if (trace === 'log') return LOG_KEEPERS.has(name) && !(name === 'journalctl' && what === 'emptied');
  // Shells shorten their own history by writing it anew; what they never do is to link it away.
  return HISTORY_KEEPERS.has(name) || (isShell(process) && what === 'deleted');
}

/** "auditd" of "auditd.service". */
function unitName(unit: string): string {
  const dot = unit.lastIndexOf('.');
  return (dot === -1 ? unit : unit.slice(0, dot)).toLowerCase();
}

export const tracesRemovedBehaviour = defineBehaviour({
  id: 'traces-removed',
  kinds: ['defence-evasion'],
  summary: 'Logs or histories are removed, protection is stopped, or the time of a system file is set back.',
  techniques: ['T1070.002', 'T1070.003', 'T1070.006', 'T1562.001', 'T1562.004'],
  settings,
  events: ['file-deleted', 'file-written', 'file-created', 'file-attributes', 'service-change'],
  memoryBound: '1,024 programs of up to 32 paths',
  create: (context) => new TraceWatcher(context),
});
