/** Sees programs that copy themselves without running anything else: of a mere fork the sensor tells no event. */
import { readdirSync } from 'node:fs';
import type { HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import type { ForkBurst } from '../../behaviours/index.ts';

export interface ForkWatchOptions {
  /** Totals of the sensor of processes; undefined where it does not work. */
  counts(): { readonly forks: number; readonly execs: number } | undefined;
  /** Who has this number now, copies too. */
  processOf(pid: number): HostProcessWithParents | undefined;
  /** Numbers of all that run; for tests. */
  readonly running?: () => readonly number[];
}

/** Copies of one look (a second) that run nothing else: a shell script makes some tens, a build runs what it copies. */
const LEAST_COPIES = 200;
/** Looked at of all that run, and told of. */
const MAX_PROCESSES = 65_536;
const MAX_BURSTS = 8;
/** Longest part of a command line that two copies are compared by. */
const MAX_COMPARED = 512;

/** Counts, and looks at who runs only where the counts say that copies are made in masses. */
export class ForkWatch {
  readonly #options: ForkWatchOptions;
  #before: { readonly forks: number; readonly execs: number } | undefined;

  constructor(options: ForkWatchOptions) {
    this.#options = options;
  }

  /** Since the call before; about once a second. Never throws. */
  take(): readonly ForkBurst[] {
    const now = this.#options.counts();
    const before = this.#before;
    this.#before = now;
    if (now === undefined || before === undefined) return [];
    if (now.forks - before.forks - (now.execs - before.execs) < LEAST_COPIES) return [];
    return this.#look();
  }

  #look(): readonly ForkBurst[] {
    const found = new Map<string, { process: HostProcessWithParents; copies: number; generations: number }>();
    const running = (this.#options.running ?? runningNow)().slice(0, MAX_PROCESSES);
    for (const pid of running) {
      const process = this.#options.processOf(pid);
      if (process?.parent === undefined) continue;
      const generations = generationsOf(process);
      if (generations === 0) continue;
      const key = commandOf(process);
      const known = found.get(key);
      if (known === undefined) found.set(key, { process, copies: 1, generations });
      else {
        known.copies++;
        if (generations > known.generations) Object.assign(known, { process, generations });
      }
    }
    return [...found.values()]
      .filter(({ copies }) => copies >= LEAST_COPIES / 2)
      .sort((a, b) => b.copies - a.copies)
      .slice(0, MAX_BURSTS);
  }
}

/** How many of those above it, without a gap, are the same command. */
function generationsOf(process: HostProcessWithParents): number {
  const command = commandOf(process);
  const above = [...(process.parent === undefined ? [] : [process.parent]), ...(process.ancestors ?? [])];
  const end = above.findIndex((each) => commandOf(each) !== command);
  return end < 0 ? above.length : end;
}

function commandOf({ image, commandLine }: HostProcess): string {
  return `${image}\0${commandLine.slice(0, MAX_COMPARED)}`;
}

function runningNow(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d{1,10}$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
