/** /proc/PID/mountinfo (proc_pid_mountinfo(5)). Pure. */

export interface Mount {
  /** Unique while it is mounted. */
  readonly id: number;
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

/** Whether a path lies on a file system that others serve. */
export function isOnForeign(path: string, mounts: readonly Mount[]): boolean {
  let nearest: Mount | undefined;
  for (const mount of mounts) {
    const isAbove = mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`);
    if (isAbove && (nearest === undefined || mount.path.length >= nearest.path.length)) nearest = mount;
  }
  return nearest !== undefined && isForeign(nearest.fileSystem);
}
