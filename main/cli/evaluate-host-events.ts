/** Events of computers as the shared data records them, and what the sensors would have told of them. */
import { z } from 'zod';
import type { HostEvent, HostProcessWithParents } from '../../contract/events.ts';

const recordedEventSchema = z.object({
  /** Seconds since the epoch. */
  ts: z.number(),
  event: z.enum(['process_creation', 'file_event', 'file_chmod', 'file_delete']),
  ProcessId: z.number(),
  ParentProcessId: z.number().nullish(),
  Image: z.string().nullish(),
  CommandLine: z.string().nullish(),
  ParentImage: z.string().nullish(),
  ParentCommandLine: z.string().nullish(),
  CurrentDirectory: z.string().nullish(),
  User: z.string().nullish(),
  TargetFilename: z.string().nullish(),
  op: z.string().nullish(),
  /** Octal permission bits. */
  mode: z.string().nullish(),
  /** What the recorder itself started: the shell that was given the commands of a test. */
  wrapper: z.boolean().optional(),
});
export type RecordedEvent = z.infer<typeof recordedEventSchema>;

export const recordedAttacksSchema = z.array(
  z.object({
    technique: z.string(),
    test_number: z.number(),
    name: z.string(),
    events: z.array(recordedEventSchema),
  }),
);
export type RecordedAttack = z.infer<typeof recordedAttacksSchema>[number];

export const recordedWorkSchema = z.object({ what: z.string(), events: z.array(recordedEventSchema) });
export type RecordedWork = z.infer<typeof recordedWorkSchema>;

/** In the order of their times. */
export function hostEventsOf(recorded: readonly RecordedEvent[]): HostEvent[] {
  const starts = new Map<number, number>();
  return [...recorded].sort((a, b) => a.ts - b.ts).map((each) => hostEventOf(each, starts));
}

/** @param starts when processes were first heard of, by number: the recorder does not tell, and sensors do */
function hostEventOf(recorded: RecordedEvent, starts: Map<number, number>): HostEvent {
  const timeMs = recorded.ts * 1_000;
  const process = processOf(recorded, timeMs, starts);
  const path = recorded.TargetFilename ?? '';
  switch (recorded.event) {
    case 'process_creation':
      return { type: 'process-start', timeMs, process };
    case 'file_delete':
      return { type: 'file-deleted', timeMs, path, process };
    case 'file_chmod': {
      const mode = Number.parseInt(recorded.mode ?? '', 8);
      const file = Number.isNaN(mode) ? {} : { file: { mode } };
      return { type: 'file-attributes', timeMs, path, process, changed: ['mode'], ...file };
    }
    case 'file_event':
      return fileEventOf(recorded.op ?? '', { timeMs, path, process });
  }
}

function fileEventOf(
  operation: string,
  base: { readonly timeMs: number; readonly path: string; readonly process: HostProcessWithParents },
): HostEvent {
  switch (operation) {
    case 'rename':
      return { type: 'file-renamed', ...base, previousPath: '' };
    case 'symlink':
      return { type: 'file-created', ...base, file: { kind: 'symlink' } };
    case 'create_or_append':
    case 'create_or_truncate':
      return { type: 'file-written', ...base };
    default:
      return { type: 'file-created', ...base };
  }
}

function processOf(recorded: RecordedEvent, timeMs: number, starts: Map<number, number>): HostProcessWithParents {
  const { ProcessId: pid, ParentProcessId: parentPid } = recorded;
  const commandLine = recorded.CommandLine ?? '';
  const parentImage = recorded.ParentImage ?? '';
  const parentCommandLine = recorded.ParentCommandLine ?? '';
  const hasParent = parentPid != null && (parentImage !== '' || parentCommandLine !== '');
  return {
    pid,
    startedMs: startOf(pid, timeMs, starts),
    image: recorded.Image ?? '',
    commandLine,
    // They were recorded joined; they are taken apart at spaces.
    arguments: commandLine.split(' '),
    ...(recorded.CurrentDirectory != null && { currentDirectory: recorded.CurrentDirectory }),
    ...(recorded.User != null && { user: recorded.User }),
    ...(hasParent && {
      parent: {
        pid: parentPid,
        startedMs: startOf(parentPid, timeMs, starts),
        image: parentImage,
        commandLine: parentCommandLine,
      },
    }),
  };
}

function startOf(pid: number, timeMs: number, starts: Map<number, number>): number {
  const known = starts.get(pid);
  if (known !== undefined) return known;
  starts.set(pid, timeMs);
  return timeMs;
}
