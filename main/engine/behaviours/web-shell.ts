import type {
  HostEvent,
  HostProcess,
  HostProcessWithParents,
  NetworkConnectionEvent,
} from '../../../contract/events.ts';
import { isLoopback } from './addresses.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInstalling, isInterpreter, isServer, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  servedSeconds: {
    type: 'number',
    default: 30,
    min: 1,
    max: 3_600,
    unit: 's',
    reason:
      'A program of no known server counts as one so long after somebody connected to it; what is asked for is run at once.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_SERVERS = 512;
const MAX_COMMANDS = 16;
/** Applications that were connected to; most computers have a handful. */
const MAX_SERVED = 1_024;
/** What intruders ask first, and web applications have no reason to run. */
const LOOKS_AROUND = new Set([
  'id',
  'whoami',
  'uname',
  'hostname',
  'ifconfig',
  'ip',
  'netstat',
  'ss',
  'w',
  'who',
  'ps',
  'cat',
  'ls',
  'find',
  'wget',
  'curl',
  'nc',
  'ncat',
  'socat',
  'python',
  'perl',
  'base64',
  'chmod',
  'sudo',
  'su',
  'crontab',
]);

/** Nothing else than a look at where one has got to; one of them is enough. */
const WHERE_AM_I = new Set(['id', 'whoami', 'uname', 'w', 'who']);
/** So many different ones are no accident in an application that is no known server. */
const LOOKS_OF_APPLICATION = 2;

interface ServerShells {
  readonly firstSeenMs: number;
  readonly commands: Set<string>;
  readonly looks: Set<string>;
}

interface Suspicion {
  readonly process: HostProcessWithParents;
  readonly server: HostProcess;
  readonly shells: ServerShells;
  readonly timeMs: number;
}

/** Sensors say who took a connection on when that is known: mostly within milliseconds, at the latest at its end. */
const LATE_MS = 5_000;

/** A program that answers strangers runs a shell: somebody sends it commands. */
class WebShellWatcher implements Behaviour {
  readonly #context: Context;
  readonly #servers = new RecentMap<string, ServerShells>(MAX_SERVERS);
  /** When somebody last connected to an application that is written in a script language or in Java. */
  readonly #served = new RecentMap<string, number>(MAX_SERVED);
  /** What applications have run that nobody is known to have connected to: who takes a connection on is told late. */
  readonly #unasked = new RecentMap<string, Suspicion>(MAX_SERVERS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'network-connection') this.#connected(event);
    if (event.type !== 'process-start') return;
    const { process, timeMs } = event;
    const looksAround = LOOKS_AROUND.has(programName(process.image));
    if (!isShell(process) && !looksAround) return;
    const lineage = this.#context.processes.ancestors(process);
    const index = lineage.findIndex((each, depth) => depth < MAX_DEPTH && isServer(each));
    if (index === -1) this.#belowApplication(process, lineage, looksAround, timeMs);
    const server = lineage[index];
    // Servers restart themselves and rotate logs by scripts of the package; their own start is a child of the system.
    if (server === undefined || isInstalling(lineage) || isLogRotation(process)) return;
    if (!lineage.slice(0, index).every((each) => isShell(each) || isInterpreter(each))) return;
    const shells = this.#shellsOf(process, server, looksAround, timeMs);
    this.#tell(process, server, shells, timeMs, shells.looks.size > 0 ? 'high' : 'medium');
  }

  #connected({ process, direction, remoteAddress, timeMs }: NetworkConnectionEvent): void {
    if (process === undefined || direction !== 'inbound' || isLoopback(remoteAddress)) return;
    if (!isApplication(process)) return;
    const key = processKey(process);
    this.#served.set(key, timeMs);
    const before = this.#unasked.get(key);
    if (before === undefined || timeMs - before.timeMs > LATE_MS) return;
    this.#unasked.delete(key);
    this.#judge(before);
  }

  /** Whatever answers strangers may have a hole, not only the servers that everybody knows. */
  #belowApplication(
    process: HostProcessWithParents,
    lineage: readonly HostProcess[],
    looksAround: boolean,
    timeMs: number,
  ): void {
    // Notebooks and consoles on the web give people a terminal.
    if (!looksAround || process.terminal !== undefined) return;
    const place = lineage.findIndex((each, depth) => depth < MAX_DEPTH && isApplication(each));
    const server = lineage[place];
    const between = lineage.slice(0, place);
    // What it runs without a shell is a part of its own work.
    if (server === undefined || between.length === 0 || !between.every(isShell) || isInstalling(lineage)) return;
    const suspicion = { process, server, shells: this.#shellsOf(process, server, looksAround, timeMs), timeMs };
    const key = processKey(server);
    const servedMs = this.#served.get(key);
    const isServed = servedMs !== undefined && timeMs - servedMs <= this.#context.settings.servedSeconds * 1_000;
    if (isServed) this.#judge(suspicion);
    else this.#unasked.set(key, suspicion);
  }

  #judge({ process, server, shells, timeMs }: Suspicion): void {
    const { looks } = shells;
    const isTold = looks.size >= LOOKS_OF_APPLICATION || [...looks].some((look) => WHERE_AM_I.has(look));
    if (isTold) this.#tell(process, server, shells, timeMs, looks.size > LOOKS_OF_APPLICATION ? 'high' : 'medium');
  }

  #shellsOf(process: HostProcess, server: HostProcess, looksAround: boolean, timeMs: number): ServerShells {
    const shells = this.#servers.getOrInsert(processKey(server), () => ({
      firstSeenMs: timeMs,
      commands: new Set(),
      looks: new Set(),
    }));
    if (looksAround) shells.looks.add(programName(process.image));
    if (shells.commands.size < MAX_COMMANDS) shells.commands.add(shownProgram(process));
    return shells;
  }

  #tell(
    process: HostProcessWithParents,
    server: HostProcess,
    shells: ServerShells,
    timeMs: number,
    severity: 'medium' | 'high',
  ): void {
    const isSure = shells.looks.size > 0;
    this.#context.report(
      hostFinding(
        {
          detector: 'web-shell',
          kind: 'exploit',
          cause: `web-shell/${processKey(server)}`,
          firstSeenMs: shells.firstSeenMs,
          lastSeenMs: timeMs,
          severity,
          confidence: severity === 'high' ? 0.85 : 0.6,
          techniques: ['T1505.003', 'T1059.004'],
          title: `${shownProgram(server)} ran ${isSure ? `commands: ${[...shells.commands].join(', ')}` : 'a shell'}`,
          explanation: `${shownProgram(server)} answers requests from the network. Such a server started a shell${isSure ? ', which looked around on the computer' : ''}. Some applications call other programs to convert pictures or send mail; commands that look around come from somebody who found a hole in the application or planted a file in it.`,
          evidence: [
            { name: 'commands', value: [...shells.commands].join(', '), meaning: 'What the server was made to run.' },
          ],
          process,
        },
        this.#context.processes,
      ),
    );
  }
}

/** Deeper below a server is a job of its own, such as a build that it started. */
const MAX_DEPTH = 4;

/** Written in a language that servers are often written in, and run by its interpreter. */
function isApplication(process: HostProcess): boolean {
  return isInterpreter(process) || programName(process.image) === 'java';
}

function isLogRotation({ commandLine }: HostProcess): boolean {
  return commandLine.includes('rotatelogs') || commandLine.includes('cronolog') || commandLine.includes('/sendmail');
}

export const webShellBehaviour = defineBehaviour({
  id: 'web-shell',
  kinds: ['exploit'],
  summary: 'A web or database server runs a shell, as somebody who broke into it makes it do.',
  techniques: ['T1505.003', 'T1059.004'],
  settings,
  events: ['process-start', 'network-connection'],
  memoryBound: '1,024 servers of 1 kB, 1,024 times of 100 bytes',
  create: (context) => new WebShellWatcher(context),
});
