import type { ModelTable } from '../../../../contract/models.ts';
import { type FitProfile, LEAST_GROUP_ROWS, type Profile, readProfile } from '../../models/index.ts';
import type { ModelSamples } from './model-samples.ts';

/** Rows from which on there is something to say, and how many times as many make it worth being said anew. */
const FIRST_ROWS = 3 * LEAST_GROUP_ROWS;
const ANEW_AFTER = 3;
/** Of each group: fitted in the engine itself within some tens of milliseconds. */
const MOST_ROWS = 1_500;

/**
 * What is usual by the first few hundred rows: medians and their spread, fitted in the engine itself, so that something
 * is noticed before the first training. It is not kept; a restart makes it anew.
 */
export class FirstLook {
  readonly #samples: ModelSamples;
  readonly #fit: FitProfile;
  readonly #profiles = new Map<ModelTable, Profile>();
  readonly #nextAt = new Map<ModelTable, number>();
  #isFitting = false;

  constructor(samples: ModelSamples, fit: FitProfile) {
    this.#samples = samples;
    this.#fit = fit;
  }

  get(table: ModelTable): Profile | undefined {
    return this.#profiles.get(table);
  }

  /** There is something better. */
  forget(table: ModelTable): void {
    this.#profiles.delete(table);
  }

  /** Fits anew where there is much more to learn from than the last time. */
  async refresh(table: ModelTable): Promise<void> {
    const size = this.#samples.size(table);
    if (this.#isFitting || size < (this.#nextAt.get(table) ?? FIRST_ROWS)) return;
    this.#isFitting = true;
    this.#nextAt.set(table, size * ANEW_AFTER);
    try {
      const groups = (await this.#samples.latest(table, MOST_ROWS)).filter(({ rows }) => rows.rows >= LEAST_GROUP_ROWS);
      if (groups.length === 0) return;
      const job = { table, kinds: ['baseline'], groups, seed: size } as const;
      const hooks = { onProgress: () => {}, signal: new AbortController().signal };
      this.#profiles.set(table, readProfile((await this.#fit(job, hooks)).document));
    } finally {
      this.#isFitting = false;
    }
  }
}
