import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isInstalling, isInterpreter, isShell, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';
import { RecentStarts, type Start } from './recent-starts.ts';
import { readsScriptFromPipe, scriptOf } from './scripts.ts';

const settings = {
  windowSeconds: {
    type: 'number',
    default: 300,
    min: 1,
    max: 86_400,
    unit: 's',
    reason: 'What is run so soon after it was unpacked or written was made to be run; scripts take less than a second.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_FILES = 4_096;
const MAX_PARENTS = 2_048;
/** Both ends of a pipe are started by one shell within this. */
const PIPE_MS = 2_000;

/** Tools that turn text or an encrypted file back into what it was, and what of their words says so. */
const DECODERS: Readonly<Record<string, (words: readonly string[]) => boolean>> = {
  base64: (words) => words.some((word) => ['-d', '-D', '-di', '--decode'].includes(word)),
  base32: (words) => words.some((word) => word === '-d' || word === '--decode'),
  basenc: (words) => words.some((word) => word === '-d' || word === '--decode'),
  xxd: (words) => words.some((word) => word === '-r' || word === '-rp'),
  openssl: (words) => words.includes('-d'),
  gpg: (words) => words.some((word) => word === '-d' || word === '--decrypt'),
  uudecode: () => true,
  unzip: (words) => words.some((word) => word.startsWith('-P')),
  '7z': isOpenedWithPassword,
  '7za': isOpenedWithPassword,
  unrar: isOpenedWithPassword,
};

function isOpenedWithPassword(words: readonly string[]): boolean {
  return (words[1] === 'x' || words[1] === 'e') && words.some((word) => word.startsWith('-p') && word.length > 2);
}

/** Looked at of a command line. */
const MAX_COMMAND = 4_096;
/** Writers of what is run next: a shell by its redirections, and tools that copy or fetch nothing themselves. */
const WRITERS = new Set([
  'tee',
  'cp',
  'mv',
  'dd',
  'install',
  'mktemp',
  'touch',
  'echo',
  'printf',
  'cat',
  'ed',
  'unzip',
]);

interface Written {
  readonly by: HostProcessWithParents;
  readonly timeMs: number;
  /** What was decoded just before, below the same shell. */
  readonly decoder: HostProcess | undefined;
}

interface Decoded {
  readonly process: HostProcess;
  readonly timeMs: number;
}

/** Something is decoded, unpacked with a password or just written to a folder for temporary files, and run at once. */
class DecodeAndRunWatcher implements Behaviour {
  readonly #context: Context;
  /** Decoders, by themselves and by the shell that started them. */
  readonly #decoders = new RecentMap<string, Decoded>(MAX_PARENTS);
  readonly #files = new RecentMap<string, Written>(MAX_FILES);
  readonly #starts = new RecentStarts();

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'file-written' || event.type === 'file-created') {
      if (event.process !== undefined && event.file?.kind !== 'symlink')
        this.#write(event.process, event.path, event.timeMs);
    } else if (event.type === 'process-start') this.#start(event.process, event.timeMs);
  }

  #write(process: HostProcessWithParents, path: string, timeMs: number): void {
    const decoder = this.#decoderOf(process, timeMs, this.#context.settings.windowSeconds * 1_000);
    const isKnown = decoder !== undefined || this.#files.get(path)?.decoder !== undefined;
    const isPlain = isDirectlyInOpenFolder(path) && (isShell(process) || WRITERS.has(programName(process.image)));
    if (!isKnown && !isPlain) return;
    const written = { by: process, timeMs, decoder: decoder ?? this.#files.get(path)?.decoder };
    this.#files.set(path, written);
    const writers = [process, ...this.#context.processes.ancestors(process)];
    const start = this.#starts.takeLate(path, timeMs, writers);
    if (start !== undefined) this.#tellRun(start, written, path);
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    const [parent] = this.#context.processes.ancestors(process);
    if (isDecoder(process)) {
      const decoded = { process, timeMs };
      this.#decoders.set(processKey(process), decoded);
      if (parent !== undefined) this.#decoders.set(processKey(parent), decoded);
      return;
    }
    const isRunner = isShell(process) || isInterpreter(process);
    if (isRunner && parent !== undefined && readsScriptFromPipe(process)) {
      const decoded = this.#decoders.get(processKey(parent));
      if (decoded !== undefined && timeMs - decoded.timeMs <= PIPE_MS && decoded.process.pid !== process.pid) {
        const title = `${shownProgram(process)} ran what ${shownProgram(decoded.process)} decoded`;
        this.#tell(process, timeMs, decoded.timeMs, title, decoded.process, [], 'high');
        return;
      }
    }
    const path = isRunner ? scriptOf(process) : process.image;
    if (path === undefined) return;
    const written = this.#files.get(path);
    if (written !== undefined && timeMs - written.timeMs <= this.#context.settings.windowSeconds * 1_000) {
      this.#tellRun({ process, timeMs }, written, path);
    } else this.#starts.note(path, { process, timeMs });
  }

  #tellRun({ process, timeMs }: Start, { by, decoder, timeMs: writtenMs }: Written, path: string): void {
    const how = decoder === undefined ? `${shownProgram(by)} wrote it` : `${shownProgram(decoder)} decoded it`;
    const title = `${shownPath(path)} was run after ${how}`;
    const sinceMs = Math.min(writtenMs, timeMs);
    this.#tell(process, timeMs, sinceMs, title, decoder, [path], decoder === undefined ? 'low' : 'medium');
  }

  /** The decoder that wrote this itself, or whose output the shell above it sent here. */
  #decoderOf(process: HostProcessWithParents, timeMs: number, windowMs: number): HostProcess | undefined {
    for (const each of [process, process.parent ?? this.#context.processes.ancestors(process)[0]]) {
      if (each === undefined) continue;
      const decoded = this.#decoders.get(processKey(each));
      if (decoded !== undefined && timeMs - decoded.timeMs <= windowMs) return decoded.process;
    }
    return undefined;
  }

  #tell(
    process: HostProcessWithParents,
    timeMs: number,
    sinceMs: number,
    title: string,
    decoder: HostProcess | undefined,
    files: readonly string[],
    severity: Severity,
  ): void {
    if (isInstalling(this.#context.processes.ancestors(process))) return;
    const isDecoded = decoder !== undefined;
    this.#context.report(
      hostFinding(
        {
          detector: 'decode-and-run',
          kind: isDecoded ? 'defence-evasion' : 'execution',
          cause: `decode-and-run/${files[0] ?? processKey(process)}`,
          firstSeenMs: sinceMs,
          lastSeenMs: timeMs,
          severity,
          confidence: severity === 'high' ? 0.8 : isDecoded ? 0.7 : 0.4,
          techniques: isDecoded ? ['T1140', 'T1027.013', 'T1059.004'] : ['T1059.004'],
          title,
          explanation: isDecoded
            ? 'Something was turned back from text or from an encrypted file into a program, and run at once. As text it passes whatever looks for programs; that is why intruders bring theirs in like that. Some installers do so too.'
            : 'A program was written into a folder for temporary files and run at once. Installers and tools of developers do so, and so do intruders, who have nowhere else to write.',
          evidence: [
            ...(decoder === undefined
              ? []
              : [{ name: 'decoded by', value: shownPath(decoder.commandLine), meaning: 'What turned it back.' }]),
            {
              name: 'seconds until it ran',
              value: Math.max(0, Math.round((timeMs - sinceMs) / 100) / 10),
              unit: 's',
              meaning: 'Between making it and running it.',
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

function isDecoder({ image, commandLine }: HostProcess): boolean {
  const name = programName(image);
  const full = image.slice(image.lastIndexOf('/') + 1).toLowerCase();
  const key = Object.hasOwn(DECODERS, full) ? full : name;
  return Object.hasOwn(DECODERS, key) && DECODERS[key](commandLine.slice(0, MAX_COMMAND).split(' '));
}

/** "/tmp/x.sh", and not what a build makes in a folder of its own there. */
function isDirectlyInOpenFolder(path: string): boolean {
  return (
    isInOpenFolder(path) && isInOpenFolder(`${path.slice(0, path.lastIndexOf('/'))}/`) && path.split('/').length <= 4
  );
}

export const decodeAndRunBehaviour = defineBehaviour({
  id: 'decode-and-run',
  kinds: ['defence-evasion', 'execution'],
  summary:
    'Something is decoded, unpacked with a password or written to a folder for temporary files, and run at once.',
  techniques: ['T1140', 'T1027.013', 'T1059.004'],
  settings,
  events: ['process-start', 'file-written', 'file-created'],
  memoryBound: '4,096 files, 256 programs and 2,048 shells of 4 kB',
  create: (context) => new DecodeAndRunWatcher(context),
});
