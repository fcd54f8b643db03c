import type { ApiClient } from '../../../contract/api.ts';
import type { JournalRecord } from '../../../contract/api-control.ts';
import { formatDate, formatTime } from '../../../contract/format.ts';
import { jsonText, plainText } from '../../../contract/text.ts';
import { type CommandContext, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { localMs } from '../text/alert-text.ts';

export interface JournalListOptions {
  readonly search: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Most entries of one answer. */
const PAGE = 500;
/** Room for a detail of a few values; --json has it whole. */
const MAX_DETAIL = 200;

/** `holdfast journal list`: what was done, by whom, to what; the latest first. */
export async function listJournal(options: JournalListOptions, context: CommandContext): Promise<ExitCode> {
  const entries = await withEngine(context, (client) => gather(client, options));
  if (options.json) writeJson(context.out, { entries });
  else if (entries.length === 0) {
    writeLines(context.out, [options.search === '' ? 'The journal is empty.' : 'No entry of the journal fits.']);
  } else {
    writeLines(context.out, entries.map(entryLine));
  }
  return EXIT.fine;
}

async function gather(client: ApiClient, { search, limit }: JournalListOptions): Promise<JournalRecord[]> {
  const entries: JournalRecord[] = [];
  for (let cursor: string | undefined; entries.length < limit; ) {
    const page = Math.min(PAGE, limit - entries.length);
    const answer = await client.request('journal.list', { search, limit: page, cursor });
    entries.push(...answer.entries);
    // A search looks at a bounded part of the journal each time: an empty page may have more behind it.
    if (answer.next === null) break;
    cursor = answer.next;
  }
  return entries;
}

function entryLine({ timeMs, actor, action, subject, detail }: JournalRecord): string {
  const atMs = localMs(timeMs);
  const more = Object.keys(detail).length === 0 ? '' : `  ${plainText(jsonText(detail), MAX_DETAIL)}`;
  return `${formatDate(atMs)} ${formatTime(atMs)}  ${plainText(actor)}  ${plainText(action)}  ${plainText(subject)}${more}`;
}

/** `holdfast journal verify`: exits with a status of its own when the journal is not as it was written. */
export async function verifyJournal(options: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const answer = await withEngine(context, (client) => client.request('journal.verify', {}));
  const { isIntact, entries, reason } = answer;
  if (options.json) writeJson(context.out, answer);
  else {
    const words = isIntact
      ? `The journal is as it was written: ${entries} entries, each sealed by the next.`
      : `The journal is NOT as it was written: ${plainText(reason)}. ${entries} entries before that fit.`;
    writeLines(context.out, [words]);
  }
  return isIntact ? EXIT.fine : EXIT.failed;
}
