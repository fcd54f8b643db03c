/** From what the helper says to events of the host. Knows nothing of how the records came. */
import type { HostEvent, HostProcess } from '../../../../contract/events.ts';
import { knownProcess, type ProcessKnowledge, type ToldProcess } from '../told-process.ts';
import type { AccessRecord } from './records.ts';

/** TAINT_OOT_MODULE and TAINT_UNSIGNED_MODULE of include/linux/panic.h: not built with the kernel, signed by nobody. */
const FOREIGN_TAINTS = [2 ** 12, 2 ** 13];
const ACCESSES = { trace: 'trace', read: 'read-memory', write: 'write-memory' } as const;

/** @param bootMs When the machine started, since the epoch. */
export function accessEvents(record: AccessRecord, bootMs: number, knowledge: ProcessKnowledge): HostEvent[] {
  const { kind, timeMs, target, way, signal, module } = record;
  const process = knownProcess(record.process, bootMs, knowledge);
  switch (kind) {
    case 'trace':
    case 'read':
    case 'write': {
      if (target === undefined) return [];
      const access = ACCESSES[kind];
      const to = withoutParents(target, bootMs, knowledge);
      return [{ type: 'process-access', timeMs, process, target: to, access, ...(way !== undefined && { way }) }];
    }
    case 'signal':
      if (target === undefined || signal === undefined) return [];
      return [{ type: 'process-signal', timeMs, process, target: withoutParents(target, bootMs, knowledge), signal }];
    case 'module-load': {
      if (module === undefined) return [];
      const isTainting = FOREIGN_TAINTS.some((bit) => Math.floor(module.taints / bit) % 2 === 1);
      const path = module.path === '' ? {} : { path: module.path };
      return [{ type: 'module-load', timeMs, name: module.name, ...path, isTainting, process }];
    }
    case 'module-unload':
      return module === undefined ? [] : [{ type: 'module-unload', timeMs, name: module.name, process }];
  }
}

function withoutParents(told: ToldProcess, bootMs: number, knowledge: ProcessKnowledge): HostProcess {
  const { parent: _parent, ancestors: _ancestors, ...target } = knownProcess(told, bootMs, knowledge);
  return target;
}
