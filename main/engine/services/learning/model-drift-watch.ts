import type { Drift } from '../../../../contract/api-models.ts';
import type { ModelTable } from '../../../../contract/models.ts';
import type { Clock } from '../../runtime/clock.ts';
import { driftOf } from './model-drift.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { ModelSamples } from './model-samples.ts';

const HOUR_MS = 3_600_000;
/** What is compared with the time of training. */
const RECENT_MS = 24 * HOUR_MS;
/** One odd hour is no new habit. */
const TIMES_IN_A_ROW = 2;

interface Watched {
  readonly id: string;
  readonly drift: Drift;
  /** How often in a row it had moved. */
  readonly times: number;
}

/** Looks once an hour whether what is usual has moved. */
export class DriftWatch {
  readonly #registry: ModelRegistry;
  readonly #samples: ModelSamples;
  readonly #clock: Clock;
  readonly #watched = new Map<ModelTable, Watched>();
  readonly #lookedMs = new Map<ModelTable, number>();

  constructor(registry: ModelRegistry, samples: ModelSamples, clock: Clock) {
    this.#registry = registry;
    this.#samples = samples;
    this.#clock = clock;
  }

  /** What was found of the version in use; `isDrifted` only when it was so several times in a row. */
  get(table: ModelTable): Drift | null {
    const known = this.#watched.get(table);
    if (known === undefined || known.id !== this.#registry.active(table)?.info.id) return null;
    return { ...known.drift, isDrifted: known.times >= TIMES_IN_A_ROW };
  }

  /** Looks, where it is time to. */
  async look(table: ModelTable): Promise<void> {
    const active = this.#registry.active(table);
    const nowMs = this.#clock.monotonicMs();
    if (active === undefined || nowMs - (this.#lookedMs.get(table) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return;
    this.#lookedMs.set(table, nowMs);
    const wallMs = this.#clock.nowMs();
    // Rows that it was fitted on look more usual to it than any others.
    const learntMs = active.info.untilMs ?? active.info.trainedMs;
    // A time that is still to come is of a clock that was wrong.
    const sinceMs = learntMs > wallMs ? wallMs - RECENT_MS : Math.max(wallMs - RECENT_MS, learntMs);
    const drift = await driftOf(active.profile, await this.#samples.since(table, sinceMs), wallMs);
    if (drift === null) return;
    const known = this.#watched.get(table);
    const before = known?.id === active.info.id ? known.times : 0;
    this.#watched.set(table, { id: active.info.id, drift, times: drift.isDrifted ? before + 1 : 0 });
  }
}
