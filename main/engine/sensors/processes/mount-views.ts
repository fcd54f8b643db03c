/**
 * What a process means by a path: programs in containers, and services with folders of their own, see other file systems
 * than this thread does (mount_namespaces(7)), and a path of theirs names another file here, or none.
 */
import { readFileSync, statSync } from 'node:fs';
import { type LocalFiles, localFiles } from '../../runtime/local-files.ts';
import { MountTree, parseMountinfo } from '../../runtime/mountinfo.ts';

/** Namespaces whose mounts are remembered: a host of containers has some hundred, a desktop some twenty. */
const MAX_VIEWS = 256;
/** What is mounted in one of them changes while it begins, program by program, and hardly ever after. */
const YOUNG_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;

export interface MountViewsOptions {
  readonly files?: LocalFiles;
  monotonicMs?(): number;
  /** For tests: another folder than /proc. */
  readonly folder?: string;
  /** For tests: number of the namespace of a process in that folder; undefined where there is none. */
  readonly readNamespace?: (path: string) => number | undefined;
}

/** Whose file a path of a process is. */
export type PathOwner =
  /** The same as here. */
  | 'here'
  /** Another one, on a file system of this computer. */
  | 'elsewhere'
  /** Another one that is not to be touched: others serve it, or nobody knows who does. */
  | 'unreachable';

interface View {
  readonly text: string;
  readonly tree: MountTree;
  readonly changedMs: number;
  readMs: number;
}

export class MountViews {
  readonly #folder: string;
  readonly #files: LocalFiles;
  readonly #monotonicMs: () => number;
  readonly #readNamespace: (path: string) => number | undefined;
  readonly #own: number | undefined;
  /** By namespace. */
  readonly #views = new Map<number, View>();

  constructor(options: MountViewsOptions = {}) {
    this.#folder = options.folder ?? '/proc';
    this.#files = options.files ?? localFiles;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#readNamespace = options.readNamespace ?? inodeOf;
    this.#own = this.#read('self');
  }

  /** Number of a process's namespace; undefined where the process is gone. */
  namespaceOf(pid: number): number | undefined {
    return this.#read(String(pid));
  }

  /** Whose file `path` is to a process in this namespace. */
  ownerOf(path: string, pid: number, namespace: number | undefined): PathOwner {
    // What lived too shortly to be asked is taken for what most are.
    if (namespace === undefined || namespace === this.#own) return 'here';
    const tree = this.#viewOf(namespace, pid);
    const theirs = tree?.placeOf(path);
    if (tree === undefined || theirs === undefined) return 'unreachable';
    if (theirs === this.#files.placeOf(path)) return 'here';
    return tree.isForeign(path) ? 'unreachable' : 'elsewhere';
  }

  #viewOf(namespace: number, pid: number): MountTree | undefined {
    const known = this.#views.get(namespace);
    const nowMs = this.#monotonicMs();
    const isYoung = known === undefined || nowMs - known.changedMs < YOUNG_MS;
    if (!isYoung && nowMs - known.readMs < LOOK_AGAIN_MS) return known.tree;
    try {
      const text = readFileSync(`${this.#folder}/${pid}/mountinfo`, 'utf8');
      // The number may be another process's by now.
      if (this.namespaceOf(pid) !== namespace) return known?.tree;
      if (text === known?.text) {
        known.readMs = nowMs;
        return known.tree;
      }
      const tree = new MountTree(parseMountinfo(text));
      this.#views.delete(namespace);
      if (this.#views.size >= MAX_VIEWS) {
        const oldest = this.#views.keys().next();
        if (!oldest.done) this.#views.delete(oldest.value);
      }
      this.#views.set(namespace, { text, tree, changedMs: nowMs, readMs: nowMs });
      return tree;
    } catch {
      // It ended.
      return known?.tree;
    }
  }

  #read(pid: string): number | undefined {
    try {
      return this.#readNamespace(`${this.#folder}/${pid}/ns/mnt`);
    } catch {
      return undefined;
    }
  }
}

/**
 * The number of a namespace is the inode of what the link in /proc leads to. Asked for so, most of those that lived too
 * shortly are answered without an exception, which would cost ten times the look.
 */
function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
