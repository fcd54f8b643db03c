/** The logs that are known: how each is read, and where systems keep them. */
import { auditParser } from './audit-join.ts';
import { aptHistoryParser, dpkgParser } from './packages.ts';
import { eventsOfEntry } from './programs.ts';
import { readSyslogLine } from './syslog-line.ts';
import type { LogParser } from './types.ts';
import { accessLogParser } from './web-access.ts';

export type LogFormat = 'syslog' | 'audit' | 'nginx-access' | 'apache-access' | 'dpkg' | 'apt-history';

/** A parser of its own for each file: some join lines. */
export const LOG_PARSERS: Readonly<Record<LogFormat, () => LogParser>> = {
  syslog: () => ({ parse: (line, context) => eventsOfEntry(readSyslogLine(line, context)), flush: () => [] }),
  audit: auditParser,
  'nginx-access': () => accessLogParser('nginx'),
  'apache-access': () => accessLogParser('apache'),
  dpkg: dpkgParser,
  'apt-history': aptHistoryParser,
};

/** A log file to follow. */
export interface LogFile {
  readonly path: string;
  readonly format: LogFormat;
  /** Its lines are in the journal as well, where there is one: following both would tell everything twice. */
  readonly isInJournal: boolean;
}

function files(format: LogFormat, isInJournal: boolean, paths: readonly string[]): readonly LogFile[] {
  return paths.map((path) => ({ path, format, isInJournal }));
}

/** Where Debian, Red Hat, Arch and SUSE keep them; those that are not there are waited for. */
export const USUAL_LOG_FILES: readonly LogFile[] = [
  ...files('syslog', true, [
    '/var/log/auth.log',
    '/var/log/secure',
    '/var/log/syslog',
    '/var/log/messages',
    '/var/log/kern.log',
    '/var/log/cron',
    '/var/log/cron.log',
  ]),
  ...files('audit', false, ['/var/log/audit/audit.log']),
  ...files('nginx-access', false, ['/var/log/nginx/access.log']),
  ...files('apache-access', false, [
    '/var/log/apache2/access.log',
    '/var/log/apache2/other_vhosts_access.log',
    '/var/log/httpd/access_log',
    '/var/log/httpd/ssl_access_log',
  ]),
  ...files('dpkg', false, ['/var/log/dpkg.log']),
  ...files('apt-history', false, ['/var/log/apt/history.log']),
];
