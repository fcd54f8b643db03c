/** What every command is given: where to write, who asks, and how to reach the engine. Tests give doubles. */
import type { ApiClient } from '../../contract/api.ts';
import { jsonText, plainText } from '../../contract/text.ts';
import type { Config, Paths } from '../engine/index.ts';
import type { Output } from './terminal/output.ts';
import type { Paint } from './terminal/paint.ts';

/** The engine's face, loaded when a command first needs it. */
export type EngineFace = typeof import('../engine/index.ts');

/** Options that stand before or after every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly profile?: string;
  readonly dataDir?: string;
  readonly simulate?: boolean;
  readonly verbose?: boolean;
  /** By dotted path, from `--set key=value`. */
  readonly set?: Readonly<Record<string, string>>;
}

export interface CommandContext {
  readonly out: Output;
  readonly err: Output;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  readonly globals: GlobalOptions;
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  engine(): Promise<EngineFace>;
  paths(): Promise<Paths>;
  /** Where the layers of the configuration are found; `flags` are laid over those of the command line. */
  configRequest(flags?: Readonly<Record<string, unknown>>): Promise<Parameters<EngineFace['loadEngineConfig']>[0]>;
  /** The effective configuration. @throws an error that carries the failure `bad-config` */
  config(flags?: Readonly<Record<string, unknown>>): Promise<Config>;
  /** Opens a connection to the engine that runs here. @throws an error that carries a failure */
  connect(): Promise<ApiClient>;
}

/** Writes lines with their ends. */
export function writeLines(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
}

export function writeJson(output: Output, document: unknown): void {
  output.write(`${jsonText(document, JSON_INDENT)}\n`);
}

const JSON_INDENT = 2;

/** Longest remark that is shown; a path is the longest thing in it. */
const MAX_REMARK = 4_096;

/** Something that a person at the terminal may want to know, beside the result. */
export function remark(context: CommandContext, text: string): void {
  if (context.err.isTerminal || context.globals.verbose)
    context.err.write(`${context.paintErr('quiet', plainText(text, MAX_REMARK))}\n`);
}

/** Runs `work` with a connection, and closes it. */
export async function withEngine<T>(context: CommandContext, work: (client: ApiClient) => Promise<T>): Promise<T> {
  const client = await context.connect();
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Lets go of standard input where it was one of the files: a pipe that stays open would keep the process up. */
export function releaseInput(files: readonly string[]): void {
  if (files.includes(STANDARD_INPUT)) process.stdin.destroy();
}

/** How standard input is named among files. */
export const STANDARD_INPUT = '-';
