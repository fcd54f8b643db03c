/** What the tables of commands have in common. */
import { InvalidArgumentError, Option } from 'commander';
import { SEVERITIES } from '../../contract/domain.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';

/** Makes the action of a command from what it does with its context. */
export type Runner = <A extends unknown[]>(
  work: (context: CommandContext, ...args: A) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;

export function severityOption(flags: string, description: string): Option {
  return new Option(flags, description).choices(SEVERITIES).argParser(levelOf);
}

function levelOf(text: string): string {
  const level = text.toLowerCase();
  if (SEVERITIES.some((severity) => severity === level)) return level;
  throw new InvalidArgumentError(`It must be one of ${SEVERITIES.join(', ')}.`);
}

/** Enough for a first look. */
export const DEFAULT_LISTED = 50;
/** More is for --json and several calls. */
const MOST_LISTED = 100_000;

export function limitOf(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MOST_LISTED) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_LISTED}.`);
}
