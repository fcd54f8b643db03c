/** systemd.unit(5), systemd.service(5), systemd.timer(5), and desktop files, which have the same form. Pure. */
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
  'Unit',
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
