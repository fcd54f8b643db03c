import type { Clock } from '../runtime/clock.ts';
import type { LivingProcess, ProcessId, ProcessMotion, ProcessTable } from '../runtime/process-table.ts';
import type { Action, Verification } from './action.ts';

/** What can be sent to a process; see native-helpers/sense/src/signal_records.h. */
export type SignalOrder = 'stop' | 'continue' | 'kill' | 'keep';
/** `another`: the number was given to another process, which was left alone. */
export type SignalOutcome = 'done' | 'gone' | 'another' | 'refused' | 'failed';

/** Sends signals to exactly the process that is meant. Never rejects. */
export interface Signals {
  send(process: ProcessId, order: SignalOrder): Promise<SignalOutcome>;
}

/** A process that is held, and what a person knows it by. */
export interface FrozenProcess extends ProcessId {
  readonly name: string;
  readonly image: string;
  readonly commandLine: string;
}

export interface FreezePlan {
  /** Who did it: stopped before anything else is looked at. */
  readonly first: LivingProcess;
  /** All that is meant of those that run, `first` among them, parents before their children. */
  choose(table: ProcessTable): readonly LivingProcess[];
}

export interface FreezeOptions {
  readonly signals: Signals;
  readonly clock: Clock;
  /** Who runs now. */
  processes(): ProcessTable;
  motionOf(process: ProcessId): ProcessMotion;
}

/** Looks for processes that began meanwhile: a program that is stopped starts none, so one more finds nothing. */
const MAX_ROUNDS = 16;
/** Signals act within microseconds, but for who waits for a disk. */
const VERIFY_MS = 1_000;
const LOOK_MS = 2;
const MAX_COMMAND = 300;

/** Stops processes where they are (SIGSTOP): they keep their memory and files, and can go on as if nothing had been. */
export class FreezeAction implements Action<FreezePlan, readonly FrozenProcess[]> {
  readonly kind = 'freeze';
  readonly #options: FreezeOptions;

  constructor(options: FreezeOptions) {
    this.#options = options;
  }

  plan({ choose }: FreezePlan): readonly FrozenProcess[] {
    return choose(this.#options.processes()).map(frozenOf);
  }

  async apply({ first, choose }: FreezePlan): Promise<readonly FrozenProcess[]> {
    const held = new Map<string, FrozenProcess>();
    const tried = new Set<string>();
    const stop = async (process: LivingProcess): Promise<void> => {
      const id = idOf(process);
      tried.add(id);
      const frozen = frozenOf(process);
      const outcome = await this.#options.signals.send(process, 'stop');
      // What could not be stopped and still runs is held all the same: `verify` says that it is not so.
      if (outcome !== 'gone' && outcome !== 'another') held.set(id, frozen);
    };
    // The first is being stopped while the others are looked for; after that nothing new is looked for before all stand.
    let stopping = [stop(first)];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const fresh = choose(this.#options.processes()).filter((process) => !tried.has(idOf(process)));
      if (fresh.length === 0 && stopping.length === 0) break;
      await Promise.all([...stopping, ...fresh.map(stop)]);
      stopping = [];
    }
    return [...held.values()];
  }

  async verify(held: readonly FrozenProcess[]): Promise<Verification> {
    const { clock, motionOf } = this.#options;
    const untilMs = clock.monotonicMs() + VERIFY_MS;
    for (;;) {
      const motions = held.map((process) => motionOf(process));
      const running = held.filter((_, index) => motions[index] === 'running');
      const isOver = motions.every((motion) => motion === 'gone' || motion === 'another');
      if (running.length === 0) return { isInForce: !isOver, isOver, problem: '' };
      if (clock.monotonicMs() >= untilMs) {
        return { isInForce: false, isOver, problem: `${namesOf(running)} did not stop.` };
      }
      await clock.sleep(LOOK_MS);
    }
  }

  /** Stops those again that somebody let go on. */
  async renew(held: readonly FrozenProcess[]): Promise<readonly FrozenProcess[]> {
    const running = held.filter((process) => this.#options.motionOf(process) === 'running');
    await Promise.all(running.map((process) => this.#options.signals.send(process, 'stop')));
    return running;
  }

  /** What was done is written down: it outlasts the engine. */
  async keep(held: readonly FrozenProcess[]): Promise<void> {
    await Promise.all(held.map((process) => this.#options.signals.send(process, 'keep')));
  }

  async revert(held: readonly FrozenProcess[]): Promise<string> {
    // A parent that goes on would see its children stopped, and may do something about it.
    return this.#sendAll([...held].reverse(), 'continue', 'could not be let go on');
  }

  /** Ends them all; whoever waits for one of them is stopped itself until it is its turn. */
  async end(held: readonly FrozenProcess[]): Promise<string> {
    const problem = await this.#sendAll([...held].reverse(), 'kill', 'could not be ended');
    const { clock, motionOf } = this.#options;
    const isLeft = (process: FrozenProcess): boolean => ['running', 'stopped'].includes(motionOf(process));
    for (const untilMs = clock.monotonicMs() + VERIFY_MS; problem === '' && held.some(isLeft); ) {
      if (clock.monotonicMs() >= untilMs) return `${namesOf(held.filter(isLeft))} did not end.`;
      await clock.sleep(LOOK_MS);
    }
    return problem;
  }

  async #sendAll(processes: readonly FrozenProcess[], order: SignalOrder, what: string): Promise<string> {
    const left: FrozenProcess[] = [];
    for (const process of processes) {
      const outcome = await this.#options.signals.send(process, order);
      if (outcome === 'refused' || outcome === 'failed') left.push(process);
    }
    return left.length === 0 ? '' : `${namesOf(left)} ${what}.`;
  }
}

function idOf({ pid, startTicks }: ProcessId): string {
  return `${pid}@${startTicks}`;
}

function frozenOf({ pid, startTicks, name, image, words }: LivingProcess): FrozenProcess {
  const whole = words.join(' ');
  const commandLine = whole.length <= MAX_COMMAND ? whole : `${whole.slice(0, MAX_COMMAND - 1)}…`;
  return { pid, startTicks, name: image.slice(image.lastIndexOf('/') + 1) || name, image, commandLine };
}

const NAMED = 3;

/** "python3 (4711), sh (4700) and 2 more". */
export function namesOf(processes: readonly Pick<FrozenProcess, 'pid' | 'name'>[]): string {
  const named = processes.slice(0, NAMED).map(({ name, pid }) => `${name} (${pid})`);
  const more = processes.length - named.length;
  if (more > 0) return `${named.join(', ')} and ${more} more`;
  return named.length < 2 ? (named[0] ?? 'nothing') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}
