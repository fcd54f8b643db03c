/** Addresses for the window, kept until its page is there to show them. */
export class Addresses {
  readonly #watchers = new Set<(address: string) => void>();
  #waiting: string | undefined;

  show(address: string): void {
    if (this.#watchers.size === 0) this.#waiting = address;
    for (const tell of this.#watchers) tell(address);
  }

  watch(tell: (address: string) => void): () => void {
    this.#watchers.add(tell);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) tell(waiting);
    return () => {
      this.#watchers.delete(tell);
    };
  }
}
