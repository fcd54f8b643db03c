/** Calls about captures that are given to the engine to be analysed. Loading this file loads zod. */
import { z } from 'zod';
import { failureSchema, noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, nothingSchema, rate, timeMs } from './api-table.ts';
import { CAPTURE_PIECE_BYTES } from './capture-pieces.ts';

export { CAPTURE_PIECE_BYTES };

const MAX_PIECE_TEXT = Math.ceil(CAPTURE_PIECE_BYTES / 3) * 4;
const captureId = z.string().regex(/^c-[0-9a-z]{1,32}$/);

export const CAPTURE_STATES = ['receiving', 'waiting', 'analysing', 'done', 'cancelled', 'failed'] as const;

export const captureSchema = z
  .object({
    /** Also the `source` of its alerts and flows. */
    id: z.string(),
    /** As the person calls it; plain text. */
    name: z.string(),
    state: z.enum(CAPTURE_STATES),
    /** 0 to 1 of the present state; null where it cannot be told. */
    progress: z.number().min(0).max(1).nullable(),
    sizeBytes: count,
    /** How many of them have come: the offset of the next piece. */
    receivedBytes: count,
    addedMs: timeMs,
    addedBy: z.string(),
    /** Once it is done. */
    result: z
      .object({
        format: z.string(),
        packets: count,
        bytes: count,
        malformed: count,
        flows: count,
        hosts: count,
        /** Flows that were kept for Hunt; of a very large capture not all are. */
        keptFlows: count,
        firstSeenMs: timeMs.nullable(),
        lastSeenMs: timeMs.nullable(),
        elapsedSeconds: rate,
        alerts: z.object({ info: count, low: count, medium: count, high: count, critical: count }).readonly(),
        notes: z.array(z.object({ code: z.string(), message: z.string(), count }).readonly()).readonly(),
        timeline: z.array(z.object({ timeMs, packets: count, bytes: count }).readonly()).readonly(),
        talkers: z
          .array(z.object({ address: z.string(), sentBytes: count, receivedBytes: count, packets: count }).readonly())
          .readonly(),
        protocols: z.array(z.object({ name: z.string(), flows: count, bytes: count }).readonly()).readonly(),
      })
      .readonly()
      .nullable(),
    failure: failureSchema.nullable(),
  })
  .readonly();

export const CAPTURE_CALLS = {
  'captures.list': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ captures: z.array(captureSchema).readonly(), maximumBytes: count }).readonly(),
    role: 'view',
    doc: 'Captures that were given to the engine, the latest first.',
  },
  'captures.get': {
    kind: 'query',
    input: z.strictObject({ id: captureId }),
    output: captureSchema,
    role: 'view',
    doc: 'One capture with its result; its alerts and flows have its id as source.',
  },
  'captures.begin': {
    kind: 'command',
    input: z.strictObject({ name: z.string().min(1).max(255), sizeBytes: count.min(1) }),
    output: captureSchema,
    role: 'operate',
    doc: 'Announces a capture; its bytes follow with captures.append.',
  },
  'captures.append': {
    kind: 'command',
    input: z.strictObject({ id: captureId, offset: count, data: z.base64().max(MAX_PIECE_TEXT) }),
    output: z.object({ receivedBytes: count }).readonly(),
    role: 'operate',
    doc: 'The next bytes of a capture, base64; analysis begins with the last one.',
  },
  'captures.cancel': {
    kind: 'command',
    input: z.strictObject({ id: captureId }),
    output: captureSchema,
    role: 'operate',
    doc: 'Stops receiving or analysing.',
  },
  'captures.remove': {
    kind: 'command',
    input: z.strictObject({ id: captureId }),
    output: nothingSchema,
    role: 'operate',
    doc: 'Forgets a capture with its alerts and flows.',
  },
  'captures.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: captureSchema,
    role: 'view',
    doc: 'Captures whose state or progress changes, from now on.',
  },
} as const satisfies ApiTable;

export type Capture = z.infer<typeof captureSchema>;
