import { existsSync } from 'node:fs';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import { responseSettings } from '../../policy/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Config } from '../../runtime/config.ts';
import { FailureError } from '../../runtime/failure.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { Paths } from '../../runtime/paths.ts';
import { DEFAULT_HELPER_PATH } from '../../sensors/index.ts';
import { openStore, storeSettings } from '../../store/index.ts';
import { ResponseDesk } from './response-desk.ts';

/** What was done, where no engine runs: what is frozen outlasts it, and so must the way to undo it. */
export interface LocalResponse {
  /** The latest first. */
  list(limit: number): readonly ActionRecord[];
  readonly inForce: readonly ActionRecord[];
  /** @throws FailureError */
  undo(id: string, actor: string): Promise<ActionRecord>;
  /** @throws FailureError */
  end(id: string, actor: string): Promise<ActionRecord>;
  close(): Promise<void>;
}

/** @throws FailureError `nothing-stored` where no engine ever ran here, or of the store */
export async function openLocalResponse(paths: Paths, config: Config): Promise<LocalResponse> {
  if (!existsSync(paths.databaseFile)) {
    const message = `No engine runs, and none has stored anything in ${paths.dataDirectory}.`;
    const hint = 'Name the folder of the engine with --data-dir, and be the user that it runs as.';
    throw new FailureError({ code: 'nothing-stored', message, hint });
  }
  const health = new HealthRegistry();
  const settings = config.section('store', storeSettings);
  const store = await openStore({ path: paths.databaseFile, clock: systemClock, health, settings });
  const desk = new ResponseDesk({
    helperPath: DEFAULT_HELPER_PATH,
    health,
    store: () => store,
    settings: () => config.section('response', responseSettings),
    isSimulating: true,
    allowed: () => [],
    onSettled: () => {},
    onChange: () => {},
    onMessage: () => {},
  });
  await desk.open();
  return {
    list: (limit) => desk.list(limit).rows,
    get inForce() {
      return desk.inForce;
    },
    undo: (id, actor) => desk.undo(id, actor),
    end: (id, actor) => desk.end(id, actor),
    close: async () => {
      await desk.stop();
      await store.hunt.close();
      store.close();
    },
  };
}
