/** Which program wrote an entry, which of Sigma's services that is, and what the entry tells. */
import type { HostEvent, LogLineEvent } from '../../../../contract/events.ts';
import { readAccountTool, readLogin, readSu } from './accounts.ts';
import { readPam } from './pam.ts';
import { readSshd } from './sshd.ts';
import { readSudo } from './sudo.ts';
import { readCron, readKernel, readPolkit, readSystemd } from './system-programs.ts';
import type { ProgramReader } from './tells.ts';
import { bounded, type Fields, fieldsOf, known, type LogEntry, wholeNumber } from './types.ts';

interface Program {
  /** A name of LOG_SERVICES. */
  readonly service: string;
  /** Undefined where the line is kept as it is. */
  readonly read?: ProgramReader;
}

const SSHD: Program = { service: 'sshd', read: readSshd };
const CRON: Program = { service: 'cron', read: readCron };
const POLKIT: Program = { service: 'polkit', read: readPolkit };
const SYSTEMD: Program = { service: 'systemd', read: readSystemd };
const ACCOUNTS: Program = { service: 'auth', read: readAccountTool };
const CLAMAV: Program = { service: 'clamav' };

/** By the name that the writer gave itself, in lower case. */
const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ['sshd', SSHD],
  // Since OpenSSH 9.8 the listener hands each connection to these.
  ['sshd-session', SSHD],
  ['sshd-auth', SSHD],
  ['sudo', { service: 'sudo', read: readSudo }],
  ['su', { service: 'su', read: readSu }],
  ['login', { service: 'login', read: readLogin }],
  ['cron', CRON],
  ['crond', CRON],
  ['crontab', CRON],
  ['anacron', CRON],
  ['polkitd', POLKIT],
  ['pkexec', POLKIT],
  ['polkit-agent-helper-1', POLKIT],
  ['kernel', { service: 'kernel', read: readKernel }],
  ['systemd', SYSTEMD],
  ['systemd-logind', SYSTEMD],
  ...[
    'useradd',
    'usermod',
    'userdel',
    'groupadd',
    'groupmod',
    'groupdel',
    'gpasswd',
    'passwd',
    'chpasswd',
    'chage',
    'chsh',
    'chfn',
  ].map((name): [string, Program] => [name, ACCOUNTS]),
  ['clamd', CLAMAV],
  ['freshclam', CLAMAV],
  ['clamscan', CLAMAV],
  ['guacd', { service: 'guacamole' }],
  ['guacamole', { service: 'guacamole' }],
  ['vsftpd', { service: 'vsftpd' }],
  ['named', { service: 'named' }],
]);

const OTHER: Program = { service: 'syslog' };
const OTHER_AUTH: Program = { service: 'auth' };
const OTHER_PAM: Program = { service: 'pam' };

/** Facilities auth and authpriv (RFC 5424 6.2.1). */
const AUTH_FACILITIES: ReadonlySet<number> = new Set([4, 10]);
/** Where syslog puts these two: Debian's name and Red Hat's. */
const AUTH_FILES: ReadonlySet<string> = new Set(['/var/log/auth.log', '/var/log/secure']);

function programOf({ identifier, message, facility, file }: LogEntry): Program {
  const program = identifier === undefined ? undefined : PROGRAMS.get(identifier.toLowerCase());
  if (program !== undefined) return program;
  if (message.startsWith('pam_')) return OTHER_PAM;
  const isAuth =
    (facility !== undefined && AUTH_FACILITIES.has(facility)) || (file !== undefined && AUTH_FILES.has(file));
  return isAuth ? OTHER_AUTH : OTHER;
}

/** rsyslog holds equal lines back and says how many there were. */
const REPEATED = 'message repeated ';
const REPEATED_TIMES = ' times: [ ';
/** A count beyond this is told as so many: the number comes out of the log. */
const MAX_REPEATED = 64;

interface Repeated {
  readonly times: number;
  readonly message: string;
}

function readRepeated(message: string): Repeated | undefined {
  if (!message.startsWith(REPEATED) || !message.endsWith(']')) return undefined;
  const end = message.indexOf(REPEATED_TIMES, REPEATED.length);
  const times = end < 0 ? undefined : wholeNumber(message.slice(REPEATED.length, end));
  return times === undefined ? undefined : { times, message: message.slice(end + REPEATED_TIMES.length, -1) };
}

/** What was read of an entry. */
export interface ReadEntry {
  readonly service: string;
  /** Whether the message is of a known form. */
  readonly isRecognised: boolean;
  readonly fields: Fields;
  /** What the entry tells beside itself. */
  readonly told: readonly HostEvent[];
}

/** Reads the message of an entry by the table of the program that wrote it. Pure; never throws. */
export function readEntry(entry: LogEntry): ReadEntry {
  const program = programOf(entry);
  const repeated = readRepeated(entry.message);
  const message = repeated?.message ?? entry.message;
  const read = readPam(message) ?? program.read?.(message);
  const event = read?.tells?.(read.fields, entry);
  const times = Math.min(repeated?.times ?? 1, MAX_REPEATED);
  return {
    service: program.service,
    isRecognised: read !== undefined,
    fields:
      repeated === undefined || read === undefined
        ? (read?.fields ?? {})
        : fieldsOf([['repeated', String(repeated.times)], ...Object.entries(read.fields)]),
    told: event === undefined ? [] : new Array<HostEvent>(times).fill(event),
  };
}

/** The line of an entry, then what it tells. */
export function eventsOfEntry(entry: LogEntry): readonly HostEvent[] {
  const { service, fields, told } = readEntry(entry);
  const all = { ...entry.extra, ...fields };
  const line: LogLineEvent = {
    type: 'log-line',
    timeMs: entry.timeMs,
    service,
    message: bounded(entry.message),
    ...known({
      unit: entry.unit,
      identifier: entry.identifier,
      pid: entry.pid,
      file: entry.file,
      fields: Object.keys(all).length === 0 ? undefined : all,
    }),
  };
  return [line, ...told];
}
