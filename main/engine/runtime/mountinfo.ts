/** /proc/PID/mountinfo (proc_pid_mountinfo(5)), and which way a path goes through what is mounted. Pure. */

export interface Mount {
  /** Unique while it is mounted. */
  readonly id: number;
  /** The mount that it is mounted on. */
  readonly parentId: number;
  /** "8:1": of the file system. */
  readonly device: string;
  /** The folder of the file system that is seen at `path`. */
  readonly root: string;
  readonly source: string;
  readonly path: string;
  readonly fileSystem: string;
  /** Of the mount: "ro,nosuid,nodev". */
  readonly options: string;
}

/** Hosts with many containers have some thousand. */
const MAX_MOUNTS = 8_192;
const MAX_TEXT = 4_096;
/** File systems that others serve: looking into them can hang, or show what a stranger made up. */
const FOREIGN = /^(?:nfs\d?|cifs|smb\d?|smbfs|afs|ceph|glusterfs|9p|fuse(?:blk)?(?:\..*)?|autofs|sshfs|davfs)$/;

export function parseMountinfo(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n', MAX_MOUNTS)) {
    const fields = line.split(' ', MAX_FIELDS);
    // Fields without number stand between the sixth and a dash.
    const dash = fields.indexOf('-', FIXED_FIELDS);
    const id = Number(fields[0]);
    if (dash === -1 || !Number.isInteger(id) || fields[4] === undefined) continue;
    mounts.push({
      id,
      parentId: Number(fields[1]),
      device: fields[2] ?? '',
      root: unescapeMount(fields[3] ?? ''),
      path: unescapeMount(fields[4]),
      options: (fields[5] ?? '').slice(0, MAX_TEXT),
      fileSystem: (fields[dash + 1] ?? '').slice(0, MAX_TEXT),
      source: unescapeMount(fields[dash + 2] ?? ''),
    });
  }
  return mounts;
}

const FIXED_FIELDS = 6;
const MAX_FIELDS = 32;

/** Spaces, tabs, line ends and backslashes stand as three octal digits. */
function unescapeMount(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\\([0-3][0-7]{2})/g, (_all, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 8));
  });
}

/** Whether others than this computer's kernel answer what is in it. */
export function isForeign(fileSystem: string): boolean {
  return FOREIGN.test(fileSystem);
}

/** What is mounted on what: of several mounts at one place the kernel goes into the last. */
export class MountTree {
  readonly #root: Mount | undefined;
  readonly #byId: ReadonlyMap<number, Mount>;
  /** By the number of the mount below, and the place. */
  readonly #on = new Map<string, Mount>();
  /** Few on most computers: a path that is below none of them needs no further look. */
  readonly #foreign: readonly string[];

  constructor(mounts: readonly Mount[]) {
    const ids = new Map(mounts.map((mount) => [mount.id, mount]));
    this.#byId = ids;
    for (const mount of mounts) {
      if (ids.has(mount.parentId) && mount.parentId !== mount.id)
        this.#on.set(keyOf(mount.parentId, mount.path), mount);
    }
    const root = mounts.find(({ path, parentId, id }) => path === '/' && (!ids.has(parentId) || parentId === id));
    this.#root = root && this.#top(root, '/');
    this.#foreign = mounts.filter(({ fileSystem }) => isForeign(fileSystem)).map(({ path }) => path);
  }

  mountOf(id: number): Mount | undefined {
    return this.#byId.get(id);
  }

  /** The mount that a path without links lies on, and those that it goes through, the nearest last. */
  wayTo(path: string): readonly Mount[] {
    if (this.#root === undefined) return [];
    const way = [this.#root];
    let at = this.#root;
    for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      const next = this.#top(at, end === -1 ? path : path.slice(0, end));
      if (next !== at) way.push(next);
      at = next;
      if (end === -1) return way;
    }
  }

  /**
   * Whether others answer on the way to a path. What "/" is mounted from does not count: where it hangs, all does. Nor
   * does an automounter's folder in which something is mounted already.
   */
  isForeign(path: string): boolean {
    if (!this.#foreign.some((place) => path.startsWith(place))) return false;
    return this.wayTo(path).some(
      ({ fileSystem, path: place }, index, way) =>
        place !== '/' && isForeign(fileSystem) && (fileSystem !== AUTOMOUNTER || index === way.length - 1),
    );
  }

  /** Where a path lies, whatever it is called by others: file system, and the path in it. Undefined: not known. */
  placeOf(path: string): string | undefined {
    const mount = this.wayTo(path).at(-1);
    if (mount === undefined) return undefined;
    const rest = mount.path === '/' ? path : path.slice(mount.path.length);
    return `${mount.device} ${mount.root === '/' ? '' : mount.root}${rest}`;
  }

  #top(below: Mount, path: string): Mount {
    let at = below;
    // A mount has a larger tree below it at every step: there is no way round in a circle but a made-up table.
    for (let left = MAX_STACKED; left > 0; left--) {
      const next = this.#on.get(keyOf(at.id, path));
      if (next === undefined) return at;
      at = next;
    }
    return at;
  }
}

const AUTOMOUNTER = 'autofs';
const MAX_STACKED = 64;

function keyOf(id: number, path: string): string {
  return `${id} ${path}`;
}
