/** Calls about what Holdfast did: list, undo, end, and freezing a process by hand. Loading this file loads zod. */
import { z } from 'zod';
import { ACTION_KINDS, ACTION_MODES, ACTION_STATES } from './actions.ts';
import { noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, cursorInput, nextCursor, noteInput, timeMs } from './api-table.ts';

/** Processes that one action names; how many it holds is told besides. */
export const MAX_ACTION_TARGETS = 64;
/** Steps that are kept of one action: those of its life, and tries that failed. */
export const MAX_ACTION_STEPS = 16;
/** Actions in one answer: with all that they name below MAX_MESSAGE_BYTES. */
const MAX_LISTED = 25;

const pid = count.min(1).max(2 ** 22);
const actionId = z.string().regex(/^x-[0-9a-f]{12}$/, 'is an id such as x-0123456789ab');

/** A process that an action holds, or would have held. */
const actionTargetSchema = z
  .object({
    pid: count,
    startedMs: timeMs,
    /** "python3": of its executable, or what it calls itself. */
    name: z.string(),
    /** Path of the executable; empty where it is not known. */
    image: z.string(),
    /** At most 300 units; what is cut away ends in "…". */
    commandLine: z.string(),
  })
  .readonly();

export const actionRecordSchema = z
  .object({
    id: z.string(),
    kind: z.enum(ACTION_KINDS),
    mode: z.enum(ACTION_MODES),
    state: z.enum(ACTION_STATES),
    createdMs: timeMs,
    updatedMs: timeMs,
    /** When it is undone by itself; null where there is nothing to undo (any more). */
    expiresMs: timeMs.nullable(),
    /** "engine", or the person who asked for it. */
    actor: z.string(),
    /** What became of it, one sentence: "python3 (4711) and 1 process of it are frozen until …". */
    sentence: z.string(),
    /** Why it was decided, one sentence. */
    reason: z.string(),
    /** Path and value of the setting that decided; empty where a person did. */
    setting: z.string(),
    value: z.string(),
    /** The alert that it answers; null where a person asked for it. It may be part of another alert by now. */
    alertId: z.string().nullable(),
    /** The one that did it first; at most MAX_ACTION_TARGETS. */
    targets: z.array(actionTargetSchema).readonly(),
    /** How many there are, listed or not. */
    targetCount: count,
    /** Processes that belong to it and are protected, each with the reason. */
    spared: z.array(z.object({ pid: count, name: z.string(), why: z.string() }).readonly()).readonly(),
    /** Its life, the oldest first. */
    steps: z
      .array(z.object({ timeMs, state: z.enum(ACTION_STATES), actor: z.string(), note: z.string() }).readonly())
      .readonly(),
  })
  .readonly();

export const ACTION_CALLS = {
  'actions.list': {
    kind: 'query',
    input: z.strictObject({
      /** Only those that hold something now. */
      onlyInForce: z.boolean().default(false),
      /** Only those that answer this alert, or hold a process that it names. */
      alertId: z.string().min(1).max(100).optional(),
      limit: count.min(1).max(MAX_LISTED).default(MAX_LISTED),
      cursor: cursorInput,
    }),
    output: z.object({ actions: z.array(actionRecordSchema).readonly(), next: nextCursor }).readonly(),
    role: 'view',
    doc: 'What Holdfast did about alerts, or would have done, the latest first.',
  },
  'actions.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: actionRecordSchema,
    role: 'view',
    doc: 'Actions as they are planned, done, undone and fail, from now on.',
  },
  'actions.undo': {
    kind: 'command',
    input: z.strictObject({ id: actionId }),
    output: actionRecordSchema,
    role: 'operate',
    doc: 'Undoes an action: what was frozen goes on where it was stopped.',
  },
  'actions.end': {
    kind: 'command',
    input: z.strictObject({ id: actionId }),
    output: actionRecordSchema,
    role: 'operate',
    doc: 'Ends the processes that an action holds; that cannot be undone.',
  },
  'actions.freeze': {
    kind: 'command',
    input: z.strictObject({
      pid,
      /** As "processes.list" tells it, so that another process with the same number is never meant. */
      startedMs: timeMs,
      reason: noteInput.default(''),
    }),
    output: actionRecordSchema,
    role: 'admin',
    doc: 'Freezes a process and those below it by hand, until it is undone or its time has run out.',
  },
} as const satisfies ApiTable;

export type ActionRecord = z.infer<typeof actionRecordSchema>;
export type ActionTarget = z.infer<typeof actionTargetSchema>;
