import type { HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { processKey } from './host-finding.ts';
import { isInSystemFolder } from './programs.ts';
import { RecentMap } from './recent-map.ts';

export interface Start {
  readonly process: HostProcessWithParents;
  readonly timeMs: number;
}

/** Who tells of files gathers them for a while, and gives them the time at which they were read. */
const LATE_MS = 250;
const MAX_STARTS = 256;

/**
 * What was run a moment ago from elsewhere than the folders of the system: that its file was written just before may be
 * heard of only now. Bounded: 256 programs of 2 kB.
 */
export class RecentStarts {
  readonly #starts = new RecentMap<string, Start>(MAX_STARTS);

  /** @param path the program, or the script that it reads */
  note(path: string, start: Start): void {
    if (!isInSystemFolder(path)) this.#starts.set(path, start);
  }

  /**
   * Who ran what we hear only now was written, once.
   *
   * @param writers who wrote it, and the processes above: a program that brings itself up to date was there before
   */
  takeLate(path: string, timeMs: number, writers: readonly HostProcess[]): Start | undefined {
    const start = this.#starts.get(path);
    if (start === undefined || timeMs - start.timeMs > LATE_MS) return undefined;
    const key = processKey(start.process);
    if (writers.some((writer) => processKey(writer) === key)) return undefined;
    this.#starts.delete(path);
    return start;
  }
}
