import type { Status } from '../../../../contract/api-schemas.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { ControlStore, JournalInput } from '../../store/index.ts';

export type PauseState = NonNullable<Status['pause']>;

export interface ProtectionPauseOptions {
  readonly clock: Clock;
  /** Where it is remembered that there is one, so that the next start can tell that it ended. */
  readonly marks: () => Pick<ControlStore, 'mark' | 'setMark'>;
  readonly journal: (entry: JournalInput) => void;
  /** Stops and starts watching; called for every change. */
  readonly onChange: (pause: PauseState | null) => void;
}

const MARK = 'pause';
const MINUTE_MS = 60_000;
/** How often the clocks are looked at: a pause ends within a second of its time. */
const LOOK_MS = 1_000;
const SUBJECT = 'protection';

interface Running extends PauseState {
  /** When it ends by the clock that never jumps but stands still while the machine sleeps. */
  readonly untilMonotonicMs: number;
}

/**
 * A pause of protection that ends by itself. Two clocks are asked, and the first that says it is over is believed:
 * the wall clock goes on while the machine sleeps, the other one cannot be set back. A restart of the engine ends it.
 */
export class ProtectionPause {
  readonly #options: ProtectionPauseOptions;
  #running: Running | undefined;
  #timer: Timer | undefined;

  constructor(options: ProtectionPauseOptions) {
    this.#options = options;
  }

  /** Null when there is none. */
  get current(): PauseState | null {
    if (this.#running === undefined) return null;
    const { sinceMs, reason, actor } = this.#running;
    return { untilMs: Math.round(this.#endMs(this.#running)), sinceMs, reason, actor };
  }

  /** Begins a pause, or gives the one that runs another end. */
  begin(minutes: number, reason: string, actor: string): PauseState {
    const { clock, marks, journal } = this.#options;
    const sinceMs = clock.nowMs();
    const durationMs = minutes * MINUTE_MS;
    const untilMs = sinceMs + durationMs;
    this.#running = { untilMs, sinceMs, reason, actor, untilMonotonicMs: clock.monotonicMs() + durationMs };
    journal({ actor, action: 'protection-paused', subject: SUBJECT, detail: { minutes, untilMs, reason } });
    marks().setMark(MARK, JSON.stringify({ untilMs, sinceMs, reason, actor }));
    this.#timer ??= clock.every(LOOK_MS, () => this.#look());
    this.#options.onChange(this.current);
    return { untilMs, sinceMs, reason, actor };
  }

  /** False where there was none. */
  end(actor: string, why: string): boolean {
    if (this.#running === undefined) return false;
    const { clock, marks, journal } = this.#options;
    const pausedSeconds = Math.max(0, Math.round((clock.nowMs() - this.#running.sinceMs) / 1_000));
    this.#running = undefined;
    this.stop();
    journal({ actor, action: 'protection-resumed', subject: SUBJECT, detail: { why, pausedSeconds } });
    marks().setMark(MARK, null);
    this.#options.onChange(null);
    return true;
  }

  /** At the engine's start, which ends a pause of the run before. */
  recover(): void {
    const { marks, journal } = this.#options;
    const mark = marks().mark(MARK);
    if (mark === undefined) return;
    const detail = { why: 'Holdfast was started again', pause: mark };
    journal({ actor: 'engine', action: 'protection-resumed', subject: SUBJECT, detail });
    marks().setMark(MARK, null);
  }

  /** At the engine's end: the mark stays for the next start. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#running === undefined) return;
    if (this.#options.clock.nowMs() >= this.#endMs(this.#running)) this.end('engine', 'its time was over');
  }

  /** By the wall clock of this moment, whichever way it was set. */
  #endMs({ untilMs, untilMonotonicMs }: Running): number {
    const { clock } = this.#options;
    return Math.min(untilMs, clock.nowMs() + untilMonotonicMs - clock.monotonicMs());
  }
}
