import type { Severity } from '../../../contract/domain.ts';
import type {
  AutostartChangeEvent,
  AutostartPlace,
  HostEvent,
  HostProcess,
  HostProcessWithParents,
} from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { autostartRow } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownPath, shownProgram } from './host-finding.ts';
import {
  isDownloader,
  isInOpenFolder,
  isInSystemFolder,
  isInstalling,
  isInterpreter,
  isOfTheSystem,
  programName,
} from './programs.ts';
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
  'ssh-server': {
    techniques: ['T1098.004', 'T1556'],
    severity: 'medium',
    when: 'for whoever logs in by SSH, or decides who may',
  },
  'ssh-client': { techniques: ['T1546'], severity: 'low', when: 'with every SSH connection to another computer' },
  polkit: { techniques: ['T1548'], severity: 'high', when: 'with the rights of others, and decides who gets them' },
  'd-bus': {
    techniques: ['T1543', 'T1546'],
    severity: 'medium',
    when: 'when a program asks for a service of the message bus, and decides who may',
  },
  'network-hook': { techniques: ['T1546'], severity: 'medium', when: 'when a network comes or goes, as root' },
  'kernel-helper': {
    techniques: ['T1546'],
    severity: 'medium',
    when: 'when the kernel calls for it: at a crash, for a key, or for files of a form of their own',
  },
  'interpreter-startup': {
    techniques: ['T1546.018'],
    severity: 'medium',
    when: 'inside of every program of the language it is for',
  },
  'git-settings': { techniques: ['T1546'], severity: 'low', when: 'when git is used' },
  'log-rotation': { techniques: ['T1053'], severity: 'medium', when: 'when logs are rotated, as root' },
  sudoers: { techniques: ['T1548.003'], severity: 'high', when: 'with the rights of others' },
  'kernel-module': { techniques: ['T1547.006'], severity: 'medium', when: 'inside of the kernel' },
  'package-hook': { techniques: ['T1546.016'], severity: 'medium', when: 'whenever packages are installed' },
  motd: { techniques: ['T1037'], severity: 'medium', when: 'at every login, as root' },
};

/** No package has a use for it: whatever writes it is told. */
const LD_PRELOAD = '/etc/ld.so.preload';
const MAX_WRITERS = 1_024;
/** A change is told once the files of its place were looked at again, which takes a minute at the most. */
const MAX_WRITER_AGE_MS = 90_000;
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

/** They put files for Python where it looks at its start, as part of their work; by name, or behind "-m". */
const PYTHON_INSTALLERS = new Set(['pip', 'pip3', 'pipx', 'uv', 'poetry', 'conda', 'mamba', 'hatch', 'pdm']);

interface Writer {
  readonly process: HostProcessWithParents;
  readonly timeMs: number;
}

/** Somebody makes a program start by itself. */
class PersistenceWatcher implements Behaviour {
  readonly #context: Context;
  /** Who wrote a file last: changes that are told of later may not know. */
  readonly #writers = new RecentMap<string, Writer>(MAX_WRITERS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'autostart-change') {
      if (event.action !== 'removed' && !isKernelsOwn(event))
        this.#tell(
          event.place,
          event.path,
          event.process ?? this.#writer(event.path, event.timeMs),
          event.timeMs,
          event,
        );
      return;
    }
    if (event.type !== 'file-written' && event.type !== 'file-renamed' && event.type !== 'file-created') return;
    const row = autostartRow(event.path);
    if (row === undefined || event.file?.kind === 'directory') return;
    if (event.process !== undefined) this.#writers.set(event.path, { process: event.process, timeMs: event.timeMs });
    // Whether a line that starts something came into it is told by whoever reads it.
    if (row.isToldByContent !== true) this.#tell(row.place, event.path, event.process, event.timeMs, undefined);
  }

  #writer(path: string, timeMs: number): HostProcessWithParents | undefined {
    const writer = this.#writers.get(path);
    return writer === undefined || timeMs - writer.timeMs > MAX_WRITER_AGE_MS ? undefined : writer.process;
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
    const isPythons = place === 'interpreter-startup' && process !== undefined && isPythonInstaller(process);
    if (isPythons && !isSuspicious(content ?? '')) return;
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

/** "/usr/bin/python3 -m pip install x", "/usr/bin/python3 /usr/bin/pip install x", "/usr/bin/uv sync". */
function isPythonInstaller(process: HostProcess): boolean {
  if (!isOfTheSystem(process)) return false;
  if (!isInterpreter(process)) return PYTHON_INSTALLERS.has(programName(process.image));
  const [first = '', second = ''] = process.arguments?.slice(1, 3) ?? process.commandLine.split(' ', 3).slice(1);
  if (first === '-m') return PYTHON_INSTALLERS.has(second);
  return isInSystemFolder(first) && PYTHON_INSTALLERS.has(programName(first));
}

/** Values of the kernel and formats that it knows are set by many programs of the system: to others of the system. */
function isKernelsOwn({ path, content = '' }: AutostartChangeEvent): boolean {
  if (!path.startsWith('/proc/')) return false;
  const program = PROGRAM_OF_KERNEL.exec(content)?.[1];
  return program === undefined || (isInSystemFolder(program) && !isSuspicious(content));
}

/** "interpreter /usr/bin/qemu-arm", "|/usr/lib/systemd/systemd-coredump %P", "/sbin/modprobe". */
const PROGRAM_OF_KERNEL = /^(?:interpreter )?\|?(\/[^\s]*)/m;

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
  techniques: [...new Set(Object.values(PLACES).flatMap(({ techniques }) => techniques))],
  settings,
  events: ['autostart-change', 'file-written', 'file-created', 'file-renamed'],
  memoryBound: '1,024 writers of 2 kB',
  create: (context) => new PersistenceWatcher(context),
});
