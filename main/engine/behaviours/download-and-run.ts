import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isDownloader, isInOpenFolder, isInstalling, isInterpreter, isOfTheSystem, isShell } from './programs.ts';
import { RecentMap } from './recent-map.ts';
import { RecentStarts, type Start } from './recent-starts.ts';
import { readsScriptFromPipe, scriptOf } from './scripts.ts';

const settings = {
  windowSeconds: {
    type: 'number',
    default: 600,
    min: 1,
    max: 86_400,
    unit: 's',
    reason: 'What is run so soon after it was fetched was fetched to be run; scripts of intruders take seconds.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_FILES = 4_096;
const MAX_PARENTS = 2_048;
/** Both ends of a pipe are started by one shell within this. */
const PIPE_MS = 2_000;
/** They are started at the same time: the one that reads may be the first to run, by so much. */
const PIPE_SWAP_MS = 10;

interface Fetched {
  readonly by: HostProcessWithParents;
  readonly timeMs: number;
}

/** Something is fetched from the network and run at once. */
class DownloadAndRunWatcher implements Behaviour {
  readonly #context: Context;
  /** What downloaders wrote, by path. */
  readonly #files = new RecentMap<string, Fetched>(MAX_FILES);
  /** Downloaders whose output goes into a pipe, by the shell that started them. */
  readonly #pipes = new RecentMap<string, Fetched>(MAX_PARENTS);
  readonly #starts = new RecentStarts();
  /** What reads a script from a pipe, by the shell that started it. */
  readonly #readers = new RecentMap<string, Start>(MAX_PARENTS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    switch (event.type) {
      case 'file-written':
      case 'file-created':
        if (event.process !== undefined && isDownloader(event.process)) {
          this.#fetched(event.path, event.timeMs, { by: event.process, timeMs: event.timeMs });
        }
        return;
      case 'file-renamed': {
        const fetched = this.#files.get(event.previousPath);
        if (fetched !== undefined) this.#fetched(event.path, event.timeMs, fetched);
        return;
      }
      case 'process-start':
        this.#start(event.process, event.timeMs);
    }
  }

  /** @param timeMs when it got that path, which may be long after it was fetched */
  #fetched(path: string, timeMs: number, fetched: Fetched): void {
    this.#files.set(path, fetched);
    const writers = [fetched.by, ...this.#context.processes.ancestors(fetched.by)];
    const started = this.#starts.takeLate(path, timeMs, writers);
    if (started !== undefined) this.#tellRun(started, fetched, path);
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    const [parent] = this.#context.processes.ancestors(process);
    const shell = parent && processKey(parent);
    const started = { process, timeMs };
    if (isDownloader(process)) {
      if (shell === undefined || !writesToPipe(process)) return;
      const fetched = { by: process, timeMs };
      const reader = this.#readers.get(shell);
      if (reader !== undefined && timeMs - reader.timeMs <= PIPE_SWAP_MS) this.#tellPiped(reader, fetched);
      else this.#pipes.set(shell, fetched);
      return;
    }
    const isRunner = isShell(process) || isInterpreter(process);
    if (isRunner && shell !== undefined && readsScriptFromPipe(process)) {
      const fetched = this.#pipes.get(shell);
      if (fetched !== undefined && timeMs - fetched.timeMs <= PIPE_MS) {
        this.#tellPiped(started, fetched);
        return;
      }
      this.#readers.set(shell, started);
    }
    const path = isRunner ? scriptOf(process) : process.image;
    if (path === undefined) return;
    const fetched = this.#files.get(path);
    if (fetched !== undefined && timeMs - fetched.timeMs <= this.#context.settings.windowSeconds * 1_000) {
      this.#tellRun(started, fetched, path);
    } else this.#starts.note(path, started);
  }

  #tellPiped(started: Start, fetched: Fetched): void {
    const title = `${shownProgram(started.process)} ran what ${shownProgram(fetched.by)} fetched, without keeping it`;
    this.#tell(started, fetched, title, []);
  }

  #tellRun(started: Start, fetched: Fetched, path: string): void {
    this.#tell(started, fetched, `${shownPath(path)} was run after ${shownProgram(fetched.by)} fetched it`, [path]);
  }

  #tell({ process, timeMs }: Start, fetched: Fetched, title: string, files: readonly string[]): void {
    const lineage = this.#context.processes.ancestors(process);
    if (isInstalling(lineage)) return;
    const isHidden =
      files.some((path) => isInOpenFolder(path)) ||
      lineage.some((each) => !isOfTheSystem(each) && isInOpenFolder(each.image));
    this.#context.report(
      hostFinding(
        {
          detector: 'download-and-run',
          kind: 'execution',
          cause: `download-and-run/${processKey(process)}`,
          firstSeenMs: Math.min(fetched.timeMs, timeMs),
          lastSeenMs: timeMs,
          severity: isHidden ? 'high' : 'medium',
          confidence: isHidden ? 0.75 : 0.6,
          techniques: ['T1105', 'T1059.004'],
          title,
          explanation:
            'A program was fetched from the network and run at once, without anybody looking at it. Some makers tell people to install their software like that; intruders bring in theirs in the same way, most often into a folder for temporary files.',
          evidence: [
            { name: 'fetched by', value: shownCommand(fetched.by), meaning: 'Where it came from.' },
            {
              name: 'seconds until it ran',
              value: Math.max(0, Math.round((timeMs - fetched.timeMs) / 100) / 10),
              unit: 's',
              meaning: 'Between the download and the run.',
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

function shownCommand({ commandLine }: HostProcess): string {
  return shownPath(commandLine);
}

/** curl writes to its output unless told otherwise; wget does so with "-O -". */
function writesToPipe({ commandLine, arguments: words, standardStreams }: HostProcess): boolean {
  if (standardStreams?.output !== undefined) return standardStreams.output === 'pipe';
  const given = words ?? commandLine.slice(0, 8_192).split(' ');
  const isCurl = given[0]?.endsWith('curl') === true;
  if (isCurl)
    return !given.some(
      (word) => word === '-o' || word === '-O' || word === '--output' || word === '--remote-name' || word === '-I',
    );
  return given.some(
    (word, index) =>
      word === '-O-' || word === '-qO-' || ((word === '-O' || word === '-qO') && given[index + 1] === '-'),
  );
}

export const downloadAndRunBehaviour = defineBehaviour({
  id: 'download-and-run',
  kinds: ['execution'],
  summary: 'A program is fetched from the network and run at once.',
  techniques: ['T1105', 'T1059.004'],
  settings,
  events: ['process-start', 'file-created', 'file-written', 'file-renamed'],
  memoryBound: '4,096 files, 256 programs and twice 2,048 shells of 2 kB',
  create: (context) => new DownloadAndRunWatcher(context),
});
