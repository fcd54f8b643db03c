/** What an attack of the tests is: harmless where it runs, and not to be told from a real one by what looks on. */
import type { Severity } from '../../contract/domain.ts';

export interface Attack {
  readonly name: string;
  /**
   * Commands of a shell, run as "sh -c" below a process of their own, in the namespaces of the stage (stage.ts).
   * "{attacker}" stands for the address of another computer, one for each attack.
   */
  readonly script: string;
  /** Run before it in the same place, and not timed; goes on meanwhile once it has said "ready". */
  readonly before?: string;
  /** Who runs the script: somebody who got in, or another computer that asks what `before` has started. */
  readonly by?: 'intruder' | 'stranger';
  /** Programs without which it cannot be run. */
  readonly needs?: readonly string[];
  /** What must be found. */
  readonly found: {
    /** One alert names one of these techniques of ATT&CK, or one below it. */
    readonly techniques: readonly string[];
    /** A word of the alert's title, where it may not name a process of the attack, as it must else. */
    readonly word?: string;
    /** At least; "low" unless told. */
    readonly severity?: Severity;
  };
}

/** What was seen of an attack. */
export interface Outcome {
  readonly attack: Attack;
  /** Address of the other computer. */
  readonly attacker: string;
  /** Of the first alert that says what must be found; undefined where none came. */
  readonly alert?: {
    /** From the first command on, until it was heard. */
    readonly afterMs: number;
    /** Milliseconds since the epoch: when it was heard, and the latest of which it speaks. */
    readonly heardMs: number;
    readonly lastSeenMs: number;
    readonly title: string;
    readonly kind: string;
    readonly severity: Severity;
    readonly techniques: readonly string[];
    readonly detectors: readonly string[];
    readonly attackers: readonly string[];
    readonly id: string;
  };
  /** Everything else that was told of it, for whoever looks why it is not found. */
  readonly told: readonly string[];
  /** What its last command wrote to standard output and standard error. */
  readonly output: string;
}
