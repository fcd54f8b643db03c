/** Calls about traffic: rates, history, hosts, flows. Loading this file loads zod. */
import { z } from 'zod';
import { noInputSchema, trafficSchema } from './api-schemas.ts';
import { type ApiTable, count, rate, sourceInput, strings, timeMs } from './api-table.ts';

export { MAX_LIVE_FLOWS } from './traffic.ts';

const DAY_MS = 86_400_000;
const MAX_HISTORY_MS = 31 * DAY_MS;
const MAX_HISTORY_POINTS = 1_500;
/** Flows in one item of `flows.watch`: with the longest addresses, names and numbers it stays below MAX_MESSAGE_BYTES. */
export const MAX_FLOWS_PER_ITEM = 1_000;

/**
 * Why a flow ended. `closed`: by FIN or RST, and the record does not say which. `long`: it went on, and its record was
 * cut; the rest is a flow of its own. `evicted`: too many flows were open. `stopped`: Holdfast stopped watching.
 * `clock`: the clock was set back.
 */
export const FLOW_ENDS = ['fin', 'reset', 'closed', 'idle', 'long', 'evicted', 'stopped', 'clock'] as const;
export type FlowEnd = (typeof FLOW_ENDS)[number];

/** A program on this computer. */
export const flowProgramSchema = z
  .object({
    /** "/usr/bin/curl"; "memfd:name" without a file; "[name]" for a thread of the kernel. */
    path: z.string(),
    pid: count,
    /** Name of the user that it runs as. */
    user: z.string().optional(),
  })
  .readonly();

/**
 * One flow, open or ended. Ids: "o-…" while it is open, "s-…" as it is stored; an open flow's id is not used again
 * while the engine runs, and answers for some minutes after the end.
 */
export const flowSchema = z
  .object({
    id: z.string(),
    startMs: timeMs,
    lastMs: timeMs,
    initiator: z.string(),
    /** 0 where the protocol has no ports. */
    initiatorPort: count,
    responder: z.string(),
    responderPort: count,
    /** "tcp", "udp", "icmp", or the number of the protocol. */
    transport: z.string(),
    /** "ssh", "dns", …; "unknown" where neither port nor bytes tell. */
    service: z.string(),
    /** What the bytes said is spoken: "tls", "bittorrent"; empty where they did not tell. */
    application: z.string(),
    /** What was asked for: a site, a domain, a host name; empty where nobody named it. */
    name: z.string(),
    initiatorPackets: count,
    responderPackets: count,
    /** On the wire. */
    initiatorBytes: count,
    responderBytes: count,
    /** Over the last second, while somebody watches `flows.watch`; else, and once it has ended, 0. */
    initiatorBytesPerSecond: rate,
    responderBytesPerSecond: rate,
    /** Null while it is open. */
    end: z.enum(FLOW_ENDS).nullable(),
    /** The program on this computer that has it, the initiator's where both ends are here; left out where not known. */
    program: flowProgramSchema.optional(),
  })
  .readonly();

export const featureSchema = z
  .object({
    name: z.string(),
    unit: z.string(),
    value: z.number(),
    /** What it says, in a few words. */ meaning: z.string(),
  })
  .readonly();

export const FLOW_CALLS = {
  traffic: {
    kind: 'query',
    input: noInputSchema,
    output: trafficSchema,
    role: 'view',
    doc: 'The traffic of this moment: rates, the busiest hosts, protocols, the newest flows.',
  },
  'traffic.history': {
    kind: 'query',
    input: z
      .strictObject({ sinceMs: timeMs, untilMs: timeMs, points: count.min(2).max(MAX_HISTORY_POINTS).default(288) })
      .refine(({ sinceMs, untilMs }) => untilMs > sinceMs && untilMs - sinceMs <= MAX_HISTORY_MS, {
        error: 'must be a span of at most 31 days',
      }),
    output: z
      .object({
        stepMs: z.number().positive(),
        /**
         * One for each step, the oldest first; a step is at least a minute, so there may be fewer points than asked
         * for. Steps when nothing was watched have `watchedSeconds` 0 and are gaps, not zeroes.
         */
        points: z
          .array(
            z
              .object({
                timeMs,
                /** By the counters of the watched interfaces: what came to this computer, and what it sent. */
                receivedBytes: count,
                sentBytes: count,
                /** Looked at, both directions. */
                packets: count,
                /** Lost before they could be looked at. */
                dropped: count,
                watchedSeconds: rate,
              })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'Traffic in and out over time, kept a minute at a time for 31 days.',
  },
  'hosts.list': {
    kind: 'query',
    input: z.strictObject({
      sinceMs: timeMs.optional(),
      limit: count.min(1).max(1_000).default(50),
      search: z.string().max(100).default(''),
    }),
    output: z
      .object({
        /** Most bytes first. */
        hosts: z
          .array(
            z
              .object({
                address: z.string(),
                /** An address of this computer. */
                isOwn: z.boolean(),
                sentBytes: count,
                receivedBytes: count,
                flows: count,
                firstSeenMs: timeMs,
                lastSeenMs: timeMs,
                /** Not seen before the span that was asked for; false as long as Holdfast remembers nothing before it. */
                isNew: z.boolean(),
                /** Of the flows that it took part in. */
                services: strings,
              })
              .readonly(),
          )
          .readonly(),
        total: count,
      })
      .readonly(),
    role: 'view',
    doc: 'Hosts by bytes (of the last day, if not said otherwise), from ended flows, with who is new.',
  },
  'flows.watch': {
    kind: 'stream',
    input: z.strictObject({}),
    output: z
      .object({
        timeMs,
        /**
         * Open flows in all. At most MAX_LIVE_FLOWS of them are told: conversations before lone packets, so that a
         * flood does not hide them, and the latest active first.
         */
        open: count,
        /**
         * Whether this item replaces all that was told before. More flows than MAX_FLOWS_PER_ITEM follow in items of
         * their own with the same `timeMs`, which add to it. Comes every ten seconds, so that a reader who lost items
         * is right again.
         */
        isComplete: z.boolean(),
        /** New, or changed since the item before. Ended flows come once more, with `end`, then are gone. */
        flows: z.array(flowSchema).readonly(),
        /** Ids of flows that are still open, but no longer among those that are told. */
        gone: strings,
      })
      .readonly(),
    role: 'view',
    doc: 'Open flows with their rates, once a second: first all, then what changed.',
  },
  'flows.list': {
    kind: 'query',
    input: z.strictObject({
      source: sourceInput,
      alertId: z.string().max(100).optional(),
      host: z.string().max(100).optional(),
      sinceMs: timeMs.optional(),
      untilMs: timeMs.optional(),
      limit: count.min(1).max(1_000).default(100),
      cursor: z.string().max(256).optional(),
    }),
    output: z
      .object({
        flows: z.array(flowSchema).readonly(),
        /** A search looks at so many flows a call: there may be fewer flows than asked for, even none, and still more. */
        next: z.string().nullable(),
      })
      .readonly(),
    role: 'view',
    doc: 'Ended flows, the latest first; of an alert, of a host, of a time.',
  },
  'flows.get': {
    kind: 'query',
    input: z.strictObject({ id: z.string().regex(/^[os]-\d{1,16}$/) }),
    output: z
      .object({
        flow: flowSchema,
        /** What was said, in short, in order: requests, answers, logins, files, certificates. */
        said: strings,
        features: z.array(featureSchema).readonly(),
        /** In words, why there are no features, where there are none. */
        whyNoFeatures: z.string(),
        /** In words, why the program is not known, where it is not. */
        whyNoProgram: z.string(),
        /** Alerts that name one of its ends at that time. */
        alerts: z.array(z.object({ id: z.string(), title: z.string(), severity: z.string() }).readonly()).readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'One flow in full, with its features.',
  },
  'traffic.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: trafficSchema,
    role: 'view',
    doc: 'The traffic, once a second.',
  },
} as const satisfies ApiTable;

export type Flow = z.infer<typeof flowSchema>;
export type FlowProgram = z.infer<typeof flowProgramSchema>;
export type FlowFeature = z.infer<typeof featureSchema>;
