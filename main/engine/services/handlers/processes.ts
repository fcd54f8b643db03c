import type { HandlersOf } from '../../../../contract/api.ts';
import type { PROCESS_CALLS } from '../../../../contract/api-processes.ts';
import type { ProcessDesk } from '../host/process-desk.ts';

/** What the calls about processes need of the engine. */
export interface ProcessAnswering {
  readonly processes: ProcessDesk;
}

export function processHandlers({ processes }: ProcessAnswering): HandlersOf<typeof PROCESS_CALLS> {
  return {
    'processes.list': (input) => processes.list(input),
    'processes.watch': (_input, emit) => processes.watch(emit),
    'processes.show': ({ pid, startedMs }, { signal }) => processes.get(pid, startedMs, signal),
    'listeners.list': () => processes.listeners(),
  };
}
