/** Calls about lists of what is known to be bad. Loading this file loads zod. */
import { z } from 'zod';
import { failureSchema, noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, nothingSchema } from './api-table.ts';
import { CAPTURE_PIECE_BYTES } from './capture-pieces.ts';
import { INDICATOR_FORMATS, INDICATOR_TYPES } from './indicators.ts';

/** A list is sent in pieces, as captures are. */
export const LIST_PIECE_BYTES = CAPTURE_PIECE_BYTES;
const MAX_PIECE_TEXT = Math.ceil(LIST_PIECE_BYTES / 3) * 4;
const MAX_VALUE = 2_048;
const listName = z.string().min(1).max(100);

export const indicatorSchema = z
  .object({
    type: z.enum(INDICATOR_TYPES),
    value: z.string(),
    /** What it is a sign of; empty where the list does not say. */
    label: z.string(),
    /** Name of the list. */
    source: z.string(),
  })
  .readonly();

export const indicatorListSchema = z
  .object({
    name: z.string(),
    /** Empty for the built-in one. */
    path: z.string(),
    /** Taken in with indicators.import, so that it can be removed; others are of the setting indicators.files. */
    isOwn: z.boolean(),
    format: z.enum(INDICATOR_FORMATS),
    entries: count,
    /** Lines that are no indicators. */
    invalid: count,
    /** Where the first of them is: "line 3"; empty without. */
    firstInvalid: z.string(),
    /** Left out because there are too many in all. */
    left: count,
    /** Why it could not be read. */
    failure: failureSchema.nullable(),
  })
  .readonly();

export const INDICATOR_CALLS = {
  'indicators.list': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ size: count, lists: z.array(indicatorListSchema).readonly() }).readonly(),
    role: 'view',
    doc: 'Lists of what is known to be bad, and what could not be read of them.',
  },
  'indicators.check': {
    kind: 'query',
    input: z.strictObject({ value: z.string().min(1).max(MAX_VALUE) }),
    output: z.object({ found: z.array(indicatorSchema).readonly() }).readonly(),
    role: 'view',
    doc: 'What the lists know of an address, a domain, a URL, a hash or a fingerprint.',
  },
  'indicators.import': {
    kind: 'command',
    input: z.strictObject({
      name: listName,
      offset: count,
      data: z.base64().max(MAX_PIECE_TEXT),
      /** With the last piece the list is checked and in force. */ isLast: z.boolean(),
    }),
    output: z
      .object({ receivedBytes: count, /** Once it is in force. */ list: indicatorListSchema.nullable() })
      .readonly(),
    role: 'admin',
    doc: 'Takes a list in, piece by piece (base64); one of the same name is replaced.',
  },
  'indicators.remove': {
    kind: 'command',
    input: z.strictObject({ name: listName }),
    output: nothingSchema,
    role: 'admin',
    doc: 'Removes a list that was taken in.',
  },
  'indicators.reload': {
    kind: 'command',
    input: noInputSchema,
    output: z.object({ size: count }).readonly(),
    role: 'admin',
    doc: 'Reads all lists again.',
  },
} as const satisfies ApiTable;

export type IndicatorListEntry = z.infer<typeof indicatorListSchema>;
