/** Calls about programs that run on this computer, and what they listen on. Loading this file loads zod. */
import { z } from 'zod';
import { noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, rate, strings, timeMs } from './api-table.ts';
import { SEVERITIES } from './domain.ts';

/** Rows in one item of `processes.watch`: with the longest texts it stays below MAX_MESSAGE_BYTES. */
export const MAX_PROCESSES_PER_ITEM = 500;
/** Longest command line of a row, in UTF-16 units; the detail has all that is known. */
export const MAX_ROW_COMMAND = 300;
/** Lists of one process in full: the newest this many, and how many there were in all. */
export const MAX_PROCESS_PARTS = 200;

const pid = count.max(2 ** 22);
/** What names a process for as long as the machine runs; without the start it is the one that has the number now. */
const processInput = z.strictObject({ pid, startedMs: timeMs.optional() });

/** One process in the list. */
export const processRowSchema = z
  .object({
    pid: count,
    startedMs: timeMs,
    parentPid: count,
    /** As `ps` shows it. */
    name: z.string(),
    /** Path of the executable; empty of kernel threads and where it may not be read. */
    image: z.string(),
    /** At most MAX_ROW_COMMAND units; what is cut away ends in "…". */
    commandLine: z.string(),
    user: z.string(),
    uid: count,
    /** "openssh-server", "snap:firefox"; empty where no package owns the program. */
    package: z.string(),
    /** systemd unit or container; empty where neither is known. */
    unit: z.string(),
    container: z.string(),
    isKernelThread: z.boolean(),
    /** Open connections with other hosts, and ports listened on. */
    connections: count,
    listeners: count,
    /** Share of one core over the last samples, 0.4 for 40 %; null before there are two samples. */
    cpu: rate.nullable(),
    /** Resident memory in bytes; null before the first sample. */
    memoryBytes: count.nullable(),
    /** The worst of the open alerts that name it; null where none does. */
    risk: z.enum(SEVERITIES).nullable(),
  })
  .readonly();

const socketSchema = z
  .object({
    /** A listener has no remote end. */
    kind: z.enum(['connection', 'listener']),
    protocol: z.enum(['tcp', 'udp']),
    localAddress: z.string(),
    localPort: count,
    /** Empty and 0 of listeners. */
    remoteAddress: z.string(),
    remotePort: count,
    /** Who began it; of listeners "inbound". */
    direction: z.enum(['outbound', 'inbound']),
    sinceMs: timeMs,
  })
  .readonly();

const touchedFileSchema = z
  .object({
    timeMs,
    path: z.string(),
    action: z.enum(['created', 'written', 'renamed', 'deleted', 'attributes', 'executed', 'opened']),
    /** Of renamed files. */
    previousPath: z.string(),
  })
  .readonly();

/** One process in full. */
export const processDetailSchema = z
  .object({
    process: processRowSchema,
    /** Whole, as far as the kernel told it. */
    commandLine: z.string(),
    workingDirectory: z.string(),
    terminal: z.string(),
    session: count.nullable(),
    /** SHA-256 of the executable, hexadecimal; empty while it is not known. */
    sha256: z.string(),
    /** Null while it runs. */
    endedMs: timeMs.nullable(),
    exitCode: z.number().int().nullable(),
    /** The parent first, up to process 1; also those that have ended since. */
    lineage: z.array(processRowSchema).readonly(),
    /** The newest first. */
    children: z.array(processRowSchema).readonly(),
    childCount: count,
    sockets: z.array(socketSchema).readonly(),
    socketCount: count,
    /** The newest first, out of the stored events. */
    files: z.array(touchedFileSchema).readonly(),
    fileCount: count,
    /** Alerts that name it, the worst first. */
    alerts: z
      .array(
        z.object({ id: z.string(), title: z.string(), severity: z.enum(SEVERITIES), lastSeenMs: timeMs }).readonly(),
      )
      .readonly(),
    /** What of this is not known and why, in plain sentences: "Files: the file sensor is off." */
    unknown: strings,
  })
  .readonly();

export const listenerSchema = z
  .object({
    protocol: z.enum(['tcp', 'udp']),
    /** "0.0.0.0", "::", "127.0.0.1". */
    address: z.string(),
    port: count,
    /** Whether other hosts can reach it by its address. */
    isOpenToOthers: z.boolean(),
    sinceMs: timeMs,
    /** Null where it is not known who listens. */
    process: processRowSchema.nullable(),
  })
  .readonly();

export const PROCESS_CALLS = {
  'processes.list': {
    kind: 'query',
    input: z.strictObject({
      /** Words in name, path, command line, user, package, unit. */
      search: z.string().max(200).default(''),
      /** Only those that an open alert names. */
      onlyRisky: z.boolean().default(false),
      limit: count.min(1).max(5_000).default(2_000),
    }),
    output: z
      .object({
        processes: z.array(processRowSchema).readonly(),
        /** How many fit, listed or not. */
        total: count,
        /** Why nothing or only a part is seen; empty where all is. */
        limits: z.string(),
      })
      .readonly(),
    role: 'view',
    doc: 'Programs that run now, with user, package, connections and risk.',
  },
  'processes.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: z
      .object({
        /** The first items carry all that run, `isFirst` of the very first; after that what changed, once a second. */
        isFirst: z.boolean(),
        changed: z.array(processRowSchema).readonly(),
        ended: z.array(z.object({ pid: count, startedMs: timeMs }).readonly()).readonly(),
        limits: z.string(),
      })
      .readonly(),
    role: 'view',
    doc: 'Programs that run: all at once, then what begins, changes and ends.',
  },
  'processes.show': {
    kind: 'query',
    input: processInput,
    output: processDetailSchema,
    role: 'view',
    doc: 'One process in full, running or ended: lineage, children, sockets, files touched, alerts.',
  },
  'listeners.list': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ listeners: z.array(listenerSchema).readonly(), limits: z.string() }).readonly(),
    role: 'view',
    doc: 'Ports that programs of this computer listen on, and whether others can reach them.',
  },
} as const satisfies ApiTable;

export type ProcessRow = z.infer<typeof processRowSchema>;
export type ProcessDetail = z.infer<typeof processDetailSchema>;
export type ListenerRow = z.infer<typeof listenerSchema>;
