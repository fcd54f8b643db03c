/** How what a file of a place starts is read, and which files the collectors may care about. */
import {
  AUTOSTART_ROWS,
  type AutostartRow,
  type ContentForm,
  mayBeHomeRow,
  mayBeSystemRow,
} from '../../runtime/autostart/index.ts';
import { parseAnacrontab, parseSystemCrontab, parseUserCrontab } from './parse/crontab.ts';
import { parseGit } from './parse/git.ts';
import { parseBinaryFormat, parseKernelValue, parseSysctl } from './parse/kernel-helpers.ts';
import {
  parseInterface,
  parseLogRotation,
  parsePhp,
  parsePythonPath,
  parseWindowManager,
} from './parse/lines-that-run.ts';
import { parseSshClient, parseSshServer } from './parse/ssh.ts';
import {
  parseAptConfiguration,
  parseAuthorizedKeys,
  parseCode,
  parseJoined,
  parseMarkup,
  parsePreload,
  parseScript,
} from './parse/startup.ts';
import { parseSudoers } from './parse/sudoers.ts';
import { parseBusService, parseDesktop, parseManager, parseUnit } from './parse/unit.ts';
import type { StartItem } from './start-item.ts';

/** What a file starts. @param owner whom it runs as where it does not say */
export type StartParser = (text: string, owner: string | undefined) => readonly StartItem[];

export const PARSERS: Readonly<Record<ContentForm, StartParser>> = {
  anacrontab: parseAnacrontab,
  apt: parseAptConfiguration,
  'binary-format': parseBinaryFormat,
  'bus-service': parseBusService,
  code: parseCode,
  desktop: parseDesktop,
  git: parseGit,
  interface: parseInterface,
  joined: parseJoined,
  'kernel-value': parseKernelValue,
  keys: parseAuthorizedKeys,
  'log-rotation': parseLogRotation,
  manager: parseManager,
  markup: parseMarkup,
  php: parsePhp,
  preload: parsePreload,
  'python-path': parsePythonPath,
  script: parseScript,
  'ssh-client': parseSshClient,
  'ssh-server': parseSshServer,
  sudoers: parseSudoers,
  sysctl: parseSysctl,
  'system-crontab': parseSystemCrontab,
  unit: parseUnit,
  'user-crontab': parseUserCrontab,
  'window-manager': parseWindowManager,
};

/** Those that are looked at again and again; of the others only writes are seen. */
export const PLACE_ROWS: readonly AutostartRow[] = AUTOSTART_ROWS.filter(
  ({ isSeenByWrites }) => isSeenByWrites !== true,
);

const ACCOUNT_FILES: ReadonlySet<string> = new Set(['/etc/passwd', '/etc/shadow', '/etc/group']);

/**
 * Tells quickly of most paths that no collector cares about them: files are written all the time, and every write that
 * is seen is asked about. What is let through is asked again by the collectors.
 */
export function mayMatter(path: string, homes: readonly { readonly path: string }[]): boolean {
  if (ACCOUNT_FILES.has(path) || mayBeSystemRow(path)) return true;
  return homes.some(
    ({ path: home }) => path.startsWith(home) && path[home.length] === '/' && mayBeHomeRow(path.slice(home.length + 1)),
  );
}
