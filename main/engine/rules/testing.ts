/** Recorded host events of the test data as this project's own, and where the data is. Of tests and benchmarks only. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FileRenamedEvent, HostEvent, HostProcessWithParents } from '../../../contract/events.ts';

/** Folder of the shared data, or undefined where it is not. */
export function testData(name: string): string | undefined {
  const path = join(resolve(process.env.HOLDFAST_TEST_DATA ?? join('..', 'shared', 'data')), name);
  return existsSync(path) ? path : undefined;
}

/** An event as `host-events/*.json` records it. */
export interface RecordedEvent {
  readonly ts: number;
  readonly event: 'process_creation' | 'file_event' | 'file_chmod' | 'file_delete';
  readonly ProcessId: number;
  readonly ParentProcessId?: number | null;
  readonly Image: string | null;
  readonly CommandLine?: string;
  readonly ParentImage?: string | null;
  readonly ParentCommandLine?: string | null;
  readonly CurrentDirectory?: string;
  readonly User?: string;
  readonly TargetFilename?: string;
  readonly op?: string;
  readonly mode?: string;
  readonly wrapper?: boolean;
}

export interface RecordedHit {
  readonly event_index: number;
  readonly rule_id: string;
}

export interface RecordedRun {
  readonly technique?: string;
  readonly events: readonly RecordedEvent[];
  readonly sigma_hits: readonly RecordedHit[];
  readonly sigma_hits_wrapper?: readonly RecordedHit[];
}

export function readRuns(path: string): readonly RecordedRun[] {
  const bytes = readFileSync(path);
  const document: unknown = JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  return (Array.isArray(document) ? document : [document]) as readonly RecordedRun[];
}

/** What a sensor would have told of it. The arguments were recorded joined; they are taken apart at spaces. */
export function hostEventOf(recorded: RecordedEvent): HostEvent {
  const timeMs = recorded.ts * 1_000;
  const process = processOf(recorded);
  const path = recorded.TargetFilename ?? '';
  switch (recorded.event) {
    case 'process_creation':
      return { type: 'process-start', timeMs, process };
    case 'file_delete':
      return { type: 'file-deleted', timeMs, path, process };
    case 'file_chmod':
      return {
        type: 'file-attributes',
        timeMs,
        path,
        process,
        changed: ['mode'],
        file: { mode: Number.parseInt(recorded.mode ?? '0', 8) },
      };
    case 'file_event': {
      if (recorded.op === 'rename') {
        const renamed: FileRenamedEvent = { type: 'file-renamed', timeMs, path, previousPath: '', process };
        return renamed;
      }
      return { type: recorded.op === 'create_or_append' ? 'file-written' : 'file-created', timeMs, path, process };
    }
  }
}

function processOf(recorded: RecordedEvent): HostProcessWithParents {
  const { ProcessId: pid, ParentProcessId: parentPid, Image: image, ParentImage: parentImage } = recorded;
  const commandLine = recorded.CommandLine ?? '';
  const parent =
    parentImage == null && recorded.ParentCommandLine == null
      ? undefined
      : {
          pid: parentPid ?? 0,
          image: parentImage ?? '',
          commandLine: recorded.ParentCommandLine ?? '',
        };
  return {
    pid,
    image: image ?? '',
    commandLine,
    arguments: commandLine.split(' '),
    currentDirectory: recorded.CurrentDirectory,
    user: recorded.User,
    parent,
  };
}
