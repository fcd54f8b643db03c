/** What `holdfast persistence` prints. Pure. */
import type { PersistenceRecord } from '../../../contract/api-system.ts';
import type { AutostartPlace } from '../../../contract/events.ts';
import { formatCount, formatDate } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { cut, hanging } from '../terminal/layout.ts';
import type { Paint } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

const PLACE_TITLES: Readonly<Record<AutostartPlace, string>> = {
  crontab: 'Scheduled by cron',
  'at-job': 'Scheduled once, by at',
  'systemd-unit': 'Services',
  'systemd-timer': 'Timers',
  'init-script': 'Scripts of the system start',
  'shell-startup': 'With every shell',
  'desktop-autostart': 'With the desktop',
  'ld-preload': 'Libraries of other programs',
  pam: 'At every login (PAM)',
  udev: 'When a device appears',
  'authorized-keys': 'Keys that let somebody in',
  'ssh-server': 'Who gets in by SSH, and what runs then',
  'ssh-client': 'With every SSH connection to elsewhere',
  sudoers: 'Rights of others (sudo)',
  polkit: 'Rights of others (polkit)',
  'd-bus': 'When another program asks for a service (D-Bus)',
  'network-hook': 'When a network comes or goes',
  'kernel-module': 'Kernel modules',
  'kernel-helper': 'When the kernel calls for a program',
  'interpreter-startup': 'Inside of every Python, Perl or PHP program',
  'git-settings': 'When git is used',
  'log-rotation': 'When logs are rotated',
  'package-hook': 'When packages are installed',
  motd: 'Greeting at login',
};
/** Of what one file starts; --json has all. */
const SHOWN_LINES = 3;
const MAX_PATH = 4_096;

export function persistenceText(entries: readonly PersistenceRecord[], width: number, paint: Paint): string[] {
  const lines: string[] = [];
  let place: AutostartPlace | undefined;
  for (const entry of entries) {
    if (entry.place !== place) {
      lines.push(...(place === undefined ? [] : ['']), paint('bold', PLACE_TITLES[entry.place]));
      place = entry.place;
    }
    lines.push(...entryLines(entry, width, paint));
  }
  const unowned = entries.filter((entry) => entry.package === null).length;
  const total = `${formatCount(entries.length, 'file')}, ${unowned} of no package.`;
  return [...lines, ...(entries.length > 0 ? [''] : []), total];
}

function entryLines(entry: PersistenceRecord, width: number, paint: Paint): string[] {
  const about = [
    ...(entry.isNew && entry.firstSeenMs !== null ? [`new since ${formatDate(localMs(entry.firstSeenMs))}`] : []),
    entry.package === null ? 'of no package' : plainText(entry.package),
    ...(entry.users.length > 0 ? [`as ${plainText(entry.users.join(', '))}`] : []),
    ...(entry.isEnabled === true ? ['switched on'] : []),
  ].join(' · ');
  const style = entry.isNew ? 'medium' : entry.package === null ? 'accent' : 'quiet';
  const content = entry.content.split('\n').filter((line) => line !== '');
  const left = content.length - SHOWN_LINES;
  return [
    ...hanging(`  ${paint(style, entry.isNew ? '◆' : '·')} `, plainText(entry.path, MAX_PATH), width),
    `      ${paint(style, cut(about, width - INDENT))}`,
    ...content.slice(0, SHOWN_LINES).map((line) => `      ${cut(plainText(line, MAX_PATH), width - INDENT)}`),
    ...(left > 0 ? [`      ${paint('quiet', `… ${formatCount(left, 'more line')}`)}`] : []),
  ];
}

const INDENT = 6;
