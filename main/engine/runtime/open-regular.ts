/** Opens files that others may exchange at any moment, without ever opening anything but a regular file. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** Names a file without opening it (open(2)); Node has no name for it. The same on every architecture Node runs on. */
const O_PATH = 0o10000000;
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * A descriptor to read from. Opening a device does something by itself (a watchdog that is opened and closed restarts
 * the computer), and whoever owns a folder on the way can lead there between a look and an opening: so it is held
 * first, looked at, and what is held is opened.
 *
 * @throws what the kernel says; an Error where it is no regular file
 */
export function openRegularFile(path: string | Buffer, followsLinks = false): number {
  const held = openSync(path, O_PATH | (followsLinks ? 0 : constants.O_NOFOLLOW));
  try {
    if (!fstatSync(held).isFile()) throw new Error('it is no regular file');
    return openSync(`/proc/self/fd/${held}`, READ_FLAGS);
  } finally {
    closeSync(held);
  }
}
