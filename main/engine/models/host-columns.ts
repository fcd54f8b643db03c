/** The columns of ten seconds of the whole computer. */
import { type Column, type ColumnRow, plainColumn } from './table-column.ts';

/** Seconds that one row is about. */
export const HOST_WINDOW_SECONDS = 10;

const ROWS: readonly ColumnRow[] = [
  ['cpu_percent', 'amount', 'processor time', '%', 'used % of the processor'],
  ['memory_percent', 'amount', 'memory in use', '%', 'used % of the memory'],
  ['swap_percent', 'amount', 'swap space in use', '%', 'used % of the swap space'],
  ['load_1m', 'wide-amount', 'load of the last minute', '', 'had a load of %'],
  ['disk_read_bytes', 'wide-amount', 'bytes read from disk', 'B', 'read % from disk'],
  ['disk_written_bytes', 'wide-amount', 'bytes written to disk', 'B', 'wrote % to disk'],
  ['disk_used_percent', 'amount', 'disk space in use', '%', 'used % of the disk space'],
  ['processes', 'wide-amount', 'processes', 'processes', 'ran %'],
  ['process_starts', 'wide-amount', 'processes started', 'processes', 'started %'],
  ['process_exits', 'wide-amount', 'processes ended', 'processes', 'ended %'],
  ['users', 'wide-amount', 'users with processes', 'users', 'ran programs of %'],
  ['new_executables', 'wide-amount', 'programs never run before', 'programs', 'ran % for the first time'],
  ['listening_sockets', 'wide-amount', 'ports listened at', 'ports', 'listened at %'],
  ['outgoing_sockets', 'wide-amount', 'connections outwards', 'connections', 'held % outwards'],
  ['remote_addresses', 'wide-amount', 'addresses talked to', 'addresses', 'talked to %'],
  ['sent_bytes', 'wide-amount', 'bytes sent', 'B', 'sent %'],
  ['received_bytes', 'wide-amount', 'bytes received', 'B', 'received %'],
  ['sent_packets', 'wide-amount', 'packets sent', 'packets', 'sent %'],
  ['received_packets', 'wide-amount', 'packets received', 'packets', 'received %'],
  ['dns_queries', 'wide-amount', 'names asked for', 'names', 'asked for %'],
  ['dns_failures', 'wide-amount', 'names not found', 'names', 'asked for % that do not exist'],
  ['file_writes', 'wide-amount', 'files written', 'files', 'wrote %'],
  ['file_renames', 'wide-amount', 'files renamed', 'files', 'renamed %'],
  ['file_deletions', 'wide-amount', 'files deleted', 'files', 'deleted %'],
  ['logins', 'wide-amount', 'logins', 'logins', 'saw %'],
  ['failed_logins', 'wide-amount', 'failed logins', 'logins', 'refused %'],
  ['privileged_commands', 'wide-amount', 'commands with raised rights', 'commands', 'ran % with raised rights'],
];

export const HOST_COLUMNS: readonly Column[] = ROWS.map(plainColumn);
