import type { HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { afterHome } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isInstalling, isOfTheSystem } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  allowed: {
    type: 'list',
    default: [
      'libfakeroot',
      'libeatmydata',
      'libgtk3-nocsd',
      'libjemalloc',
      'libtcmalloc',
      'libmimalloc',
      'gameoverlayrenderer',
      'libMangoHud',
      'libgamemode',
      'libproxychains',
      'libtorsocks',
      'libfaketime',
      'libasan',
      'libtsan',
      'libsandbox',
      'libstdbuf',
      'libSegFault',
      'libkeepalive',
    ],
    reason: 'Beginnings of names of libraries that people load into programs on purpose.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

/** Variables by which the loader takes in a library that the program does not ask for (ld.so(8)). */
const VARIABLES = ['LD_PRELOAD', 'LD_AUDIT'];
const MAX_LIBRARIES = 1_024;
const MAX_VALUE = 4_096;

/** A library is loaded into programs that did not ask for it. */
class PreloadWatcher implements Behaviour {
  readonly #context: Context;
  /** How often each library was loaded like that. */
  readonly #seen = new RecentMap<string, { readonly firstSeenMs: number; programs: number }>(MAX_LIBRARIES);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type !== 'process-start' || event.environment === undefined) return;
    const { process, environment, timeMs } = event;
    for (const variable of VARIABLES) {
      if (!Object.hasOwn(environment, variable)) continue;
      // Separated by spaces or colons.
      for (const library of environment[variable].slice(0, MAX_VALUE).split(/[\s:]+/, 8)) {
        if (library !== '' && !this.#isUsual(library)) this.#tell(process, library, variable, timeMs);
      }
    }
  }

  #isUsual(library: string): boolean {
    const name = library.slice(library.lastIndexOf('/') + 1);
    const isNamed = this.#context.settings.allowed.some((each) => name.startsWith(each));
    // A known name in a folder that everybody can write is a borrowed one.
    if (isNamed) return !isInOpenFolder(library);
    return !library.includes('/') || isOfTheSystem({ pid: 0, image: library, commandLine: '' });
  }

  #tell(process: HostProcessWithParents, library: string, variable: string, timeMs: number): void {
    if (isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    const seen = this.#seen.getOrInsert(library, () => ({ firstSeenMs: timeMs, programs: 0 }));
    seen.programs++;
    // Every program of the same shell has it: once is enough, and then now and then.
    if ((seen.programs & (seen.programs - 1)) !== 0) return;
    const isOpen = isInOpenFolder(library) || library.includes('/.');
    this.#context.report(
      hostFinding(
        {
          detector: 'preloaded-library',
          kind: 'defence-evasion',
          cause: `preloaded-library/${library.slice(0, 200)}`,
          firstSeenMs: seen.firstSeenMs,
          lastSeenMs: timeMs,
          severity: isOpen ? 'high' : afterHome(library) === undefined ? 'medium' : 'low',
          confidence: isOpen ? 0.8 : 0.5,
          techniques: ['T1574.006'],
          title: `${shownPath(library)} was loaded into ${shownProgram(process)}`,
          explanation:
            'A library was put into a program that did not ask for it, by a variable that the loader reads. It runs with the rights of the program and can change everything that it sees, such as hide files. Developers use this to test; libraries of packages are known.',
          evidence: [
            { name: 'variable', value: variable, usual: 'not set', meaning: 'How it was done.' },
            { name: 'programs', value: seen.programs, unit: 'programs', usual: '0', meaning: 'Which had it so far.' },
          ],
          process,
          files: [library],
        },
        this.#context.processes,
      ),
    );
  }
}

export const preloadedLibraryBehaviour = defineBehaviour({
  id: 'preloaded-library',
  kinds: ['defence-evasion'],
  summary: 'A library is put into programs that did not ask for it.',
  techniques: ['T1574.006'],
  settings,
  events: ['process-start'],
  memoryBound: '1,024 libraries of 4 kB',
  create: (context) => new PreloadWatcher(context),
});
