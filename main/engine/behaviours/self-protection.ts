import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInstalling, isOfTheSystem, programName } from './programs.ts';

const settings = {
  paths: {
    type: 'list',
    default: [
      '/usr/lib/holdfast/',
      '/opt/holdfast/',
      '/opt/Holdfast/',
      '/etc/holdfast/',
      '/var/lib/holdfast/',
      '/run/holdfast/',
      '/usr/bin/holdfast',
      '/usr/lib/systemd/system/holdfast.service',
      '/lib/systemd/system/holdfast.service',
      '/etc/systemd/system/holdfast.service',
      '/etc/systemd/system/holdfast.service.d/',
      '/etc/apparmor.d/holdfast',
    ],
    reason: 'Files and folders of Holdfast itself, where packages put them; a slash at the end means everything below.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const UNIT = 'holdfast';
/** Nothing that stops in order ends by it (signal(7)); services are told to terminate first. */
const SIGKILL = 9;
/** What the signals mean to Holdfast that do not simply ask it to end. Node listens to a debugger after SIGUSR1 (10). */
const SIGNALS: ReadonlyMap<number, string> = new Map([
  [SIGKILL, 'ended a program of Holdfast by force'],
  [10, 'opened a program of Holdfast to debuggers'],
  [19, 'froze a program of Holdfast'],
  [20, 'froze a program of Holdfast'],
]);
/** With these an administrator changes the settings. */
const EDITORS = new Set([
  'vi',
  'vim',
  'vim.basic',
  'vim.tiny',
  'nvim',
  'nano',
  'emacs',
  'sudoedit',
  'ansible',
  'puppet',
]);
const SETTINGS_FOLDER = '/etc/holdfast/';
const MAX_COMMAND = 2_048;

interface Sign {
  readonly topic: string;
  readonly what: string;
  readonly severity: Severity;
  readonly files?: readonly string[];
}

interface Command {
  readonly programs: ReadonlySet<string>;
  fits(command: string): boolean;
  readonly what: string;
}

/** What is typed against Holdfast. Commands are looked at in lower case. */
const COMMANDS: readonly Command[] = [
  {
    programs: new Set(['kill', 'pkill', 'killall', 'killall5', 'skill']),
    fits: (command) => command.includes('holdfast'),
    what: 'was told to end Holdfast',
  },
  {
    programs: new Set(['systemctl', 'service', 'rc-service', 'initctl']),
    fits: (command) =>
      command.includes('holdfast') &&
      [' stop', ' disable', ' mask', ' kill', ' freeze'].some((word) => command.includes(word)),
    what: 'was told to stop the service of Holdfast',
  },
  {
    programs: new Set(['nft', 'iptables', 'ip6tables']),
    fits: (command) =>
      (command.includes('holdfast') && (command.includes('delete') || command.includes('flush'))) ||
      command.includes('flush ruleset') ||
      command.includes('destroy table inet holdfast'),
    what: 'was told to remove the rules by which Holdfast blocks',
  },
  {
    programs: new Set(['apt', 'apt-get', 'dpkg', 'dnf', 'yum', 'rpm', 'zypper']),
    fits: (command) =>
      command.includes('holdfast') &&
      [' remove', ' purge', ' -r', ' -e', ' erase', ' autoremove'].some((word) => command.includes(word)),
    what: 'was told to remove Holdfast',
  },
  {
    programs: new Set(['bpftool', 'auditctl', 'setcap', 'chattr', 'umount', 'gdb', 'strace']),
    fits: (command) => command.includes('holdfast'),
    what: 'was used against Holdfast',
  },
];

/** Somebody turns against Holdfast itself: its files, its programs, its service, its rules of the firewall. */
class SelfProtectionWatcher implements Behaviour {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    const process = 'process' in event ? event.process : undefined;
    const sign = this.#signOf(event, process);
    if (sign === undefined) return;
    const lineage = process === undefined ? [] : [process, ...this.#context.processes.ancestors(process)];
    // What packages and Holdfast itself do to it is how it is updated and stopped in order.
    if (sign.topic !== 'exit' && lineage.some((each) => this.#isOwn(each))) return;
    if (sign.topic !== 'command' && isInstalling(lineage)) return;
    this.#context.report(
      hostFinding(
        {
          detector: 'self-protection',
          kind: 'defence-evasion',
          cause: `self-protection/${sign.topic}/${process === undefined ? 'nobody' : processKey(process)}`,
          firstSeenMs: event.timeMs,
          lastSeenMs: event.timeMs,
          severity: sign.severity,
          confidence: process === undefined ? 0.5 : 0.75,
          techniques: ['T1562.001'],
          title: `${process === undefined ? 'Something' : shownProgram(process)} ${sign.what}`,
          explanation:
            'This weakens what protects this computer. Administrators do so to repair or to remove it; intruders do it before anything else, so that nobody sees the rest. What was found until then is kept.',
          evidence: [],
          ...(process !== undefined && { process }),
          files: sign.files ?? [],
        },
        this.#context.processes,
      ),
    );
  }

  #signOf(event: HostEvent, process: HostProcessWithParents | undefined): Sign | undefined {
    switch (event.type) {
      case 'process-start':
        return commandSign(event.process);
      case 'file-written':
      case 'file-created':
      case 'file-deleted':
      case 'file-attributes':
        return this.#fileSign(event.path, process);
      case 'file-renamed':
        return this.#fileSign(event.path, process) ?? this.#fileSign(event.previousPath, process);
      case 'service-change': {
        const isStopped = event.action === 'stopped' || event.action === 'disabled' || event.action === 'masked';
        if (!isStopped || !event.unit.toLowerCase().startsWith(UNIT)) return undefined;
        return { topic: 'service', what: `${event.action} the service of Holdfast`, severity: 'high' };
      }
      case 'process-access':
        if (event.access === 'read-memory' || !this.#isOwn(event.target)) return undefined;
        return { topic: 'memory', what: 'reached into a program of Holdfast', severity: 'critical' };
      case 'process-signal':
        // The system stops services in order, and says so.
        if (event.process.pid === 1) return undefined;
        return {
          topic: 'signal',
          what: SIGNALS.get(event.signal) ?? 'told a program of Holdfast to end',
          severity: SIGNALS.has(event.signal) ? 'high' : 'medium',
        };
      case 'process-exit':
        return this.#isOwn(event.process) && event.signal === SIGKILL
          ? { topic: 'exit', what: 'was killed from outside', severity: 'low' }
          : undefined;
      default:
        return undefined;
    }
  }

  #fileSign(path: string, process: HostProcessWithParents | undefined): Sign | undefined {
    const own = this.#context.settings.paths.some((each) =>
      each.endsWith('/') ? path.startsWith(each) : path === each,
    );
    if (!own || process === undefined) return undefined;
    const isSetting = path.startsWith(SETTINGS_FOLDER);
    if (isSetting && isOfTheSystem(process) && EDITORS.has(programName(process.image))) return undefined;
    return {
      topic: 'file',
      what: `changed ${shownPath(path)}, a file of Holdfast`,
      severity: isSetting ? 'medium' : 'high',
      files: [path],
    };
  }

  #isOwn({ unit, image, commandLine }: HostProcess): boolean {
    if (unit?.toLowerCase().startsWith(UNIT) === true) return true;
    const folders = this.#context.settings.paths;
    const isOurs = (path: string) => folders.some((each) => each.endsWith('/') && path.startsWith(each));
    if (isOurs(image)) return true;
    // The engine is run by an interpreter that packages carry, or by that of the system.
    const script = commandLine.slice(0, MAX_COMMAND).split(' ', 3)[1] ?? '';
    return programName(image) === 'node' && isOurs(script);
  }
}

function commandSign(process: HostProcessWithParents): Sign | undefined {
  const name = programName(process.image);
  const row = COMMANDS.find(({ programs }) => programs.has(name));
  if (row === undefined) return undefined;
  const command = process.commandLine.slice(0, MAX_COMMAND).toLowerCase();
  return row.fits(command) ? { topic: 'command', what: plainText(row.what, 80), severity: 'high' } : undefined;
}

export const selfProtectionBehaviour = defineBehaviour({
  id: 'self-protection',
  kinds: ['defence-evasion'],
  summary: 'Somebody turns against Holdfast itself: its files, its programs, its service or its rules of the firewall.',
  techniques: ['T1562.001'],
  settings,
  events: [
    'process-start',
    'process-exit',
    'process-access',
    'process-signal',
    'file-written',
    'file-created',
    'file-deleted',
    'file-renamed',
    'file-attributes',
    'service-change',
  ],
  memoryBound: 'none',
  create: (context) => new SelfProtectionWatcher(context),
});
