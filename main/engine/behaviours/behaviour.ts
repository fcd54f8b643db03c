import type { AlertKind, Finding } from '../../../contract/domain.ts';
import type { HostEvent, HostEventType, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import type { SettingTable, SettingValues } from '../runtime/settings.ts';
import type { ProcessTree } from './process-tree.ts';

/** What a behaviour is given. Time comes with the events; there is no clock and no randomness here. */
export interface BehaviourContext<T extends SettingTable = SettingTable> {
  readonly settings: SettingValues<T>;
  /** Where processes come from; it knows of an event before the behaviours are told. */
  readonly processes: Pick<ProcessTree, 'ancestors'>;
  /** Whether this file was laid out for nobody to use; of those in the settings of ransomware besides. */
  isCanary?(path: string): boolean;
  /** May be called any number of times; the same cause again means "I know more now". */
  report(finding: Finding): void;
}

/** A program of which copies were made without running another one. */
export interface ForkBurst {
  /** The program that they are copies of. */
  readonly process: HostProcessWithParents;
  /** Copies since the samples before. */
  readonly copies: number;
  /** The longest line of copies of copies below it. */
  readonly generations: number;
}

/** What is no event but is looked at once a second. */
export interface HostSamples {
  /** CPU time that a process has used, in seconds; undefined where it has ended or nobody knows. */
  cpuSecondsOf(process: HostProcess): number | undefined;
  /** Of programs that made many copies since the samples before; the most first. */
  readonly forkBursts: readonly ForkBurst[];
}

/** Where events are replayed there is nothing to sample. */
export const NO_SAMPLES: HostSamples = { cpuSecondsOf: () => undefined, forkBursts: [] };

/** Watches what happens on the host. Must take any event that its row asks for, with any text in it. */
export interface Behaviour {
  event(event: HostEvent): void;
  /** About once a second; what was waited for may have run out. */
  tick?(nowMs: number, samples: HostSamples): void;
}

/** A row of the table of behaviours. */
export interface BehaviourDefinition<T extends SettingTable = SettingTable> {
  /** Dashed name, unique among these and the detectors of the network; its section of the configuration: `host.<id>`. */
  readonly id: string;
  /** Kinds of findings that it may give, the usual one first. */
  readonly kinds: readonly AlertKind[];
  /** One sentence for people: what it notices. */
  readonly summary: string;
  /** Every technique id that it may give. */
  readonly techniques: readonly string[];
  readonly settings: T;
  /** What it is told of; of everything else it costs nothing. */
  readonly events: readonly HostEventType[];
  /** The largest state it may hold, in words and numbers: "4,096 processes of 200 B". */
  readonly memoryBound: string;
  create(context: BehaviourContext<T>): Behaviour;
}

/** Every behaviour can be switched off. */
const COMMON = {
  enabled: {
    type: 'boolean',
    default: true,
    reason:
      'Whether this is watched for. Switch it off where it is part of your work and allowing one alert is not enough.',
  },
} as const satisfies SettingTable;

/** Keeps the row's settings type while the table holds rows of many, and adds the settings that all have. */
export function defineBehaviour<T extends SettingTable>(
  definition: BehaviourDefinition<T>,
): BehaviourDefinition<typeof COMMON> {
  const { settings } = definition;
  return { ...definition, settings: { ...COMMON, ...settings } } as unknown as BehaviourDefinition<typeof COMMON>;
}
