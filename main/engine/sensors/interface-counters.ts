/** What the kernel counts of the network interfaces, and the addresses they have, in a process's network namespace. */
import { readKernelText } from '../runtime/kernel-text.ts';
import { parseFibTrie, parseIfInet6 } from './host-network.ts';

/** Totals since the interface was made, on the wire. */
export interface InterfaceCounters {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Where in a line of /proc/net/dev (man 5 proc_pid_net) the bytes stand, behind the name. */
const RECEIVED_COLUMN = 0;
const SENT_COLUMN = 8;

/**
 * By the name of the interface.
 * @param pid whose namespace it is: the capture helper sees other interfaces when it runs in one of its own.
 *   Ours when it is left out.
 */
export function readInterfaceCounters(pid?: number): Map<string, InterfaceCounters> {
  return parseInterfaceCounters(readNetFile(pid, 'dev'));
}

export function parseInterfaceCounters(content: string): Map<string, InterfaceCounters> {
  const found = new Map<string, InterfaceCounters>();
  for (const line of content.split('\n')) {
    // A name holds no white space, but it may hold colons: the last one ends it.
    const match = /^\s*(\S+):\s*(\d[\d\s]*)$/.exec(line);
    if (match === null) continue;
    const numbers = match[2].trim().split(/\s+/).map(Number);
    if (numbers.length <= SENT_COLUMN) continue;
    found.set(match[1], { receivedBytes: numbers[RECEIVED_COLUMN], sentBytes: numbers[SENT_COLUMN] });
  }
  return found;
}

/** Every address of the computer, loopback included, as the process sees it; see `readInterfaceCounters`. */
export function readOwnAddresses(pid?: number): Set<string> {
  return new Set([...parseFibTrie(readNetFile(pid, 'fib_trie')), ...parseIfInet6(readNetFile(pid, 'if_inet6'))]);
}

function readNetFile(pid: number | undefined, name: string): string {
  try {
    return readKernelText(`/proc/${pid ?? 'self'}/net/${name}`);
  } catch {
    // The process has ended, or the kernel has no IPv6: nothing is known from it.
    return '';
  }
}
