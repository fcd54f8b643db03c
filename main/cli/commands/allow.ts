import type { AllowEntry, AllowMatch } from '../../../contract/api-alerts.ts';
import type { AlertKind, Severity } from '../../../contract/domain.ts';
import { formatCount, formatDate, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { parseSince } from '../since.ts';
import { hanging } from '../terminal/layout.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { severityLabel } from '../terminal/paint.ts';
import { localMs } from '../text/alert-text.ts';

interface MatchOptions {
  readonly json?: boolean;
  readonly kind?: AlertKind;
  readonly attacker?: string;
  readonly victim?: string;
  readonly detector?: string;
  readonly program?: string;
  readonly command?: string;
  readonly maxSeverity: Severity;
}

/** `holdfast allow list`. */
export async function listAllowed({ json }: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const { entries } = await withEngine(context, (client) => client.request('allow.list', {}));
  if (json) writeJson(context.out, { entries });
  else if (entries.length === 0) writeLines(context.out, ['Nothing is allowed: every alert is shown.']);
  else
    writeLines(
      context.out,
      entries.flatMap((entry) => entryLines(entry, context)),
    );
  return EXIT.fine;
}

/** `holdfast allow add`. */
export async function addAllowed(
  options: MatchOptions & { readonly reason: string; readonly for?: string },
  context: CommandContext,
): Promise<ExitCode> {
  const nowMs = Date.now();
  const untilMs = options.for === undefined ? null : 2 * nowMs - parseSince(options.for, nowMs);
  const input = { match: matchOf(options), maximumSeverity: options.maxSeverity, reason: options.reason, untilMs };
  const entry = await withEngine(context, (client) => client.request('allow.add', input));
  if (options.json) writeJson(context.out, entry);
  else writeLines(context.out, entryLines(entry, context));
  return EXIT.fine;
}

/** `holdfast allow preview`. */
export async function previewAllowed(
  options: MatchOptions & { readonly since?: string },
  context: CommandContext,
): Promise<ExitCode> {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, Date.now());
  const input = { match: matchOf(options), maximumSeverity: options.maxSeverity, sinceMs };
  const preview = await withEngine(context, (client) => client.request('allow.preview', input));
  if (options.json) {
    writeJson(context.out, preview);
    return EXIT.fine;
  }
  const { total, alerts } = preview;
  const width = Math.min(context.out.columns, READABLE_COLUMNS);
  writeLines(context.out, [
    `It would have hidden ${formatCount(total, 'alert')} since ${moment(preview.sinceMs)}${total > 0 ? ':' : '.'}`,
    ...alerts.flatMap(({ id, severity, title }) =>
      hanging(`${severityLabel(context.paintOut, severity)}  ${plainText(id)}  `, plainText(title), width),
    ),
    ...(total > alerts.length ? [`… and ${formatCount(total - alerts.length, 'more alert')}.`] : []),
  ]);
  return EXIT.fine;
}

/** `holdfast allow remove ID`. */
export async function removeAllowed(
  id: string,
  { json }: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, (client) => client.request('allow.remove', { id }));
  if (json) writeJson(context.out, { removed: id });
  else writeLines(context.out, [`Removed: ${plainText(id)}. What it has hidden stays dismissed.`]);
  return EXIT.fine;
}

function matchOf({ kind, attacker, victim, detector, program, command }: MatchOptions): AllowMatch {
  return { kind, attacker, victim, detector, program, command };
}

function entryLines(entry: AllowEntry, { out, paintOut }: CommandContext): string[] {
  const named = Object.entries(entry.match).map(([name, value]) => `${name} ${plainText(value)}`);
  const until = entry.untilMs === null ? 'until it is removed' : `until ${moment(entry.untilMs)}`;
  const hidden = `has hidden ${formatCount(entry.hidden, 'alert')}`;
  const facts = [...named, `up to ${entry.maximumSeverity}`, until, hidden].join(', ');
  const by = `${plainText(entry.reason)} (${plainText(entry.createdBy)}, ${moment(entry.createdMs)})`;
  const width = Math.min(out.columns, READABLE_COLUMNS);
  return [...hanging(`${plainText(entry.id)}  `, facts, width), ...hanging('    ', paintOut('quiet', by), width)];
}

function moment(milliseconds: number): string {
  const local = localMs(milliseconds);
  return `${formatDate(local)} ${formatTime(local)}`;
}
