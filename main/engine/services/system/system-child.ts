/** A process of its own that looks at the computer once and ends: what takes seconds and memory is gone with it. */
import { messageOf } from '../../runtime/failure.ts';
import { BACKGROUND_NICE, setNice } from '../../runtime/priority.ts';
import {
  FileSnapshotStore,
  packageOwners,
  persistenceList,
  persistencePaths,
  snapshotForms,
  takeSnapshot,
} from '../../sensors/index.ts';
import type { SystemReply, SystemTask } from './system-messages.ts';

process.once('message', (task: SystemTask) => {
  setNice(BACKGROUND_NICE);
  void answer(task)
    .catch((error: unknown): SystemReply => ({ type: 'failed', message: messageOf(error) }))
    .then((reply) => process.send?.(reply, () => process.disconnect()));
});

async function answer({ look, dataDirectory, newSinceMs }: SystemTask): Promise<SystemReply> {
  const takenMs = Date.now();
  const kept = new FileSnapshotStore(dataDirectory, snapshotForms()).load();
  const snapshot = takeSnapshot(takenMs, kept);
  if (look === 'inventory') {
    const { collectInventory } = await import('./inventory.ts');
    return { type: 'inventory', inventory: await collectInventory(snapshot, takenMs) };
  }
  const owners = await packageOwners(persistencePaths(snapshot));
  return { type: 'persistence', takenMs, entries: persistenceList(snapshot, owners, newSinceMs) };
}
