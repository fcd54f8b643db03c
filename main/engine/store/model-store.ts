import type { Profile } from '../../../contract/api-models.ts';
import type { ModelTable } from '../../../contract/models.ts';
import type { StoreAccess } from './access.ts';
import type { BriefAnomaly, StoredAnomaly } from './anomaly-table.ts';
import type { StoredProfile } from './profile-table.ts';
import type { SampleRange, SampleRow, SampleSlot, SampleState } from './sample-table.ts';
import type { Tables } from './tables.ts';
import type { JournalInput } from './types.ts';

/** What changes in a part of a sample since it was last written. */
export interface SampleChange {
  readonly state: SampleState;
  readonly rows: readonly SampleRow[];
  readonly removed: readonly number[];
  /** Whether all rows that are there go first. */
  readonly isAnew: boolean;
}

/** How a new version is kept. */
export interface ProfileAddition {
  readonly profile: Profile;
  /** Compressed. */
  readonly document: Uint8Array;
  /** Puts it in use at once, in the same transaction; why the one before is not any more. */
  readonly retiredReason?: string;
  /** Versions that make room for it. */
  readonly removed: readonly string[];
  readonly journal: JournalInput;
}

export interface AnomalyCounts {
  readonly shown: number;
  readonly heldBack: number;
}

/** Numbers of versions are never used twice, also not those of versions that were removed. */
const versionMark = (table: ModelTable): string => `models.version.${table}`;

/** What has been learnt: versions, the rows that they are learnt from, and what was found unusual. */
export class ModelStore {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** The latest first. */
  profiles(): readonly StoredProfile[] {
    return this.#access.read((tables) => tables.profiles.list(), []).value;
  }

  /** The compressed document of a version. */
  document(id: string): Buffer | undefined {
    return this.#access.read((tables) => tables.profiles.document(id), undefined).value;
  }

  /** The number that a new version gets. */
  nextVersion(table: ModelTable): number {
    const ask = (tables: Tables): number =>
      Math.max(tables.profiles.highestVersion(table), Number(tables.marks.get(versionMark(table)) ?? 0)) + 1;
    return this.#access.read(ask, 1).value;
  }

  /** All or nothing, with the entry in the journal. @throws FailureError when it cannot be stored */
  add({ profile, document, retiredReason, removed, journal }: ProfileAddition): void {
    const nowMs = this.#access.nowMs();
    const { id, table, version, reason } = profile;
    this.#access.write((tables) => {
      for (const old of removed) tables.profiles.remove(old);
      tables.profiles.insert(profile, document);
      tables.marks.set(versionMark(table), String(version));
      if (retiredReason !== undefined) tables.profiles.use(table, id, reason, retiredReason, nowMs);
      tables.journal.append(journal, nowMs);
    });
  }

  /** Puts a version in use instead of the one that is. @throws FailureError when it cannot be stored */
  use({ id, table }: Profile, reason: string, retiredReason: string, journal: JournalInput): void {
    const nowMs = this.#access.nowMs();
    this.#access.write((tables) => {
      tables.profiles.use(table, id, reason, retiredReason, nowMs);
      tables.journal.append(journal, nowMs);
    });
  }

  /** False where it is in use or not there. @throws FailureError when it cannot be stored */
  remove(id: string, journal: JournalInput): boolean {
    const nowMs = this.#access.nowMs();
    return this.#access.write((tables) => {
      const isRemoved = tables.profiles.remove(id);
      if (isRemoved) tables.journal.append(journal, nowMs);
      return isRemoved;
    });
  }

  sampleState(part: string): SampleState | undefined {
    return this.#access.read((tables) => tables.samples.state(part), undefined).value;
  }

  sampleSlots(part: string): readonly SampleSlot[] {
    return this.#access.read((tables) => tables.samples.slots(part), []).value;
  }

  /** In the order of slots. */
  sampleRows(part: string, range: SampleRange): readonly SampleRow[] {
    return this.#access.read((tables) => tables.samples.rows(part, range), []).value;
  }

  /** With the next batch. */
  changeSample({ state, rows, removed, isAnew }: SampleChange): void {
    this.#access.later((tables) => {
      if (isAnew) tables.samples.clear(state.part);
      for (const slot of removed) tables.samples.remove(state.part, slot);
      for (const row of rows) tables.samples.put(state.part, row);
      tables.samples.putState(state);
    });
  }

  addAnomaly(anomaly: StoredAnomaly): void {
    this.#access.later((tables) => tables.anomalies.insert(anomaly));
  }

  /** The latest first. */
  anomalies(sinceMs: number, limit: number): readonly BriefAnomaly[] {
    return this.#access.read((tables) => tables.anomalies.list(sinceMs, limit), []).value;
  }

  /** In full, in the order of the ids; those that are gone are left out. */
  anomaliesById(ids: readonly number[]): readonly StoredAnomaly[] {
    return this.#access.read(({ anomalies }) => ids.flatMap((id) => anomalies.get(id) ?? []), []).value;
  }

  anomalyCounts(sinceMs: number): AnomalyCounts {
    const ask = ({ anomalies }: Tables): AnomalyCounts => ({
      shown: anomalies.count(sinceMs, true),
      heldBack: anomalies.count(sinceMs, false),
    });
    return this.#access.read(ask, { shown: 0, heldBack: 0 }).value;
  }

  oldestAnomalyMs(): number | undefined {
    return this.#access.read((tables) => tables.anomalies.oldestMs(), undefined).value;
  }
}
