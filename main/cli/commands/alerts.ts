import type { ApiClient } from '../../../contract/api.ts';
import type { AlertRecord, ReviewState } from '../../../contract/api-schemas.ts';
import type { AlertKind, Severity } from '../../../contract/domain.ts';
import { formatDate, formatNumber, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { parseSince } from '../since.ts';
import { hanging } from '../terminal/layout.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { type Paint, severityLabel } from '../terminal/paint.ts';
import { alertStory, localMs } from '../text/alert-text.ts';
import { storyText } from '../text/story-text.ts';

export interface AlertListOptions {
  readonly json?: boolean;
  readonly minSeverity: Severity;
  readonly kind?: readonly AlertKind[];
  readonly state?: readonly ReviewState[];
  readonly search?: string;
  readonly source: string;
  readonly since?: string;
  readonly limit: number;
}

/** Most alerts of one answer. */
const PAGE = 100;
/** The longest severity with its mark. */
const LABEL_COLUMNS = '■ CRITICAL'.length;

/** `holdfast alerts list`: the latest first. */
export async function listAlerts(options: AlertListOptions, context: CommandContext): Promise<ExitCode> {
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, Date.now());
  const { alerts, total } = await withEngine(context, (client) => gather(client, options, sinceMs));
  if (options.json) {
    writeJson(context.out, { total, alerts });
  } else if (alerts.length === 0) {
    writeLines(context.out, [emptyText(options)]);
  } else {
    const width = Math.min(context.out.columns, READABLE_COLUMNS);
    writeLines(
      context.out,
      alerts.flatMap((alert) => alertLines(alert, width, context.paintOut)),
    );
    if (total > alerts.length)
      remark(context, `${formatNumber(total - alerts.length)} more; --limit shows more of them.`);
  }
  return EXIT.fine;
}

async function gather(
  client: ApiClient,
  { minSeverity, kind, state, search, source, limit }: AlertListOptions,
  sinceMs: number | undefined,
): Promise<{ readonly alerts: readonly AlertRecord[]; readonly total: number }> {
  const alerts: AlertRecord[] = [];
  let total = 0;
  for (let cursor: string | undefined; alerts.length < limit; ) {
    const room = Math.min(PAGE, limit - alerts.length);
    const filter = { minimumSeverity: minSeverity, kinds: kind, states: state, search, source, sinceMs };
    const answer = await client.request('alerts.list', { ...filter, limit: room, cursor });
    alerts.push(...answer.alerts);
    total = answer.total;
    if (answer.next === null || answer.alerts.length === 0) break;
    cursor = answer.next;
  }
  return { alerts, total };
}

function emptyText({ minSeverity, kind, state, search, source, since }: AlertListOptions): string {
  const isFiltered =
    minSeverity !== 'info' || source !== 'live' || [kind, state, search, since].some((value) => value !== undefined);
  return isFiltered
    ? 'No alert fits. Without filters there may be others.'
    : 'No open alerts. They appear here as soon as something suspicious is seen.';
}

function alertLines(alert: AlertRecord, width: number, paint: Paint): string[] {
  const label = severityLabel(paint, alert.severity) + ' '.repeat(LABEL_COLUMNS - alert.severity.length - 2);
  const lastMs = localMs(alert.lastSeenMs);
  const when = `${formatDate(lastMs)} ${formatTime(lastMs)}`;
  return hanging(`${label}  ${paint('quiet', `${when}  ${plainText(alert.id)}`)}  `, titleOf(alert), width);
}

function titleOf({ state, title }: AlertRecord): string {
  return state === 'open' ? plainText(title) : `[${state}] ${plainText(title)}`;
}

/** `holdfast alerts show ID`: the whole story of one alert. */
export async function showAlert(
  id: string,
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { alert, ...story } = await withEngine(context, (client) => client.request('alerts.story', { id }));
  if (options.json) {
    writeJson(context.out, { ...alert, story });
    return EXIT.fine;
  }
  const { catalogue } = await (await context.engine()).loadKnowledge();
  const width = Math.min(context.out.columns, READABLE_COLUMNS);
  const paint = context.paintOut;
  writeLines(context.out, [
    ...alertStory(alert, { width, paint, techniques: catalogue, isLocal: true }),
    ...storyText({ alert, ...story }, width, paint),
  ]);
  return EXIT.fine;
}
