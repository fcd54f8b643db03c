import type { HostEvent, HostEventType } from '../../../contract/events.ts';
import { type Behaviour, type HostSamples, NO_SAMPLES } from './behaviour.ts';
import { ProcessTree } from './process-tree.ts';

/** Behaviours at work: each is shown the types of events that it asked for, after the tree of processes. */
export class BehaviourHost {
  readonly processes = new ProcessTree();
  /** Events and ticks that a behaviour failed at: a mistake of ours. The others were told all the same. */
  failures = 0;
  readonly #byType = new Map<HostEventType, Behaviour[]>();
  readonly #all: Behaviour[] = [];

  add(behaviour: Behaviour, events: readonly HostEventType[]): void {
    this.#all.push(behaviour);
    for (const type of events) {
      const known = this.#byType.get(type);
      if (known === undefined) this.#byType.set(type, [behaviour]);
      else known.push(behaviour);
    }
  }

  event(event: HostEvent): void {
    try {
      this.processes.event(event);
    } catch {
      this.failures++;
    }
    const behaviours = this.#byType.get(event.type);
    if (behaviours === undefined) return;
    for (const behaviour of behaviours) {
      try {
        behaviour.event(event);
      } catch {
        this.failures++;
      }
    }
  }

  tick(nowMs: number, samples: HostSamples = NO_SAMPLES): void {
    for (const behaviour of this.#all) {
      try {
        behaviour.tick?.(nowMs, samples);
      } catch {
        this.failures++;
      }
    }
  }
}
