import { ownText } from '../own-text.ts';
import type { StorageService } from './services.ts';
import type { UploadSign } from './signs.ts';

/** What one host sent to one other that looks like an upload. */
export interface Upload {
  readonly victim: string;
  readonly attacker: string;
  readonly mayNameAttacker: boolean;
  firstUs: number;
  lastUs: number;
  /** Sent and received in the conversations that carry it. */
  sentBytes: number;
  receivedBytes: number;
  conversations: number;
  readonly signs: Set<UploadSign>;
  /** The first ones, as the sender calls them. */
  readonly files: string[];
  fileCount: number;
  service: StorageService | undefined;
  /** "HTTP", "FTP", "no protocol". */
  way: string;
  port: number;
  /** Length of the latest request's body, and how many in a row had it. */
  pieceBytes: number;
  pieces: number;
  /** The latest hour of the host, and what is usual for it, where that made the difference. */
  hourBytes: number;
  usualHourBytes: number;
  reportedPoints: number;
  reportedBytes: number;
  reportedUs: number;
}

export type UploadHead = Pick<Upload, 'victim' | 'attacker' | 'mayNameAttacker' | 'port'>;

/** Names of files kept for the reader. */
const MAX_FILES = 5;

export function newUpload(head: UploadHead, nowUs: number): Upload {
  return {
    ...head,
    firstUs: nowUs,
    lastUs: nowUs,
    sentBytes: 0,
    receivedBytes: 0,
    conversations: 0,
    signs: new Set(),
    files: [],
    fileCount: 0,
    service: undefined,
    way: '',
    pieceBytes: 0,
    pieces: 0,
    hourBytes: 0,
    usualHourBytes: 0,
    reportedPoints: 0,
    reportedBytes: 0,
    reportedUs: 0,
  };
}

export function noteFile(upload: Upload, name: string): void {
  upload.fileCount++;
  if (name !== '' && upload.files.length < MAX_FILES && !upload.files.includes(name)) upload.files.push(ownText(name));
}
