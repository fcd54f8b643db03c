import type { HealthEntry } from '../../../../contract/domain.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';

interface Mirrored {
  readonly part: HealthPart;
  counters: Readonly<Record<string, number>>;
}

/** Shows the lines of another thread's Health among the engine's own. */
export class HealthMirror {
  readonly #health: HealthRegistry;
  readonly #parts = new Map<string, Mirrored>();

  constructor(health: HealthRegistry) {
    this.#health = health;
  }

  take(entries: readonly HealthEntry[]): void {
    const present = new Set(entries.map(({ part }) => part));
    for (const [name, { part }] of this.#parts) {
      if (present.has(name)) continue;
      part.remove();
      this.#parts.delete(name);
    }
    for (const { part: name, state, detail, hint, counters } of entries) {
      const { part } = this.#known(name, counters);
      if (state === 'ok') part.ok(detail);
      else if (state === 'off') part.off(detail, hint);
      else part[state](detail, hint ?? '');
    }
  }

  /** The other thread is gone: what it said last is true no more. Lines that were off stay off. */
  fail(detail: string, hint: string): void {
    const states = new Map(this.#health.report().entries.map(({ part, state }) => [part, state]));
    for (const [name, { part }] of this.#parts) if (states.get(name) !== 'off') part.failed(detail, hint);
  }

  #known(name: string, counters: Readonly<Record<string, number>>): Mirrored {
    const known = this.#parts.get(name);
    if (known !== undefined) {
      known.counters = counters;
      return known;
    }
    const mirrored: Mirrored = { part: this.#health.part(name, () => mirrored.counters), counters };
    this.#parts.set(name, mirrored);
    return mirrored;
  }
}
