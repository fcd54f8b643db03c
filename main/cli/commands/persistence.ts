import type { CallInput, CallOutput } from '../../../contract/api.ts';
import { type PersistenceRecord, SYSTEM_CALLS } from '../../../contract/api-system.ts';
import type { AutostartPlace } from '../../../contract/events.ts';
import { type CommandContext, remark, writeJson, writeLines } from '../context.ts';
import { withEngineOrAlone } from '../either-engine.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { persistenceText } from '../text/system-text.ts';

export interface PersistenceOptions {
  readonly place: readonly AutostartPlace[];
  readonly unowned?: boolean;
  readonly new?: boolean;
  readonly search?: string;
  readonly json?: boolean;
}

type Page = CallOutput<'persistence.list'>;

/** `holdfast persistence` */
export async function persistence(options: PersistenceOptions, context: CommandContext): Promise<ExitCode> {
  const input: CallInput<'persistence.list'> = {
    places: [...options.place],
    isUnowned: options.unowned === true,
    isNew: options.new === true,
    ...(options.search !== undefined && { search: options.search }),
  };
  const { takenMs, entries } = await withEngineOrAlone(
    context,
    (client) => allPages((cursor) => client.request('persistence.list', { ...input, cursor })),
    async () => {
      const { openSystem } = await context.engine();
      const desk = await openSystem((await context.paths()).dataDirectory);
      const parse = (cursor: string | undefined) => SYSTEM_CALLS['persistence.list'].input.parse({ ...input, cursor });
      return await allPages((cursor) => desk.persistence(parse(cursor)));
    },
  );
  if (options.json) {
    writeJson(context.out, { takenMs, entries });
    return EXIT.fine;
  }
  const { columns } = context.out;
  writeLines(context.out, persistenceText(entries, Math.min(columns, READABLE_COLUMNS), context.paintOut));
  if (process.geteuid?.() !== 0) remark(context, 'Without root, crontabs, sudoers and homes of others are not seen.');
  return EXIT.fine;
}

async function allPages(
  page: (cursor: string | undefined) => Promise<Page>,
): Promise<{ readonly takenMs: number; readonly entries: readonly PersistenceRecord[] }> {
  const entries: PersistenceRecord[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { takenMs, entries: some, next } = await page(cursor);
    entries.push(...some);
    if (next === null) return { takenMs, entries };
    cursor = next;
  }
}
