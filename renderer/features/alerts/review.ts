/** What a person does with alerts: each told with a way back. */
import type { DismissReason, ReviewState } from '../../../contract/api-schemas.ts';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { request } from '../../lib/client.ts';
import { downloadFile } from '../../lib/download.ts';
import { counted, formatCount } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import type { AlertRow } from './rows.ts';

const words = strings.alerts;

/** As the calls take them. */
const MOST_IDS = 1_000;

export interface Review {
  readonly state: ReviewState;
  readonly reason?: DismissReason;
  readonly note?: string;
}

interface Changed {
  readonly id: string;
  readonly before: ReviewState;
}

/** "1 alert", or its title where it is one. */
export function nameOf(alerts: readonly AlertRow[]): string {
  return alerts.length === 1 ? `“${plainText(alerts[0].title, 80)}”` : counted(alerts.length, words.alert);
}

/** Where it fails in between, `changed` is what was done before. */
async function send(
  ids: readonly string[],
  review: Review,
): Promise<{ readonly changed: readonly Changed[]; readonly failure: Failure | null }> {
  const changed: Changed[] = [];
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    const answer = await request('alerts.review', { ids: ids.slice(start, start + MOST_IDS), ...review });
    if (!answer.ok) return { changed, failure: answer.failure };
    changed.push(...answer.value.changed);
  }
  return { changed, failure: null };
}

function afterwards(): void {
  reloadQueries('alerts.');
  reloadQueries('status');
}

function tellFailure({ message, hint }: Failure): void {
  toast({ tone: 'failure', message, detail: hint });
}

/** What the toast says beside the review itself. */
export interface Extra {
  readonly detail?: string;
  /** Undone before the review is. */
  readonly undo?: () => Promise<boolean>;
}

/**
 * Brings alerts into a state, and says so with "Undo".
 *
 * @param then what else belongs to it; done after the review and before it is told
 * @returns whether all of it was done
 */
export async function reviewAlerts(
  alerts: readonly AlertRow[],
  review: Review,
  then?: () => Promise<Extra>,
): Promise<boolean> {
  const { changed, failure } = await send(
    alerts.map(({ id }) => id),
    review,
  );
  if (failure !== null) tellFailure(failure);
  const extra = failure === null ? await then?.() : undefined;
  afterwards();
  const before = new Map(alerts.map((alert) => [alert.id, alert]));
  const done = changed.flatMap(({ id }) => before.get(id) ?? []);
  if (done.length === 0 && failure === null && extra?.undo === undefined) toast({ message: words.nothingChanged });
  else if (done.length > 0 || extra?.undo !== undefined) {
    toast({
      message: words.did[review.state](nameOf(done.length > 0 ? done : alerts)),
      detail: extra?.detail,
      undo: { run: () => void undo(changed, before, extra) },
    });
  }
  return failure === null;
}

async function undo(
  changed: readonly Changed[],
  before: ReadonlyMap<string, AlertRow>,
  extra: Extra | undefined,
): Promise<void> {
  if (extra?.undo !== undefined && !(await extra.undo())) return;
  for (const [review, ids] of restorations(changed, before)) {
    const { failure } = await send(ids, review);
    if (failure !== null) {
      tellFailure(failure);
      break;
    }
  }
  afterwards();
  toast({ message: words.restored });
}

/** The reviews that bring alerts back to what they were; a dismissal with its reason and note. */
export function restorations(
  changed: readonly Changed[],
  before: ReadonlyMap<string, AlertRow>,
): readonly (readonly [Review, readonly string[]])[] {
  const groups = new Map<string, { readonly review: Review; readonly ids: string[] }>();
  for (const { id, before: state } of changed) {
    const was = before.get(id)?.review;
    const review: Review =
      state === 'dismissed' ? { state, reason: was?.reason ?? undefined, note: was?.note ?? '' } : { state };
    const key = JSON.stringify(review);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { review, ids: [id] });
    else group.ids.push(id);
  }
  return [...groups.values()].map(({ review, ids }) => [review, ids] as const);
}

/** Hands alerts with their stories to the person as one file. */
export async function exportAlerts(ids: readonly string[], format: 'json' | 'html'): Promise<void> {
  if (ids.length > MOST_IDS) {
    toast({ tone: 'failure', message: words.tooMany(formatCount(MOST_IDS)), detail: words.tooManyHint });
    return;
  }
  const answer = await request('alerts.export', { ids: [...ids], format });
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  const { fileName, mediaType, text } = answer.value;
  downloadFile(fileName, mediaType.split(';')[0], text);
  toast({ message: words.exported(fileName) });
}
