import type { Finding, Severity } from '../../../../contract/domain.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

export interface FindingRelayOptions {
  readonly clock: Clock;
  onFindings(findings: readonly Finding[]): void;
}

/** So soon everything that was found is told; the limit for an alert is a second. */
const GATHER_MS = 50;
/** Causes of one moment: far more than anybody reads, and no load for whoever takes them in. */
const MAX_CAUSES = 500;
/** These wait for nothing: whoever may stop what goes on must hear of it, however busy this thread is with the rest. */
const URGENT: ReadonlySet<Severity> = new Set(['high', 'critical']);

/**
 * Hands findings on, of each cause the last one of a moment: "the same cause again" means "I know more now". What is
 * urgent is told at once, and its repeats with the rest.
 */
export class FindingRelay {
  readonly #options: FindingRelayOptions;
  readonly #waiting = new Map<string, Finding>();
  /** Causes of this moment that were told at once. */
  readonly #urgent = new Set<string>();
  #timer: Timer | undefined;
  /** When what waits began to. */
  #sinceMs = 0;
  #joined = 0;
  #dropped = 0;
  #told = 0;

  constructor(options: FindingRelayOptions) {
    this.#options = options;
  }

  get counts(): { readonly told: number; readonly joined: number; readonly dropped: number } {
    return { told: this.#told, joined: this.#joined, dropped: this.#dropped };
  }

  add(finding: Finding): void {
    const nowMs = this.#options.clock.monotonicMs();
    // In a flood of events the thread comes late to its timers.
    if (this.#timer !== undefined && nowMs - this.#sinceMs > GATHER_MS) this.flush();
    if (this.#waiting.has(finding.cause)) this.#joined++;
    else if (this.#waiting.size >= MAX_CAUSES) {
      this.#dropped++;
      return;
    }
    if (URGENT.has(finding.severity) && !this.#urgent.has(finding.cause) && this.#urgent.size < MAX_CAUSES) {
      this.#urgent.add(finding.cause);
      this.#waiting.delete(finding.cause);
      this.#told++;
      this.#options.onFindings([finding]);
    } else this.#waiting.set(finding.cause, finding);
    if (this.#timer !== undefined) return;
    this.#sinceMs = nowMs;
    this.#timer = this.#options.clock.after(GATHER_MS, () => this.flush());
  }

  /** Tells what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#urgent.clear();
    if (this.#waiting.size === 0) return;
    const findings = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#told += findings.length;
    this.#options.onFindings(findings);
  }
}
