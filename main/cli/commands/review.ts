import type { DismissReason, ReviewState } from '../../../contract/api-schemas.ts';
import { formatCount } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { writeFileWhole } from '../output-file.ts';

export interface ReviewOptions {
  readonly json?: boolean;
  readonly reason?: DismissReason;
  readonly note?: string;
}

const DONE: Readonly<Record<ReviewState, string>> = {
  open: 'Opened again',
  acknowledged: 'In hand',
  dismissed: 'Dismissed',
};

/** Which verb brings an alert back into a state. */
const VERBS: Readonly<Record<ReviewState, string>> = {
  open: 'reopen',
  acknowledged: 'acknowledge',
  dismissed: 'dismiss',
};

/** `holdfast alerts dismiss|acknowledge|reopen ID...`. */
export async function reviewAlerts(
  ids: readonly string[],
  state: ReviewState,
  { json, reason, note }: ReviewOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const input = { ids: [...ids], state, reason, note };
  const { changed } = await withEngine(context, (client) => client.request('alerts.review', input));
  if (json) {
    writeJson(context.out, { changed });
    return EXIT.fine;
  }
  const isChanged = new Set(changed.map(({ id }) => id));
  writeLines(
    context.out,
    [...new Set(ids)].map((id) =>
      isChanged.has(id) ? `${DONE[state]}: ${plainText(id)}` : `Not changed, unknown or so already: ${plainText(id)}`,
    ),
  );
  for (const before of new Set(changed.map((each) => each.before))) {
    const back = changed.filter((each) => each.before === before).map(({ id }) => plainText(id));
    if (before !== state) remark(context, `To undo: holdfast alerts ${VERBS[before]} ${back.join(' ')}`);
  }
  return EXIT.fine;
}

export interface ExportAlertsOptions {
  readonly format: 'html' | 'json';
  readonly output?: string;
}

/** `holdfast alerts export ID...`. */
export async function exportAlerts(
  ids: readonly string[],
  { format, output }: ExportAlertsOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { text } = await withEngine(context, (client) => client.request('alerts.export', { ids: [...ids], format }));
  if (output === undefined) {
    context.out.write(text);
  } else {
    writeFileWhole(output, text);
    remark(context, `${formatCount(new Set(ids).size, 'alert')} written to ${output}.`);
  }
  return EXIT.fine;
}
