import type { AlertKind, Finding } from '../../../contract/domain.ts';
import type { TrafficInterest, TrafficObserver } from '../../../contract/traffic.ts';
import type { SettingTable, SettingValues } from '../runtime/settings.ts';
import type { Indicators } from './indicators.ts';
import type { Landscape } from './landscape.ts';

/** What a detector is given. Time comes with the traffic; there is no clock and no randomness here. */
export interface DetectorContext<T extends SettingTable = SettingTable> {
  readonly settings: SettingValues<T>;
  /** What is known of the network: gateways, DNS servers, own addresses. */
  readonly landscape: Landscape;
  /** What is known to be bad. */
  readonly indicators: Indicators;
  /** Seed of hash tables: random live, left out for captures. See runtime/address.ts. */
  readonly seed?: number;
  /** May be called any number of times; the same cause again means "I know more now". */
  report(finding: Finding): void;
}

/** A row of the table of detectors. */
export interface DetectorDefinition<T extends SettingTable = SettingTable> {
  /** Dashed name, unique; also its section in the configuration: `detect.<id>`. */
  readonly id: string;
  readonly kind: AlertKind;
  /** One sentence for people: what it notices. */
  readonly summary: string;
  /** Every technique id that it may give. */
  readonly techniques: readonly string[];
  readonly settings: T;
  /**
   * Which packets and facts its observer is shown: those that it can make something of. What depends on the context the
   * observer adds itself.
   */
  readonly interest: TrafficInterest;
  /** The largest state it may hold, in words and numbers: "4,096 sources of 2 kB". */
  readonly memoryBound: string;
  create(context: DetectorContext<T>): TrafficObserver;
}

/** Streams are read where they are put together, or packet by packet in `payload` and `segment`. */
const READS_NO_TCP_ELSEWHERE: TrafficInterest = { tcpBytes: false };

/** Keeps the row's settings type while the table holds rows of many, and gives its observers the row's interest. */
export function defineDetector<T extends SettingTable>(definition: DetectorDefinition<T>): DetectorDefinition {
  const { interest } = definition;
  const create = (context: DetectorContext<T>) => {
    const observer = definition.create(context);
    return Object.assign(observer, { interest: { ...READS_NO_TCP_ELSEWHERE, ...interest, ...observer.interest } });
  };
  return { ...definition, create } as unknown as DetectorDefinition;
}
