/** From what the helper says of a file to the event that everybody reads. */
import type { FileFacts, HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { magicOf } from './magic.ts';
import type { FileRecord } from './records.ts';

/** inode(7). */
const FORMAT_MASK = 0o170000;
const PERMISSIONS = 0o7777;
const KIND_OF_FORMAT: ReadonlyMap<number, FileFacts['kind']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
  [0o020000, 'device'],
  [0o060000, 'device'],
]);

/** The process that has a number now, with its parents; undefined where it is not known. */
export type ProcessLookup = (pid: number) => HostProcessWithParents | undefined;

/** @param processOf is asked for the process; where it knows none, what the helper saw in /proc is told */
export function fileEventOf(record: FileRecord, processOf: ProcessLookup): HostEvent {
  const { timeMs, path } = record;
  const file = factsOf(record);
  const process = processOfRecord(record, processOf);
  const base = { timeMs, path, ...(file && { file }), ...(process && { process }) };
  switch (record.kind) {
    case 'created':
      return { ...base, type: 'file-created', ...(record.other !== '' && { linkTarget: record.other }) };
    case 'written':
      return { ...base, type: 'file-written', ...(record.times > 1 && { times: record.times }) };
    case 'renamed':
      // From where cannot be told when its directory is gone: what is certain is that the name is new.
      if (record.other === '') return { ...base, type: 'file-created' };
      return { ...base, type: 'file-renamed', previousPath: record.other };
    case 'deleted':
      return { ...base, type: 'file-deleted' };
    case 'executed':
      return { ...base, type: 'file-executed' };
    case 'attributes': {
      const before = record.before && { ...record.before, mode: record.before.mode & PERMISSIONS };
      return { ...base, type: 'file-attributes', changed: record.changed, ...(before && { before }) };
    }
  }
}

function factsOf({ facts, isDirectory, sample }: FileRecord): FileFacts | undefined {
  if (facts === undefined) return isDirectory ? { kind: 'directory' } : undefined;
  const { inode, device, sizeBytes, uid, gid } = facts;
  const kind = KIND_OF_FORMAT.get(facts.mode & FORMAT_MASK);
  const known = { inode, device, sizeBytes, mode: facts.mode & PERMISSIONS, uid, gid, ...(kind && { kind }) };
  return sample === undefined ? known : { ...known, entropy: sample.entropy, magic: magicOf(sample.head) ?? '' };
}

function processOfRecord(record: FileRecord, processOf: ProcessLookup): HostProcessWithParents | undefined {
  const { pid, program, processName, isProgramDeleted } = record;
  if (pid === 0) return undefined;
  const known = processOf(pid);
  if (known !== undefined) return known;
  return {
    pid,
    // A program without a file is called "/memfd:name" by /proc.
    image: program.startsWith('/memfd:') ? program.slice(1) : program,
    commandLine: '',
    ...(processName !== '' && { name: processName }),
    ...(isProgramDeleted && { isImageDeleted: true }),
  };
}
