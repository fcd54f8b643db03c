/**
 * The API as one table: what can be asked of a running engine, by whom, with which shapes. The dispatcher, the
 * command line, REST, the bridge to the app, the documentation and the doubles of tests come from it. Loading this
 * file loads zod.
 */
import type { z } from 'zod';
import { ACTION_CALLS } from './api-actions.ts';
import { ALERT_CALLS } from './api-alerts.ts';
import { CAPTURE_CALLS } from './api-captures.ts';
import { CONSOLE_CALLS } from './api-console.ts';
import { CONTROL_CALLS } from './api-control.ts';
import { EVENT_CALLS } from './api-events.ts';
import { FLOW_CALLS } from './api-flows.ts';
import { HUNT_CALLS } from './api-hunt.ts';
import { INDICATOR_CALLS } from './api-indicators.ts';
import { MODEL_CALLS } from './api-models.ts';
import { PROCESS_CALLS } from './api-processes.ts';
import type { Role } from './api-roles.ts';
import { RULE_CALLS } from './api-rules.ts';
import { healthEntrySchema, noInputSchema, statusSchema } from './api-schemas.ts';
import { SYSTEM_CALLS } from './api-system.ts';
import type { ApiTable } from './api-table.ts';

export { type ApiEntry, type ApiTable, CALL_KINDS, type CallEntry, type CallKind } from './api-table.ts';

export const API = {
  status: {
    kind: 'query',
    input: noInputSchema,
    output: statusSchema,
    role: 'view',
    doc: 'How the engine is doing: what it watches, what it cannot see and why, how much traffic, what it costs.',
  },
  'status.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: statusSchema,
    role: 'view',
    doc: 'The status: at once, then every two seconds, and when something changes.',
  },
  'health.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: healthEntrySchema,
    role: 'view',
    doc: 'Parts of the engine whose state changes, from now on.',
  },
  ...ALERT_CALLS,
  ...ACTION_CALLS,
  ...FLOW_CALLS,
  ...HUNT_CALLS,
  ...EVENT_CALLS,
  ...CAPTURE_CALLS,
  ...INDICATOR_CALLS,
  ...MODEL_CALLS,
  ...RULE_CALLS,
  ...PROCESS_CALLS,
  ...SYSTEM_CALLS,
  ...CONTROL_CALLS,
  ...CONSOLE_CALLS,
} as const satisfies ApiTable;

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
  /** For the journal: "user ada", "token backup-script", "console". */
  readonly actor: string;
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

/** The handlers of one area's table, such as `HandlersOf<typeof ALERT_CALLS>`. */
export type HandlersOf<T extends ApiTable> = Pick<ApiHandlers, keyof T & CallName>;

/** What a client can do, over a socket or inside the engine's own process; tests give doubles of it. */
export interface ApiClient {
  /** @throws an error that carries a `failure` */
  request<N extends RequestName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Ends when the loop is left or `signal` is aborted. @throws an error that carries a `failure` */
  watch<N extends StreamName>(name: N, input: CallInput<N>, signal?: AbortSignal): AsyncIterable<CallOutput<N>>;
  close(): void;
}
