/**
 * The API as one table: what can be asked of a running engine, by whom, with which shapes. The dispatcher, the
 * command line, the documentation and the doubles of tests come from it. Loading this file loads zod.
 */
import type { z } from 'zod';
import type { Role } from './api-roles.ts';
import {
  alertChangeSchema,
  alertGetInputSchema,
  alertListInputSchema,
  alertListSchema,
  alertSchema,
  alertWatchInputSchema,
  configSchema,
  healthEntrySchema,
  noInputSchema,
  statusSchema,
  trafficSchema,
} from './api-schemas.ts';

/** `query` changes nothing, `command` does, `stream` gives items until one side ends it. */
export const CALL_KINDS = ['query', 'command', 'stream'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** A row of a table of calls: the engine's here, the shell's in shell-api.ts. */
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

export const API = {
  status: {
    kind: 'query',
    input: noInputSchema,
    output: statusSchema,
    role: 'view',
    doc: 'How the engine is doing: what it watches, what it cannot see and why, how much traffic, what it costs.',
  },
  traffic: {
    kind: 'query',
    input: noInputSchema,
    output: trafficSchema,
    role: 'view',
    doc: 'The traffic of this moment: rates, the busiest hosts, protocols, the newest flows.',
  },
  'alerts.list': {
    kind: 'query',
    input: alertListInputSchema,
    output: alertListSchema,
    role: 'view',
    doc: 'Alerts, the latest first, by severity, kind and time.',
  },
  'alerts.get': {
    kind: 'query',
    input: alertGetInputSchema,
    output: alertSchema,
    role: 'view',
    doc: 'One alert by its id; the error "no-such-alert" where there is none.',
  },
  'config.show': {
    kind: 'query',
    input: noInputSchema,
    output: configSchema,
    role: 'view',
    doc: 'Every setting that is in force, with who set it.',
  },
  'alerts.watch': {
    kind: 'stream',
    input: alertWatchInputSchema,
    output: alertChangeSchema,
    role: 'view',
    doc: 'Alerts as they are opened, change or are withdrawn, from now on.',
  },
  'traffic.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: trafficSchema,
    role: 'view',
    doc: 'The traffic, once a second.',
  },
  'health.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: healthEntrySchema,
    role: 'view',
    doc: 'Parts of the engine whose state changes, from now on.',
  },
} as const satisfies Readonly<Record<string, ApiEntry>>;

export type Api = typeof API;
export type CallName = keyof Api;
export type StreamName = { [N in CallName]: Api[N]['kind'] extends 'stream' ? N : never }[CallName];
/** Queries and commands: one answer. */
export type RequestName = Exclude<CallName, StreamName>;

/** What a caller gives: keys with a default may be left out. */
export type CallInput<N extends CallName> = z.input<Api[N]['input']>;
/** What a handler is given: parsed, with defaults. */
export type ParsedInput<N extends CallName> = z.output<Api[N]['input']>;
export type CallOutput<N extends CallName> = z.output<Api[N]['output']>;

/** Who calls, and until when the answer matters. */
export interface CallContext {
  readonly role: Role;
  /** Aborted when the caller has gone or given up. */
  readonly signal: AbortSignal;
}

/** Answers, or throws an error that carries a `failure`; anything else that is thrown is a mistake of ours. */
export type RequestHandler<N extends RequestName> = (
  input: ParsedInput<N>,
  context: CallContext,
) => CallOutput<N> | Promise<CallOutput<N>>;

/** Calls `emit` for every item from now on, and gives the function that ends it. Must not block. */
export type StreamHandler<N extends StreamName> = (
  input: ParsedInput<N>,
  emit: (item: CallOutput<N>) => void,
  context: CallContext,
) => () => void;

/** What the engine implements: one handler for each row of the table. */
export type ApiHandlers = {
  readonly [N in CallName]: N extends StreamName ? StreamHandler<N> : N extends RequestName ? RequestHandler<N> : never;
};

/** What a client can do, over a socket or inside the engine's own process; tests give doubles of it. */
export interface ApiClient {
  /** @throws an error that carries a `failure` */
  request<N extends RequestName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Ends when the loop is left or `signal` is aborted. @throws an error that carries a `failure` */
  watch<N extends StreamName>(name: N, input: CallInput<N>, signal?: AbortSignal): AsyncIterable<CallOutput<N>>;
  close(): void;
}
