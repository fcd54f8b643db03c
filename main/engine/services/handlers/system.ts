import type { HandlersOf } from '../../../../contract/api.ts';
import type { SYSTEM_CALLS } from '../../../../contract/api-system.ts';
import type { CanaryDesk } from '../system/canary-desk.ts';
import type { IntegrityDesk } from '../system/integrity-desk.ts';
import type { SystemDesk } from '../system/system-desk.ts';

/** What the calls about the computer itself need of the engine. */
export interface SystemAnswering {
  readonly system: SystemDesk;
  readonly integrity: IntegrityDesk;
  readonly canaries: CanaryDesk;
}

export function systemHandlers({ system, integrity, canaries }: SystemAnswering): HandlersOf<typeof SYSTEM_CALLS> {
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
    'canaries.list': () => canaries.list(),
    'canaries.place': (_input, { actor }) => canaries.place(actor),
    'canaries.remove': (_input, { actor }) => canaries.remove(actor),
    'integrity.accept': ({ paths, isAll }, { actor }) => integrity.accept(paths, isAll, actor),
  };
}
