/** Calls that steer the engine: settings, pause, journal, log, tokens. Loading this file loads zod. */
import { z } from 'zod';
import { ROLES } from './api-roles.ts';
import { configSchema, noInputSchema } from './api-schemas.ts';
import {
  type ApiTable,
  count,
  cursorInput,
  nextCursor,
  noteInput,
  nothingSchema,
  strings,
  timeMs,
} from './api-table.ts';

const MAX_CHANGES = 200;
const MAX_PAUSE_MINUTES = 24 * 60;
const settingValue = z.union([z.number(), z.boolean(), z.string(), strings]);

/** A row of a table of settings, as a page needs it. */
export const settingRowSchema = z
  .object({
    /** Dotted: "detect.port-scan.windowSeconds". */
    path: z.string(),
    type: z.enum(['number', 'boolean', 'string', 'choice', 'list']),
    value: settingValue,
    default: settingValue,
    unit: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    isInteger: z.boolean().optional(),
    choices: strings.optional(),
    /** What it takes, in words: "a whole number from 2 to 65535 (ports)". */
    wanted: z.string(),
    /** One plain sentence: what it does, and why the default is what it is. */
    reason: z.string(),
    origin: z.string(),
    /** Why it cannot be changed here, such as the file that sets it; empty when it can. */
    lockedBy: z.string(),
    environmentName: z.string(),
  })
  .readonly();

const settingProblemSchema = z.object({ path: z.string(), message: z.string(), hint: z.string() }).readonly();

export const journalEntrySchema = z
  .object({
    id: count,
    timeMs,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()).readonly(),
    hash: z.string(),
  })
  .readonly();

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    createdMs: timeMs,
    createdBy: z.string(),
    expiresMs: timeMs.nullable(),
    lastUsedMs: timeMs.nullable(),
  })
  .readonly();

export const CONTROL_CALLS = {
  'config.show': {
    kind: 'query',
    input: noInputSchema,
    output: configSchema,
    role: 'view',
    doc: 'Every setting that is in force, with who set it.',
  },
  'config.describe': {
    kind: 'query',
    input: noInputSchema,
    output: z
      .object({
        profile: z.string(),
        sections: z
          .array(
            z
              .object({ path: z.string(), title: z.string(), settings: z.array(settingRowSchema).readonly() })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'Every setting with its explanation, default, limits, value and origin.',
  },
  'config.set': {
    kind: 'command',
    input: z.strictObject({
      changes: z
        .array(
          z.strictObject({
            path: z.string().max(200),
            /** Null: back to what it was before it was changed here. */ value: settingValue.nullable(),
          }),
        )
        .min(1)
        .max(MAX_CHANGES),
      /** Only say what is wrong with it. */ dryRun: z.boolean().default(false),
    }),
    output: z
      .object({
        /** Nothing was changed where there is one. */ problems: z.array(settingProblemSchema).readonly(),
        /** In force now, or with `dryRun` would be. Values that were in force before are in neither list. */
        applied: strings,
        /** Kept, and in force after the next start. */ atRestart: strings,
        /** For undo: give it back as `changes`. */ before: z
          .array(z.object({ path: z.string(), value: settingValue.nullable() }).readonly())
          .readonly(),
      })
      .readonly(),
    role: 'admin',
    doc: 'Changes settings: all of them or, where one is wrong, none.',
  },
  'protection.pause': {
    kind: 'command',
    input: z.strictObject({ minutes: count.min(1).max(MAX_PAUSE_MINUTES), reason: noteInput.min(1) }),
    output: z.object({ untilMs: timeMs }).readonly(),
    role: 'operate',
    doc: 'Stops watching for some minutes; it begins again by itself, and when the engine starts.',
  },
  'protection.resume': {
    kind: 'command',
    input: noInputSchema,
    output: nothingSchema,
    role: 'operate',
    doc: 'Watches again at once.',
  },
  'journal.list': {
    kind: 'query',
    input: z.strictObject({
      limit: count.min(1).max(1_000).default(100),
      cursor: cursorInput,
      search: z.string().max(100).default(''),
    }),
    output: z.object({ entries: z.array(journalEntrySchema).readonly(), next: nextCursor }).readonly(),
    role: 'view',
    doc: 'What was done, by whom, to what; the latest first.',
  },
  'journal.verify': {
    kind: 'query',
    input: noInputSchema,
    output: z
      .object({
        isIntact: z.boolean(),
        entries: count,
        /** Id of the first entry that does not fit. */ brokenAt: count.nullable(),
        reason: z.string(),
      })
      .readonly(),
    role: 'view',
    doc: 'Whether the journal is as it was written: every entry carries the hash of the one before.',
  },
  'log.recent': {
    kind: 'query',
    input: z.strictObject({ limit: count.min(1).max(500).default(100) }),
    output: z
      .object({
        entries: z
          .array(
            z
              .object({ timeMs, level: z.enum(['warn', 'error', 'fatal']), message: z.string(), detail: z.string() })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'Warnings and errors of this run, the latest first.',
  },
  'tokens.list': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ tokens: z.array(tokenSchema).readonly() }).readonly(),
    role: 'admin',
    doc: 'Tokens for the HTTP interface; never their secrets.',
  },
  'tokens.create': {
    kind: 'command',
    input: z.strictObject({
      name: z.string().trim().min(1).max(80),
      role: z.enum(ROLES),
      /** Null: until it is revoked. */ days: count.min(1).max(3_650).nullable().default(365),
    }),
    output: z.object({ token: tokenSchema, /** Shown this once. */ secret: z.string() }).readonly(),
    role: 'admin',
    doc: 'Makes a token of a role; its secret is told this once.',
  },
  'tokens.revoke': {
    kind: 'command',
    input: z.strictObject({ id: z.string().max(64) }),
    output: nothingSchema,
    role: 'admin',
    doc: 'Ends a token at once.',
  },
} as const satisfies ApiTable;

export type SettingRow = z.infer<typeof settingRowSchema>;
export type JournalRecord = z.infer<typeof journalEntrySchema>;
export type Token = z.infer<typeof tokenSchema>;
