import type { HostEvent, HostProcess, HostProcessWithParents, ProcessAccessEvent } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { DEBUGGERS, isSecretHolder } from './debuggers.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isOfTheSystem, programName } from './programs.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

/** "/proc/4242/mem": what is written there is written into the memory of that process (proc(5)). */
const MEMORY_FILE = /^\/proc\/(\d{1,10})\/(?:task\/\d{1,10}\/)?mem$/;

const TECHNIQUES: Readonly<Record<NonNullable<ProcessAccessEvent['way']>, readonly string[]>> = {
  ptrace: ['T1055.008', 'T1055'],
  'process-vm': ['T1055'],
  'memory-file': ['T1055.009', 'T1055'],
};

/** One program changes another one while that runs: ptrace(2), process_vm_writev(2), or a write to /proc/PID/mem. */
class InjectionWatcher implements Behaviour {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'process-access') this.#access(event);
    else if (event.type === 'file-written' && event.process !== undefined) {
      const pid = Number(MEMORY_FILE.exec(event.path)?.[1] ?? Number.NaN);
      if (Number.isNaN(pid) || pid === event.process.pid) return;
      this.#tell(event.process, { pid, image: '', commandLine: '' }, event.timeMs, TECHNIQUES['memory-file'], [
        event.path,
      ]);
    }
  }

  #access({ process, target, access, way, timeMs }: ProcessAccessEvent): void {
    if (access === 'read-memory' || process.pid === target.pid) return;
    // Whoever starts a program may look into it: test runners, supervisors, sandboxes.
    if (this.#context.processes.ancestors(target).some(({ pid }) => pid === process.pid)) return;
    if (isOfTheSystem(process) && (DEBUGGERS.has(programName(process.image)) || process.image === target.image)) return;
    this.#tell(process, target, timeMs, TECHNIQUES[way ?? (access === 'trace' ? 'ptrace' : 'memory-file')], []);
  }

  #tell(
    process: HostProcessWithParents,
    target: HostProcess,
    timeMs: number,
    techniques: readonly string[],
    files: readonly string[],
  ): void {
    const isWorse = isSecretHolder(target) || isInOpenFolder(process.image) || target.pid === 1;
    const shown = target.image === '' ? `the program with the number ${target.pid}` : shownProgram(target);
    this.#context.report(
      hostFinding(
        {
          detector: 'process-injection',
          kind: 'defence-evasion',
          cause: `process-injection/${processKey(process)}/${processKey(target)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: 'high',
          confidence: isWorse ? 0.85 : 0.65,
          techniques,
          title: `${shownProgram(process)} reached into ${shown}`,
          explanation:
            'A program changed another one while that was running, so that its own commands are carried out under the other’s name and with its rights. Debuggers do so to programs that they look at; this program is none that is known, and did not start the other one.',
          evidence: [
            {
              name: 'target',
              value: target.image === '' ? target.pid : shownPath(target.image),
              meaning: 'The program that was reached into.',
            },
          ],
          process,
          files,
        },
        this.#context.processes,
      ),
    );
  }
}

export const processInjectionBehaviour = defineBehaviour({
  id: 'process-injection',
  kinds: ['defence-evasion'],
  summary: 'A program that is no debugger changes the memory of another one.',
  techniques: ['T1055.008', 'T1055.009', 'T1055'],
  settings,
  events: ['process-access', 'file-written'],
  memoryBound: 'none',
  create: (context) => new InjectionWatcher(context),
});
