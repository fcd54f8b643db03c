/** The processes that run as `processes.watch` tells them, piece by piece. Pure, but for the map that it keeps. */
import type { CallOutput } from '../../../contract/api.ts';
import type { ProcessRow } from '../../../contract/api-processes.ts';
import { processItem } from '../../lib/process-link.ts';

type Item = CallOutput<'processes.watch'>;

export interface BookProcess extends ProcessRow {
  /** As the address names it. */
  readonly key: string;
  readonly isEnded: boolean;
}

/** An ended process stays in sight for so long, so that short ones can be seen at all. */
export const ENDED_SHOWN_MS = 10_000;
/** Under a flood of short processes only the latest of the ended ones are kept. */
const MOST_ENDED = 500;

export class ProcessBook {
  #processes = new Map<string, BookProcess>();
  /** When the end of each was told, the earliest first. */
  #ended = new Map<string, number>();

  take({ isFirst, changed, ended }: Item, nowMs: number): void {
    if (isFirst) {
      this.#processes.clear();
      this.#ended.clear();
    }
    for (const row of changed) {
      const key = processItem(row);
      this.#processes.set(key, { ...row, key, isEnded: false });
      this.#ended.delete(key);
    }
    for (const name of ended) {
      const key = processItem(name);
      const process = this.#processes.get(key);
      if (process === undefined || process.isEnded) continue;
      this.#processes.set(key, asEnded(process));
      this.#ended.set(key, nowMs);
    }
    for (const [key, endedMs] of this.#ended) {
      if (this.#ended.size <= MOST_ENDED && nowMs - endedMs <= ENDED_SHOWN_MS) break;
      this.#ended.delete(key);
      this.#processes.delete(key);
    }
  }

  list(): readonly BookProcess[] {
    return [...this.#processes.values()];
  }
}

/** What it used is used no more. */
export function asEnded(process: BookProcess): BookProcess {
  return process.isEnded
    ? process
    : { ...process, isEnded: true, cpu: null, memoryBytes: null, connections: 0, listeners: 0 };
}
