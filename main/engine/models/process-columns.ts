/** The columns of one program over an hour, all its processes together. */
import { type Column, type ColumnRow, plainColumn } from './table-column.ts';

/** Seconds that one row is about. */
export const PROCESS_WINDOW_SECONDS = 3_600;

const ROWS: readonly ColumnRow[] = [
  ['processes', 'wide-amount', 'processes', 'processes', 'ran as %'],
  ['users', 'wide-amount', 'users', 'users', 'was run by %'],
  ['children', 'wide-amount', 'processes started', 'processes', 'started %'],
  ['child_programs', 'wide-amount', 'different programs started', 'programs', 'started %'],
  ['shells', 'wide-amount', 'shells and interpreters started', 'shells', 'started %'],
  ['files_read', 'wide-amount', 'files read', 'files', 'read %'],
  ['files_written', 'wide-amount', 'files written', 'files', 'wrote %'],
  ['files_renamed', 'wide-amount', 'files renamed', 'files', 'renamed %'],
  ['files_deleted', 'wide-amount', 'files deleted', 'files', 'deleted %'],
  ['folders', 'wide-amount', 'folders written to', 'folders', 'wrote to %'],
  ['read_bytes', 'wide-amount', 'bytes read', 'B', 'read %'],
  ['written_bytes', 'wide-amount', 'bytes written', 'B', 'wrote %'],
  ['outgoing_connections', 'wide-amount', 'connections outwards', 'connections', 'made % outwards'],
  ['listening_sockets', 'wide-amount', 'ports listened at', 'ports', 'listened at %'],
  ['remote_addresses', 'wide-amount', 'addresses talked to', 'addresses', 'talked to %'],
  ['remote_ports', 'wide-amount', 'different ports called', 'ports', 'called %'],
  ['sent_bytes', 'wide-amount', 'bytes sent', 'B', 'sent %'],
  ['received_bytes', 'wide-amount', 'bytes received', 'B', 'received %'],
  ['cpu_seconds', 'wide-amount', 'processor time', 's', 'used the processor for %'],
  ['memory_bytes', 'wide-amount', 'most memory', 'B', 'used up to % of memory'],
];

export const PROCESS_COLUMNS: readonly Column[] = ROWS.map(plainColumn);
