import {
  type Evidence,
  type Finding,
  MAX_COMMAND_SHOWN,
  MAX_LISTED_FILES,
  MAX_LISTED_PROCESSES,
  type ProcessRecord,
} from '../../../contract/domain.ts';
import type { HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import type { BehaviourContext } from './behaviour.ts';

/** Longest name or path in a title. */
const MAX_NAME_SHOWN = 80;
/** Longest command line in the evidence; the whole is in the record of the process. */
const MAX_EVIDENCE_COMMAND = 300;

const OTHER_FILES =
  'The program lives among other file systems than this computer’s own, as in a container: its paths are as it sees them, ' +
  'and may name other files here.';

/** What a behaviour says; the rest of a finding follows from who did it. */
export interface HostStatement
  extends Pick<
    Finding,
    'detector' | 'kind' | 'cause' | 'firstSeenMs' | 'lastSeenMs' | 'severity' | 'confidence' | 'techniques' | 'title'
  > {
  readonly explanation: string;
  readonly evidence: readonly Evidence[];
  /** Who did it; left out where the kernel does not say. */
  readonly process?: HostProcessWithParents;
  readonly files?: readonly string[];
  /** Who is at the other end, where the kernel says it. */
  readonly attackers?: readonly string[];
}

/** A finding about this computer alone: it has no addresses, but processes with their parents, and files. */
export function hostFinding(
  { process, files, attackers = [], ...said }: HostStatement,
  tree: BehaviourContext['processes'],
): Finding {
  const lineage = process === undefined ? [] : [process, ...tree.ancestors(process)];
  return {
    ...said,
    origin: 'host',
    attackers,
    victims: [],
    attackerCount: attackers.length,
    victimCount: 0,
    explanation: process?.seesOtherFiles === true ? `${said.explanation} ${OTHER_FILES}` : said.explanation,
    evidence: process === undefined ? said.evidence : [...said.evidence, ...processEvidence(process, lineage)],
    ...(lineage.length > 0 && { processes: recordsOf(lineage) }),
    ...(files !== undefined && { files: files.slice(0, MAX_LISTED_FILES).map((path) => ({ path })) }),
  };
}

function processEvidence(process: HostProcess, lineage: readonly HostProcess[]): Evidence[] {
  return [
    { name: 'command', value: plainText(process.commandLine, MAX_EVIDENCE_COMMAND), meaning: 'What was run.' },
    ...(lineage.length > 1
      ? [
          {
            name: 'started by',
            value: lineage.slice(1, 6).map(shownProgram).join(' ← '),
            meaning: 'The programs above it, the nearest first: how it came to be run.',
          },
        ]
      : []),
    ...(process.user === undefined
      ? []
      : [{ name: 'user', value: plainText(process.user, MAX_NAME_SHOWN), meaning: 'Whose rights it has.' }]),
  ];
}

/** A process with those above it, the nearest first, as findings carry them. */
export function recordsOf(lineage: readonly HostProcess[]): readonly ProcessRecord[] {
  return lineage.slice(0, MAX_LISTED_PROCESSES).map((process, index) => recordOf(process, lineage[index + 1]));
}

function recordOf({ pid, startedMs, image, commandLine, user }: HostProcess, parent?: HostProcess): ProcessRecord {
  return {
    pid,
    ...(startedMs !== undefined && { startedMs }),
    ...(parent !== undefined && { parentPid: parent.pid }),
    image,
    commandLine:
      commandLine.length <= MAX_COMMAND_SHOWN ? commandLine : `${commandLine.slice(0, MAX_COMMAND_SHOWN - 1)}…`,
    ...(user !== undefined && { user }),
  };
}

/** Names one process for as long as the machine runs. */
export function processKey({ pid, startedMs }: HostProcess): string {
  return startedMs === undefined ? String(pid) : `${pid}@${Math.round(startedMs)}`;
}

/** "curl", for titles. */
export function shownProgram({ image, name, commandLine }: HostProcess): string {
  const own = image.slice(image.lastIndexOf('/') + 1) || name || commandLine.slice(0, MAX_NAME_SHOWN) || 'a program';
  return plainText(own, MAX_NAME_SHOWN);
}

/** A path, for titles. */
export function shownPath(path: string): string {
  return plainText(path, MAX_NAME_SHOWN);
}
