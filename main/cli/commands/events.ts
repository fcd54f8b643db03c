import type { ApiClient } from '../../../contract/api.ts';
import type { StoredHostEvent } from '../../../contract/api-events.ts';
import type { HostEventType } from '../../../contract/events.ts';
import { jsonText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { parseSince } from '../since.ts';
import { eventLine } from '../text/event-text.ts';

export interface EventsOptions {
  readonly type?: readonly HostEventType[];
  readonly pid?: number;
  readonly since?: string;
  readonly limit: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Events of one answer. */
const PAGE = 500;

/** `holdfast events`: the latest, and with --follow what comes. */
export async function events(options: EventsOptions, context: CommandContext): Promise<ExitCode> {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, Date.now());
  return withEngine(context, async (client) => {
    const found = await latest(client, options, sinceMs, context.signal);
    if (options.json && !options.follow) writeJson(context.out, { events: found });
    else if (options.json)
      writeLines(
        context.out,
        found.map(({ event }) => jsonText(event)),
      );
    else if (found.length > 0)
      writeLines(
        context.out,
        found.map(({ event }) => eventLine(event, context.paintOut)),
      );
    else if (!options.follow) writeLines(context.out, ['Nothing of that has been seen.']);
    if (options.follow) await follow(client, options, context);
    return context.signal.aborted ? EXIT.interrupted : EXIT.fine;
  });
}

/** The latest that fit, in the order in which they happened. */
async function latest(
  client: ApiClient,
  { type: types, pid, limit }: EventsOptions,
  sinceMs: number | undefined,
  signal: AbortSignal,
): Promise<readonly StoredHostEvent[]> {
  const found: StoredHostEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.request('events.list', {
      types: types === undefined ? undefined : [...types],
      pid,
      sinceMs,
      limit: Math.min(PAGE, limit - found.length),
      cursor,
    });
    found.push(...page.events);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found.length < limit && !signal.aborted);
  return found.reverse();
}

async function follow(
  client: ApiClient,
  { type: types, pid, json }: EventsOptions,
  context: CommandContext,
): Promise<void> {
  const input = { types: types === undefined ? undefined : [...types], pid };
  for await (const { events: some, leftOut } of client.watch('events.watch', input, context.signal)) {
    const lines = some.map((event) => (json ? jsonText(event) : eventLine(event, context.paintOut)));
    writeLines(context.out, lines);
    if (leftOut > 0) remark(context, `${leftOut} more came at the same time and are not shown.`);
  }
}
