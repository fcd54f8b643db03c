/** systemd.unit(5), systemd.service(5), systemd.timer(5), and files of the same form: desktop, D-Bus. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, joinedLines } from './lines.ts';

/** Settings by which a unit runs something, or decides when and as what. */
const UNIT_KEYS: ReadonlySet<string> = new Set([
  'ExecStart',
  'ExecStartPre',
  'ExecStartPost',
  'ExecCondition',
  'ExecStop',
  'ExecStopPost',
  'ExecReload',
  'Environment',
  'EnvironmentFile',
  'RootDirectory',
  'LoadCredential',
  'OnCalendar',
  'OnBootSec',
  'OnStartupSec',
  'OnActiveSec',
  'OnUnitActiveSec',
  'OnUnitInactiveSec',
  'PathExists',
  'PathChanged',
  'PathModified',
  'ListenStream',
  'ListenDatagram',
  'ListenFIFO',
  'ListenSequentialPacket',
  'ListenSpecial',
  'ListenNetlink',
  'BusName',
  'PathExistsGlob',
  'DirectoryNotEmpty',
  'OnFailure',
  'OnSuccess',
  'Unit',
  'RootImage',
  'BindPaths',
  'BindReadOnlyPaths',
  'PassEnvironment',
  'PAMName',
  'What',
  'Where',
]);
/** Desktop Entry Specification 1.5, and what the desktops add for autostart. */
const DESKTOP_KEYS: ReadonlySet<string> = new Set(['Exec', 'TryExec', 'Hidden', 'X-GNOME-Autostart-enabled']);

interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** `key=value` below `[section]`; lines of another form are left out. */
export function* settingsOf(text: string): Generator<Setting> {
  let section = '';
  for (const line of joinedLines(text)) {
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[') && line.endsWith(']')) {
      section = line.slice(1, -1);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals > 0) yield { section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() };
  }
}

/** What a unit runs and when; `user` is that of `User=`. */
export function parseUnit(text: string, owner: string | undefined): readonly StartItem[] {
  const settings = [...settingsOf(text)];
  const user = settings.findLast(({ section, key }) => section === 'Service' && key === 'User')?.value;
  return settings
    .filter(({ key }) => UNIT_KEYS.has(key))
    .map(({ key, value }) => ({ content: cutLine(`${key}=${value}`), user: user ?? owner }));
}

/** What an autostart entry runs. Only its main group counts: others are actions that a person chooses. */
export function parseDesktop(text: string, owner: string | undefined): readonly StartItem[] {
  return [...settingsOf(text)]
    .filter(({ section, key }) => section === 'Desktop Entry' && DESKTOP_KEYS.has(key))
    .map(({ key, value }) => ({ content: cutLine(`${key}=${value}`), user: owner }));
}

/** systemd-system.conf(5): what is put into the environment of all that the manager starts. */
const MANAGER_KEYS: ReadonlySet<string> = new Set(['DefaultEnvironment', 'ManagerEnvironment']);

/** What changes every program that systemd starts. */
export function parseManager(text: string, owner: string | undefined): readonly StartItem[] {
  return [...settingsOf(text)]
    .filter(({ key, value }) => MANAGER_KEYS.has(key) && value !== '')
    .map(({ key, value }) => ({ content: cutLine(`${key}=${value}`), user: owner }));
}

const BUS_KEYS: ReadonlySet<string> = new Set(['Name', 'Exec', 'User', 'SystemdService']);

/** What the message bus starts when a name is asked for: D-Bus Specification, Message Bus Starting Services. */
export function parseBusService(text: string, owner: string | undefined): readonly StartItem[] {
  const settings = [...settingsOf(text)].filter(({ section, key }) => section === 'D-BUS Service' && BUS_KEYS.has(key));
  const user = settings.findLast(({ key }) => key === 'User')?.value ?? owner;
  return settings.map(({ key, value }) => ({ content: cutLine(`${key}=${value}`), user }));
}
