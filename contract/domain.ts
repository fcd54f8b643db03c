/**
 * The vocabulary of Holdfast: the things that every part names the same way.
 * Types only, and the tables of words they are made of; nothing here runs.
 */

/** How bad an alert is, mildest first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an alert is about. A promise of `analyze --json`: names are added, never changed. */
export const ALERT_KINDS = [
  'port-scan',
  'host-discovery',
  'brute-force',
  'denial-of-service',
  'exfiltration',
  'reverse-shell',
  'command-and-control',
  'beaconing',
  'dns-tunnel',
  'tunnel',
  'man-in-the-middle',
  'lateral-movement',
  'exploit',
  'web-attack',
  'malware-transfer',
  'policy',
  'anomaly',
  'execution',
  'persistence',
  'privilege-escalation',
  'credential-access',
  'defence-evasion',
  'discovery',
  'ransomware',
  'malware',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A program that a finding is about, as it was then; `pid` and `startedMs` name it for as long as the machine runs. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startedMs?: number;
  readonly parentPid?: number;
  /** Path of the executable; empty where it is not known. */
  readonly image: string;
  /** At most MAX_COMMAND_SHOWN units; what is cut away ends in "…". */
  readonly commandLine: string;
  readonly user?: string;
}

/** A file that a finding is about. */
export interface FileRecord {
  readonly path: string;
}

/** One measured fact that speaks for a finding. Shown as: name, value, what is usual, what it means. */
export interface Evidence {
  /** What was measured, in a few plain words: "ports tried". */
  readonly name: string;
  readonly value: number | string;
  /** Unit of a number: "ports", "per second", "B", "s". */
  readonly unit?: string;
  /** The usual value or range in words: "0–5 a minute". Left out when nobody knows. */
  readonly usual?: string;
  /** The same range as numbers in the unit of `value`, where it is one: for a plot. */
  readonly usualRange?: { readonly low: number; readonly high: number };
  /** Why this number matters, one plain sentence. */
  readonly meaning: string;
}

/**
 * One detector's statement about flows, events or a window of time.
 *
 * `cause` names the one thing that is going on ("port-scan/10.0.0.5"). A detector that learns more about
 * the same cause reports again with the same `cause` and cumulative numbers; the newer finding replaces
 * the older one inside the alert. It never contains anything that changes while the cause goes on.
 */
export interface Finding {
  /** What it was seen by; the network where nothing is said. */
  readonly origin?: 'host';
  readonly detector: string;
  readonly kind: AlertKind;
  readonly cause: string;
  /** Milliseconds since the epoch, in the time of the traffic (not of the wall clock). */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly severity: Severity;
  /** 0 (a guess) to 1 (certain). */
  readonly confidence: number;
  /** MITRE ATT&CK technique ids, the most specific first: "T1110.001". */
  readonly techniques: readonly string[];
  /** IP addresses (or MAC addresses where there is no IP), the most active first, at most MAX_LISTED_HOSTS. */
  readonly attackers: readonly string[];
  readonly victims: readonly string[];
  /** How many there were in all, when more than are listed (spoofed floods, wide scans). */
  readonly attackerCount: number;
  readonly victimCount: number;
  /** Who did what to whom, one line, no full stop: "10.0.0.5 scanned 1,000 ports of 10.0.0.9". */
  readonly title: string;
  /** Two to four sentences that a non-expert understands, with the numbers that matter beside what is usual. */
  readonly explanation: string;
  readonly evidence: readonly Evidence[];
  /**
   * Of findings about this computer: who did it, then whose child that is; of those about its traffic: whose traffic it
   * is. At most MAX_LISTED_PROCESSES.
   */
  readonly processes?: readonly ProcessRecord[];
  /** At most MAX_LISTED_FILES, those that tell most first. */
  readonly files?: readonly FileRecord[];
}

/** A lineage of this length reaches from a program in a container to process 1. */
export const MAX_LISTED_PROCESSES = 16;
/** As many as somebody reads; how many there were is in the evidence. */
export const MAX_LISTED_FILES = 32;
/** Longest command line that a finding carries, in UTF-16 units: a page of text. */
export const MAX_COMMAND_SHOWN = 2_000;

/** Longest list of attackers or victims that a finding or an alert carries. */
export const MAX_LISTED_HOSTS = 64;

/** One step of an attack that was seen in several. */
export interface AlertStage {
  readonly kind: AlertKind;
  readonly title: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** Findings with one cause, joined. */
export interface Alert {
  /** Stable for the same traffic: derived from the cause and its first moment. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly title: string;
  readonly severity: Severity;
  readonly confidence: number;
  readonly techniques: readonly string[];
  readonly attackers: readonly string[];
  readonly victims: readonly string[];
  readonly attackerCount: number;
  readonly victimCount: number;
  /** Milliseconds since the epoch, in the time of the traffic. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** How many findings were joined, replaced ones included. */
  readonly findings: number;
  readonly explanation: string;
  readonly evidence: readonly Evidence[];
  /** The detectors that spoke, for "which setting decides this?". */
  readonly detectors: readonly string[];
  /** Ids of other alerts with the same attacker or victim at about the same time. */
  readonly related: readonly string[];
  /** Where several kinds of findings tell one attack: its steps, in the order in which they began. */
  readonly stages?: readonly AlertStage[];
  readonly processes?: readonly ProcessRecord[];
  readonly files?: readonly FileRecord[];
}

/** An error as data: what happened, and what the person can do about it. */
export interface Failure {
  /** Stable, lower-case, dashed: "not-a-capture". */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** How a part of the engine is doing. */
export const HEALTH_STATES = ['ok', 'degraded', 'failed', 'off'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** One line of Health: a sensor, a queue, the store. */
export interface HealthEntry {
  readonly part: string;
  readonly state: HealthState;
  /** One plain sentence: what works, or what does not and why. */
  readonly detail: string;
  /** What the person can do, when the state is not ok. */
  readonly hint?: string;
  /** Counters worth showing: packets received, dropped, queue length. */
  readonly counters: Readonly<Record<string, number>>;
}
