import type { AllowEntry } from '../../../../contract/api-alerts.ts';
import type { Finding } from '../../../../contract/domain.ts';
import { fitsAllow } from '../../alerts/index.ts';
import { decide, protectList, type ResponseSettings } from '../../policy/index.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { type LivingProcess, processTable } from '../../runtime/process-table.ts';
import { livingOf, momentNow } from './identity.ts';
import { SignalHelper } from './signal-helper.ts';

/** By what it is decided; the same for whoever finds and for whoever acts. */
export interface ResponseRules {
  readonly settings: ResponseSettings;
  /** The whole engine only says what it would do. */
  readonly isSimulating: boolean;
  /** What fits is not acted on. */
  readonly allowed: readonly AllowEntry[];
}

export interface FirstHoldOptions {
  readonly helperPath: string;
  readonly clock?: Clock;
  readonly rules: ResponseRules;
  onMessage(level: 'warn', message: string): void;
}

interface Hold {
  readonly process: LivingProcess;
  readonly timer: Timer;
}

/** Whoever acts has then had its turn many times over, also on a machine that is brought to its knees. */
const HOLD_MS = 10_000;
/** Each process is held once: what becomes of it after that is not decided here. */
const MAX_REMEMBERED = 1_024;

/** Whether the allow-list says that this may be. */
export function isAllowed({ detector, ...finding }: Finding, allowed: readonly AllowEntry[], nowMs: number): boolean {
  return allowed.some((entry) => fitsAllow(entry, { ...finding, detectors: [detector] }, nowMs));
}

/**
 * Stops whoever is to be frozen in the thread that finds it. The engine's own thread has much else to do, and for every
 * 2.5 ms that a finding waits for its turn, somebody loses a file. There it is decided once more by the same rules, with
 * everything that belongs to it (response-desk.ts); what is not confirmed is let go on.
 */
export class FirstHold {
  readonly #clock: Clock;
  readonly #helper: SignalHelper;
  readonly #holds = new Map<number, Hold>();
  readonly #known = new Set<string>();
  #rules: ResponseRules;

  constructor({ helperPath, clock, rules, onMessage }: FirstHoldOptions) {
    this.#clock = clock ?? systemClock;
    this.#rules = rules;
    this.#helper = new SignalHelper({ helperPath, clock, onChange: () => {}, onMessage });
  }

  start(): void {
    this.#helper.start();
  }

  /** What is not confirmed goes on. */
  async stop(): Promise<void> {
    for (const { timer } of this.#holds.values()) timer.cancel();
    this.#holds.clear();
    await this.#helper.stop();
  }

  get helperPid(): number | undefined {
    return this.#helper.helperPid;
  }

  takeRules(rules: ResponseRules): void {
    this.#rules = rules;
  }

  /** The signal is on its way when this returns. */
  hear(finding: Finding): void {
    const { settings, isSimulating, allowed } = this.#rules;
    const nowMs = this.#clock.nowMs();
    const context = { settings, isSimulating, isAllowed: isAllowed(finding, allowed, nowMs) };
    const decision = decide(finding, context);
    if (decision?.mode !== 'act') return;
    const { target } = decision;
    const key = `${target.pid}@${target.startedMs}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    for (const first of this.#known) {
      if (this.#known.size <= MAX_REMEMBERED) break;
      this.#known.delete(first);
    }
    const table = processTable();
    const process = livingOf(target, finding.processes ?? [], table, momentNow(nowMs));
    if (process === undefined || protectList(table, ENGINE_PROCESS)(process) !== undefined) return;
    const timer = this.#clock.after(HOLD_MS, () => this.settle(process.pid, false));
    this.#holds.set(process.pid, { process, timer });
    void this.#helper.send(process, 'stop');
  }

  /** @param isKept whoever acts has stopped it too, and written it down */
  settle(pid: number, isKept: boolean): void {
    const hold = this.#holds.get(pid);
    if (hold === undefined) return;
    hold.timer.cancel();
    this.#holds.delete(pid);
    void this.#helper.send(hold.process, isKept ? 'keep' : 'continue');
  }
}

const ENGINE_PROCESS = process.pid;
