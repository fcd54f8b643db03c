/**
 * The shell's own table: what the desktop app does beside the engine. The same shape as the engine's table, over the
 * same bridge. Where the renderer runs in a browser there is no shell and none of these calls.
 */
import { z } from 'zod';
import type { CallEntry } from './api.ts';
import { noInputSchema } from './api-schemas.ts';
import {
  engineLinkSchema,
  linkSchema,
  preferencesSchema,
  shellInfoSchema,
  updateStateSchema,
} from './shell-schemas.ts';

const nothing = z.object({}).readonly();

export const SHELL_API = {
  'shell.info': {
    kind: 'query',
    input: noInputSchema,
    output: shellInfoSchema,
    doc: 'Versions, and what this desktop can show.',
  },
  'shell.engine.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: engineLinkSchema,
    doc: 'How the app reaches the engine: now, and whenever it changes.',
  },
  'shell.engine.start': {
    kind: 'command',
    input: noInputSchema,
    output: nothing,
    doc: 'Starts the engine again, or looks for the service again.',
  },
  'shell.protection.enable': {
    kind: 'command',
    input: noInputSchema,
    output: z.object({ outcome: z.enum(['enabled', 'cancelled', 'failed']), message: z.string() }).readonly(),
    doc: 'Installs and starts the service, after the system has asked for an administrator.',
  },
  'shell.preferences': {
    kind: 'query',
    input: noInputSchema,
    output: preferencesSchema,
    doc: 'What the person chose for this app.',
  },
  'shell.preferences.set': {
    kind: 'command',
    input: preferencesSchema,
    output: preferencesSchema,
    doc: 'Keeps what the person chose; all of it at once.',
  },
  'shell.updates.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: updateStateSchema,
    doc: 'Updates of the app: now, and whenever something changes.',
  },
  'shell.updates.check': { kind: 'command', input: noInputSchema, output: nothing, doc: 'Looks for an update now.' },
  'shell.updates.download': {
    kind: 'command',
    input: noInputSchema,
    output: nothing,
    doc: 'Fetches the update on offer.',
  },
  'shell.updates.install': {
    kind: 'command',
    input: noInputSchema,
    output: nothing,
    doc: 'Installs the fetched update and starts again.',
  },
  'shell.updates.postpone': {
    kind: 'command',
    input: z.strictObject({ hours: z.number().int().min(1).max(168) }),
    output: nothing,
    doc: 'Does not speak of this update for so many hours.',
  },
  'shell.links.open': {
    kind: 'command',
    input: linkSchema,
    output: nothing,
    doc: 'Opens a known page in the browser.',
  },
  'shell.navigate.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: z.object({ address: z.string() }).readonly(),
    doc: 'Addresses that the window should show: a notification that was pressed, an entry of the tray.',
  },
} as const satisfies Readonly<Record<string, CallEntry>>;

export type ShellApi = typeof SHELL_API;
export type ShellCallName = keyof ShellApi;
export type ShellStreamName = {
  [N in ShellCallName]: ShellApi[N]['kind'] extends 'stream' ? N : never;
}[ShellCallName];
export type ShellRequestName = Exclude<ShellCallName, ShellStreamName>;
export type ShellCallInput<N extends ShellCallName> = z.input<ShellApi[N]['input']>;
export type ShellCallOutput<N extends ShellCallName> = z.output<ShellApi[N]['output']>;

/** What the shell implements: one handler for each row. */
export type ShellHandlers = {
  readonly [N in ShellCallName]: N extends ShellStreamName
    ? (input: z.output<ShellApi[N]['input']>, emit: (item: ShellCallOutput<N>) => void) => () => void
    : (input: z.output<ShellApi[N]['input']>) => ShellCallOutput<N> | Promise<ShellCallOutput<N>>;
};
