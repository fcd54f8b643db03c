/** The sensors of the host, and what each is given. They run in the host thread. */
import { dirname } from 'node:path';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { holdsCredentials } from '../../behaviours/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { HealthRegistry } from '../../runtime/health.ts';
import {
  AccessSensor,
  canReadJournal,
  FileSensor,
  FileSnapshotStore,
  JournalReader,
  type LogFile,
  type LogFormat,
  type LogPosition,
  LogTail,
  ProcessSensor,
  SocketSensor,
  SystemSensor,
  snapshotForms,
  USUAL_LOG_FILES,
} from '../../sensors/index.ts';
import { credentialFiles } from './credential-files.ts';
import { type HostSensorName, type HostSettings, USUAL_LOGS } from './host-settings.ts';

/** A text that one sensor keeps across restarts. Neither call throws. */
export interface SensorMemory {
  load(): string | undefined;
  save(text: string): void;
}

export interface HostSensorTools {
  readonly settings: HostSettings;
  readonly health: HealthRegistry;
  readonly clock: Clock;
  readonly memory: SensorMemory;
  /** The engine's own, for sensors that keep more than a text. */
  readonly dataDirectory: string;
  /** What Holdfast writes into these itself is no news. */
  readonly ownDirectories: readonly string[];
  /** The process that has this number now, with its parents. */
  processOf(pid: number): HostProcessWithParents | undefined;
  onEvents(events: readonly HostEvent[]): void;
  onMessage(level: 'info' | 'warn', message: string): void;
}

export interface HostSensor {
  start(): void;
  stop(): Promise<void> | void;
  /** The process that it keeps running. */
  readonly helperPid?: number | undefined;
  /** Of the one that watches processes. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  /** Another sensor saw that something happened to this path. */
  noteWrite?(path: string): void;
  /** Another sensor saw that this program was run. @param words its arguments, where they are known */
  noteRun?(image: string, words?: readonly string[]): void;
}

export interface HostSensorRow {
  /** Its line in Health; also what its memory goes by. */
  readonly name: HostSensorName;
  /** The switch. */
  readonly setting: { [K in keyof HostSettings]: HostSettings[K] extends boolean ? K : never }[keyof HostSettings];
  create(tools: HostSensorTools): HostSensor;
}

/** In the order in which they are started: who does what is known before it is asked for. */
export const HOST_SENSORS: readonly HostSensorRow[] = [
  {
    name: 'processes',
    setting: 'processes',
    create: ({ settings, health, clock, onEvents, onMessage }) =>
      new ProcessSensor({ health, clock, mayAddAuditRule: settings.auditRule, onEvents, onMessage }),
  },
  {
    name: 'files',
    setting: 'files',
    create: ({ settings, health, clock, ownDirectories, processOf, onEvents, onMessage }) =>
      new FileSensor({
        health,
        clock,
        moreMountPoints: settings.moreFileSystems,
        excludedPaths: ownDirectories,
        processOf,
        // Whoever opens passwords and keys need not name them on a command line.
        openings: { now: () => credentialFiles(), has: holdsCredentials },
        onEvents,
        onMessage,
      }),
  },
  {
    name: 'sockets',
    setting: 'sockets',
    create: ({ health, clock, processOf, onEvents, onMessage }) =>
      new SocketSensor({ health, clock, processOf, onEvents, onMessage }),
  },
  {
    name: 'access',
    setting: 'access',
    create: ({ health, clock, processOf, onEvents, onMessage }) =>
      new AccessSensor({ health, clock, processOf, onEvents, onMessage }),
  },
  {
    name: 'logs',
    setting: 'logs',
    create: ({ settings, health, clock, memory, onEvents }) => {
      const files = logFilesOf(settings, settings.journal && canReadJournal().ok);
      const directories = ['/var/log', ...files.map(({ path }) => dirname(path))];
      return new LogTail({
        files,
        directories: [...new Set(directories)],
        positions: logPositions(memory),
        health,
        clock,
        onEvents,
      });
    },
  },
  {
    name: 'journal',
    setting: 'journal',
    create: ({ health, clock, memory, onEvents, onMessage }) =>
      new JournalReader({ cursors: memory, health, clock, onEvents, onMessage }),
  },
  // The last: it looks at thousands of files before it returns.
  {
    name: 'system',
    setting: 'system',
    create: ({ health, clock, dataDirectory, onEvents, onMessage }) =>
      new SystemSensor({
        health,
        clock,
        snapshots: new FileSnapshotStore(dataDirectory, snapshotForms(), (problem) => onMessage('warn', problem)),
        areWritesSeen: () => health.stateOf('files') === 'ok',
        onEvents,
        onMessage,
      }),
  },
];

/** The files that the settings name; without those that repeat the journal where that is read. */
export function logFilesOf({ logFiles }: Pick<HostSettings, 'logFiles'>, isJournalRead: boolean): readonly LogFile[] {
  const files = new Map<string, LogFile>();
  for (const item of logFiles) {
    if (item === USUAL_LOGS) {
      for (const file of USUAL_LOG_FILES) if (!(file.isInJournal && isJournalRead)) files.set(file.path, file);
      continue;
    }
    const start = item.indexOf('/');
    const path = item.slice(start);
    const format = start === 0 ? 'syslog' : item.slice(0, start - 1);
    // Whoever names a file wants it read, whatever else says the same.
    files.set(path, { path, format: format as LogFormat, isInJournal: false });
  }
  return [...files.values()];
}

/** All positions in one text, as what is kept has one text for each sensor. */
function logPositions(memory: SensorMemory) {
  const positions = new Map(Object.entries(positionsIn(memory.load())));
  return {
    load: (path: string): LogPosition | undefined => positions.get(path),
    save: (path: string, position: LogPosition): void => {
      positions.set(path, position);
      memory.save(JSON.stringify(Object.fromEntries(positions)));
    },
  };
}

/** Kept by an older or a damaged version, it is as if nothing had been kept. */
function positionsIn(text: string | undefined): Record<string, LogPosition> {
  try {
    const given: unknown = JSON.parse(text ?? '{}');
    if (typeof given !== 'object' || given === null) return {};
    return Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, LogPosition] => isPosition(entry[1])),
    );
  } catch {
    return {};
  }
}

function isPosition(given: unknown): given is LogPosition {
  if (typeof given !== 'object' || given === null) return false;
  const { device, inode, offset, digest } = given as Partial<Record<keyof LogPosition, unknown>>;
  return [device, inode, offset].every(Number.isSafeInteger) && typeof digest === 'string';
}
