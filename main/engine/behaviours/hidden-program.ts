import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { afterHome } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isInstalling, isInterpreter, isOfTheSystem, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

interface Disguise {
  readonly severity: Severity;
  readonly confidence: number;
  readonly techniques: readonly string[];
  /** After the program's name. */
  readonly title: string;
  readonly meaning: string;
}

interface Row extends Disguise {
  fits(process: HostProcessWithParents): boolean;
}

/** Names of kernel threads, which have no executable: "[kworker/0:1]". */
const KERNEL_THREAD =
  /^\[?(?:kworker|ksoftirqd|kthreadd|migration|rcu_|kswapd|kdevtmpfs|khugepaged|watchdogd?|jbd2|kauditd|scsi_eh|kblockd|irq)\b/;
/** Programs that start themselves from memory on purpose (runc, CVE-2019-5736; systemd-executor; snap-confine). */
const FROM_MEMORY = [
  'memfd:runc_cloned:',
  'memfd:crun',
  'memfd:systemd',
  'memfd:sd-',
  '/memfd:runc_cloned:',
  '/memfd:systemd',
];
/** Folders of home directories in which programs are installed though their names begin with a dot. */
const DOT_FOLDERS = [
  '.local/',
  '.cargo/',
  '.rustup/',
  '.npm/',
  '.nvm/',
  '.vscode',
  '.cursor',
  '.pyenv/',
  '.rbenv/',
  '.sdkman/',
  '.cache/',
  '.steam/',
  '.wine/',
  '.gradle/',
  '.m2/',
  '.config/',
  '.var/',
  '.dotnet/',
  '.deno/',
  '.bun/',
  '.volta/',
  '.asdf/',
  '.go/',
  '.nix-profile/',
  '.conda/',
  '.venv/',
  '.tox/',
  '.android/',
  '.mozilla/',
  '.docker/',
  '.git/',
  '.yarn/',
  '.linuxbrew/',
  '.jdks/',
  '.codeium/',
  '.zoom/',
  '.nix/',
  '.guix-profile/',
];

/** Programs that run all the time: nobody wonders to see them in a list, and nobody builds them in a folder of files that go. */
const SYSTEM_NAMES = new Set([
  'cron',
  'crond',
  'atd',
  'sshd',
  'systemd',
  'systemd-journald',
  'systemd-logind',
  'systemd-resolved',
  'systemd-udevd',
  'dbus-daemon',
  'init',
  'rsyslogd',
  'auditd',
  'udevd',
  'agetty',
  'polkitd',
  'networkmanager',
  'irqbalance',
  'cupsd',
  'avahi-daemon',
  'accounts-daemon',
  'gdm',
  'xorg',
]);

/** The first row that fits is told. */
const ROWS: readonly Row[] = [
  {
    severity: 'high',
    confidence: 0.85,
    techniques: ['T1620'],
    title: 'runs from memory, without a file',
    meaning: 'It was written into memory and started from there, so that no scanner finds it on the disk.',
    fits: ({ image }) => image.startsWith('memfd:') || image.startsWith('/memfd:'),
  },
  {
    severity: 'high',
    confidence: 0.85,
    techniques: ['T1036.004'],
    title: 'pretends to be a part of the kernel',
    meaning: 'Parts of the kernel have no executable; this has one, and only borrows their name.',
    fits: isKernelLookAlike,
  },
  {
    severity: 'high',
    confidence: 0.75,
    techniques: ['T1070.004', 'T1620'],
    title: 'was deleted before it ran',
    meaning:
      'Its file was removed at once, so that nobody can look at it. Updates remove old files too, but do not start these afterwards.',
    fits: (process) =>
      (process.isImageDeleted === true || process.image.endsWith(' (deleted)')) &&
      (isInOpenFolder(process.image) || hasHiddenPart(process.image)),
  },
  {
    severity: 'medium',
    confidence: 0.7,
    techniques: ['T1036.005'],
    title: 'has the name of a program of the system, and is none',
    meaning:
      'Programs of this name belong to the system and lie in its folders; this one lies where everybody may write.',
    fits: ({ image }) => isInOpenFolder(image) && SYSTEM_NAMES.has(programName(image)),
  },
  {
    severity: 'high',
    confidence: 0.75,
    techniques: ['T1036.005', 'T1036.004'],
    title: 'goes by the name of another program',
    meaning:
      'A list of programs shows what a program calls itself; this one calls itself something of the system’s, and lies elsewhere.',
    fits: isUnderAnotherName,
  },
  {
    severity: 'medium',
    confidence: 0.7,
    techniques: ['T1564.001'],
    title: 'runs from a hidden place',
    meaning:
      'It lies in a folder that is not listed unless somebody asks for hidden files, where no package puts programs.',
    fits: ({ image }) => hasHiddenPart(image),
  },
  {
    severity: 'medium',
    confidence: 0.65,
    techniques: ['T1059'],
    title: 'runs from shared memory',
    meaning:
      'Files there are in memory only, and gone after a restart. Programs exchange data there, but are not started from there.',
    fits: ({ image }) =>
      image.startsWith('/dev/shm/') || image.startsWith('/run/shm/') || image.startsWith('/dev/mqueue/'),
  },
];

function isKernelLookAlike(process: HostProcessWithParents): boolean {
  const { image, commandLine, name = '' } = process;
  if (image === '') return false;
  if (KERNEL_THREAD.test(commandLine)) return commandLine.startsWith('[');
  return KERNEL_THREAD.test(name) && !isOfTheSystem(process);
}

/**
 * Its first word is the path of a program of the system, or the name of one that always runs, and its executable is
 * neither the system's nor named like that. Shells that begin a login put a dash before their name.
 */
function isUnderAnotherName(process: HostProcessWithParents): boolean {
  const { image, commandLine } = process;
  if (!image.startsWith('/') || isOfTheSystem(process)) return false;
  const first = (process.arguments?.[0] ?? commandLine.slice(0, MAX_FIRST_WORD).split(' ', 1)[0] ?? '').trim();
  // "nginx: worker process": what a daemon writes there about itself.
  const called = first.endsWith(':') ? first.slice(0, -1) : first;
  const name = programName(called);
  if (name === '' || name === programName(image)) return false;
  if (called.startsWith('/')) return isOfTheSystem({ ...process, image: called }) && !isAlias(called, image);
  return SYSTEM_NAMES.has(name);
}

/** Longest path (PATH_MAX). */
const MAX_FIRST_WORD = 4_096;

/** Programs that many names lead to, and interpreters, of which the script's place counts. */
function isAlias(called: string, image: string): boolean {
  const paths = [called, image].map((path) => ({ pid: 0, image: path, commandLine: '' }));
  return paths.some((each) => isShell(each) || isInterpreter(each) || each.image.includes('/alternatives/'));
}

/** "/tmp/.x/run", "/home/anna/.sshd", and the same of scripts. */
function hasHiddenPart(path: string): boolean {
  if (!path.startsWith('/') || !path.includes('/.')) return false;
  const home = afterHome(path);
  if (home === undefined)
    return isInOpenFolder(path)
      ? !TEMPORARY.some((part) => path.includes(part))
      : path.startsWith('/dev/') ||
          path.startsWith('/usr/') ||
          path.startsWith('/etc/') ||
          path.startsWith('/var/lib/.');
  if (DOT_FOLDERS.some((folder) => home.startsWith(folder))) return home.includes('/...') || home.includes('/.. ');
  return home.startsWith('.');
}

/** Hidden folders that programs make to work in. */
const TEMPORARY = [
  '/.mount_',
  '/.tmp',
  '/.org.chromium',
  '/.com.google',
  '/.X11-unix',
  '/.ICE-unix',
  '/.snap',
  '/.git/',
  '/.venv/',
  '/.tox/',
  '/.bin/',
  '/node_modules/',
];

/** Programs in folders that everybody may write into and that run at one time: builds and tests have dozens. */
const MAX_RUNNING = 1_024;

const DELETED: Disguise = {
  severity: 'medium',
  confidence: 0.65,
  techniques: ['T1070.004'],
  title: 'runs on after its file was deleted',
  meaning: 'Its file was removed while it runs, so that nobody finds it on the disk. It lay where everybody may write.',
};

/** Programs that hide what they are: by place, by name, or by having no file at all. */
class HiddenProgramWatcher implements Behaviour {
  readonly #context: Context;
  /** Running from where everybody may write, by path: the last that was started. */
  readonly #running = new RecentMap<string, HostProcessWithParents>(MAX_RUNNING);
  /** Its path, by process. */
  readonly #images = new RecentMap<string, string>(MAX_RUNNING);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'file-deleted') this.#deleted(event.path, event.timeMs);
    if (event.type === 'process-exit') this.#ended(event.process);
    if (event.type !== 'process-start') return;
    const { process, timeMs } = event;
    // The same process may run another program now.
    this.#ended(process);
    if (FROM_MEMORY.some((beginning) => process.image.startsWith(beginning))) return;
    // Of a script its own place counts, not that of the shell.
    const script = isShell(process) || isInterpreter(process) ? scriptOf(process) : undefined;
    // Scripts of a home directory begin with a dot as settings do: "~/.xinitrc", "~/.oh-my-zsh/oh-my-zsh.sh".
    const seen = script !== undefined && isInOpenFolder(script) ? { ...process, image: script } : process;
    const lineage = this.#context.processes.ancestors(process);
    const row = ROWS.find((each) => each.fits(seen));
    if (row === undefined && isInOpenFolder(process.image)) this.#began(process);
    if (row === undefined || isInstalling(lineage)) return;
    this.#tell(process, seen, row, timeMs);
  }

  #began(process: HostProcessWithParents): void {
    this.#running.set(process.image, process);
    this.#images.set(processKey(process), process.image);
  }

  #ended(process: HostProcess): void {
    const key = processKey(process);
    const image = this.#images.get(key);
    if (image === undefined) return;
    this.#images.delete(key);
    const last = this.#running.get(image);
    if (last !== undefined && processKey(last) === key) this.#running.delete(image);
  }

  /** What removes a program once it has ended tidies up; who does so while it runs hides it. */
  #deleted(path: string, timeMs: number): void {
    const process = this.#running.get(path);
    if (process === undefined) return;
    this.#running.delete(path);
    if (!isInstalling(this.#context.processes.ancestors(process))) this.#tell(process, process, DELETED, timeMs);
  }

  #tell(process: HostProcessWithParents, seen: HostProcessWithParents, row: Disguise, timeMs: number): void {
    this.#context.report(
      hostFinding(
        {
          detector: 'hidden-program',
          kind: 'defence-evasion',
          cause: `hidden-program/${processKey(process)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: row.severity,
          confidence: row.confidence,
          techniques: row.techniques,
          title: `${shownProgram(seen)} ${row.title}`,
          explanation: `${row.meaning} Intruders do this so that a look at the list of programs or at the disk does not find them.`,
          evidence: [{ name: 'place', value: shownPath(seen.image), meaning: row.meaning }],
          process,
          files: seen.image.startsWith('/') ? [seen.image] : [],
        },
        this.#context.processes,
      ),
    );
  }
}

/** The script that an interpreter was given by its full path. */
function scriptOf({ arguments: words, commandLine }: HostProcessWithParents): string | undefined {
  const given = words ?? commandLine.slice(0, 8_192).split(' ', 4);
  const first = given[1];
  return first?.startsWith('/') === true ? first : undefined;
}

export const hiddenProgramBehaviour = defineBehaviour({
  id: 'hidden-program',
  kinds: ['defence-evasion'],
  summary: 'A program hides: it has no file, a name of the kernel’s, or lies in a hidden place.',
  techniques: ['T1620', 'T1036.004', 'T1070.004', 'T1036.005', 'T1564.001', 'T1059'],
  settings,
  events: ['process-start', 'process-exit', 'file-deleted'],
  memoryBound: '1,024 programs of 2 kB',
  create: (context) => new HiddenProgramWatcher(context),
});
