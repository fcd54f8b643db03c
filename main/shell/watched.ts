/** A value that others follow. */
export interface Watched<T> {
  readonly value: T;
  /** Tells the value now and whenever it changes; the function that is given ends it. */
  watch(tell: (value: T) => void): () => void;
}

export class Changing<T> implements Watched<T> {
  readonly #watchers = new Set<(value: T) => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const tell of [...this.#watchers]) tell(value);
  }

  watch(tell: (value: T) => void): () => void {
    // A function of its own: the same one may be given twice.
    const watcher = (value: T): void => tell(value);
    this.#watchers.add(watcher);
    tell(this.#value);
    return () => {
      this.#watchers.delete(watcher);
    };
  }
}
