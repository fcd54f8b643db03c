/** What is done with a capture, with the question before it and the word after it. */
import type { Capture } from '../../../contract/api-captures.ts';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { request } from '../../lib/client.ts';
import { confirm } from '../../lib/confirm.ts';
import { downloadFile } from '../../lib/download.ts';
import { formatCount } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { closeItem, currentAddress } from '../../lib/use-address.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.captures;
const LONGEST_NAME = 80;

export const shortName = (name: string): string => plainText(name, LONGEST_NAME);

function tellFailure({ message, hint }: Failure): void {
  toast({ tone: 'failure', message, detail: hint });
}

export async function cancelCapture({ id, name }: Capture): Promise<void> {
  const answer = await request('captures.cancel', { id });
  reloadQueries('captures.');
  if (answer.ok) toast({ message: words.cancelled(shortName(name)) });
  else tellFailure(answer.failure);
}

/** It cannot be undone: the engine does not keep the file. */
export async function removeCapture({ id, name }: Capture): Promise<void> {
  const isSure = await confirm({
    title: words.removeTitle,
    body: words.removeBody(shortName(name)),
    action: words.removeAction,
    isDangerous: true,
  });
  if (!isSure) return;
  const answer = await request('captures.remove', { id });
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  if (currentAddress().item === id) closeItem();
  reloadQueries('captures.');
  reloadQueries('alerts.');
  toast({ message: words.removed(shortName(name)) });
}

/** Alerts of one file. */
const MOST_EXPORTED = 1_000;
const PAGE = 100;

/** The alerts of a capture with their stories, as one file. */
export async function exportAlerts({ id }: Capture, format: 'html' | 'json'): Promise<void> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await request('alerts.list', {
      source: id,
      states: ['open', 'acknowledged', 'dismissed'],
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (!page.ok) {
      tellFailure(page.failure);
      return;
    }
    ids.push(...page.value.alerts.map((alert) => alert.id));
    cursor = page.value.next ?? undefined;
  } while (cursor !== undefined && ids.length < MOST_EXPORTED);
  const exported = ids.slice(0, MOST_EXPORTED);
  const answer = await request('alerts.export', { ids: exported, format });
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  const { fileName, mediaType, text } = answer.value;
  downloadFile(fileName, mediaType, text);
  if (cursor !== undefined) toast({ message: words.drawer.exportedFirst(formatCount(exported.length)) });
}
