import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour, type HostSamples } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInstalling } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  copies: {
    type: 'number',
    default: 100,
    min: 10,
    max: 100_000,
    integer: true,
    unit: 'copies',
    reason: 'Programs that start themselves do so a few times, one below the other; a bomb is past this in a second.',
  },
  windowSeconds: {
    type: 'number',
    default: 10,
    min: 1,
    max: 600,
    unit: 's',
    reason: 'A bomb that takes longer than this for its copies leaves time to end it by hand.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_COMMANDS = 1_024;
/** Longest part of a command line that two copies are compared by. */
const MAX_COMPARED = 512;
/** Levels of the same command above a copy: two may be chance, such as a make below a make. */
const LEAST_DEPTH = 3;
/** Between two looks at what was forked. */
const TICK_MS = 1_000;

interface Copies {
  sinceMs: number;
  count: number;
  isTold: boolean;
}

/** A program starts itself again and again, until nothing else can run. */
class ForkBombWatcher implements Behaviour {
  readonly #context: Context;
  readonly #copies = new RecentMap<string, Copies>(MAX_COMMANDS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type !== 'process-start') return;
    const { process, timeMs } = event;
    const command = commandOf(process);
    const parent = process.parent;
    if (parent === undefined || commandOf(parent) !== command) return;
    const lineage = this.#context.processes.ancestors(process);
    if (lineage.filter((each) => commandOf(each) === command).length < LEAST_DEPTH) return;
    const { copies: least, windowSeconds } = this.#context.settings;
    const copies = this.#copies.getOrInsert(command, () => ({ sinceMs: timeMs, count: 0, isTold: false }));
    if (timeMs - copies.sinceMs > windowSeconds * 1_000) {
      copies.sinceMs = timeMs;
      copies.count = 0;
      copies.isTold = false;
    }
    copies.count++;
    if (copies.count < least || copies.isTold || isInstalling(lineage)) return;
    copies.isTold = true;
    const root = [...lineage].reverse().find((each) => commandOf(each) === command) ?? process;
    this.#tell(process, root, copies.sinceMs, timeMs, copies.count);
  }

  /** A bomb that only forks, such as ":(){ :|:& };:" in a shell: of forks alone there are no events. */
  tick(nowMs: number, { forkBursts }: HostSamples): void {
    const { copies: least } = this.#context.settings;
    for (const { process, copies, generations } of forkBursts) {
      if (copies < least || generations < LEAST_DEPTH) continue;
      const lineage = this.#context.processes.ancestors(process);
      if (isInstalling(lineage)) continue;
      const command = commandOf(process);
      // The nearest copies are gone by the time anybody reads this: the one that began it is what it is told of.
      const end = lineage.findIndex((each) => commandOf(each) !== command);
      this.#tell(process, lineage[(end < 0 ? lineage.length : end) - 1] ?? process, nowMs - TICK_MS, nowMs, copies);
    }
  }

  #tell(process: HostProcessWithParents, root: HostProcess, sinceMs: number, timeMs: number, copies: number): void {
    this.#context.report(
      hostFinding(
        {
          detector: 'fork-bomb',
          kind: 'denial-of-service',
          cause: `fork-bomb/${processKey(root)}`,
          firstSeenMs: sinceMs,
          lastSeenMs: timeMs,
          severity: 'high',
          confidence: 0.85,
          techniques: ['T1499.001'],
          title: `${shownProgram(process)} starts itself again and again`,
          explanation:
            'A program starts copies of itself, which start copies of themselves. Soon there are so many that nothing else can run. End the first of them with all that is below it.',
          evidence: [
            {
              name: 'copies',
              value: copies,
              unit: 'copies',
              usual: 'one or two',
              meaning: `Started within ${Math.max(1, Math.round((timeMs - sinceMs) / 1_000))} s, each by another copy.`,
            },
          ],
          process,
        },
        this.#context.processes,
      ),
    );
  }
}

function commandOf({ image, commandLine }: Pick<HostProcessWithParents, 'image' | 'commandLine'>): string {
  return `${image}\u0000${commandLine.slice(0, MAX_COMPARED)}`;
}

export const forkBombBehaviour = defineBehaviour({
  id: 'fork-bomb',
  kinds: ['denial-of-service'],
  summary: 'A program starts copies of itself until nothing else can run.',
  techniques: ['T1499.001'],
  settings,
  events: ['process-start'],
  memoryBound: '1,024 commands of 1.5 kB',
  create: (context) => new ForkBombWatcher(context),
});
