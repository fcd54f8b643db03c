/** utmp(5): who is logged in, as glibc stores it on 64-bit Linux. Pure. */

export interface UtmpSession {
  readonly user: string;
  /** "pts/0", "tty1", ":0". */
  readonly terminal: string;
  /** Where from; empty for this computer. */
  readonly host: string;
  readonly pid: number;
  readonly startedMs: number;
}

/** struct utmp with its 32-bit times, which all 64-bit architectures but few have. */
const RECORD_BYTES = 384;
const USER_PROCESS = 7;
const MAX_RECORDS = 4_096;
const AT = { type: 0, pid: 4, line: 8, user: 44, host: 76, seconds: 340 } as const;
const LENGTH = { line: 32, user: 32, host: 256 } as const;

export function parseUtmp(bytes: Buffer): readonly UtmpSession[] {
  const sessions: UtmpSession[] = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.length && at < MAX_RECORDS * RECORD_BYTES; at += RECORD_BYTES) {
    const record = bytes.subarray(at, at + RECORD_BYTES);
    if (record.readInt16LE(AT.type) !== USER_PROCESS) continue;
    sessions.push({
      user: textAt(record, AT.user, LENGTH.user),
      terminal: textAt(record, AT.line, LENGTH.line),
      host: textAt(record, AT.host, LENGTH.host),
      pid: record.readInt32LE(AT.pid),
      startedMs: record.readUInt32LE(AT.seconds) * 1_000,
    });
  }
  return sessions;
}

function textAt(record: Buffer, at: number, length: number): string {
  const field = record.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}
