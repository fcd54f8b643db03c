import type { Alert, AlertKind, Failure, Finding, Severity } from '../../../contract/domain.ts';
import type { EndReason, Service } from '../../../contract/traffic.ts';
import type { StoredToken } from './token-table.ts';

/** What became of an alert: by the person, or, `withdrawn`, because it turned out to be part of another one. */
export const ALERT_STATES = ['open', 'acknowledged', 'dismissed', 'withdrawn'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

export interface StoredAlert {
  readonly alert: Alert;
  readonly state: AlertState;
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
  /**
   * Feature values in the order of the feature table of that version. Kept as 32-bit floats (seven digits,
   * what models use); counts that must be exact are columns of their own.
   */
  readonly features?: { readonly version: number; readonly values: Float32Array | Float64Array };
}

export interface StoredFlow extends FlowRecord {
  readonly id: number;
  readonly storedMs: number;
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
  readonly kind?: AlertKind;
  readonly state?: AlertState;
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
}

export interface FindingFilter extends PageRequest {
  readonly alertId?: string;
}

export type JournalFilter = PageRequest;

export interface StoredSetting {
  readonly path: string;
  readonly value: unknown;
  readonly updatedMs: number;
}

export interface StoreStatistics {
  readonly alerts: number;
  readonly findings: number;
  readonly flows: number;
  readonly journal: number;
  /** Bytes in use inside the database. */
  readonly usedBytes: number;
  /** Bytes of the database file, free pages included. */
  readonly fileBytes: number;
  readonly pendingRows: number;
  readonly droppedRows: number;
  readonly rejectedRows: number;
}

/**
 * What the engine remembers. Writing never waits and never throws: rows are gathered and committed within
 * `commitMs`. Whatever goes wrong is said in Health, part "store".
 */
export interface Store {
  /** Adds an alert, or replaces the one with its id; what the person did with it stays. */
  upsertAlert(alert: Alert): void;
  setAlertState(id: string, state: AlertState, actor: string): void;
  /** A newer finding of the same detector, cause and first moment replaces the older one. */
  insertFinding(finding: Finding, alertId?: string): void;
  /** Keeps the records until they are committed: give copies, also of the feature values. */
  insertFlows(flows: Iterable<FlowRecord>): void;
  appendJournal(entry: JournalInput): void;
  setSetting(path: string, value: unknown, actor: string): void;
  /** Both with their entry in the journal; nothing is journaled where there is no such token. */
  insertToken(token: StoredToken): void;
  removeToken(id: string, name: string, actor: string): void;
  touchToken(id: string, lastUsedMs: number): void;

  getAlert(id: string): StoredAlert | undefined;
  listAlerts(filter?: AlertFilter): Page<StoredAlert>;
  listFindings(filter?: FindingFilter): Page<Finding>;
  /** Looks at a bounded number of flows a call, so a page may be short, even empty, and still have a cursor. */
  listFlows(filter?: FlowFilter): Page<StoredFlow>;
  listJournal(filter?: JournalFilter): Page<JournalEntry>;
  verifyJournal(): JournalVerdict;
  listSettings(): Page<StoredSetting>;
  listTokens(): Page<StoredToken>;
  statistics(): StoreStatistics;

  /** Commits what waits, now. False when that was not possible; it is tried again. */
  flush(): boolean;
  /** One pass of retention; also runs by itself every minute. */
  maintain(): void;
  /** Commits and closes. */
  close(): void;
}

export const DEFAULT_PAGE = 100;
export const MAX_PAGE = 1000;
