/**
 * Files whose opening is told: tells the helper which there are when it begins, and those that come to be or take the place
 * of others later. A mark is the file's, not the name's.
 */
import type { HostEvent } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import { encodeCommand } from './verdict-records.ts';

/** What the sensor is asked to watch. */
export interface WatchedOpenings {
  /** Those that are there now; asked whenever the helper begins. */
  now(): Promise<readonly string[]>;
  /** Whether a file by this name is one of them. Asked for every new name: be quick. */
  has(path: string): boolean;
}

export interface OpeningsOptions extends WatchedOpenings {
  readonly clock: Clock;
  /** Tells the helper, which is replaced where it does not read. */
  send(bytes: Uint8Array): void;
  onMessage(message: string): void;
}

/** The helper's pipe holds 64 KiB and more; a piece is 64 paths of some 60 bytes. */
const AT_ONCE = 64;
const PAUSE_MS = 20;
/** Names that wait. Whoever makes more of them at a time hides none of those that were there before. */
const MAX_WAITING = 1_024;
/** A command is written whole or not at all (PIPE_BUF). */
const MAX_PATH_BYTES = 4_000;

export class Openings {
  readonly #options: OpeningsOptions;
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;
  #left = 0;
  /** Answers about what is there belong to the run that asked. */
  #run = 0;

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** Names that were left out because too many came at once. */
  get left(): number {
    return this.#left;
  }

  /** The helper has begun, and knows of none. */
  begin(): void {
    const run = ++this.#run;
    const { now, onMessage } = this.#options;
    now().then(
      (paths) => {
        if (run === this.#run) for (const path of paths) this.#add(path);
      },
      (error: unknown) => onMessage(`Files with passwords and keys cannot be listed: ${messageOf(error)}`),
    );
  }

  /** What happened to files: what got one of the names is watched from now on. */
  note(events: readonly HostEvent[]): void {
    for (const event of events) {
      const isNew = event.type === 'file-created' || event.type === 'file-renamed';
      if (isNew && this.#options.has(event.path)) this.#add(event.path);
    }
  }

  end(): void {
    this.#run++;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #add(path: string): void {
    if (this.#waiting.size >= MAX_WAITING || Buffer.byteLength(path) > MAX_PATH_BYTES) {
      this.#left++;
      return;
    }
    this.#waiting.add(path);
    // At once where nothing waits: a file may be read in the moment after it came to be.
    if (this.#timer === undefined) this.#tell();
  }

  #tell(): void {
    let told = 0;
    for (const path of this.#waiting) {
      if (told++ === AT_ONCE) break;
      this.#waiting.delete(path);
      this.#options.send(encodeCommand('watchOpens', 0, path));
    }
    this.#timer = this.#options.clock.after(PAUSE_MS, () => {
      this.#timer = undefined;
      if (this.#waiting.size > 0) this.#tell();
    });
  }
}
