import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { motionOf, processTable, readProcess } from './process-table.ts';

describe('who runs now', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-proc-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  interface Made {
    readonly parent?: number;
    readonly name?: string;
    readonly state?: string;
    readonly words?: string;
    readonly image?: string;
    readonly threads?: readonly string[];
  }

  /** As proc_pid_stat(5) has it, up to the start: 22 fields. */
  function stat(pid: number, { parent = 1, name = 'p', state = 'S' }: Made): string {
    const zeros = (count: number): string => Array.from({ length: count }, () => '0').join(' ');
    return `${pid} (${name}) ${state} ${parent} 7 8 34816 ${zeros(14)} ${pid * 10} 0 0\n`;
  }

  function make(pid: number, made: Made = {}): void {
    const own = join(folder, String(pid));
    for (const [index, state] of (made.threads ?? [made.state ?? 'S']).entries()) {
      const thread = join(own, 'task', String(pid + index));
      mkdirSync(thread, { recursive: true });
      writeFileSync(join(thread, 'stat'), stat(pid + index, { ...made, state }));
    }
    writeFileSync(join(own, 'stat'), stat(pid, made));
    writeFileSync(join(own, 'cmdline'), made.words ?? '');
    if (made.image !== undefined) symlinkSync(made.image, join(own, 'exe'));
  }

  it('is read as it stands, whatever a program calls itself', () => {
    make(40, { parent: 30, name: 'a) S 1 (b', words: 'sh\0-c\0\0x\0', image: '/usr/bin/env' });
    expect(readProcess(40, folder)).toMatchObject({ pid: 40, parentPid: 30, session: 8, startTicks: 400 });
    const process = readProcess(40, folder);
    expect([process?.name, process?.hasTerminal, process?.isKernelThread]).toEqual(['a) S 1 (b', true, false]);
    expect([process?.image, process?.words]).toEqual(['/usr/bin/env', ['sh', '-c', '', 'x']]);
    expect(process?.isOfTheSystem).toBe(true);
  });

  it('does not take a file for one of the system that is another under its name', () => {
    make(41, { image: join(folder, '41', 'stat') });
    make(42, { image: '/usr/bin/there-is-no-such-program (deleted)' });
    expect(readProcess(42, folder)?.image).toBe('/usr/bin/there-is-no-such-program');
    expect(readProcess(42, folder)?.isOfTheSystem).toBe(false);
    expect(readProcess(41, folder)?.words).toEqual([]);
  });

  it('gives children in the order of their numbers, and is not stopped by what makes no sense', () => {
    make(30);
    make(52, { parent: 30 });
    make(51, { parent: 30 });
    mkdirSync(join(folder, '53'));
    mkdirSync(join(folder, '54'));
    writeFileSync(join(folder, '54', 'stat'), '54 (x');
    const table = processTable(folder);
    expect(table.childrenOf(30).map(({ pid }) => pid)).toEqual([51, 52]);
    expect(table.childrenOf(51)).toEqual([]);
    expect([table.find(53), table.find(54), table.find(99)]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[readonly string[], string]>([
    [['T', 'T'], 'stopped'],
    [['t'], 'stopped'],
    [['T', 'S'], 'running'],
    [['D'], 'running'],
    [['Z'], 'gone'],
    // The first thread has ended, the others go on.
    [['Z', 'R'], 'running'],
    [['Z', 'T'], 'stopped'],
  ])('says whether all threads stand still: %s is %s', (threads, motion) => {
    make(60, { threads, state: threads[0] });
    expect(motionOf({ pid: 60, startTicks: 600 }, folder)).toBe(motion);
  });

  it('knows who is gone, and who has the number of another', () => {
    make(60);
    expect(motionOf({ pid: 61, startTicks: 610 }, folder)).toBe('gone');
    expect(motionOf({ pid: 60, startTicks: 601 }, folder)).toBe('another');
  });
});
