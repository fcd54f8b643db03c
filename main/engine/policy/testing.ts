/** For tests of policy and actions: processes without a computer. */
import type { LivingProcess, ProcessTable } from '../runtime/process-table.ts';

export function living(pid: number, parentPid: number, more: Partial<LivingProcess> = {}): LivingProcess {
  return {
    pid,
    parentPid,
    startTicks: pid * 10,
    session: 1,
    hasTerminal: false,
    name: 'program',
    isKernelThread: false,
    image: '/home/ann/program',
    words: ['/home/ann/program'],
    isOfTheSystem: false,
    ...more,
  };
}

/** One of the system's own: "/usr/bin/python3 x.py". */
export function systems(
  pid: number,
  parentPid: number,
  command: string,
  more: Partial<LivingProcess> = {},
): LivingProcess {
  const words = command.split(' ');
  return living(pid, parentPid, { image: words[0], words, isOfTheSystem: true, ...more });
}

export function tableOf(processes: readonly LivingProcess[]): ProcessTable {
  return {
    find: (pid) => processes.find((process) => process.pid === pid),
    childrenOf: (pid) => processes.filter(({ parentPid }) => parentPid === pid),
  };
}
