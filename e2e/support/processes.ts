/** Which processes there are, from /proc (man 5 proc). */
import { readdirSync, readFileSync } from 'node:fs';

/** The parent and the state of a process; undefined when it is gone. */
function stat(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything: the fields are counted after its end.
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  const found = stat(pid);
  return found !== undefined && found.state !== 'Z';
}

/** The children of a process, or those with this program name. */
export function childrenOf(pid: number, name?: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((child) => stat(child)?.parent === pid && (name === undefined || nameOf(child) === name));
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The helpers that a program keeps running in one mode: "capture", "processes". */
export function helpersOf(pid: number, mode: string): number[] {
  return childrenOf(pid, 'sense').filter((helper) => {
    try {
      return readFileSync(`/proc/${helper}/cmdline`, 'latin1').split('\0')[1] === mode;
    } catch {
      return false;
    }
  });
}
