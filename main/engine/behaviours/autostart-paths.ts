/** Which files start programs without anybody asking, by their paths, and what stands behind a home directory. */
import { type AutostartRow, homeRowOf, systemRowOf } from '../runtime/autostart/index.ts';

/** The row of the place that a file belongs to; undefined for every other file. */
export function autostartRow(path: string): AutostartRow | undefined {
  const home = afterHome(path);
  if (home !== undefined) return homeRowOf(home);
  // Where /lib is a link to /usr/lib, programs may still name files by it.
  return systemRowOf(path.startsWith('/lib/') || path.startsWith('/lib64/') ? `/usr${path}` : path);
}

/** What stands behind "/home/anna/" or "/root/". */
export function afterHome(path: string): string | undefined {
  if (path.startsWith('/root/')) return path.slice('/root/'.length);
  if (!path.startsWith('/home/')) return undefined;
  const end = path.indexOf('/', '/home/'.length);
  return end === -1 ? undefined : path.slice(end + 1);
}
