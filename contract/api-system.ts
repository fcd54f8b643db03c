/** Calls about the computer itself: what starts by itself, what it is made of, whether it is unchanged. Loads zod. */
import { z } from 'zod';
import { failureSchema, noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, cursorInput, nextCursor, nothingSchema, rate, strings, timeMs } from './api-table.ts';
import { AUTOSTART_PLACES } from './events.ts';

const searchInput = z.string().trim().max(200).optional();
const MAX_PAGE = 500;
const limitInput = z.number().int().min(1).max(MAX_PAGE).default(MAX_PAGE);
/** Paths that one call accepts. */
export const MAX_ACCEPTED_PATHS = 1_000;
/** The longest that Linux knows (PATH_MAX). */
const MAX_PATH = 4_096;

/** One file that starts something by itself. */
export const persistenceEntrySchema = z
  .object({
    place: z.enum(AUTOSTART_PLACES),
    path: z.string(),
    /** What it starts, a line each; cut where `isMore`. */
    content: z.string(),
    isMore: z.boolean(),
    /** Whom it runs as; empty where nobody is named. */
    users: strings,
    /** "dpkg:cron"; null where no package brought it, or that is not known. */
    package: z.string().nullable(),
    changedMs: timeMs,
    /** Since when Holdfast has known it; null for what was there before. */
    firstSeenMs: timeMs.nullable(),
    /** Came within the last week. */
    isNew: z.boolean(),
    /** Of units: whether it is switched on. */
    isEnabled: z.boolean().nullable(),
  })
  .readonly();

const diskSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    vendor: z.string(),
    model: z.string(),
    serial: z.string(),
    bytes: count,
    interface: z.string(),
  })
  .readonly();

const volumeSchema = z
  .object({
    path: z.string(),
    source: z.string(),
    fileSystem: z.string(),
    bytes: count,
    usedBytes: count,
    isReadOnly: z.boolean(),
  })
  .readonly();

const interfaceSchema = z
  .object({
    name: z.string(),
    hardwareAddress: z.string(),
    addresses: strings,
    kind: z.string(),
    isUp: z.boolean(),
    /** Megabits a second; null where the driver does not say. */
    speed: rate.nullable(),
    isVirtual: z.boolean(),
  })
  .readonly();

const userSchema = z
  .object({
    name: z.string(),
    uid: count,
    home: z.string(),
    shell: z.string(),
    groups: strings,
    /** "set", "none" (anybody gets in), "locked"; null where it may not be read. */
    password: z.enum(['set', 'none', 'locked']).nullable(),
    /** root, or a member of a group that may become root. */
    isAdministrator: z.boolean(),
  })
  .readonly();

const sessionSchema = z
  .object({ user: z.string(), terminal: z.string(), host: z.string(), startedMs: timeMs })
  .readonly();

/** Empty text where the computer does not say. */
export const inventorySchema = z
  .object({
    takenMs: timeMs,
    /** What could not be asked, in sentences. */
    problems: strings,
    computer: z
      .object({
        name: z.string(),
        manufacturer: z.string(),
        model: z.string(),
        serial: z.string(),
        firmware: z.string(),
        firmwareDate: z.string(),
        isVirtual: z.boolean(),
        /** "Amazon EC2", by what the firmware says. */
        cloud: z.string().nullable(),
        /** "docker" where this computer is a container itself. */
        container: z.string().nullable(),
      })
      .readonly(),
    processor: z.object({ name: z.string(), sockets: count, cores: count, threads: count, gigahertz: rate }).readonly(),
    memory: z.object({ bytes: count, swapBytes: count }).readonly(),
    system: z
      .object({
        name: z.string(),
        version: z.string(),
        codename: z.string(),
        kernel: z.string(),
        architecture: z.string(),
        startedMs: timeMs,
      })
      .readonly(),
    disks: z.array(diskSchema).readonly(),
    volumes: z.array(volumeSchema).readonly(),
    interfaces: z.array(interfaceSchema).readonly(),
    devices: z
      .array(z.object({ name: z.string(), vendorId: z.string(), productId: z.string(), serial: z.string() }).readonly())
      .readonly(),
    software: z
      .object({
        /** Null where there is no dpkg. */
        packages: count.nullable(),
        servicesEnabled: strings,
        servicesRunning: strings,
        kernelModules: count,
        /** Not signed, or not of the kernel's own tree. */
        taintingModules: strings,
        containerRuntimes: strings,
        containers: strings,
      })
      .readonly(),
    users: z.array(userSchema).readonly(),
    sessions: z.array(sessionSchema).readonly(),
    protection: z
      .object({
        /** "on", "off", "no UEFI". */
        secureBoot: z.string(),
        /** "none", "integrity", "confidentiality", "not built in". */
        kernelLockdown: z.string(),
        securityModules: strings,
        /** "enforcing", "permissive", "off". */
        selinux: z.string(),
        appArmor: z.object({ enforced: count, complaining: count }).readonly().nullable(),
        encryptedDevices: strings,
        isRootEncrypted: z.boolean(),
        kernelTaint: count,
        firewall: z
          .object({
            tool: z.string().nullable(),
            /** Null where they could not be read. */
            rules: count.nullable(),
            problem: z.string(),
          })
          .readonly(),
        tools: z
          .array(z.object({ name: z.string(), kind: z.string(), isRunning: z.boolean().nullable() }).readonly())
          .readonly(),
      })
      .readonly(),
  })
  .readonly();

export const integrityChangeSchema = z
  .object({
    path: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    differences: z
      .array(
        z
          .object({
            aspect: z.enum(['kind', 'content', 'mode', 'owner', 'target', 'attributes']),
            before: z.string(),
            after: z.string(),
          })
          .readonly(),
      )
      .readonly(),
    isNewlySetUid: z.boolean(),
    /** "dpkg:curl": the file is what this package brought, so an update explains it. */
    package: z.string().nullable(),
  })
  .readonly();

export const integrityStateSchema = z
  .object({
    /** Null before the first, and where it cannot be read. */
    baseline: z.object({ createdMs: timeMs, acceptedMs: timeMs, entries: count, paths: strings }).readonly().nullable(),
    /** Why the baseline cannot be used, or what the last run ended with. */
    failure: failureSchema.nullable(),
    running: z
      .object({
        id: count,
        work: z.enum(['init', 'check']),
        step: z.enum(['looking', 'reading', 'comparing']),
        files: count,
        totalFiles: count,
        bytes: count,
        totalBytes: count,
      })
      .readonly()
      .nullable(),
    /** The last run that ended: its number, and what it ended with. */
    ended: z
      .object({ id: count, work: z.enum(['init', 'check']), isDone: z.boolean() })
      .readonly()
      .nullable(),
    /** The last check since the engine started. */
    check: z
      .object({
        checkedMs: timeMs,
        isFull: z.boolean(),
        added: count,
        removed: count,
        changed: count,
        /** Of all these: as a package brought them. */
        explained: count,
        /** What could not be looked at, in sentences. */
        problems: strings,
      })
      .readonly()
      .nullable(),
  })
  .readonly();

const canaryOutcomeSchema = z
  .object({
    paths: strings,
    problems: z.array(z.object({ path: z.string(), reason: z.string() }).readonly()).readonly(),
  })
  .readonly();

export const SYSTEM_CALLS = {
  'persistence.list': {
    kind: 'query',
    input: z.strictObject({
      places: z.array(z.enum(AUTOSTART_PLACES)).max(AUTOSTART_PLACES.length).default([]),
      /** Only what no package brought. */
      isUnowned: z.boolean().default(false),
      /** Only what came within the last week. */
      isNew: z.boolean().default(false),
      /** Part of a path or of what is started. */
      search: searchInput,
      limit: limitInput,
      cursor: cursorInput,
    }),
    output: z
      .object({
        takenMs: timeMs,
        entries: z.array(persistenceEntrySchema).readonly(),
        total: count,
        next: nextCursor,
      })
      .readonly(),
    role: 'view',
    doc: 'Everything that starts by itself on this computer: what, as whom, and which package brought it.',
  },
  inventory: {
    kind: 'query',
    input: z.strictObject({
      /** Ask the computer anew, however fresh the last answer is. */
      isFresh: z.boolean().default(false),
    }),
    output: inventorySchema,
    role: 'view',
    doc: 'What this computer is: hardware, system, disks, network, users, software, and how it is protected.',
  },
  'integrity.status': {
    kind: 'query',
    input: noInputSchema,
    output: integrityStateSchema,
    role: 'view',
    doc: 'The integrity baseline, the run that is under way, and what the last check found.',
  },
  'integrity.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: integrityStateSchema,
    role: 'view',
    doc: 'The same at once, and whenever it changes.',
  },
  'integrity.changes': {
    kind: 'query',
    input: z.strictObject({
      search: searchInput,
      /** Leave out what a package explains. */
      isUnexplained: z.boolean().default(false),
      limit: limitInput,
      cursor: cursorInput,
    }),
    output: z.object({ changes: z.array(integrityChangeSchema).readonly(), total: count, next: nextCursor }).readonly(),
    role: 'view',
    doc: 'What the last check found.',
  },
  'integrity.init': {
    kind: 'command',
    input: noInputSchema,
    output: integrityStateSchema,
    role: 'admin',
    doc: 'Begins to make a new baseline of the files as they are now; an older one is replaced when it is done.',
  },
  'integrity.check': {
    kind: 'command',
    input: z.strictObject({
      /** Read every file again, also where its time of change says that it is the same. */
      isFull: z.boolean().default(false),
    }),
    output: integrityStateSchema,
    role: 'operate',
    doc: 'Begins to compare the files with the baseline.',
  },
  'integrity.cancel': {
    kind: 'command',
    input: noInputSchema,
    output: nothingSchema,
    role: 'operate',
    doc: 'Ends the run that is under way; nothing is changed by it.',
  },
  'integrity.accept': {
    kind: 'command',
    input: z.strictObject({
      /** Paths of changes that the last check found. */
      paths: z.array(z.string().min(1).max(MAX_PATH)).max(MAX_ACCEPTED_PATHS),
      /** All of them instead. */
      isAll: z.boolean().default(false),
    }),
    output: z.object({ accepted: count, state: integrityStateSchema }).readonly(),
    role: 'admin',
    doc: 'Takes changes into the baseline as the last check saw them.',
  },
  'canaries.list': {
    kind: 'query',
    input: noInputSchema,
    output: z
      .object({
        /** Whether the setting lets more be placed. */
        isAllowed: z.boolean(),
        canaries: z
          .array(
            z
              .object({ path: z.string(), placedMs: timeMs, state: z.enum(['placed', 'missing', 'changed']) })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'admin',
    doc: 'Files that Holdfast laid out for nobody to use: whoever changes one is after all files.',
  },
  'canaries.place': {
    kind: 'command',
    input: noInputSchema,
    output: canaryOutcomeSchema,
    role: 'admin',
    doc: 'Lays such files out in the homes of this computer, where the setting canaries.enabled lets it.',
  },
  'canaries.remove': {
    kind: 'command',
    input: noInputSchema,
    output: canaryOutcomeSchema,
    role: 'admin',
    doc: 'Takes all of them away; one that somebody changed is left as it is.',
  },
} as const satisfies ApiTable;

export type PersistenceRecord = z.infer<typeof persistenceEntrySchema>;
export type Inventory = z.infer<typeof inventorySchema>;
export type IntegrityState = z.infer<typeof integrityStateSchema>;
export type IntegrityChangeRecord = z.infer<typeof integrityChangeSchema>;
