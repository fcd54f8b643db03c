/** What a row of a table of calls is; the tables are joined in api.ts. Loading this file loads zod. */
import { z } from 'zod';
import type { Role } from './api-roles.ts';

/** `query` changes nothing, `command` does, `stream` gives items until one side ends it. */
export const CALL_KINDS = ['query', 'command', 'stream'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** A row of a table of calls: the engine's in api.ts, the shell's in shell-api.ts. */
export interface CallEntry {
  readonly kind: CallKind;
  readonly input: z.ZodType;
  /** Of a stream: the shape of one item. */
  readonly output: z.ZodType;
  /** One sentence for people. */
  readonly doc: string;
}

export interface ApiEntry extends CallEntry {
  /** The least role that may call it. */
  readonly role: Role;
}

export type ApiTable = Readonly<Record<string, ApiEntry>>;

/** Milliseconds since the epoch. */
export const timeMs = z.number();
export const count = z.number().int().nonnegative();
export const rate = z.number().nonnegative();
export const strings = z.array(z.string()).readonly();
/** The answer of a command that has nothing to say. */
export const nothingSchema = z.object({}).readonly();
/** For `cursor` of the next call; null when there is no more. */
export const nextCursor = z.string().nullable();
/** `next` of the answer before. */
export const cursorInput = z.string().max(256).optional();
/** Text that a person types in: a reason, a note. */
export const noteInput = z.string().trim().max(500);
/** Where alerts and flows are from: "live", or the id of a capture that was analysed. */
export const sourceInput = z
  .string()
  .regex(/^(live|c-[0-9a-z]{1,32})$/)
  .default('live');
