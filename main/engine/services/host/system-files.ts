/** Folders that only root may write into: what lies there a package or the administrator put there. */
export const SYSTEM_FOLDERS: readonly string[] = ['/usr/', '/bin/', '/sbin/', '/lib/', '/lib64/', '/opt/', '/snap/'];
/** Below those, but for the administrator's own programs, or for everybody to write. */
export const NOT_OF_THE_SYSTEM: readonly string[] = ['/usr/local/', '/usr/tmp/'];
const OTHERS_MAY_WRITE = 0o022;

/** Whether a file is the system's own, and nobody but root may change it. */
export function isSystemFile(path: string, uid: number | undefined, mode: number | undefined): boolean {
  if (uid !== 0 || mode === undefined || (mode & OTHERS_MAY_WRITE) !== 0) return false;
  return (
    SYSTEM_FOLDERS.some((folder) => path.startsWith(folder)) &&
    !NOT_OF_THE_SYSTEM.some((folder) => path.startsWith(folder))
  );
}
