/** Keeps the list of set-uid files up to date: one walk at the start, then now and then, always in small turns. */
import type { FileAttributesEvent, FileCreatedEvent, HostEvent } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Mount } from '../../runtime/mountinfo.ts';
import { changesOf } from './collector.ts';
import { SET_UID_PART } from './collectors/table.ts';
import type { HostFiles } from './host-files.ts';
import { type SetUidFact, type SetUidResult, walkSetUid } from './set-uid.ts';
import { EMPTY_PART, type SnapshotPart } from './snapshot.ts';

export interface SetUidWatchOptions {
  readonly clock: Clock;
  readonly files: HostFiles;
  mounts(): readonly Mount[];
  onEvents(events: readonly HostEvent[]): void;
  onChanged(): void;
}

/** Between two walks. A walk over a million files costs some ten seconds of one core, spread over several hours. */
const PAUSE_MS = 6 * 3_600_000;
/** Between two turns, at the least. */
const TURN_PAUSE_MS = 150;
/** And so many times what the last one took, on a slow or a busy disk too: a walk takes a two-thousandth of one core. */
const TURN_PAUSES = 2_000;
const LONGEST_TURN_PAUSE_MS = 5_000;
/** What else begins with the engine goes first. */
const FIRST_PAUSE_MS = 20_000;

export class SetUidWatch {
  /** As a part of the snapshot. */
  readonly name = SET_UID_PART;
  readonly #options: SetUidWatchOptions;
  #part: SnapshotPart = EMPTY_PART;
  #isKnown = false;
  #timer: Timer | undefined;
  #walk: Generator<void, SetUidResult, void> | undefined;
  #last: SetUidResult | undefined;

  constructor(options: SetUidWatchOptions) {
    this.#options = options;
  }

  get part(): SnapshotPart {
    return this.#part;
  }

  get left(): number {
    return this.#last?.left ?? 0;
  }

  /** For Health; empty before the first walk is done. */
  get detail(): string {
    if (this.#last === undefined) return '';
    return ` ${this.#last.found.size} set-uid and set-gid files among ${this.#last.entries} entries.`;
  }

  /** @param kept what an earlier run found @param isWanted whether walks are made at all */
  start(kept: SnapshotPart | undefined, isWanted: boolean): void {
    if (kept !== undefined) {
      this.#part = kept;
      this.#isKnown = kept.facts.size > 0;
    }
    if (isWanted) this.#timer = this.#options.clock.after(FIRST_PAUSE_MS, () => this.#turn());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#walk = undefined;
  }

  #turn(): void {
    const { clock, files, mounts } = this.#options;
    this.#walk ??= walkSetUid(files, mounts());
    const begunMs = clock.monotonicMs();
    const step = this.#walk.next();
    const spentMs = clock.monotonicMs() - begunMs;
    if (step.done) {
      this.#walk = undefined;
      this.#finish(step.value);
    }
    const turnPauseMs = Math.min(Math.max(TURN_PAUSE_MS, spentMs * TURN_PAUSES), LONGEST_TURN_PAUSE_MS);
    this.#timer = clock.after(step.done ? PAUSE_MS : turnPauseMs, () => this.#turn());
  }

  #finish(result: SetUidResult): void {
    const before = this.#part.facts as ReadonlyMap<string, SetUidFact>;
    const timeMs = this.#options.clock.nowMs();
    const changes = changesOf(before, result.found);
    const firstSeenMs = new Map(this.#part.firstSeenMs);
    const events: HostEvent[] = [];
    for (const { key, before: was, after } of changes) {
      if (after === undefined) {
        firstSeenMs.delete(key);
        continue;
      }
      if (was === undefined && this.#isKnown) firstSeenMs.set(key, timeMs);
      if (this.#isKnown && (was === undefined || was.mode !== after.mode || was.uid !== after.uid))
        events.push(eventOf(key, was, after, timeMs));
    }
    this.#part = { facts: result.found, firstSeenMs, homes: new Set() };
    this.#isKnown = true;
    this.#last = result;
    if (events.length > 0) this.#options.onEvents(events);
    this.#options.onChanged();
  }
}

/** A new file, or one that got other rights: which of the two it was, the walk cannot know. */
function eventOf(
  path: string,
  before: SetUidFact | undefined,
  { mode, uid, gid, inode, sizeBytes, changedMs }: SetUidFact,
  timeMs: number,
): FileAttributesEvent | FileCreatedEvent {
  const file = { kind: 'file', mode, uid, gid, inode, sizeBytes } as const;
  // When the rights were set, as the kernel noted it; never later than it was seen.
  const happenedMs = Math.min(changedMs, timeMs);
  if (before === undefined) return { type: 'file-created', timeMs: happenedMs, path, file };
  return {
    type: 'file-attributes',
    timeMs: happenedMs,
    path,
    file,
    changed: before.uid === uid ? ['mode'] : ['mode', 'owner'],
    before: { mode: before.mode, uid: before.uid, gid: before.gid },
  };
}
