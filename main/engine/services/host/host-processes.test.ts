import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { HostProcesses } from './host-processes.ts';

const shell: HostProcessWithParents = { pid: 7, startedMs: 10_000, image: '/bin/sh', name: 'sh', commandLine: 'sh' };
const other: HostProcessWithParents = { ...shell, startedMs: 60_000, image: '/bin/other', name: 'other' };

function setup(living: HostProcessWithParents | undefined) {
  return new HostProcesses((pid) => (pid === living?.pid ? living : undefined));
}

function written(timeMs: number, process: HostProcessWithParents | undefined): HostEvent {
  return { type: 'file-written', timeMs, path: '/a', ...(process !== undefined && { process }) };
}

function logged(timeMs: number, identifier: string): HostEvent {
  return { type: 'log-line', timeMs, service: 'syslog', identifier, pid: 7, message: 'x' };
}

const numberOnly: HostProcessWithParents = { pid: 7, image: '', commandLine: '' };

describe('HostProcesses', () => {
  it('says who did it where the sensor knew the number alone', () => {
    const processes = setup(shell);
    expect(processes.enrich(written(20_000, numberOnly))).toEqual(written(20_000, shell));
    const told = { ...shell, image: '/bin/bash' };
    expect(processes.enrich(written(20_000, told))).toEqual(written(20_000, told));
    expect(processes.enrich(written(20_000, undefined))).toEqual(written(20_000, undefined));
    expect(processes.enrich(written(20_000, { ...numberOnly, pid: 8 }))).toMatchObject({ process: { pid: 8 } });
  });

  it('knows those that have ended, and takes no later one for them', () => {
    const processes = setup(other);
    processes.event({ type: 'process-exit', timeMs: 30_000, process: shell });
    expect(processes.processOf(7, 29_000)).toBe(shell);
    expect(processes.processOf(7, 61_000)).toBe(other);
    // Between the two nobody had the number, as far as is known.
    expect(processes.processOf(7, 45_000)).toBeUndefined();
  });

  it('forgets the oldest of many', () => {
    const processes = setup(undefined);
    for (let pid = 1; pid <= 5_000; pid++) {
      processes.event({ type: 'process-exit', timeMs: 30_000, process: { ...shell, pid } });
    }
    expect(processes.processOf(1, 30_000)).toBeUndefined();
    expect(processes.processOf(5_000, 30_000)).toMatchObject({ pid: 5_000 });
  });

  it('forgets those that ended long ago', () => {
    const processes = setup(undefined);
    processes.event({ type: 'process-exit', timeMs: 30_000, process: { ...shell, pid: 1 } });
    processes.event({ type: 'process-exit', timeMs: 59_000, process: { ...shell, pid: 2 } });
    expect(processes.processOf(1, 29_000)).toMatchObject({ pid: 1 });
    processes.event({ type: 'process-exit', timeMs: 61_000, process: { ...shell, pid: 3 } });
    expect(processes.processOf(1, 29_000)).toBeUndefined();
    expect(processes.processOf(2, 58_000)).toMatchObject({ pid: 2 });
  });

  it('believes a line of a log only where the name fits the number', () => {
    const processes = setup(shell);
    expect(processes.enrich(logged(20_000, 'sh'))).toMatchObject({ process: { image: '/bin/sh' } });
    expect(processes.enrich(logged(20_000, 'sshd'))).not.toHaveProperty('process');
  });
});
