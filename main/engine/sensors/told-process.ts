/** A process as a helper tells of it when it did something: enough to name it, where nobody else knows more. */
import type { HostProcess, HostProcessWithParents } from '../../../contract/events.ts';

export interface ToldProcess {
  readonly pid: number;
  readonly parentPid?: number;
  /** Since the machine started, in nanoseconds; 0: not known. */
  readonly startNs: number;
  readonly users?: { readonly uid: number; readonly euid: number };
  readonly name: string;
  /** Path of the program; empty where it could not be read. */
  readonly image: string;
  readonly isImageDeleted: boolean;
}

/** What the machine knows of processes and users. Each may be left out. */
export interface ProcessKnowledge {
  /** The process that has this number now, with its parents. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  userName?(uid: number): string | undefined;
}

const NANOSECONDS_PER_TICK = 10_000_000;
const MS_PER_TICK = 10;
/** Helpers read the clock each for themselves, and starts are told by the tick. */
const START_SLACK_MS = 2 * MS_PER_TICK;

/** As events carry it: what is known of the process, if that is the same one; else what was told. */
export function knownProcess(told: ToldProcess, bootMs: number, knowledge: ProcessKnowledge): HostProcessWithParents {
  const described = describe(told, bootMs, knowledge);
  const known = knowledge.processOf?.(told.pid);
  return known !== undefined && isSame(known, described) ? known : described;
}

function describe(told: ToldProcess, bootMs: number, knowledge: ProcessKnowledge): HostProcess {
  const { pid, startNs, users, name, image, isImageDeleted } = told;
  const user = users === undefined ? undefined : knowledge.userName?.(users.euid);
  const ticks = Math.floor(startNs / NANOSECONDS_PER_TICK);
  return {
    pid,
    ...(startNs !== 0 && { startedMs: bootMs + ticks * MS_PER_TICK }),
    // As the kernel names what was made with memfd_create(2).
    image: isImageDeleted && image.startsWith('/memfd:') ? image.slice(1) : image,
    name,
    commandLine: '',
    ...(user !== undefined && { user }),
    ...users,
    ...(isImageDeleted && { isImageDeleted: true }),
  };
}

/** Whether it is one process, executing one program: its news may be ahead of, or behind, those of what it did. */
function isSame(known: HostProcess, told: HostProcess): boolean {
  if (known.startedMs !== undefined && told.startedMs !== undefined) {
    if (Math.abs(known.startedMs - told.startedMs) > START_SLACK_MS) return false;
  }
  return told.image === '' || known.image === told.image;
}
