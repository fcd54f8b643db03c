import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { Alert, AlertKind, Failure, Finding, Severity } from '../../../contract/domain.ts';
import type { HostEvent } from '../../../contract/events.ts';
import type { EndReason, Service } from '../../../contract/traffic.ts';
import type { ActionStore } from './action-store.ts';
import type { AlertStore, StoredReview } from './alert-store.ts';
import type { CaptureStore } from './capture-table.ts';
import type { ControlStore } from './control-store.ts';
import type { EventStore } from './events/event-store.ts';
import type { HuntStore } from './hunt/hunt-store.ts';
import type { ModelStore } from './model-store.ts';
import type { StoreSettings } from './store-settings.ts';

/** What became of an alert: by the person, or, `withdrawn`, because it turned out to be part of another one. */
export const ALERT_STATES = ['open', 'acknowledged', 'dismissed', 'withdrawn'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

export interface StoredAlert {
  readonly alert: Alert;
  readonly state: AlertState;
  /** "live", or the id of the capture that it is from. */
  readonly source: string;
  /** Who brought it into this state; null where nobody did. */
  readonly review: StoredReview | null;
  /** When the store last heard of it, milliseconds since the epoch. */
  readonly updatedMs: number;
}

/** One ended flow. */
export interface FlowRecord {
  /** Microseconds since the epoch, in the time of the traffic. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** IP protocol number. */
  readonly protocol: number;
  /** Addresses as text, in their canonical form (RFC 5952 for IPv6). */
  readonly initiator: string;
  readonly initiatorPort: number;
  readonly responder: string;
  readonly responderPort: number;
  readonly vlan: number;
  readonly tunnel: number;
  readonly initiatorPackets: number;
  readonly responderPackets: number;
  /** Frame bytes on the wire. */
  readonly initiatorBytes: number;
  readonly responderBytes: number;
  readonly service: Service;
  readonly endReason: EndReason;
  /** What its bytes said; see FlowNote of the network. */
  readonly note?: { readonly application: string; readonly name: string; readonly said: readonly string[] };
  /**
   * Feature values in the order of the feature table of that version. Kept as 32-bit floats (seven digits,
   * what models use); counts that must be exact are columns of their own.
   */
  readonly features?: { readonly version: number; readonly values: Float32Array | Float64Array };
  /** "live", as when left out, or the id of a capture. */
  readonly source?: string;
  /** The program on this computer that has it: path, process number and user; left out where not known. */
  readonly program?: { readonly path: string; readonly pid: number; readonly user?: string };
}

export interface StoredFlow extends FlowRecord {
  readonly id: number;
  readonly storedMs: number;
  readonly source: string;
}

/** Traffic of one minute, or of a part of it: parts add up. */
export interface TrafficMinute {
  /** Any moment in the minute, milliseconds since the epoch. */
  readonly startMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly packets: number;
  readonly dropped: number;
  readonly watchedSeconds: number;
}

/** Traffic of one step of a span: the number of the step, from 0. */
export interface TrafficPoint extends Omit<TrafficMinute, 'startMs'> {
  readonly point: number;
}

/** What a host did in an hour, or in a part of it: parts add up. */
export interface HostTally {
  readonly address: string;
  /** Any moment in the hour, milliseconds since the epoch. */
  readonly hourMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly flows: number;
  /** A set of bits by the order of SERVICES. */
  readonly services: number;
  /** Whether it is known to be there; see host-tally.ts. */
  readonly isProven: boolean;
}

export interface HostFilter {
  /** From the hour of this moment on. */
  readonly sinceMs: number;
  readonly limit: number;
  /** In the address. */
  readonly search: string;
}

export interface HostList {
  /** Most bytes first. */
  readonly rows: readonly Omit<HostTally, 'hourMs' | 'isProven'>[];
  /** All that fit. */
  readonly total: number;
  /** When the first of all hosts was first seen; infinite when there is none. */
  readonly rememberedSinceMs: number;
  readonly failure?: Failure;
}

/** Something that was done, by whom, to what. */
export interface JournalInput {
  /** "engine", "user ada", "policy" */
  readonly actor: string;
  /** Dashed: "alert-acknowledged", "setting-changed". */
  readonly action: string;
  /** The id or path of what it was done to. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface JournalEntry extends Required<JournalInput> {
  readonly id: number;
  readonly timeMs: number;
  /** SHA-256 over this entry and the hash before it, hexadecimal. */
  readonly hash: string;
}

export interface JournalVerdict {
  readonly intact: boolean;
  /** Entries checked. */
  readonly entries: number;
  /** The first entry that does not fit. */
  readonly brokenAt?: number;
  readonly reason?: string;
  readonly failure?: Failure;
}

/** Rows, newest first. When the database could not be asked, `failure` says why, and rows are what memory has. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Give it back to get older rows; absent at the end. A page may be shorter than asked and still have one. */
  readonly cursor?: string;
  readonly failure?: Failure;
}

interface PageRequest {
  /** Rows wanted; at most MAX_PAGE, 100 when left out. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface AlertFilter extends PageRequest {
  /** This bad or worse. */
  readonly severity?: Severity;
  /** Any of these, and at least `severity`; every one when left out. */
  readonly severities?: readonly Severity[];
  /** Any of these; every kind when left out. */
  readonly kinds?: readonly AlertKind[];
  /** Any of these; every state when left out. */
  readonly states?: readonly AlertState[];
  /** "live" when left out. */
  readonly source?: string;
  /** In titles and addresses, without regard to case. */
  readonly search?: string;
  /** Last seen at or after, before; milliseconds since the epoch, in the time of the traffic. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface FlowFilter extends PageRequest {
  /** Either side. */
  readonly host?: string;
  /** Either side. */
  readonly port?: number;
  readonly protocol?: number;
  readonly service?: Service;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Where it is from: "live", or the id of a capture; any when left out. */
  readonly source?: string;
  /** Between one of these and one of those, whoever began; nobody in the second list is anybody. */
  readonly between?: readonly [readonly string[], readonly string[]];
}

export interface FindingFilter extends PageRequest {
  readonly alertId?: string;
}

export interface JournalFilter extends PageRequest {
  /** In actor, action, subject and detail, without regard to case. */
  readonly search?: string;
}

export interface StoredSetting {
  readonly path: string;
  readonly value: unknown;
  readonly updatedMs: number;
}

export interface StoreStatistics {
  readonly alerts: number;
  readonly findings: number;
  readonly flows: number;
  /** Events of the host. */
  readonly events: number;
  readonly journal: number;
  /** Bytes in use inside the database. */
  readonly usedBytes: number;
  /** Bytes of the database file, free pages included. */
  readonly fileBytes: number;
  readonly pendingRows: number;
  readonly droppedRows: number;
  readonly rejectedRows: number;
  /** Of the rows that were dropped, and since the store was opened: events of the host. */
  readonly droppedEvents: number;
  readonly storedEvents: number;
}

/**
 * What the engine remembers. Writing never waits and never throws: rows are gathered and committed within
 * `commitMs`. Whatever goes wrong is said in Health, part "store".
 */
export interface Store {
  /** Tokens, marks, the journal's seal. */
  readonly control: ControlStore;
  /** What was done about alerts, and can be undone. */
  readonly actions: ActionStore;
  /** Reviews, trails, counts and the allow-list. */
  readonly alerts: AlertStore;
  /** Captures that were given to the engine, and their flows. */
  readonly captures: CaptureStore;
  /** Searches, and the queries that were kept. */
  readonly hunt: HuntStore;
  /** What happened on the host. */
  readonly events: EventStore;
  /** What has been learnt of this computer. */
  readonly models: ModelStore;
  /** Adds an alert, or replaces the one with its id; what the person did with it stays. */
  upsertAlert(alert: Alert, source?: string, trail?: AlertTrail): void;
  /** A newer finding of the same detector, cause and first moment replaces the older one. */
  insertFinding(finding: Finding, alertId?: string): void;
  /** Keeps the records until they are committed: give copies, also of the feature values. */
  insertFlows(flows: Iterable<FlowRecord>): void;
  /** Keeps the events until they are committed: they must not change any more. */
  insertEvents(events: readonly HostEvent[]): void;
  addTrafficMinute(minute: TrafficMinute): void;
  addHosts(tallies: readonly HostTally[]): void;
  appendJournal(entry: JournalInput): void;
  setSetting(path: string, value: unknown, actor: string): void;

  getAlert(id: string): StoredAlert | undefined;
  listAlerts(filter?: AlertFilter): Page<StoredAlert>;
  listFindings(filter?: FindingFilter): Page<Finding>;
  /** Looks at a bounded number of flows a call, so a page may be short, even empty, and still have a cursor. */
  listFlows(filter?: FlowFilter): Page<StoredFlow>;
  getFlow(id: number): StoredFlow | undefined;
  /** `count` steps of `stepMinutes` from the minute of `sinceMs` on; those in which nothing was watched are left out. */
  trafficPoints(sinceMs: number, stepMinutes: number, count: number): Page<TrafficPoint>;
  listHosts(filter: HostFilter): HostList;
  listJournal(filter?: JournalFilter): Page<JournalEntry>;
  verifyJournal(): JournalVerdict;
  listSettings(): Page<StoredSetting>;
  statistics(): StoreStatistics;

  /** Other settings from now on, except for the sizes that the store was opened with (queueRows, busyMs). */
  configure(settings: StoreSettings): void;
  /** Commits what waits, now. False when that was not possible; it is tried again. */
  flush(): boolean;
  /** One pass of retention; also runs by itself every minute. */
  maintain(): void;
  /** Commits and closes. */
  close(): void;
}

export const DEFAULT_PAGE = 100;
export const MAX_PAGE = 1000;
