/** What starts by itself on this computer, and what it is: asked when somebody wants to know, and kept for a moment. */
import type { CallOutput, ParsedInput } from '../../../../contract/api.ts';
import type { Inventory, PersistenceRecord } from '../../../../contract/api-system.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { PersistenceEntry } from '../../sensors/index.ts';
import { jsonPage } from './json-page.ts';
import { lookAtSystem, newSince } from './system-look.ts';

export interface SystemDeskOptions {
  readonly clock: Clock;
  readonly dataDirectory: string;
  /** For tests. */
  readonly look?: typeof lookAtSystem;
}

/** Pages of one list are of one look. */
const PERSISTENCE_KEPT_MS = 10_000;
/** Disks and firmware do not change while somebody reads about them. */
const INVENTORY_KEPT_MS = 10 * 60_000;

interface Kept<T> {
  /** When it was known; undefined while it is looked at. */
  atMs: number | undefined;
  readonly value: Promise<T>;
}

interface PersistenceLook {
  readonly takenMs: number;
  readonly records: readonly PersistenceRecord[];
}

export class SystemDesk {
  readonly #options: SystemDeskOptions;
  readonly #look: typeof lookAtSystem;
  #persistence: Kept<PersistenceLook> | undefined;
  #inventory: Kept<Inventory> | undefined;
  readonly #stop = new AbortController();

  constructor(options: SystemDeskOptions) {
    this.#options = options;
    this.#look = options.look ?? lookAtSystem;
  }

  /** @throws FailureError `system-look` */
  async persistence(input: ParsedInput<'persistence.list'>): Promise<CallOutput<'persistence.list'>> {
    const { cursor, limit } = input;
    // A page goes on in the look that the first one was of, as long as it is there.
    const maximumAgeMs = cursor === undefined ? PERSISTENCE_KEPT_MS : Number.POSITIVE_INFINITY;
    this.#persistence = this.#keep(this.#persistence, maximumAgeMs, () => this.#lookAtPersistence());
    const { takenMs, records } = await this.#persistence.value;
    const wanted = records.filter((record) => isWanted(record, input));
    const { items, next } = jsonPage(wanted, limit, cursor);
    return { takenMs, entries: items, total: wanted.length, next };
  }

  /** @throws FailureError `system-look` */
  async inventory(isFresh: boolean): Promise<Inventory> {
    const maximumAgeMs = isFresh ? 0 : INVENTORY_KEPT_MS;
    this.#inventory = this.#keep(this.#inventory, maximumAgeMs, async () => {
      const task = { look: 'inventory', ...this.#task() } as const;
      return (await this.#look(task, this.#stop.signal)).inventory;
    });
    return await this.#inventory.value;
  }

  /** Ends what looks at this moment. */
  stop(): void {
    this.#stop.abort(new Error('the engine stops'));
  }

  async #lookAtPersistence(): Promise<PersistenceLook> {
    const task = { look: 'persistence', ...this.#task() } as const;
    const { takenMs, entries } = await this.#look(task, this.#stop.signal);
    return { takenMs, records: entries.map(persistenceRecord) };
  }

  #task() {
    const { clock, dataDirectory } = this.#options;
    return { dataDirectory, newSinceMs: newSince(clock.nowMs()) };
  }

  /** One look at a time, and none for what is known well enough; a look that failed is not kept. */
  #keep<T>(kept: Kept<T> | undefined, maximumAgeMs: number, work: () => Promise<T>): Kept<T> {
    const nowMs = this.#options.clock.monotonicMs();
    if (kept !== undefined && (kept.atMs === undefined || nowMs - kept.atMs < maximumAgeMs)) return kept;
    const fresh: Kept<T> = { atMs: undefined, value: work() };
    fresh.value.then(
      () => {
        fresh.atMs = this.#options.clock.monotonicMs();
      },
      () => {
        fresh.atMs = Number.NEGATIVE_INFINITY;
      },
    );
    return fresh;
  }
}

/** As it goes over the API. */
export function persistenceRecord(entry: PersistenceEntry): PersistenceRecord {
  return {
    ...entry,
    package: entry.package ?? null,
    firstSeenMs: entry.firstSeenMs ?? null,
    isEnabled: entry.isEnabled ?? null,
  };
}

function isWanted(
  record: PersistenceRecord,
  { places, isUnowned, isNew, search }: ParsedInput<'persistence.list'>,
): boolean {
  if (places.length > 0 && !places.includes(record.place)) return false;
  if ((isUnowned && record.package !== null) || (isNew && !record.isNew)) return false;
  if (search === undefined || search === '') return true;
  const wanted = search.toLowerCase();
  return record.path.toLowerCase().includes(wanted) || record.content.toLowerCase().includes(wanted);
}

/** The system without an engine, for a command that asks once. */
export function openLocalSystem(dataDirectory: string): SystemDesk {
  return new SystemDesk({ clock: systemClock, dataDirectory });
}
