/** A page that closes its stream within this time may not have heard what was told; one second is no visit. */
const HEARD_AFTER_MS = 1_000;

/** Addresses for the window, kept until its page is there to show them. */
export class Addresses {
  readonly #watchers = new Set<(address: string) => void>();
  readonly #nowMs: () => number;
  #waiting: string | undefined;
  #last: { readonly address: string; readonly toldMs: number } | undefined;

  /** @param nowMs of a clock that only goes forward */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  show(address: string): void {
    if (this.#watchers.size === 0) {
      this.#waiting = address;
      return;
    }
    this.#last = { address, toldMs: this.#nowMs() };
    for (const tell of this.#watchers) tell(address);
  }

  watch(tell: (address: string) => void): () => void {
    this.#watchers.add(tell);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.show(waiting);
    return () => {
      this.#watchers.delete(tell);
      const isHeard = this.#last === undefined || this.#nowMs() - this.#last.toldMs >= HEARD_AFTER_MS;
      if (!isHeard && this.#watchers.size === 0) this.#waiting = this.#last?.address;
    };
  }
}
