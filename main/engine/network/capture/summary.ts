/** What reading a capture tells, while it goes on and afterwards. */
import type { Failure } from '../../../../contract/domain.ts';

export interface CaptureProgress {
  /** Bytes taken from the file or stream so far, compressed ones if it is compressed. */
  bytesRead: number;
  /** Size on disk; null for standard input and pipes. */
  bytesTotal: number | null;
  packets: number;
  /** Time of the newest packet, in microseconds since the epoch; 0 before the first. */
  timeUs: number;
}

/** Something worth knowing about how the capture was read: what was skipped, where, and why. */
export interface CaptureNote {
  /** Stable, one of NOTE_CODES. */
  code: string;
  message: string;
  /** Where in the (decompressed) capture; null where it has no place. */
  byteOffset: number | null;
  /** Counted from 1: the packet at that place, or the next one that would have been read. */
  packetNumber: number | null;
  /** How many occurrences the note stands for. */
  count: number;
}

export interface CaptureSummary {
  /** As given; '-' for standard input. */
  path: string;
  /** 'pcap', 'pcap-ns' or 'pcapng', with '+gzip' or '+zstd' where it was compressed. */
  format: string;
  packets: number;
  /** Captured bytes of all packets, record headers not counted. */
  bytes: number;
  /** Size on disk, or what standard input gave. */
  fileBytes: number;
  /** The link types of its interfaces, in order of appearance, at most MAX_LINK_TYPES. */
  linkTypes: number[];
  /** Oldest and newest timestamp, in microseconds since the epoch; null if no packet has one. */
  firstSeenUs: number | null;
  lastSeenUs: number | null;
  /** Packets of which fewer bytes were captured than were on the wire. */
  truncatedPackets: number;
  /** At most MAX_NOTES. */
  notes: CaptureNote[];
  /** False if anything was skipped, is missing, or was not read because reading was stopped. */
  complete: boolean;
}

/** More link types than any real capture has interfaces of different kinds. */
export const MAX_LINK_TYPES = 64;

/** There is nothing to read at all: missing, unreadable, empty, or not a capture. */
export class CaptureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = 'CaptureError';
    this.failure = failure;
  }
}
