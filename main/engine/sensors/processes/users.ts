/** Names of users, from /etc/passwd; read again when the file changes. */
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';

/** A name may be some seconds old; looking at the file for every process would cost more than it tells. */
const LOOK_INTERVAL_MS = 2_000;
/** A workstation has some hundred users; a file beyond this is not read. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export class UserNames {
  readonly #path: string;
  readonly #clock: Clock;
  #names: ReadonlyMap<number, string> = new Map();
  #stamp = '';
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, path = '/etc/passwd') {
    this.#clock = clock;
    this.#path = path;
  }

  /** Undefined for a user without a name, or where the file cannot be read. */
  nameOf(uid: number): string | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedMs >= LOOK_INTERVAL_MS) {
      this.#lookedMs = nowMs;
      this.#look();
    }
    return this.#names.get(uid);
  }

  #look(): void {
    const status = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = status === undefined ? '' : `${status.ino}:${status.mtimeMs}:${status.size}`;
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    if (status === undefined || status.size > MAX_FILE_BYTES) return;
    try {
      this.#names = parsePasswd(readFileSync(this.#path, 'utf8'));
    } catch {
      // It was replaced in this moment: the names stay, and the next look reads it.
      this.#stamp = '';
    }
  }
}

/** uid → name; the first line of a uid counts, as in getpwuid(3). */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':', 3);
    if (name === '' || uid === undefined || !/^\d{1,10}$/.test(uid)) continue;
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
