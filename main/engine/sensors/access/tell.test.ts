import { describe, expect, it } from 'vitest';
import type { HostProcessWithParents } from '../../../../contract/events.ts';
import type { AccessRecord } from './records.ts';
import { accessEvents } from './tell.ts';

const BOOT_MS = 1_000_000;
const told = { pid: 7, startNs: 5e9, users: { uid: 0, euid: 0 }, name: 'x', image: '/tmp/x', isImageDeleted: false };
const known: HostProcessWithParents = {
  pid: 7,
  startedMs: BOOT_MS + 5_000,
  image: '/tmp/x',
  commandLine: '/tmp/x --inject',
  parent: { pid: 1, image: '/sbin/init', commandLine: 'init' },
};
const write: AccessRecord = { kind: 'write', timeMs: 5, process: told, target: { ...told, pid: 8 }, way: 'ptrace' };

describe('accessEvents', () => {
  it('names both processes, with all that is known of them', () => {
    const knowledge = { processOf: (pid: number) => ({ ...known, pid }), userName: () => 'root' };
    const { parent: _, ...target } = { ...known, pid: 8 };
    expect(accessEvents(write, BOOT_MS, knowledge)).toEqual([
      { type: 'process-access', timeMs: 5, process: known, target, access: 'write-memory', way: 'ptrace' },
    ]);
  });

  it('takes no other process for it that has its number now', () => {
    const later = { ...known, startedMs: BOOT_MS + 6_000 };
    const [event] = accessEvents(write, BOOT_MS, { processOf: () => later, userName: () => 'root' });
    expect(event).toMatchObject({ process: { pid: 7, commandLine: '', image: '/tmp/x', user: 'root' } });
    const deleted = { ...told, image: '/memfd:evil', isImageDeleted: true };
    const [fromMemory] = accessEvents({ ...write, process: deleted }, BOOT_MS, {});
    expect(fromMemory).toMatchObject({ process: { image: 'memfd:evil', isImageDeleted: true } });
  });

  it('tells modules with their file, and whether the kernel trusts them', () => {
    const load = (taints: number, path: string): AccessRecord => ({
      kind: 'module-load',
      timeMs: 5,
      process: told,
      module: { name: 'dm_mod', path, taints },
    });
    expect(accessEvents(load(0, ''), BOOT_MS, {})).toMatchObject([{ type: 'module-load', isTainting: false }]);
    expect(accessEvents(load(0, ''), BOOT_MS, {})[0]).not.toHaveProperty('path');
    // Out of tree; others only; proprietary and unsigned.
    const judged = [0x1000, 0x4001, 0x2001].map((taints) => accessEvents(load(taints, '/a.ko'), BOOT_MS, {})[0]);
    expect(judged).toMatchObject([{ isTainting: true, path: '/a.ko' }, { isTainting: false }, { isTainting: true }]);
    expect(accessEvents({ ...load(0, ''), kind: 'module-unload' }, BOOT_MS, {})).toMatchObject([
      { type: 'module-unload', name: 'dm_mod' },
    ]);
  });

  it('tells signals, and nothing of a deed without its target', () => {
    expect(accessEvents({ ...write, kind: 'signal', signal: 9 }, BOOT_MS, {})).toMatchObject([
      { type: 'process-signal', signal: 9, target: { pid: 8 } },
    ]);
    const { target: _, ...nobody } = write;
    expect(accessEvents(nobody, BOOT_MS, {})).toEqual([]);
  });
});
