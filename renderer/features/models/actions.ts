/** What is done with versions and trainings, with the question before it and the word after it. */
import type { Profile, Training } from '../../../contract/api-models.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { ModelTable } from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import { request } from '../../lib/client.ts';
import { confirm } from '../../lib/confirm.ts';
import { downloadFile } from '../../lib/download.ts';
import { formatCount } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { closeItem, currentAddress, navigate } from '../../lib/use-address.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { isWorthAsking, profilesOf } from './learnt.ts';
import { exportProfile } from './transfer.ts';

const words = strings.models;
const LONGEST_REASON = 400;
const FILE_TYPE = 'application/octet-stream';
/** As the command line calls such files. */
const FILE_EXTENSION = 'hfmodel';

export function tellFailure({ message, hint }: Failure): void {
  toast({ tone: 'failure', message, detail: hint });
}

/** "Version 3" where its table is seen beside it. */
export const versionName = ({ version }: Pick<Profile, 'version'>): string => words.version(formatCount(version));

/** "Network traffic, version 3". */
export const fullName = ({ table, version }: Pick<Profile, 'table' | 'version'>): string =>
  `${words.tables[table]}, ${words.version(formatCount(version)).toLowerCase()}`;

/** Opens one version in the drawer, alone or beside another. */
export function openVersion(id: string, withId?: string): void {
  const { page, item, query } = currentAddress();
  const { with: _, ...others } = query;
  const next = { page, item: id, query: withId === undefined ? others : { ...others, with: withId } };
  navigate(next, { replace: item !== null });
}

/** Puts a version in use. @param active what was in use before, to go back to; undefined: there is no way back */
async function putInUse(profile: Profile, active: Profile | undefined): Promise<void> {
  const answer = await request('models.use', { id: profile.id });
  reloadQueries('models.');
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  toast({
    message: words.versions.used(fullName(profile)),
    undo: active && { run: () => void putInUse(active, undefined) },
  });
}

export async function useVersion(profile: Profile, profiles: readonly Profile[]): Promise<void> {
  const isSure = await confirm({
    title: words.versions.useTitle(fullName(profile)),
    body: words.versions.useBody(plainText(profile.reason, LONGEST_REASON)),
    action: words.versions.useAction,
  });
  if (isSure) await putInUse(profile, activeOf(profiles, profile.table));
}

export async function rollBack(table: ModelTable, active: Profile): Promise<void> {
  const isSure = await confirm({
    title: words.versions.rollbackTitle(words.tables[table]),
    body: words.versions.rollbackBody(versionName(active).toLowerCase()),
    action: words.versions.rollbackAction,
  });
  if (!isSure) return;
  const answer = await request('models.rollback', { table });
  reloadQueries('models.');
  if (!answer.ok) tellFailure(answer.failure);
  else {
    toast({
      message: words.versions.used(fullName(answer.value)),
      undo: { run: () => void putInUse(active, undefined) },
    });
  }
}

export async function removeVersion(profile: Profile): Promise<void> {
  const isSure = await confirm({
    title: words.versions.removeTitle(fullName(profile)),
    body: words.versions.removeBody,
    action: words.versions.removeAction,
    isDangerous: true,
  });
  if (!isSure) return;
  const answer = await request('models.remove', { id: profile.id });
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  if (currentAddress().item === profile.id) closeItem();
  reloadQueries('models.');
  toast({ message: words.versions.removed(fullName(profile)) });
}

export async function saveVersion({ id }: Profile): Promise<void> {
  const answer = await exportProfile((offset) => request('models.export', { id, offset }));
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  const file = `holdfast-${id}.${FILE_EXTENSION}`;
  downloadFile(file, FILE_TYPE, answer.value);
  toast({ message: words.versions.exported(file) });
}

export async function cancelTraining(training: Training): Promise<void> {
  const isSure =
    !isWorthAsking(training, Date.now()) ||
    (await confirm({
      title: words.training.cancelTitle,
      body: words.training.cancelBody,
      action: words.training.cancelAction,
      isDangerous: true,
    }));
  if (!isSure) return;
  const answer = await request('models.cancel', {});
  reloadQueries('models.');
  if (answer.ok) toast({ message: words.training.cancelled });
  else tellFailure(answer.failure);
}

export function activeOf(profiles: readonly Profile[], table: ModelTable): Profile | undefined {
  return profilesOf(profiles, table).find(({ state }) => state === 'active');
}
