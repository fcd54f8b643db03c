import type { Finding } from '../../../../contract/domain.ts';
import type { TrafficObserver } from '../../../../contract/traffic.ts';
import { DETECTORS, type Indicators, type LandscapeSeed, LearnedLandscape, NO_INDICATORS } from '../../detect/index.ts';
import { flowSettings, TrafficEngine } from '../../network/index.ts';
import type { SettingTable, SettingValues } from '../../runtime/settings.ts';
import { detectorSection } from '../alerts/section-names.ts';

/** The values of a section: a Config has this, and so has whatever crossed to another thread. */
export interface SectionSource {
  section<T extends SettingTable>(path: string, table: T): SettingValues<T>;
}

export interface WatchOptions {
  readonly config: SectionSource;
  readonly onFinding: (finding: Finding) => void;
  /** Observers besides the detectors, called after them. */
  readonly observers?: readonly TrafficObserver[];
  /** What the host knows of its network; nothing for a capture. */
  readonly landscape?: LandscapeSeed;
  /** What is known to be bad; nothing where it is left out. */
  readonly indicators?: Indicators;
  /** Hash seed: random live, left out for captures. */
  readonly seed?: number;
}

/** From frames to findings: the flow engine with every detector of the table behind it. */
export function createWatch(options: WatchOptions): TrafficEngine {
  const { config, onFinding } = options;
  const landscape = new LearnedLandscape(options.landscape);
  const detectors = DETECTORS.map((detector) =>
    detector.create({
      settings: config.section(detectorSection(detector.id), detector.settings),
      landscape,
      indicators: options.indicators ?? NO_INDICATORS,
      report: onFinding,
      seed: options.seed,
    }),
  );
  return new TrafficEngine({
    settings: config.section('network', flowSettings),
    // The landscape first: a detector asks about a network that includes the present packet.
    observers: [landscape, ...detectors, ...(options.observers ?? [])],
    seed: options.seed,
  });
}
