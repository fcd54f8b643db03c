import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { RecentMap } from '../../behaviours/index.ts';

/** Where accounts stand (passwd(5), group(5), shadow(5)); all of them together tell who changed one. */
const ACCOUNT_FILES: readonly string[] = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'];
/** What starts by itself lies below these; writes elsewhere are too many to remember. */
const FOLDERS: readonly string[] = [
  ...['/etc/', '/var/spool/', '/usr/lib/', '/usr/lib64/', '/usr/local/', '/lib/', '/lib64/'],
  ...['/usr/share/dbus-1/', '/usr/share/polkit-1/', '/usr/share/git-core/'],
];
const HOMES: readonly string[] = ['/home/', '/root/'];
const MAX_FILES = 1_024;
/** A change is told once its file was read again, which takes some seconds at most. */
const MAX_AGE_MS = 30_000;
/** Times of two sensors differ by this at the most. */
const SLACK_MS = 1_000;

interface Writer {
  readonly process: HostProcessWithParents;
  readonly timeMs: number;
}

/**
 * Who wrote the files that say what changed in the system: whoever compares two states of a file knows what changed and
 * not who did it. Bounded: the last writers of MAX_FILES files.
 */
export class FileWriters {
  readonly #writers = new RecentMap<string, Writer>(MAX_FILES);

  /** To be told of every event, in the order of their times. */
  event(event: HostEvent): void {
    if (event.type !== 'file-written' && event.type !== 'file-created' && event.type !== 'file-renamed') return;
    const { process, path, timeMs } = event;
    if (process === undefined || !isOfInterest(path)) return;
    this.#writers.set(path, { process, timeMs });
  }

  /** The event with whoever wrote its file last, where its sensor does not say who did it. */
  attach(event: HostEvent): HostEvent {
    if (event.type !== 'account-change' && event.type !== 'autostart-change') return event;
    if (event.process !== undefined) return event;
    const process = this.#latest(event.type === 'account-change' ? ACCOUNT_FILES : [event.path], event.timeMs);
    return process === undefined ? event : { ...event, process };
  }

  #latest(paths: readonly string[], timeMs: number): HostProcessWithParents | undefined {
    let latest: Writer | undefined;
    for (const path of paths) {
      const writer = this.#writers.get(path);
      if (writer === undefined || timeMs - writer.timeMs > MAX_AGE_MS || writer.timeMs - timeMs > SLACK_MS) continue;
      if (latest === undefined || writer.timeMs > latest.timeMs) latest = writer;
    }
    return latest?.process;
  }
}

function isOfInterest(path: string): boolean {
  return (
    FOLDERS.some((folder) => path.startsWith(folder)) ||
    (path.includes('/.') && HOMES.some((home) => path.startsWith(home)))
  );
}
