/** The file that is on its way to the engine; it goes on whatever page is open. */
import { create } from 'zustand';
import { request } from '../../lib/client.ts';
import { linked } from '../../lib/linked.ts';
import { toast } from '../../lib/toasts.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { fullName, openVersion, tellFailure } from './actions.ts';
import { type ImportClient, importProfile } from './transfer.ts';

const words = strings.models.versions;

export interface Import {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
}

export const useImport = create<{ readonly current: Import | null }>(() => ({ current: null }));

/** One file at a time; others while it is on its way are not taken. */
export async function importFile(file: File): Promise<void> {
  if (useImport.getState().current !== null) return;
  const { name, size: sizeBytes } = file;
  const tell = (sentBytes: number): void => useImport.setState({ current: { name, sizeBytes, sentBytes } });
  tell(0);
  const answer = await importProfile(file, CLIENT, tell);
  useImport.setState({ current: null });
  reloadQueries('models.');
  if (!answer.ok) {
    tellFailure(answer.failure);
    return;
  }
  toast({ message: words.imported(fullName(answer.value)), detail: words.importedDetail });
  if (window.location.hash.startsWith('#/models')) openVersion(answer.value.id);
}

const CLIENT: ImportClient = {
  send: (input) => request('models.import', input),
  linked,
};
