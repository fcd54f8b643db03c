/** Processes for tests. */
import type { ProcessRow } from '../../../contract/api-processes.ts';

export function sampleProcess(pid: number, change: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid,
    startedMs: pid * 1_000,
    parentPid: 0,
    name: `program-${pid}`,
    image: `/usr/bin/program-${pid}`,
    commandLine: `/usr/bin/program-${pid} --quiet`,
    user: 'root',
    uid: 0,
    package: '',
    unit: '',
    container: '',
    isKernelThread: false,
    connections: 0,
    listeners: 0,
    cpu: 0,
    memoryBytes: 1_000_000,
    risk: null,
    ...change,
  };
}
