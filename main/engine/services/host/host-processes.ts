import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';

/** Who has a process number now; what the sensor of processes knows. */
export type LivingProcess = (pid: number) => HostProcessWithParents | undefined;

/** Those that ended are known for so many others: an event about one comes some milliseconds after its end. */
const MAX_ENDED = 4_096;
/** And so long, by the time of events: the slowest source of them is a log that is written in a while. */
const ENDED_FOR_MS = 30_000;
/** Logs tell the time by the second, and start times are rounded to the kernel's tick. */
const SLACK_MS = 1_500;

interface Ended {
  readonly process: HostProcessWithParents;
  readonly endedMs: number;
}

/** Says who an event is about where its sensor knew the number alone: by the number and the time. */
export class HostProcesses {
  readonly #living: LivingProcess;
  readonly #ended = new Map<number, Ended>();

  constructor(living: LivingProcess) {
    this.#living = living;
  }

  /** The process that had this number then. */
  processOf(pid: number, timeMs: number): HostProcessWithParents | undefined {
    const living = this.#living(pid);
    if (living !== undefined && (living.startedMs ?? 0) <= timeMs + SLACK_MS) return living;
    const ended = this.#ended.get(pid);
    return ended !== undefined && timeMs <= ended.endedMs + SLACK_MS ? ended.process : undefined;
  }

  /** To be told of the end of processes. */
  event(event: HostEvent): void {
    if (event.type !== 'process-exit') return;
    const { pid } = event.process;
    this.#ended.delete(pid);
    this.#ended.set(pid, { process: event.process, endedMs: event.timeMs });
    this.#forget(event.timeMs);
  }

  /** In the order of their ends, nearly: one that is told late keeps no other. */
  #forget(nowMs: number): void {
    for (const [pid, { endedMs }] of this.#ended) {
      if (this.#ended.size <= MAX_ENDED && endedMs >= nowMs - ENDED_FOR_MS) return;
      this.#ended.delete(pid);
    }
  }

  /** The event with its process, where that is known and was not told. */
  enrich(event: HostEvent): HostEvent {
    if (event.type === 'process-start' || event.type === 'process-exit') return event;
    if (event.type === 'log-line') {
      if (event.pid === undefined || event.process !== undefined) return event;
      const process = this.processOf(event.pid, event.timeMs);
      // Anybody can write a line with somebody else's number; that it is also somebody else's name is left out then.
      return process === undefined || !goesBy(process, event.identifier) ? event : { ...event, process };
    }
    if (!('process' in event) || event.process === undefined || !isIncomplete(event.process)) return event;
    const process = this.processOf(event.process.pid, event.timeMs);
    return process === undefined || !fits(process, event.process) ? event : { ...event, process };
  }
}

/** What a sensor gives that knows nothing but the number and what the kernel keeps at hand: name, user, executable. */
function isIncomplete({ commandLine }: HostProcess): boolean {
  return commandLine === '';
}

/** Whether it can be the process that was told: of the same executable, as far as that was told. */
function fits({ image }: HostProcess, told: HostProcess): boolean {
  return told.image === '' || told.image === image;
}

/** Whether this is a name that the process has: its own or its executable's. */
function goesBy({ image, name }: HostProcess, identifier: string | undefined): boolean {
  return identifier !== undefined && (identifier === name || identifier === image.slice(image.lastIndexOf('/') + 1));
}
