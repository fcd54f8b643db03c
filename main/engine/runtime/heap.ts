import { getHeapStatistics } from 'node:v8';
import { type Clock, systemClock, type Timer } from './clock.ts';

/**
 * Limits of the heaps of threads that read traffic or host events: a few tens of megabytes live in them, and gigabytes
 * pass through, which V8 by its defaults lets pile up before it looks. Smaller ones are looked through more often: with
 * parts of 2 MB `analyze` takes 5 % more CPU than with 8 MB, and 25 MB less.
 *
 * The launchers say the same to the whole process (--max-semi-space-size=2, and 8 for `analyze`, which somebody waits
 * for), which no limit of a thread overrides; these hold where the engine runs without a launcher. They also let the
 * engine's heaps grow less between collections and keep them dense (--heap-growing-percent, --optimize-for-size).
 */

/** Of the young generation, whose three parts may have 2 MB each. */
export const TRAFFIC_YOUNG_GENERATION_MB = 6;

/** Of the thread that watches the host: thousands of small events a second, of which hardly any lives long. */
export const HOST_YOUNG_GENERATION_MB = 6;

/** How often a thread should ask whether its heap is to be tidied up. */
export const TIDY_LOOK_MS = 10_000;
/** A timer may come a moment early. */
const TIMER_SLACK_MS = 500;
/** Share of a core below which a thread is quiet: a pause of a tenth of a second bothers nobody then. */
const QUIET = 0.15;
/** A burst often comes in pieces. */
const QUIET_LOOKS = 2;
/** A collection costs some 0.1 s: at most 0.1 % of a core. */
const LEAST_PAUSE_MS = 2 * 60_000;
/** What must have come together since the last time: a tenth of the heap, and so many bytes. */
const GROWTH = 1.1;
const LEAST_GROWTH_BYTES = 2 * 2 ** 20;

export interface HeapSources {
  readonly clock: Clock;
  /** Of this thread so far. */
  cpuMs(): number;
  /** What this thread's heap holds of the system's memory. */
  heapBytes(): number;
  /** Collects all garbage; undefined where Node was started without --expose-gc. */
  readonly collect: (() => void) | undefined;
}

/**
 * Gives memory back after a burst. V8 looks for garbage when memory is wanted; a thread to which hardly anything happens
 * any more wants none, and what a busy minute left behind would stay for hours.
 */
export class HeapTidy {
  readonly #sources: HeapSources;
  #lookMs: number;
  #cpuMs: number;
  #quietLooks = 0;
  #tidiedMs = Number.NEGATIVE_INFINITY;
  #tidiedBytes = 0;

  constructor(sources: HeapSources = ofThisThread()) {
    this.#sources = sources;
    this.#lookMs = sources.clock.monotonicMs();
    this.#cpuMs = sources.cpuMs();
  }

  /** Cheap; to be called every TIDY_LOOK_MS, or more often. */
  look(): void {
    const { clock, cpuMs, collect, heapBytes } = this.#sources;
    const nowMs = clock.monotonicMs();
    const passedMs = nowMs - this.#lookMs;
    if (collect === undefined || passedMs < TIDY_LOOK_MS - TIMER_SLACK_MS) return;
    const usedMs = cpuMs();
    const share = (usedMs - this.#cpuMs) / passedMs;
    this.#lookMs = nowMs;
    this.#cpuMs = usedMs;
    this.#quietLooks = share < QUIET ? this.#quietLooks + 1 : 0;
    if (this.#quietLooks < QUIET_LOOKS || nowMs - this.#tidiedMs < LEAST_PAUSE_MS) return;
    if (heapBytes() < this.#tidiedBytes * GROWTH + LEAST_GROWTH_BYTES) return;
    collect();
    this.#tidiedMs = nowMs;
    this.#tidiedBytes = heapBytes();
    this.#cpuMs = cpuMs();
  }
}

/** Keeps the heap of this thread tidy, until it is cancelled. */
export function keepHeapTidy(clock: Clock): Timer {
  const tidy = new HeapTidy();
  return clock.every(TIDY_LOOK_MS, () => tidy.look());
}

function ofThisThread(): HeapSources {
  return {
    clock: systemClock,
    cpuMs: () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1_000;
    },
    heapBytes: () => getHeapStatistics().total_physical_size,
    collect: globalThis.gc === undefined ? undefined : () => void globalThis.gc?.(),
  };
}
