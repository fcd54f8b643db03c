import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInstalling, isInterpreter, isServer, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_SERVERS = 512;
const MAX_COMMANDS = 16;
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

interface ServerShells {
  readonly firstSeenMs: number;
  readonly commands: Set<string>;
  looks: number;
}

/** A program that answers strangers runs a shell: somebody sends it commands. */
class WebShellWatcher implements Behaviour {
  readonly #context: Context;
  readonly #servers = new RecentMap<string, ServerShells>(MAX_SERVERS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type !== 'process-start') return;
    const { process, timeMs } = event;
    const looksAround = LOOKS_AROUND.has(programName(process.image));
    if (!isShell(process) && !looksAround) return;
    const lineage = this.#context.processes.ancestors(process);
    const index = lineage.findIndex((each, depth) => depth < MAX_DEPTH && isServer(each));
    const server = lineage[index];
    // Servers restart themselves and rotate logs by scripts of the package; their own start is a child of the system.
    if (server === undefined || isInstalling(lineage) || isLogRotation(process)) return;
    if (!lineage.slice(0, index).every((each) => isShell(each) || isInterpreter(each))) return;
    this.#note(process, server, looksAround, timeMs);
  }

  #note(process: HostProcessWithParents, server: HostProcess, looksAround: boolean, timeMs: number): void {
    const key = processKey(server);
    const shells = this.#servers.getOrInsert(key, () => ({ firstSeenMs: timeMs, commands: new Set(), looks: 0 }));
    if (looksAround) shells.looks++;
    if (shells.commands.size < MAX_COMMANDS) shells.commands.add(shownProgram(process));
    const isSure = shells.looks > 0;
    this.#context.report(
      hostFinding(
        {
          detector: 'web-shell',
          kind: 'exploit',
          cause: `web-shell/${key}`,
          firstSeenMs: shells.firstSeenMs,
          lastSeenMs: timeMs,
          severity: isSure ? 'high' : 'medium',
          confidence: isSure ? 0.85 : 0.6,
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

function isLogRotation({ commandLine }: HostProcess): boolean {
  return commandLine.includes('rotatelogs') || commandLine.includes('cronolog') || commandLine.includes('/sendmail');
}

export const webShellBehaviour = defineBehaviour({
  id: 'web-shell',
  kinds: ['exploit'],
  summary: 'A web or database server runs a shell, as somebody who broke into it makes it do.',
  techniques: ['T1505.003', 'T1059.004'],
  settings,
  events: ['process-start'],
  memoryBound: '512 servers of 1 kB',
  create: (context) => new WebShellWatcher(context),
});
