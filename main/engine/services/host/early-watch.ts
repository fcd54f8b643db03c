import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { BEHAVIOURS, BehaviourHost } from '../../behaviours/index.ts';
import { isActedOn } from '../../policy/index.ts';
import { behaviourSection } from '../alerts/section-names.ts';
import type { SectionSource } from '../traffic/watch.ts';

export interface EarlyWatchOptions {
  readonly config: SectionSource;
  /** Files that were laid out for nobody to use. */
  readonly canaries: readonly string[];
  readonly onFinding: (finding: Finding) => void;
}

/**
 * Behaviours that are acted on, shown every event as soon as its sensor tells it: before it waits 40 ms for those that
 * happened before it and that another sensor tells later (host-event-order.ts), in which ransomware takes sixteen files.
 * What they find is not told: only whoever did it is stopped. The alert comes from the events in their order.
 */
export class EarlyWatch {
  readonly #host = new BehaviourHost();
  readonly #types = new Set<HostEvent['type']>();
  #canaries: ReadonlySet<string>;

  constructor({ config, canaries, onFinding: report }: EarlyWatchOptions) {
    this.#canaries = new Set(canaries);
    const isCanary = (path: string): boolean => this.#canaries.has(path);
    for (const behaviour of BEHAVIOURS) {
      const settings = config.section(behaviourSection(behaviour.id), behaviour.settings);
      if (!settings.enabled || !isActedOn(behaviour.id)) continue;
      const { processes } = this.#host;
      this.#host.add(behaviour.create({ settings, processes, isCanary, report }), behaviour.events);
      for (const type of behaviour.events) this.#types.add(type);
    }
  }

  /** Whether any of them asks for such events. */
  wants({ type }: HostEvent): boolean {
    return this.#types.has(type);
  }

  event(event: HostEvent): void {
    this.#host.event(event);
  }

  takeCanaries(paths: readonly string[]): void {
    this.#canaries = new Set(paths);
  }
}
