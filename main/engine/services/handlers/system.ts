import type { HandlersOf } from '../../../../contract/api.ts';
import type { SYSTEM_CALLS } from '../../../../contract/api-system.ts';
import type { IntegrityDesk } from '../system/integrity-desk.ts';
import type { SystemDesk } from '../system/system-desk.ts';

/** What the calls about the computer itself need of the engine. */
export interface SystemAnswering {
  readonly system: SystemDesk;
  readonly integrity: IntegrityDesk;
}

export function systemHandlers({ system, integrity }: SystemAnswering): HandlersOf<typeof SYSTEM_CALLS> {
  return {
    'persistence.list': (input) => system.persistence(input),
    inventory: ({ isFresh }) => system.inventory(isFresh),
    'integrity.status': () => integrity.state(),
    'integrity.watch': (_input, emit) => integrity.watch(emit),
    'integrity.changes': (input) => integrity.changes(input),
    'integrity.init': (_input, { actor }) => integrity.init(actor),
    'integrity.check': ({ isFull }) => integrity.check(isFull),
    'integrity.cancel': async () => {
      await integrity.cancel();
      return {};
    },
    'integrity.accept': ({ paths, isAll }, { actor }) => integrity.accept(paths, isAll, actor),
  };
}
