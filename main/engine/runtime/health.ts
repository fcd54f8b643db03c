import { NOT_STARTED } from '../../../contract/api-protection.ts';
import type { HealthEntry, HealthState } from '../../../contract/domain.ts';
import type { Listener } from './bus.ts';

/** Reads the counters of a part at the moment someone looks, so that counting costs nothing in between. */
export type CounterSource = () => Readonly<Record<string, number>>;

/** One part's pen: it writes only its own line. */
export interface HealthPart {
  ok(detail: string): void;
  /** Works, but not fully: what is lost, and what the person can do. */
  degraded(detail: string, hint: string): void;
  /** Does not work. */
  failed(detail: string, hint: string): void;
  /** Not wanted, or not possible here: not a fault. */
  off(detail: string, hint?: string): void;
  /** Takes the line away. */
  remove(): void;
}

export interface HealthReport {
  /** The worst state of all parts that are not off; `off` when all are, or there are none. */
  readonly state: HealthState;
  readonly entries: readonly HealthEntry[];
}

interface Line {
  state: HealthState;
  detail: string;
  hint: string | undefined;
  readonly counters: CounterSource;
}

const BADNESS: Readonly<Record<HealthState, number>> = { off: 0, ok: 1, degraded: 2, failed: 3 };

/** The worst of some states; `off` counts only when there is nothing else. */
export function worstState(states: Iterable<HealthState>): HealthState {
  let worst: HealthState = 'off';
  for (const state of states) {
    if (BADNESS[state] > BADNESS[worst]) {
      worst = state;
    }
  }
  return worst;
}

/** Where every part of the engine says how it is doing. Parts are listed in the order they came. */
export class HealthRegistry {
  readonly #lines = new Map<string, Line>();
  readonly #listeners = new Set<Listener<HealthEntry>>();
  readonly #onError: (error: unknown) => void;

  /** @param onError is told of a change listener that throws; the others are still called */
  constructor(onError: (error: unknown) => void = () => {}) {
    this.#onError = onError;
  }

  /** Opens a line; it is `off` ("not started") until the part says otherwise. Throws when the name is taken. */
  part(name: string, counters: CounterSource = () => ({})): HealthPart {
    if (this.#lines.has(name)) {
      throw new Error(`two parts call themselves "${name}" in Health`);
    }
    const line: Line = { state: 'off', detail: NOT_STARTED, hint: undefined, counters };
    this.#lines.set(name, line);
    const write = (state: HealthState, detail: string, hint?: string): void =>
      this.#write(name, line, state, detail, hint);
    return {
      ok: (detail) => write('ok', detail),
      degraded: (detail, hint) => write('degraded', detail, hint),
      failed: (detail, hint) => write('failed', detail, hint),
      off: (detail, hint) => write('off', detail, hint),
      remove: () => this.#lines.delete(name),
    };
  }

  report(): HealthReport {
    const entries = [...this.#lines].map(([name, line]) => entryOf(name, line));
    return { state: worstState(entries.map((entry) => entry.state)), entries };
  }

  /** How a part is, without its counters, which cost something to read; undefined where there is none of that name. */
  stateOf(part: string): HealthState | undefined {
    return this.#lines.get(part)?.state;
  }

  /** What one part counts; undefined where there is none of that name. */
  countersOf(part: string): Readonly<Record<string, number>> | undefined {
    return this.#lines.get(part)?.counters();
  }

  /** Calls when a state, detail or hint changes (not for counters). Returns the function that ends it. */
  onChange(listener: Listener<HealthEntry>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(name: string, line: Line, state: HealthState, detail: string, hint: string | undefined): void {
    if (line.state === state && line.detail === detail && line.hint === hint) {
      return;
    }
    line.state = state;
    line.detail = detail;
    line.hint = hint;
    const entry = entryOf(name, line);
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

function entryOf(part: string, line: Line): HealthEntry {
  const { state, detail, hint } = line;
  return { part, state, detail, ...(hint === undefined ? {} : { hint }), counters: { ...line.counters() } };
}
