import { open } from 'node:fs/promises';
import type { EventMatch } from '../../../contract/api-events.ts';
import { formatCount } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, STANDARD_INPUT, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError, wrongInput } from '../failure.ts';
import { parseSince } from '../since.ts';
import { eventLine } from '../text/event-text.ts';

export interface SigmaOptions {
  readonly sigma: string;
  readonly since?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** As much as the engine takes; a rule is a page. */
const MAX_RULE_BYTES = 100_000;
const MAX_MATCHES = 1_000;
const WEEK_MS = 7 * 86_400_000;

/** `holdfast hunt --sigma FILE`: what a rule would have found in what is stored. */
export async function huntSigma(options: SigmaOptions, context: CommandContext): Promise<ExitCode> {
  const rule = await readRule(options.sigma);
  const nowMs = Date.now();
  const fromMs = options.since === undefined ? nowMs - WEEK_MS : parseSince(options.since, nowMs);
  const input = { rule, fromMs, toMs: nowMs, limit: Math.min(options.limit, MAX_MATCHES) };
  return withEngine(context, async (client) => {
    const matches: EventMatch[] = [];
    let [total, scanned, damaged, isDone] = [0, 0, 0, false];
    for await (const item of client.watch('events.match', input, context.signal)) {
      if (item.failure !== null) {
        throw new CommandError(item.failure, item.failure.code === 'bad-rule' ? EXIT.wrongInput : EXIT.failed);
      }
      if (!options.json)
        writeLines(
          context.out,
          item.matches.flatMap((match) => linesOf(match, context)),
        );
      else matches.push(...item.matches);
      ({ total, scanned, damaged, isDone } = item);
      if (isDone) break;
    }
    if (options.json) writeJson(context.out, { matches, total, scanned, damaged, isComplete: isDone });
    else if (isDone && total === 0) {
      writeLines(context.out, [`Nothing matches in ${formatCount(scanned, 'event')}.`]);
    } else remark(context, `${formatCount(total, 'match', 'matches')} in ${formatCount(scanned, 'event')}.`);
    if (damaged > 0) remark(context, `${formatCount(damaged, 'stored event')} could not be read in full: damaged.`);
    if (context.signal.aborted) return EXIT.interrupted;
    return total > 0 ? EXIT.alertsFound : EXIT.fine;
  });
}

function linesOf({ event, rule, level, reason }: EventMatch, context: CommandContext): readonly string[] {
  const why = `    ${level}: ${rule}${reason === '' ? '' : ` (${reason})`}`;
  return [eventLine(event, context.paintOut), context.paintOut('quiet', plainText(why))];
}

/** @throws CommandError */
async function readRule(path: string): Promise<string> {
  const shown = plainText(path, 200);
  try {
    const file = await open(path === STANDARD_INPUT ? '/dev/stdin' : path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_RULE_BYTES + 1), 0, MAX_RULE_BYTES + 1);
      if (bytesRead > MAX_RULE_BYTES) {
        throw wrongInput('rule-too-long', `${shown} is no rule: it is too long.`, 'Give one rule at a time.');
      }
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const hint = 'Give the path of a Sigma rule (YAML).';
    throw wrongInput('cannot-read', `${shown} cannot be read.`, hint);
  }
}
