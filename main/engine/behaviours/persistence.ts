import type { Severity } from '../../../contract/domain.ts';
import type {
  AutostartChangeEvent,
  AutostartPlace,
  HostEvent,
  HostProcess,
  HostProcessWithParents,
} from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { autostartPlace } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownPath, shownProgram } from './host-finding.ts';
import { isDownloader, isInOpenFolder, isInstalling, isInterpreter, isOfTheSystem, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

interface PlaceRow {
  readonly techniques: readonly string[];
  /** When a program that people work with changed it; others weigh more. */
  readonly severity: Severity;
  /** After "starts by itself: ". */
  readonly when: string;
}

const PLACES: Readonly<Record<AutostartPlace, PlaceRow>> = {
  crontab: { techniques: ['T1053.003'], severity: 'medium', when: 'at set times, by cron' },
  'at-job': { techniques: ['T1053.002'], severity: 'low', when: 'at a set time, by at' },
  'systemd-unit': { techniques: ['T1543.002'], severity: 'medium', when: 'with the system, as a service' },
  'systemd-timer': { techniques: ['T1053.006'], severity: 'medium', when: 'at set times, by systemd' },
  'init-script': { techniques: ['T1037.004'], severity: 'medium', when: 'with the system' },
  'shell-startup': { techniques: ['T1546.004'], severity: 'low', when: 'with every shell' },
  'desktop-autostart': { techniques: ['T1547.013'], severity: 'low', when: 'with the desktop' },
  'ld-preload': { techniques: ['T1574.006'], severity: 'high', when: 'inside every other program' },
  pam: { techniques: ['T1556.003'], severity: 'high', when: 'at every login' },
  udev: { techniques: ['T1546.017'], severity: 'medium', when: 'when a device appears' },
  'authorized-keys': {
    techniques: ['T1098.004'],
    severity: 'medium',
    when: 'for whoever holds the key, without a password',
  },
  sudoers: { techniques: ['T1548.003'], severity: 'high', when: 'with the rights of others' },
  'kernel-module': { techniques: ['T1547.006'], severity: 'medium', when: 'inside of the kernel' },
  'package-hook': { techniques: ['T1546.016'], severity: 'medium', when: 'whenever packages are installed' },
  motd: { techniques: ['T1037'], severity: 'medium', when: 'at every login, as root' },
};

/** No package has a use for it: whatever writes it is told. */
const LD_PRELOAD = '/etc/ld.so.preload';
const MAX_WRITERS = 1_024;
/** With these somebody writes these files by hand; they ask who it is. */
const BY_HAND = new Set([
  'vi',
  'vim',
  'vim.basic',
  'vim.tiny',
  'nvim',
  'nano',
  'emacs',
  'crontab',
  'visudo',
  'gedit',
  'gnome-text-editor',
  'kate',
  'micro',
  'ssh-copy-id',
  'sudoedit',
  'code',
  'gnome-tweaks',
  'gnome-session-properties',
]);
/** They keep such files as their own work. */
const MANAGERS = new Set([
  'systemd',
  'systemctl',
  'systemd-udevd',
  'systemd-sysv-install',
  'ansible',
  'puppet',
  'chef-client',
  'salt-minion',
  'cloud-init',
  'gnome-shell',
  'ksmserver',
  'plasmashell',
  'snapd',
  'gnome-software',
  'atd',
  'cron',
  'crond',
  'anacron',
  'cups-browsed',
  'pam-auth-update',
  'update-rc.d',
  'useradd',
  'adduser',
]);

/** Somebody makes a program start by itself. */
class PersistenceWatcher implements Behaviour {
  readonly #context: Context;
  /** Who wrote a file last: changes that are told of later may not know. */
  readonly #writers = new RecentMap<string, HostProcessWithParents>(MAX_WRITERS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'autostart-change') {
      if (event.action !== 'removed')
        this.#tell(event.place, event.path, event.process ?? this.#writers.get(event.path), event.timeMs, event);
      return;
    }
    if (event.type !== 'file-written' && event.type !== 'file-renamed' && event.type !== 'file-created') return;
    const place = autostartPlace(event.path);
    if (place === undefined || event.file?.kind === 'directory') return;
    if (event.process !== undefined) this.#writers.set(event.path, event.process);
    this.#tell(place, event.path, event.process, event.timeMs, undefined);
  }

  #tell(
    place: AutostartPlace,
    path: string,
    process: HostProcessWithParents | undefined,
    timeMs: number,
    change: AutostartChangeEvent | undefined,
  ): void {
    const lineage = process === undefined ? [] : [process, ...this.#context.processes.ancestors(process)];
    // Whoever writes is asked, and not its parents: systemd and the desktop are above everything that runs.
    const isUsual = isInstalling(lineage) || (process !== undefined && isSetUpByHandOrManager(process));
    if (isUsual && path !== LD_PRELOAD) return;
    const { techniques, severity, when } = PLACES[place];
    const content = change?.content;
    const isStrange =
      (process !== undefined && isUnlikelyWriter(process)) || (content !== undefined && isSuspicious(content));
    const who = process === undefined ? 'Something' : shownProgram(process);
    this.#context.report(
      hostFinding(
        {
          detector: 'persistence',
          kind: 'persistence',
          cause: `persistence/${path}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: isStrange && severity !== 'high' ? (severity === 'low' ? 'medium' : 'high') : severity,
          confidence: isStrange ? 0.8 : 0.55,
          techniques,
          title: `${who} changed ${shownPath(path)}`,
          explanation: `What stands in this file starts by itself ${when}. Installing software changes such files, and so do administrators; intruders do it to come back after a restart. This was not done by a package manager or an editor.`,
          evidence: [
            { name: 'starts', value: when, meaning: 'When the content of this file is run.' },
            ...(content === undefined
              ? []
              : [{ name: 'content', value: plainText(content, 300), meaning: 'What is started.' }]),
          ],
          ...(process !== undefined && { process }),
          files: [path],
        },
        this.#context.processes,
      ),
    );
  }
}

function isSetUpByHandOrManager(process: HostProcess): boolean {
  const name = programName(process.image);
  if (!isOfTheSystem(process)) return false;
  // It takes its lines from anywhere unless it opens an editor.
  if (name === 'crontab') return process.commandLine.includes(' -e');
  return BY_HAND.has(name) || MANAGERS.has(name);
}

function isUnlikelyWriter(process: HostProcess): boolean {
  return (
    isInOpenFolder(process.image) ||
    isDownloader(process) ||
    process.isImageDeleted === true ||
    process.image.startsWith('memfd:') ||
    (isInterpreter(process) && isInOpenFolder(process.currentDirectory ?? ''))
  );
}

/** Words of lines that bring in or hand over something: no attacker's text is run through more than `includes`. */
const SUSPICIOUS: readonly string[] = [
  '/dev/tcp/',
  '/tmp/',
  '/dev/shm/',
  '/var/tmp/',
  'curl ',
  'wget ',
  'base64 ',
  ' -e /bin/',
  'bash -i',
  'nohup ',
  'NOPASSWD',
  'pam_exec',
  'ALL=(ALL)',
];

function isSuspicious(content: string): boolean {
  const start = content.slice(0, 4_096);
  return SUSPICIOUS.some((part) => start.includes(part));
}

export const persistenceBehaviour = defineBehaviour({
  id: 'persistence',
  kinds: ['persistence'],
  summary: 'A program is made to start by itself, by something else than a package manager.',
  techniques: Object.values(PLACES).flatMap(({ techniques }) => techniques),
  settings,
  events: ['autostart-change', 'file-written', 'file-created', 'file-renamed'],
  memoryBound: '1,024 writers of 2 kB',
  create: (context) => new PersistenceWatcher(context),
});
