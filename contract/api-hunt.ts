/** Calls of Hunt: queries over what was stored. The language itself: hunt-language.ts. Loading this file loads zod. */
import { z } from 'zod';
import { noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, nextCursor, nothingSchema, sourceInput, strings, timeMs } from './api-table.ts';
import { MAX_QUERY_LENGTH } from './hunt-query.ts';
import { HUNT_TYPES } from './hunt-tables.ts';

const MAX_ROWS = 1_000;
const MAX_NAME_LENGTH = 80;
/** It holds what the last row was sorted by. */
const MAX_CURSOR_LENGTH = 2_048;

const queryText = z.string().max(MAX_QUERY_LENGTH);

const savedQuerySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    query: z.string(),
    savedMs: timeMs,
    /** Comes with Holdfast and cannot be removed. */ isBuiltIn: z.boolean(),
  })
  .readonly();

export const HUNT_CALLS = {
  'hunt.run': {
    kind: 'query',
    input: z.strictObject({
      query: queryText,
      source: sourceInput,
      limit: count.min(1).max(MAX_ROWS).default(200),
      cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
    }),
    output: z
      .object({
        columns: z
          .array(
            z
              .object({
                name: z.string(),
                type: z.enum(HUNT_TYPES),
                unit: z.string().optional(),
              })
              .readonly(),
          )
          .readonly(),
        /** Cells in the order of the columns: times and durations in milliseconds; lists parted by ", ". */
        rows: z.array(z.array(z.union([z.string(), z.number(), z.null()])).readonly()).readonly(),
        next: nextCursor,
        /** Rows looked at for this page, and the time it took. */
        scanned: count,
        elapsedMs: z.number(),
        /** It was stopped at its time limit: there may be more. */
        isPartial: z.boolean(),
        /**
         * Number of rows per moment, for the bar above the rows, in even steps; of a first page only, and empty for
         * a summary. Of very many rows those of the latest time.
         */
        timeline: z.array(z.object({ timeMs, rows: count }).readonly()).readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'Runs a query over stored flows, alerts and events of the host; "bad-query" says where it is wrong.',
  },
  'hunt.saved': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ queries: z.array(savedQuerySchema).readonly() }).readonly(),
    role: 'view',
    doc: 'Queries that were kept, and some to begin with.',
  },
  'hunt.save': {
    kind: 'command',
    input: z.strictObject({ name: z.string().trim().min(1).max(MAX_NAME_LENGTH), query: queryText.min(1) }),
    output: savedQuerySchema,
    role: 'operate',
    doc: 'Keeps a query under a name; the same name again replaces it.',
  },
  'hunt.forget': {
    kind: 'command',
    input: z.strictObject({ id: z.string().max(64) }),
    output: nothingSchema,
    role: 'operate',
    doc: 'Forgets a kept query.',
  },
  'hunt.values': {
    kind: 'query',
    input: z.strictObject({ field: z.string().max(64), prefix: z.string().max(100), source: sourceInput }),
    output: z.object({ values: strings }).readonly(),
    role: 'view',
    doc: 'Values of a field that begin so, for completion, the most frequent first.',
  },
} as const satisfies ApiTable;

export type HuntResult = z.infer<(typeof HUNT_CALLS)['hunt.run']['output']>;
export type SavedQuery = z.infer<typeof savedQuerySchema>;
