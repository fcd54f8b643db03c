import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInstalling, isOfTheSystem, programName } from './programs.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

/** Sockets by which whoever may write to them starts containers with all rights. */
const RUNTIME_SOCKETS = [
  '/var/run/docker.sock',
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/podman/podman.sock',
];
/** Files of the kernel that name a program which it then runs, as root and outside of every container. */
const KERNEL_CALLS: readonly RegExp[] = [
  /\/release_agent$/,
  /^\/proc\/sys\/kernel\/(?:core_pattern|modprobe|hotplug|poweroff_cmd)$/,
  /^\/sys\/kernel\/uevent_helper$/,
  /^\/proc\/sys\/fs\/binfmt_misc\/register$/,
];
/** They set core_pattern and its like for the system. */
const KERNEL_SETTERS = new Set([
  'systemd',
  'systemd-sysctl',
  'sysctl',
  'apport',
  'systemd-binfmt',
  'update-binfmts',
  'systemd-coredump',
  'tuned',
  'procps',
]);
const DISK = /^\/dev\/(?:sd|nvme|vd|xvd|hd|mmcblk|dm-|mapper\/)/;

interface Sign {
  readonly what: string;
  readonly meaning: string;
  readonly severity: Severity;
  readonly files?: readonly string[];
}

/** Somebody in a container reaches for the computer below it. */
class ContainerEscapeWatcher implements Behaviour {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (!('process' in event) || event.process === undefined) return;
    const { process, timeMs } = event;
    const sign = signOf(event, process);
    if (sign === undefined || isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    this.#context.report(
      hostFinding(
        {
          detector: 'container-escape',
          kind: 'privilege-escalation',
          cause: `container-escape/${process.container ?? processKey(process)}/${sign.what.slice(0, 80)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: sign.severity,
          confidence: process.container === undefined ? 0.6 : 0.85,
          techniques: ['T1611'],
          title: `${shownProgram(process)} ${sign.what}`,
          explanation: `${sign.meaning} A container keeps a program away from the rest of the computer; this is one of the known ways out of it.`,
          evidence: [
            ...(process.container === undefined
              ? []
              : [{ name: 'container', value: shownPath(process.container), meaning: 'Where it came from.' }]),
          ],
          process,
          files: sign.files ?? [],
        },
        this.#context.processes,
      ),
    );
  }
}

function signOf(event: HostEvent, process: HostProcessWithParents): Sign | undefined {
  switch (event.type) {
    case 'process-start':
      return commandSign(process);
    case 'mount-change':
      if (event.action !== 'mounted' || process.container === undefined || !DISK.test(event.source)) return undefined;
      return {
        what: `mounted the disk ${shownPath(event.source)}`,
        meaning: 'A program in a container took hold of a disk of the computer, with every file on it.',
        severity: 'high',
        files: [event.path],
      };
    case 'file-opened':
    case 'file-written':
    case 'file-created':
      return fileSign(event.path, event.type !== 'file-opened', process);
    default:
      return undefined;
  }
}

function fileSign(path: string, isWritten: boolean, process: HostProcessWithParents): Sign | undefined {
  const isInside = process.container !== undefined;
  if (isInside && RUNTIME_SOCKETS.includes(path)) {
    return {
      what: `spoke to ${shownPath(path)}`,
      meaning: 'By this socket a program in a container can have others started with all rights.',
      severity: 'high',
      files: [path],
    };
  }
  if (!isWritten || !KERNEL_CALLS.some((pattern) => pattern.test(path))) return undefined;
  if (!isInside && isOfTheSystem(process) && KERNEL_SETTERS.has(programName(process.image))) return undefined;
  return {
    what: `wrote ${shownPath(path)}`,
    meaning: 'The kernel runs the program that is named in this file, as root and outside of every container.',
    severity: isInside ? 'critical' : 'medium',
    files: [path],
  };
}

/** Looked at in these many words: everything that matters stands at the beginning. */
const MAX_WORDS = 64;

function commandSign(process: HostProcessWithParents): Sign | undefined {
  const words = (process.arguments ?? process.commandLine.slice(0, 8_192).split(' ')).slice(0, MAX_WORDS);
  const isInside = process.container !== undefined;
  if (programName(process.image) === 'nsenter' && entersFirstProcess(words)) {
    return {
      what: 'entered the spaces of process 1',
      meaning: 'It left its own view of the computer for that of the first process, which sees everything.',
      severity: isInside ? 'critical' : 'medium',
    };
  }
  if (isInside && words.some((word) => RUNTIME_SOCKETS.some((socket) => word.includes(socket)))) {
    return {
      what: 'gave an order to what runs the containers',
      meaning: 'By its socket a program in a container can have others started with all rights.',
      severity: 'high',
    };
  }
  return undefined;
}

function entersFirstProcess(words: readonly string[]): boolean {
  return words.some(
    (word, index) =>
      word === '--target=1' || word === '-t1' || ((word === '-t' || word === '--target') && words[index + 1] === '1'),
  );
}

export const containerEscapeBehaviour = defineBehaviour({
  id: 'container-escape',
  kinds: ['privilege-escalation'],
  summary:
    'A program in a container reaches for the computer below: its disks, its first process, or what runs containers.',
  techniques: ['T1611'],
  settings,
  events: ['process-start', 'mount-change', 'file-opened', 'file-written', 'file-created'],
  memoryBound: 'none',
  create: (context) => new ContainerEscapeWatcher(context),
});
