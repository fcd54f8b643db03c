/** Calls about what happened on the host: the list, the live tail, and rules run over what is stored. Loads zod. */
import { z } from 'zod';
import { type ApiTable, count, nextCursor, timeMs } from './api-table.ts';
import { HOST_EVENT_TYPES, type HostEvent } from './events.ts';

const MAX_EVENTS = 1_000;
/** A rule is a page at the most; a correlation with all its rules is some. */
const MAX_RULE_LENGTH = 100_000;
/** Matches that anybody reads; a rule that matches everything must not fill memory. */
const MAX_MATCHES = 1_000;

/** All facts of an event; see HostEvent. */
const hostEventSchema = z
  .looseObject({ type: z.enum(HOST_EVENT_TYPES), timeMs })
  .readonly() as unknown as z.ZodType<HostEvent>;

export const storedEventSchema = z.object({ /** "e-123". */ id: z.string(), event: hostEventSchema }).readonly();

/** Which events are meant. */
const eventFilter = {
  /** Any of these; every type when left out. */
  types: z.array(z.enum(HOST_EVENT_TYPES)).max(HOST_EVENT_TYPES.length).optional(),
  pid: count.optional(),
};

export const EVENT_CALLS = {
  'events.list': {
    kind: 'query',
    input: z.strictObject({
      ...eventFilter,
      /** With `pid`: of the process that started then. */
      startedMs: timeMs.optional(),
      sinceMs: timeMs.optional(),
      untilMs: timeMs.optional(),
      limit: count.min(1).max(MAX_EVENTS).default(100),
      cursor: z.string().max(32).optional(),
    }),
    output: z.object({ events: z.array(storedEventSchema).readonly(), next: nextCursor }).readonly(),
    role: 'view',
    doc: 'What happened on this computer: programs, files, connections, logs, logins, changes; the latest first.',
  },
  'events.watch': {
    kind: 'stream',
    input: z.strictObject({
      ...eventFilter,
      /** At most so many events a second are given; the others are counted. */
      perSecond: count.min(1).max(MAX_EVENTS).default(200),
    }),
    output: z
      .object({
        events: z.array(hostEventSchema).readonly(),
        /** Events that fit, and are not in the list because there were too many. */
        leftOut: count,
      })
      .readonly(),
    role: 'view',
    doc: 'What happens on this computer, as it happens, a few times a second; what is too much is counted.',
  },
  'events.match': {
    kind: 'stream',
    input: z.strictObject({
      /** Sigma, in YAML; several rules in one text, as correlations need, are parted by "---". */
      rule: z.string().min(1).max(MAX_RULE_LENGTH),
      fromMs: timeMs,
      toMs: timeMs,
      limit: count.min(1).max(MAX_MATCHES).default(200),
    }),
    output: z
      .object({
        /** Share of what is stored that was looked at, from 0 to 1. */
        progress: z.number().min(0).max(1),
        /** Events that were looked at. */
        scanned: count,
        /** Events that are not what was written, and are left out or lack their process. */
        damaged: count,
        /** Matches since the item before. */
        matches: z
          .array(
            z
              .object({
                id: z.string(),
                event: hostEventSchema,
                rule: z.string(),
                level: z.string(),
                /** What of the rule fits, "CommandLine: …"; of correlations what was counted. */
                reason: z.string(),
              })
              .readonly(),
          )
          .readonly(),
        /** All matches so far, also those beyond the limit. */
        total: count,
        isDone: z.boolean(),
        /** Why it ended before its time: "bad-rule" with the line, …; null while all is well. */
        failure: z.object({ code: z.string(), message: z.string(), hint: z.string() }).readonly().nullable(),
      })
      .readonly(),
    role: 'view',
    doc: 'Runs Sigma rules over stored events; "bad-rule" says in which line a rule is wrong. The last has isDone.',
  },
} as const satisfies ApiTable;

export type StoredHostEvent = z.infer<typeof storedEventSchema>;
export type EventMatches = z.infer<(typeof EVENT_CALLS)['events.match']['output']>;
export type EventMatch = EventMatches['matches'][number];
