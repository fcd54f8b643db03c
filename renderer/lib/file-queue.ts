/** A file that waits for its turn. */
export interface QueuedFile<Item> {
  readonly key: number;
  readonly file: Item;
  /** Aborted when the person wants it no more. */
  readonly signal: AbortSignal;
}

interface Waiting<Item> extends QueuedFile<Item> {
  readonly abort: AbortController;
}

/** Files that go to the engine one after the other, in the order they came. */
export class FileQueue<Item> {
  readonly #send: (queued: QueuedFile<Item>) => Promise<void>;
  readonly #waiting: Waiting<Item>[] = [];
  #running: Waiting<Item> | null = null;
  #nextKey = 1;

  /** @param send sends one file, and tells what became of it */
  constructor(send: (queued: QueuedFile<Item>) => Promise<void>) {
    this.#send = send;
  }

  /** Puts a file at the end. Returns its key. The queue moves on with `work`. */
  add(file: Item): number {
    const key = this.#nextKey++;
    const abort = new AbortController();
    this.#waiting.push({ key, file, abort, signal: abort.signal });
    return key;
  }

  /** Ends a file's way wherever it is. */
  cancel(key: number): void {
    const at = this.#waiting.findIndex((one) => one.key === key);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#running?.key === key) this.#running.abort.abort();
  }

  /** Sends what waits, unless that is going on already. */
  async work(): Promise<void> {
    if (this.#running !== null) return;
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running = next;
      try {
        await this.#send(next);
      } finally {
        this.#running = null;
      }
    }
  }
}
