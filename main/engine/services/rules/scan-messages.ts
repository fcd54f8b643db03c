/** What the scanning thread and its owner tell each other. */
import type { Severity } from '../../../../contract/domain.ts';
import type { UnpackLimits } from '../../yara/index.ts';

export interface ScanWorkerData {
  /** Files and folders of rules. */
  readonly rules: readonly string[];
  readonly userId: number;
  /** A rule that takes longer about one content is stopped. */
  readonly timeoutMs: number;
  /** Of a larger file the first bytes are looked at. */
  readonly maxFileBytes: number;
  /** How far archives are opened; as usual where it is left out. */
  readonly unpack?: UnpackLimits;
  /** Lets other work go first. */
  readonly isGentle?: boolean;
  /** It is there for days: after a large file a thread with a small memory takes over. Costs that the rules are compiled anew. */
  readonly staysSmall?: boolean;
}

/** One content of one file; only the kernel sets the time of change. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** Since the epoch. */
  readonly changeTimeNs: bigint;
}

export interface ScanRequest {
  readonly id: number;
  readonly path: string;
  /** What opens it where `path` does not: /proc/PID/fd/N, or its bytes where they are not UTF-8. */
  readonly openAt?: string | Uint8Array;
  /** No other file is looked at: what opens it may open another one by then. */
  readonly only?: FileIdentity;
}

/** No more requests come: the thread ends after the last one. */
export type ScanEnd = 'end';

/** A rule that fits a file, or something inside of it. */
export interface ScanHit {
  readonly rule: string;
  readonly description: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
  /** File of the rule. */
  readonly source: string;
  /** The way to it inside of the file: empty for the file itself. */
  readonly inside: string;
  /** "$magic at 0". */
  readonly patterns: readonly string[];
}

export interface FileVerdict {
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal; of what was looked at. */
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  readonly hits: readonly ScanHit[];
  /** Contents that were looked at, the file itself among them. */
  readonly contents: number;
  /** What was not looked at and why. */
  readonly gaps: readonly string[];
}

export interface RuleProblemOfScan {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export type ScanAnswer =
  | { readonly type: 'ready'; readonly rules: number; readonly problems: readonly RuleProblemOfScan[] }
  | { readonly type: 'verdict'; readonly id: number; readonly verdict: FileVerdict; readonly isChanged: boolean }
  /** The file could not be read. */
  | { readonly type: 'unread'; readonly id: number; readonly reason: string }
  /** It is time for a new thread: see YaraScanner.wear. */
  | { readonly type: 'worn' };
