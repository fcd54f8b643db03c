import type { FileWrittenEvent, HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownPath, shownProgram } from './host-finding.ts';
import { isInstalling } from './programs.ts';
import {
  type Change,
  endingOf,
  isDocument,
  isNote,
  isScrambled,
  originalOf,
  withoutEnding,
} from './ransomware-files.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  files: {
    type: 'number',
    default: 12,
    min: 3,
    max: 1_000,
    integer: true,
    unit: 'files',
    reason:
      'So many documents changed into one new ending tell ransomware from somebody who renames a few; it is stopped before it has 20.',
  },
  windowSeconds: {
    type: 'number',
    default: 60,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'Ransomware takes many files a second; slow kinds still take these within a minute.',
  },
  canaries: {
    type: 'list',
    default: [],
    reason:
      'Paths of files of your own that nobody uses: whoever changes one of them is after all files. Besides those that Holdfast lays out itself where the setting canaries.enabled lets it.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_PROCESSES = 1_024;
/** Files noted of one process; the verdict needs fewer. */
const MAX_FILES = 256;
/** Once told, the numbers are brought up to date with so many files more. */
const REPORT_EVERY = 16;
/** Folders in which one note after the other is written. */
const LEAST_NOTE_FOLDERS = 3;

interface Tally {
  sinceMs: number;
  readonly firstSeenMs: number;
  /** Documents written or removed since, by path. */
  readonly documents: Set<string>;
  /** Documents whose content is no longer what their names say, but random, by path. */
  readonly scrambled: Set<string>;
  /** Changed into a new ending: the new names. */
  readonly endings: Map<string, string[]>;
  /** Folders with a note, by the name of the note. */
  readonly notes: Map<string, Set<string>>;
}

/** One program makes document after document unreadable. */
class RansomwareWatcher implements Behaviour {
  readonly #context: Context;
  readonly #tallies = new RecentMap<string, Tally>(MAX_PROCESSES);
  readonly #canaries: ReadonlySet<string>;

  constructor(context: Context) {
    this.#context = context;
    this.#canaries = new Set(context.settings.canaries);
  }

  event(event: HostEvent): void {
    if (
      event.type !== 'file-created' &&
      event.type !== 'file-written' &&
      event.type !== 'file-renamed' &&
      event.type !== 'file-deleted'
    )
      return;
    const { process } = event;
    if (process === undefined || event.file?.kind === 'directory') return;
    const canary = this.#isCanary(event.path)
      ? event.path
      : event.type === 'file-renamed' && this.#isCanary(event.previousPath)
        ? event.previousPath
        : undefined;
    const tally = this.#tallyOf(process, event.timeMs);
    if (canary !== undefined && event.type !== 'file-created')
      this.#tell(process, event.timeMs, tally, `changed the canary ${shownPath(canary)}`, [canary], 0.95);
    const ending = endingOf(event.path);
    this.#noteName(tally, event, ending);
    if (event.type === 'file-written' || event.type === 'file-deleted') {
      if (isDocument(ending) && tally.documents.size < MAX_FILES) tally.documents.add(event.path);
    }
    if (event.type === 'file-written') this.#content(process, event, tally, ending);
    const original = originalOf(event, ending);
    if (original === undefined) return;
    // A renamed document is its original; a new file beside one counts once that was written over or removed.
    const files = tally.endings.get(ending) ?? [];
    if (files.length >= MAX_FILES || files.includes(event.path)) return;
    files.push(event.path);
    if (tally.endings.size < MAX_ENDINGS || tally.endings.has(ending)) tally.endings.set(ending, files);
    this.#judge(process, event, tally, ending, files);
  }

  #isCanary(path: string): boolean {
    return this.#canaries.has(path) || this.#context.isCanary?.(path) === true;
  }

  #judge(
    process: HostProcessWithParents,
    { timeMs, type }: Change,
    tally: Tally,
    ending: string,
    files: readonly string[],
  ): void {
    const { files: least } = this.#context.settings;
    const hasNotes = [...tally.notes.values()].some((folders) => folders.size > 0);
    const needed = hasNotes ? Math.ceil(least / 2) : least;
    if (files.length < needed || (files.length > needed && files.length % REPORT_EVERY !== 0)) return;
    // Copies in another form are made beside the originals; ransomware takes these away.
    const isTaken =
      type === 'file-renamed' ||
      files.filter((path) => tally.documents.has(withoutEnding(path))).length * 2 >= files.length;
    if (!isTaken || isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    const shown = plainText(ending, 40);
    this.#tell(
      process,
      timeMs,
      tally,
      `changed ${files.length} documents into ".${shown}"`,
      files,
      hasNotes ? 0.97 : 0.9,
    );
  }

  /** Rewritten under its own name: what stands in it then cannot be what the name says. */
  #content(
    process: HostProcessWithParents,
    { path, file, timeMs }: FileWrittenEvent,
    tally: Tally,
    ending: string,
  ): void {
    if (file === undefined || !isScrambled(file, ending)) return;
    const { scrambled } = tally;
    if (scrambled.size >= MAX_FILES || scrambled.has(path)) return;
    scrambled.add(path);
    const { files: least } = this.#context.settings;
    const needed = tally.notes.size > 0 ? Math.ceil(least / 2) : least;
    if (scrambled.size < needed || (scrambled.size > needed && scrambled.size % REPORT_EVERY !== 0)) return;
    if (isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    const what = `made ${scrambled.size} documents unreadable`;
    this.#tell(process, timeMs, tally, what, [...scrambled], tally.notes.size > 0 ? 0.97 : 0.9, file.entropy);
  }

  #noteName(tally: Tally, { type, path }: Change, ending: string): void {
    if (type !== 'file-written' && type !== 'file-created') return;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1).toLowerCase();
    if (!isNote(name, ending)) return;
    const folders = tally.notes.get(name) ?? new Set();
    if (folders.size < LEAST_NOTE_FOLDERS) folders.add(path.slice(0, slash));
    if (tally.notes.size < MAX_ENDINGS) tally.notes.set(name, folders);
  }

  #tallyOf(process: HostProcessWithParents, timeMs: number): Tally {
    const key = processKey(process);
    const known = this.#tallies.get(key);
    if (known !== undefined && timeMs - known.sinceMs <= this.#context.settings.windowSeconds * 1_000) return known;
    const tally = {
      sinceMs: timeMs,
      firstSeenMs: known?.firstSeenMs ?? timeMs,
      documents: new Set<string>(),
      scrambled: new Set<string>(),
      endings: new Map(),
      notes: known?.notes ?? new Map(),
    };
    this.#tallies.set(key, tally);
    return tally;
  }

  #tell(
    process: HostProcessWithParents,
    timeMs: number,
    tally: Tally,
    what: string,
    files: readonly string[],
    confidence: number,
    entropy?: number,
  ): void {
    const notes = [...tally.notes.keys()];
    this.#context.report(
      hostFinding(
        {
          detector: 'ransomware',
          kind: 'ransomware',
          cause: `ransomware/${processKey(process)}`,
          firstSeenMs: tally.firstSeenMs,
          lastSeenMs: timeMs,
          severity: 'critical',
          confidence,
          techniques: ['T1486'],
          title: `${shownProgram(process)} ${what}`,
          explanation:
            'One program goes through the documents of this computer and replaces what is in them by something that cannot be read, or by files with another name. That is how ransomware asks for money. Programs that convert or compress files leave the originals, or use an ending that is known.',
          evidence: [
            {
              name: 'files',
              value: files.length,
              unit: 'files',
              usual: '0',
              meaning: 'Documents that were changed in this way.',
            },
            ...(entropy === undefined
              ? []
              : [
                  {
                    name: 'randomness',
                    value: Math.round(entropy * 100) / 100,
                    unit: 'bits/byte',
                    usual: '3–6 in texts',
                    usualRange: { low: 3, high: 6 },
                    meaning: 'Of what was written last: 8 is what encryption makes, and nothing that can be read.',
                  },
                ]),
            ...(notes.length === 0
              ? []
              : [
                  {
                    name: 'note',
                    value: plainText(notes[0] ?? '', 80),
                    meaning: 'A file named like a demand for money.',
                  },
                ]),
          ],
          process,
          files,
        },
        this.#context.processes,
      ),
    );
  }
}

/** New endings and names of notes of one program; ransomware has one, or one for each file and a note. */
const MAX_ENDINGS = 64;

export const ransomwareBehaviour = defineBehaviour({
  id: 'ransomware',
  kinds: ['ransomware'],
  summary: 'One program makes document after document unreadable or renames them, or touches a file that nobody uses.',
  techniques: ['T1486'],
  settings,
  events: ['file-created', 'file-written', 'file-renamed', 'file-deleted'],
  memoryBound: '1,024 programs of up to 768 paths',
  create: (context) => new RansomwareWatcher(context),
});
