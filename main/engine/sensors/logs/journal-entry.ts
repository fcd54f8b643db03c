/** Entries of journald as `journalctl --output=json` writes them (systemd.journal-fields(7)), as events. */
import type { HostEvent } from '../../../../contract/events.ts';
import { AuditJoiner } from './audit-join.ts';
import { readAuditFields } from './audit-record.ts';
import { eventsOfEntry } from './programs.ts';
import { bounded, known, type LogEntry, wholeNumber } from './types.ts';

/** Fields that are asked for; the cursor and the times come with every entry. */
export const JOURNAL_FIELDS = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_FACILITY',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_COMM',
  '_PID',
  '_SYSTEMD_UNIT',
  '_TRANSPORT',
  '_AUDIT_TYPE_NAME',
  '_AUDIT_ID',
  '_SOURCE_REALTIME_TIMESTAMP',
] as const;

type Raw = Readonly<Record<string, unknown>>;

/** An entry, and the place after which reading goes on. */
export interface JournalLine {
  readonly cursor: string;
  readonly raw: Raw;
}

/** Some hundred characters: "s=…;i=…;b=…;m=…;t=…;x=…". */
const MAX_CURSOR = 512;

/** Whether a text has the form of a cursor: it becomes an argument of journalctl. */
export function isCursor(text: string): boolean {
  return text.length <= MAX_CURSOR && /^[0-9A-Za-z=;]+$/.test(text);
}

/** One line of journalctl's output; undefined where it is no entry. */
export function readJournalLine(line: string): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Cut, or not of journalctl at all.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const raw = value as Raw;
  const cursor = textOf(raw.__CURSOR);
  return cursor !== undefined && isCursor(cursor) ? { cursor, raw } : undefined;
}

/** Text of a field: journalctl writes bytes that are no UTF-8 as numbers, and fields that occur twice as a list. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return bounded(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.every((each) => typeof each === 'number')) return bounded(Buffer.from(value).toString('utf8'));
  return textOf(value[0]);
}

function microseconds(value: unknown): number | undefined {
  const text = textOf(value);
  const whole = text === undefined || text.length < 4 ? undefined : wholeNumber(text.slice(0, -3));
  return whole === undefined ? undefined : whole + Number(text?.slice(-3)) / 1000;
}

/** The entry that a line of a log file would be; undefined without a message or a time. */
export function entryOf(raw: Raw): LogEntry | undefined {
  const message = textOf(raw.MESSAGE);
  const timeMs = microseconds(raw._SOURCE_REALTIME_TIMESTAMP) ?? microseconds(raw.__REALTIME_TIMESTAMP);
  if (message === undefined || timeMs === undefined || Number.isNaN(timeMs)) return undefined;
  const isKernel = textOf(raw._TRANSPORT) === 'kernel';
  return {
    timeMs,
    message,
    ...known({
      identifier: isKernel ? 'kernel' : (textOf(raw.SYSLOG_IDENTIFIER) ?? textOf(raw._COMM)),
      // Of the kernel's own: what the writer says of itself may be somebody else's.
      pid: wholeNumber(textOf(raw._PID)) ?? wholeNumber(textOf(raw.SYSLOG_PID)),
      unit: textOf(raw._SYSTEMD_UNIT),
      facility: wholeNumber(textOf(raw.SYSLOG_FACILITY)),
      severity: wholeNumber(textOf(raw.PRIORITY)),
    }),
  };
}

/** Entries as events; audit records that came by the journal are joined like those of auditd's log. */
export class JournalParser {
  readonly #audit = new AuditJoiner();

  parse(raw: Raw, nowMs: number): readonly HostEvent[] {
    const entry = entryOf(raw);
    if (entry === undefined) return [];
    const recordType = textOf(raw._AUDIT_TYPE_NAME);
    const serial = wholeNumber(textOf(raw._AUDIT_ID));
    if (textOf(raw._TRANSPORT) !== 'audit' || recordType === undefined || serial === undefined)
      return eventsOfEntry(entry);
    // The message begins with the type once more.
    const text = entry.message.startsWith(`${recordType} `) ? entry.message.slice(recordType.length) : entry.message;
    const { timeMs } = entry;
    return this.#audit.add({ recordType, serial, timeMs, fields: readAuditFields(recordType, text) }, nowMs);
  }

  flush(nowMs: number): readonly HostEvent[] {
    return this.#audit.flush(nowMs);
  }
}
