import { jsonText } from '../../../contract/text.ts';
import { type CommandContext, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { statusText } from '../text/status-text.ts';

export interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** How often --watch --json prints a line. */
const WATCH_INTERVAL_MS = 1_000;

/** `holdfast status`: is the engine watching this computer, and what can it not see? */
export async function status(options: StatusOptions, context: CommandContext): Promise<ExitCode> {
  return withEngine(context, async (client) => {
    if (options.watch && !options.json) {
      const { watchLive } = await import('./live.ts');
      await watchLive(client, context, { ending: 'Ctrl-C closes this view; Holdfast goes on.' });
      return EXIT.fine;
    }
    const now = await client.request('status', {});
    if (!options.json) {
      writeLines(context.out, statusText(now, Math.min(context.out.columns, READABLE_COLUMNS), context.paintOut));
    } else if (!options.watch) {
      writeJson(context.out, now);
    } else {
      const { setTimeout: sleep } = await import('node:timers/promises');
      while (!context.signal.aborted) {
        context.out.write(`${jsonText(await client.request('status', {}))}\n`);
        await sleep(WATCH_INTERVAL_MS, undefined, { signal: context.signal }).catch(() => {});
      }
    }
    return EXIT.fine;
  });
}
