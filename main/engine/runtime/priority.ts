import { setPriority } from 'node:os';

/**
 * Gives the calling thread another nice value: on Linux each has its own, and what it starts from then on inherits it
 * (setpriority(2), "C library/kernel differences").
 *
 * @param nice -20 (first of all) to 19 (last of all); below what it is now only with rights
 * @param thread number of another thread of this process
 * @returns false where the system refuses it, such as a sandbox: then all goes on as it was
 */
export function setNice(nice: number, thread = 0): boolean {
  try {
    setPriority(thread, nice);
    return true;
  } catch {
    return false;
  }
}

/** Work that nobody waits for: lower than all other work, but not the lowest, which a busy computer would not let run. */
export const BACKGROUND_NICE = 10;
