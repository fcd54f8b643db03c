import type { HostEvent, HostProcessWithParents, NetworkConnectionEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { isLoopback } from './addresses.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInterpreter, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  windowSeconds: {
    type: 'number',
    default: 30,
    min: 1,
    max: 3_600,
    unit: 's',
    reason:
      'A shell started so soon by the program that just connected belongs to the connection; tools take under a second.',
  },
} as const;

type Context = BehaviourContext<typeof settings>;

const MAX_CONNECTED = 4_096;
const MAX_PIPELINES = 1_024;
/** Programs whose shells are meant for whoever is at the other end, after a login. */
const REMOTE_LOGINS = new Set([
  'sshd',
  'sshd-session',
  'sshd-auth',
  'in.telnetd',
  'telnetd',
  'rshd',
  'rlogind',
  'mosh-server',
  'dropbear',
  'xrdp-sesman',
  'cockpit-bridge',
  'systemd',
  'inetd',
  'xinetd',
  'git-daemon',
]);
/** Their children's pipes are pairs of sockets, which the kernel tells like those of the network. */
const PIPES_ARE_SOCKETS = new Set(['node', 'electron', 'code', 'codium', 'cursor', 'dbus-daemon', 'gnome-shell']);
/** They join any stream with a program of their user's choice. */
const RELAYS = new Set([
  'nc',
  'ncat',
  'netcat',
  'nc.traditional',
  'nc.openbsd',
  'socat',
  'pwncat',
  'telnet',
  'openssl',
  'cryptcat',
  'sbd',
]);

/** Who can give the commands. */
type OtherEnd = Pick<NetworkConnectionEvent, 'remoteAddress' | 'remotePort' | 'remoteName' | 'timeMs'>;

interface PipedShell {
  readonly process: HostProcessWithParents;
  readonly timeMs: number;
}

/** A shell whose input and output lead to somebody else on the network. */
class ReverseShellWatcher implements Behaviour {
  readonly #context: Context;
  /** Outbound connections of programs that may start a shell, by process. */
  readonly #connected = new RecentMap<string, NetworkConnectionEvent>(MAX_CONNECTED);
  /** Both halves of "sh | nc", by the process that began them: relays that connected, and shells between two pipes. */
  readonly #relays = new RecentMap<string, NetworkConnectionEvent>(MAX_PIPELINES);
  readonly #piped = new RecentMap<string, PipedShell>(MAX_PIPELINES);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'network-connection') this.#connect(event);
    else if (event.type === 'process-start') this.#start(event.process, event.timeMs);
  }

  #connect(event: NetworkConnectionEvent): void {
    const { process } = event;
    if (process === undefined || event.direction !== 'outbound' || isLoopback(event.remoteAddress)) return;
    // A shell itself opens a connection only by its own device files (/dev/tcp): nobody browses with these.
    if (isShell(process) && programName(process.image) !== 'busybox') {
      this.#tell(process, event.timeMs, `connected to ${endOf(event)} by itself`, 'high', 0.85, event);
      return;
    }
    if (isInterpreter(process) || isRelay(process)) this.#connected.set(processKey(process), event);
    if (!isRelay(process) || process.parent === undefined) return;
    const parent = processKey(process.parent);
    this.#relays.set(parent, event);
    const shell = this.#piped.get(parent);
    if (shell !== undefined) this.#joined(shell, event);
  }

  #pipe(process: HostProcessWithParents, timeMs: number): void {
    const { parent, standardStreams: streams } = process;
    if (parent === undefined || streams?.input !== 'pipe' || streams.output !== 'pipe' || hasScript(process)) return;
    const shell = { process, timeMs };
    this.#piped.set(processKey(parent), shell);
    const connection = this.#relays.get(processKey(parent));
    if (connection !== undefined) this.#joined(shell, connection);
  }

  /** What the shell says goes to somebody else by way of a relay, and what they say comes back by a named pipe. */
  #joined({ process, timeMs }: PipedShell, connection: NetworkConnectionEvent): void {
    if (Math.abs(connection.timeMs - timeMs) > this.#context.settings.windowSeconds * 1_000) return;
    const relay = connection.process === undefined ? 'a relay' : shownProgram(connection.process);
    const what = `is joined by pipes with ${relay}, which connected to ${endOf(connection)}`;
    this.#tell(process, Math.max(timeMs, connection.timeMs), what, 'high', 0.85, connection);
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    if (!isShell(process) && !(isInterpreter(process) && hasSocketStreams(process))) return;
    if (isShell(process)) this.#pipe(process, timeMs);
    const lineage = this.#context.processes.ancestors(process);
    const [parent] = lineage;
    if (parent !== undefined && REMOTE_LOGINS.has(programName(parent.image))) return;
    const connection = parent === undefined ? undefined : this.#connected.get(processKey(parent));
    const own = this.#connected.get(processKey(process));
    const joined = own ?? connection;
    const isSoon = joined !== undefined && timeMs - joined.timeMs <= this.#context.settings.windowSeconds * 1_000;
    if (hasSocketStreams(process)) {
      // Programs talk with helpers over pairs of sockets; only those of a shell at a prompt are for a person.
      if (!isSoon && !isShell(process)) return;
      const end = remoteEnd(process, timeMs);
      const isPipe = end === undefined && parent !== undefined && PIPES_ARE_SOCKETS.has(programName(parent.image));
      if (!isSoon && (hasScript(process) || isPipe)) return;
      const known = joined ?? end;
      const what = known === undefined ? 'reads its commands from a socket' : `reads its commands from ${endOf(known)}`;
      const isSure = isSoon || end !== undefined;
      this.#tell(process, timeMs, what, isSure ? 'critical' : 'high', isSoon ? 0.97 : isSure ? 0.9 : 0.7, known);
    } else if (isSoon && isShell(process) && !hasScript(process)) {
      this.#tell(
        process,
        timeMs,
        `was started by ${shownProgram(parent ?? process)} right after it connected to ${endOf(joined)}`,
        'high',
        0.8,
        joined,
      );
    }
  }

  #tell(
    process: HostProcessWithParents,
    timeMs: number,
    what: string,
    severity: 'high' | 'critical',
    confidence: number,
    connection?: OtherEnd,
  ): void {
    const interpreter = programName(process.image) === 'python' ? 'T1059.006' : 'T1059.004';
    this.#context.report(
      hostFinding(
        {
          detector: 'host-reverse-shell',
          kind: 'reverse-shell',
          cause: `host-reverse-shell/${processKey(process)}`,
          firstSeenMs: connection?.timeMs ?? timeMs,
          lastSeenMs: timeMs,
          severity,
          confidence,
          techniques: [interpreter, 'T1095'],
          title: `${shownProgram(process)} ${what}`,
          explanation:
            'A shell takes commands from whoever holds its input. Usual is a terminal, a file or another program on this computer; here it is the network, without any login in between. That is how intruders work on a computer they got into.',
          evidence:
            connection === undefined
              ? []
              : [{ name: 'connected to', value: endOf(connection), meaning: 'Who can give the commands.' }],
          process,
          attackers: connection === undefined ? [] : [connection.remoteAddress],
        },
        this.#context.processes,
      ),
    );
  }
}

function isRelay({ image }: HostProcessWithParents): boolean {
  return RELAYS.has(programName(image));
}

function hasSocketStreams({ standardStreams: streams }: HostProcessWithParents): boolean {
  return streams?.input === 'socket' && (streams.output === 'socket' || streams.error === 'socket');
}

/** It does what a file or its arguments say, and does not wait for commands. */
function hasScript({ arguments: words, commandLine }: HostProcessWithParents): boolean {
  const given = words ?? commandLine.split(' ', 8);
  return given
    .slice(1)
    .some((word) => word === '-c' || (word !== '' && !word.startsWith('-') && !SHELL_PATH.test(word)));
}

/** busybox sh, env bash. */
const SHELL_PATH = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|k|a)?sh$/;

/** Whom its streams lead to, where that is another computer. */
function remoteEnd({ standardStreams }: HostProcessWithParents, timeMs: number): OtherEnd | undefined {
  const remote = standardStreams?.remote;
  if (remote === undefined || isLoopback(remote.address)) return undefined;
  return { remoteAddress: remote.address, remotePort: remote.port, timeMs };
}

function endOf({ remoteAddress, remotePort, remoteName }: OtherEnd): string {
  const name = remoteName === undefined ? remoteAddress : `${remoteName} (${remoteAddress})`;
  return `${plainText(name, 120)} port ${remotePort}`;
}

export const reverseShellBehaviour = defineBehaviour({
  id: 'host-reverse-shell',
  kinds: ['reverse-shell'],
  summary: 'A shell takes its commands from the network instead of a terminal.',
  techniques: ['T1059.004', 'T1059.006', 'T1095'],
  settings,
  events: ['process-start', 'network-connection'],
  memoryBound: '4,096 connections of 1 kB, 1,024 relays and shells of 2 kB',
  create: (context) => new ReverseShellWatcher(context),
});
