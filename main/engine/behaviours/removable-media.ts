import type { HostEvent, HostProcessWithParents, MountChangeEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownPath, shownProgram } from './host-finding.ts';
import { isInterpreter, isShell } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  newSeconds: {
    type: 'number',
    default: 3_600,
    min: 1,
    max: 604_800,
    unit: 's',
    reason:
      'How long a drive counts as new after it was plugged in. People copy first and run later; malware does not wait.',
  },
  atOnceSeconds: {
    type: 'number',
    default: 20,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'What runs so soon after a drive appears was not chosen by a person who looked at what is on it.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_DRIVES = 64;
const MAX_DEVICES = 64;
/** A drive is mounted so soon after its device appeared. */
const MOUNT_MS = 120_000;
/** Where desktops mount what is plugged in. */
const REMOVABLE_FOLDERS = ['/media/', '/run/media/'];
/** And where people do. */
const MOUNT_FOLDERS = [...REMOVABLE_FOLDERS, '/mnt/'];
/** Mounts are looked for every few seconds: what was run first on a drive is heard of before it. */
const LATE_MS = 5_000;
const MAX_STARTS = 64;
const DISK = /^\/dev\/(?:sd|mmcblk|nvme|sr|mapper\/|dm-)/;

interface Drive {
  readonly mountedMs: number;
  readonly name: string | undefined;
}

interface Run {
  readonly process: HostProcessWithParents;
  /** The program, or the script that it reads. */
  readonly path: string;
  readonly timeMs: number;
}

/** A drive is plugged in, and something on it is run. */
class RemovableMediaWatcher implements Behaviour {
  readonly #context: Context;
  /** New devices that may hold files: when they appeared, and how they call themselves. */
  readonly #devices = new RecentMap<string, { readonly timeMs: number; readonly name: string | undefined }>(
    MAX_DEVICES,
  );
  #lastDevice: { readonly timeMs: number; readonly name: string | undefined } | undefined;
  /** By folder, with a slash at the end. */
  readonly #drives = new Map<string, Drive>();
  /** What was run where a drive may be mounted of which we have not heard yet; the oldest first. */
  #early: Run[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    switch (event.type) {
      case 'device-change':
        if (event.subsystem !== 'usb' && event.subsystem !== 'block') return;
        if (event.action === 'removed') this.#devices.delete(event.path);
        else {
          this.#lastDevice = { timeMs: event.timeMs, name: event.name ?? this.#recent(event.timeMs)?.name };
          this.#devices.set(event.path, this.#lastDevice);
        }
        return;
      case 'mount-change':
        this.#mount(event);
        return;
      case 'process-start':
        this.#start(event.process, event.timeMs);
    }
  }

  /** The device that appeared a moment ago: a drive is several of them, of which one has a name. */
  #recent(timeMs: number) {
    const last = this.#lastDevice;
    return last !== undefined && timeMs - last.timeMs <= MOUNT_MS ? last : undefined;
  }

  #mount({ action, path, source, timeMs }: MountChangeEvent): void {
    const folder = path.endsWith('/') ? path : `${path}/`;
    if (action === 'unmounted') {
      this.#drives.delete(folder);
      return;
    }
    if (folder === '/' || !DISK.test(source)) return;
    const device = this.#recent(timeMs);
    if (device === undefined && !REMOVABLE_FOLDERS.some((each) => folder.startsWith(each))) return;
    if (this.#drives.size >= MAX_DRIVES) {
      for (const oldest of this.#drives.keys()) {
        this.#drives.delete(oldest);
        break;
      }
    }
    const drive = { mountedMs: timeMs, name: device?.name };
    this.#drives.set(folder, drive);
    for (const run of this.#early) {
      if (timeMs - run.timeMs <= LATE_MS && run.path.startsWith(folder)) this.#tell(run, folder, drive);
    }
    this.#early = this.#early.filter((run) => timeMs - run.timeMs <= LATE_MS && !run.path.startsWith(folder));
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    const path = isShell(process) || isInterpreter(process) ? (scriptOf(process) ?? process.image) : process.image;
    const run = { process, path, timeMs };
    for (const [folder, drive] of this.#drives) {
      if (!path.startsWith(folder) || timeMs - drive.mountedMs > this.#context.settings.newSeconds * 1_000) continue;
      this.#tell(run, folder, drive);
      return;
    }
    if (!MOUNT_FOLDERS.some((folder) => path.startsWith(folder))) return;
    if (this.#early.length >= MAX_STARTS) this.#early.shift();
    this.#early.push(run);
  }

  #tell({ process, path, timeMs }: Run, folder: string, { mountedMs, name }: Drive): void {
    const seconds = Math.max(0, timeMs - mountedMs) / 1_000;
    const isAtOnce = seconds <= this.#context.settings.atOnceSeconds;
    this.#context.report(
      hostFinding(
        {
          detector: 'removable-media',
          kind: 'execution',
          cause: `removable-media/${folder}`,
          firstSeenMs: Math.min(mountedMs, timeMs),
          lastSeenMs: timeMs,
          severity: isAtOnce ? 'high' : 'medium',
          confidence: isAtOnce ? 0.75 : 0.55,
          techniques: ['T1091'],
          title: `${shownProgram({ ...process, image: path })} was run from a drive that was just plugged in`,
          explanation:
            'A drive was plugged in, and a program on it was run. Drives that somebody found or was given are a way to bring malware past every network. What was run here is known to nobody but whoever filled the drive.',
          evidence: [
            {
              name: 'seconds since it was plugged in',
              value: Math.round(seconds * 10) / 10,
              unit: 's',
              meaning: isAtOnce
                ? 'Too soon for somebody who looks at what is there.'
                : 'Between the drive and the run.',
            },
            ...(name === undefined
              ? []
              : [{ name: 'drive', value: plainText(name, 80), meaning: 'How it calls itself.' }]),
            { name: 'place', value: shownPath(path), meaning: 'What was run.' },
          ],
          process,
          files: [path],
        },
        this.#context.processes,
      ),
    );
  }
}

function scriptOf({ arguments: words, commandLine }: HostProcessWithParents): string | undefined {
  const given = words ?? commandLine.slice(0, 8_192).split(' ', 8);
  const script = given.slice(1, 8).find((word) => !word.startsWith('-'));
  return script?.startsWith('/') === true ? script : undefined;
}

export const removableMediaBehaviour = defineBehaviour({
  id: 'removable-media',
  kinds: ['execution'],
  summary: 'A drive is plugged in, and a program on it is run.',
  techniques: ['T1091'],
  settings,
  events: ['device-change', 'mount-change', 'process-start'],
  memoryBound: '64 drives and 64 devices of 500 B, 64 programs of 2 kB',
  create: (context) => new RemovableMediaWatcher(context),
});
