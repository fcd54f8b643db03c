import type { Config } from '../../runtime/config.ts';

/** What can be switched: LiveTraffic. */
export interface Switchable {
  start(): void;
  stop(): Promise<void>;
  /** Only while it is stopped: what it does from the next start on. */
  configure(config: Config): void;
}

/**
 * Brings watching into the state that is wanted, one step after the other, however the wishes come: a pause during a
 * change of settings, a resume before the pause has taken hold.
 */
export class TrafficSwitch {
  readonly #traffic: Switchable;
  #isWanted = false;
  #isRunning = false;
  #pending: Config | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(traffic: Switchable) {
    this.#traffic = traffic;
  }

  /** Resolves when it watches, or does not any more. */
  turn(isWanted: boolean): Promise<void> {
    this.#isWanted = isWanted;
    return this.#settle();
  }

  /** Watching begins anew with these settings; while it is off, they count when it is turned on. */
  configure(config: Config): Promise<void> {
    this.#pending = config;
    return this.#settle();
  }

  /** Resolves when everything that was wished for is done. @throws what the last wish failed with */
  settled(): Promise<void> {
    return this.#settle();
  }

  #settle(): Promise<void> {
    const done = this.#work.then(() => this.#step());
    // Who asked is told; who asks next must not be kept from it.
    this.#work = done.catch(() => {});
    return done;
  }

  async #step(): Promise<void> {
    if (this.#isRunning && (!this.#isWanted || this.#pending !== undefined)) {
      this.#isRunning = false;
      await this.#traffic.stop();
    }
    if (this.#isRunning) return;
    if (this.#pending !== undefined) {
      this.#traffic.configure(this.#pending);
      this.#pending = undefined;
    }
    if (this.#isWanted) {
      this.#traffic.start();
      this.#isRunning = true;
    }
  }
}
