import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import type { ModelTable } from '../../../../contract/models.ts';
import { type ModelDocument, type Profile, readProfile } from '../../models/index.ts';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import type { JournalInput, ModelStore, StoredProfile } from '../../store/index.ts';
import { noSuchVersion } from './model-failures.ts';
import { packDocument, unpackDocument } from './model-file.ts';

export interface ModelRegistryOptions {
  readonly store: () => ModelStore;
  readonly keptVersions: () => number;
}

/** A version that is ready to be asked. */
export interface KnownProfile {
  readonly info: ProfileInfo;
  readonly profile: Profile;
}

/** What a new version is, but for what the registry gives it. */
export type NewProfile = Omit<ProfileInfo, 'id' | 'version' | 'state' | 'bytes'>;

export interface Addition {
  readonly info: NewProfile;
  readonly document: ModelDocument;
  readonly isUsed: boolean;
  readonly journal: Omit<JournalInput, 'subject'>;
}

const LIST_HINT = '"holdfast models list" says which versions there are.';

/** The versions of what was learnt. */
export class ModelRegistry {
  readonly #options: ModelRegistryOptions;
  #stored: readonly StoredProfile[] = [];
  readonly #active = new Map<ModelTable, KnownProfile>();
  /** Why a version that should be in use is not. */
  readonly #problems = new Map<ModelTable, string>();

  constructor(options: ModelRegistryOptions) {
    this.#options = options;
  }

  /** Brings back what is kept; what cannot be read is told by `problem` and keeps nothing else up. */
  start(): void {
    this.#refresh();
    for (const { profile: info } of this.#stored) if (info.state === 'active') this.#load(info);
  }

  /** The latest first. */
  list(): readonly ProfileInfo[] {
    return this.#stored.map(({ profile }) => profile);
  }

  /** @throws FailureError `no-such-version` */
  get(id: string): ProfileInfo {
    const found = this.#stored.find(({ profile }) => profile.id === id);
    if (found === undefined) throw noSuchVersion(id);
    return found.profile;
  }

  /** The version in use, ready to be asked. */
  active(table: ModelTable): KnownProfile | undefined {
    return this.#active.get(table);
  }

  /** Why the version in use cannot be asked; undefined where it can, or there is none. */
  problem(table: ModelTable): string | undefined {
    return this.#problems.get(table);
  }

  /** @throws FailureError `no-such-version`, `broken-version` */
  read(id: string): KnownProfile {
    const info = this.get(id);
    const active = this.#active.get(info.table);
    return active?.info.id === id ? active : { info, profile: readProfile(this.document(id)) };
  }

  /** @throws FailureError `no-such-version`, `broken-version` */
  document(id: string): unknown {
    const bytes = this.#options.store().document(id);
    if (bytes === undefined) throw noSuchVersion(id);
    try {
      return unpackDocument(bytes);
    } catch (error) {
      const message = `The version ${id} is damaged and cannot be read.`;
      throw new FailureError({ code: 'broken-version', message, hint: 'Use another one, or train anew.' }, error);
    }
  }

  /** Keeps a new version, in use or as a candidate; the oldest beyond the number kept go. @throws FailureError */
  add({ info, document, isUsed, journal }: Addition): ProfileInfo {
    const { table } = info;
    const version = this.#options.store().nextVersion(table);
    const id = `${table}-${version}`;
    const bytes = packDocument(document);
    const profile: ProfileInfo = { ...info, id, version, state: 'candidate', bytes: bytes.length };
    this.#options.store().add({
      profile,
      document: bytes,
      ...(isUsed ? { retiredReason: `${id} replaced it.` } : {}),
      removed: this.#surplus(table),
      journal: { ...journal, subject: id },
    });
    this.#changed(table);
    return this.get(id);
  }

  /** Puts a version in use. @throws FailureError `no-such-version`, `broken-version`, `wrong-version` */
  use(id: string, reason: string, journal: JournalInput): ProfileInfo {
    const info = this.get(id);
    if (info.state === 'active') return info;
    try {
      this.read(id);
    } catch (error) {
      if (error instanceof FailureError) throw error;
      const message = `The version ${id} does not fit this version of Holdfast: ${messageOf(error)}.`;
      throw new FailureError({ code: 'wrong-version', message, hint: 'Train anew.' }, error);
    }
    this.#options.store().use(info, reason, `${id} replaced it.`, journal);
    this.#changed(info.table);
    return this.get(id);
  }

  /** The version that was in use before the present one. @throws FailureError `no-earlier-version` */
  before(table: ModelTable): ProfileInfo {
    const used = this.#stored.filter(
      ({ profile, usedMs }) => profile.table === table && profile.state !== 'active' && usedMs !== null,
    );
    const [latest] = used.sort((first, second) => (second.usedMs ?? 0) - (first.usedMs ?? 0));
    if (latest !== undefined) return latest.profile;
    const message = `No other version of the table "${table}" was in use before.`;
    throw new FailureError({ code: 'no-earlier-version', message, hint: LIST_HINT });
  }

  /** @throws FailureError `no-such-version`, `version-in-use` */
  remove(id: string, journal: JournalInput): void {
    const { table, state } = this.get(id);
    if (state === 'active' || !this.#options.store().remove(id, journal)) {
      const message = `The version ${id} is in use.`;
      throw new FailureError({ code: 'version-in-use', message, hint: 'Put another one in use first.' });
    }
    this.#changed(table);
  }

  /** The oldest beyond the number kept, when one more comes; never the one in use, and last the one before it. */
  #surplus(table: ModelTable): string[] {
    const others = this.#stored
      .filter(({ profile }) => profile.table === table && profile.state !== 'active')
      .sort(
        (first, second) => (first.usedMs ?? 0) - (second.usedMs ?? 0) || first.profile.version - second.profile.version,
      );
    // One in use, one that comes.
    const room = Math.max(0, this.#options.keptVersions() - 2);
    return others.slice(0, Math.max(0, others.length - room)).map(({ profile }) => profile.id);
  }

  #changed(table: ModelTable): void {
    this.#refresh();
    const info = this.list().find((each) => each.table === table && each.state === 'active');
    const known = this.#active.get(table);
    if (info === undefined) this.#active.delete(table);
    else if (known?.info.id === info.id) this.#active.set(table, { info, profile: known.profile });
    else this.#load(info);
  }

  #refresh(): void {
    this.#stored = this.#options.store().profiles();
  }

  #load(info: ProfileInfo): void {
    try {
      this.#active.set(info.table, { info, profile: readProfile(this.document(info.id)) });
      this.#problems.delete(info.table);
    } catch (error) {
      this.#active.delete(info.table);
      this.#problems.set(info.table, `${info.id} cannot be used by this version of Holdfast: ${messageOf(error)}`);
    }
  }
}
