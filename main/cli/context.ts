/** What every command is given: where to write, who asks, and how to reach the engine. Tests give doubles. */
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
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly globals: GlobalOptions;
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  engine(): Promise<EngineFace>;
}

/** Writes lines with their ends. */
export function writeLines(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
}

/** Something that a person at the terminal may want to know, beside the result. */
export function remark(context: CommandContext, text: string): void {
  if (context.err.isTerminal || context.globals.verbose) context.err.write(`${context.paintErr('quiet', text)}\n`);
}
