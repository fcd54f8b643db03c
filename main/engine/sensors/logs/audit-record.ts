/**
 * Records of the audit system, as auditd writes them (audit(8), "audit log format"):
 * type=EXECVE msg=audit(1604994496.155:92733): argc=2 a0="arp" a1="-a"
 *
 * What a user chose is written in quotes, or, where it holds a quote, a space or a control character, as hexadecimal
 * digits without quotes: only those fields are decoded, so that a number stays a number.
 */
import type { AuditRecordEvent } from '../../../../contract/events.ts';
import { systemCallName } from './system-calls.ts';
import { bounded, type Fields, fieldsOf, wholeNumber } from './types.ts';

export interface AuditRecord {
  readonly recordType: string;
  readonly timeMs: number;
  readonly serial: number;
  readonly fields: Fields;
}

/** The most fields of one record that are kept: a command line has one for each argument. */
const MAX_FIELDS = 1_024;
/** Between a record and what auditd's "ENRICHED" format adds to it. */
const ENRICHMENT_MARK = '\u001d';

/** Fields that the kernel or a program writes with audit_log_untrustedstring or its like (field dictionary). */
const ENCODED: ReadonlySet<string> = new Set([
  'acct',
  'cmd',
  'comm',
  'cwd',
  'data',
  'device',
  'dir',
  'exe',
  'file',
  'grp',
  'key',
  'name',
  'new',
  'new-disk',
  'new-fs',
  'new_group',
  'ocomm',
  'old',
  'old-disk',
  'old-fs',
  'old_group',
  'path',
  'proctitle',
  'sw',
  'unit',
  'vm',
  'watch',
]);
/** Types whose `old` and `new` are numbers that may look like hexadecimal text. */
const NUMBERS_IN: ReadonlySet<string> = new Set([
  'TIME_ADJNTPVAL',
  'CONFIG_CHANGE',
  'LOGIN',
  'FEATURE_CHANGE',
  'TTY_SET',
]);

/** Reads one line of auditd's log; undefined where it is none. */
export function readAuditLine(line: string): AuditRecord | undefined {
  // "node=name type=…" where auditd collects several computers.
  const start = line.startsWith('type=') ? 0 : line.startsWith('node=') ? line.indexOf(' type=') + 1 : -1;
  if (start < 0 || !line.startsWith('type=', start)) return undefined;
  const typeEnd = line.indexOf(' msg=audit(', start);
  const stampEnd = line.indexOf('):', typeEnd);
  if (typeEnd < 0 || stampEnd < 0) return undefined;
  const recordType = line.slice(start + 5, typeEnd);
  const stamp = readStamp(line.slice(typeEnd + 11, stampEnd));
  if (stamp === undefined || recordType === '' || recordType.includes(' ')) return undefined;
  return { recordType, ...stamp, fields: readAuditFields(recordType, line.slice(stampEnd + 2)) };
}

/** "1604994496.155:92733". */
function readStamp(text: string): { readonly timeMs: number; readonly serial: number } | undefined {
  const dot = text.indexOf('.');
  const colon = text.indexOf(':');
  const seconds = wholeNumber(text.slice(0, dot));
  const milliseconds = wholeNumber(text.slice(dot + 1, colon));
  const serial = wholeNumber(text.slice(colon + 1));
  if (dot < 0 || colon < dot || seconds === undefined || milliseconds === undefined || serial === undefined) {
    return undefined;
  }
  return { timeMs: seconds * 1000 + milliseconds, serial };
}

/** What follows the stamp: pairs, where programs speak a text of pairs within msg='…', and what auditd added. */
export function readAuditFields(recordType: string, text: string): Fields {
  const mark = text.indexOf(ENRICHMENT_MARK);
  const body = mark < 0 ? text : text.slice(0, mark);
  const pairs: [string, string][] = [];
  readPairs(recordType, body, pairs, 0);
  if (mark >= 0) readPairs(recordType, text.slice(mark + 1), pairs, 0);
  addNames(recordType, pairs);
  return fieldsOf(pairs);
}

/** Programs put pairs into msg='…', and nothing puts more into those. */
const MAX_DEPTH = 1;

function readPairs(recordType: string, text: string, pairs: [string, string][], depth: number): void {
  let at = 0;
  while (at < text.length && pairs.length < MAX_FIELDS) {
    const equals = text.indexOf('=', at);
    if (equals < 0) return;
    // What stands before the name are words of old programs: "PAM: accounting acct=root", "avc:  denied  { read } for".
    const start = wordStart(text, equals, at);
    const name = qualified(text, start, at) + text.slice(start, equals);
    if (at === 0 && recordType.endsWith('AVC')) pairs.push(...accessVector(text.slice(0, start)));
    const quote = text[equals + 1];
    if (quote === '"' || quote === "'") {
      const close = quote === "'" ? text.lastIndexOf("'") : text.indexOf('"', equals + 2);
      const end = close > equals + 1 ? close : text.length;
      const value = text.slice(equals + 2, end);
      if (quote === "'" && name === 'msg' && depth < MAX_DEPTH) readPairs(recordType, value, pairs, depth + 1);
      else pairs.push([name, bounded(value)]);
      at = end + 1;
      continue;
    }
    const end = valueEnd(text, equals + 1);
    pairs.push([name, bounded(decoded(recordType, name, text.slice(equals + 1, end)))]);
    at = end;
  }
}

/** Old kernels write "old auid=1 new auid=2", later ones "old-auid=1 auid=2". */
function qualified(text: string, start: number, from: number): string {
  const before = text.slice(Math.max(from, start - 4), start);
  return before === 'old ' || before === 'new ' ? `${before.slice(0, 3)}_` : '';
}

/** Where the word that ends at `end` begins, at `from` or later. */
function wordStart(text: string, end: number, from: number): number {
  let at = end;
  while (at > from && !isBreak(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isBreak(code: number): boolean {
  return code === 0x20 || code === 0x2c || code === 0x28 || code === 0x29;
}

/** A value ends at a space; in old records of PAM also at the comma or bracket around "(hostname=?, addr=?)". */
function valueEnd(text: string, from: number): number {
  if (text.startsWith('(', from)) {
    // "(null)" and "(none)".
    const close = text.indexOf(')', from);
    return close < 0 ? text.length : close + 1;
  }
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const isEnd = code === 0x20 || code === 0x29 || (code === 0x2c && text[at + 1] === ' ');
    if (isEnd) return at;
    at += 1;
  }
  return at;
}

/** "avc:  denied  { read write } for": what was asked for, and whether it was allowed. */
function accessVector(text: string): readonly [string, string][] {
  const open = text.indexOf('{');
  const close = text.indexOf('}', open);
  const head = text.slice(0, open).trim();
  if (open < 0 || close < 0 || !head.startsWith('avc:')) return [];
  return [
    ['seresult', head.slice(4).trim()],
    ['seperms', text.slice(open + 1, close).trim()],
  ];
}

/** "a0", "a1[2]": arguments of EXECVE records. Their lengths ("a1_len") are numbers. */
function isArgument(name: string): boolean {
  const end = name.endsWith(']') ? name.indexOf('[') : name.length;
  return name[0] === 'a' && wholeNumber(name.slice(1, end)) !== undefined;
}

function isEncoded(recordType: string, name: string): boolean {
  if (recordType === 'EXECVE') return isArgument(name);
  return ENCODED.has(name) && !((name === 'old' || name === 'new') && NUMBERS_IN.has(recordType));
}

function decoded(recordType: string, name: string, value: string): string {
  if (!isEncoded(recordType, name)) return value;
  const text = fromHex(value);
  if (text === undefined) return value;
  // NUL stands between the arguments of a title; several keys of one rule are joined by \x01.
  return name === 'proctitle' ? text.replace(/\0+$/, '').replaceAll('\0', ' ') : text.replace(/\0+$/, '');
}

/** Text of hexadecimal digits; undefined where the value is none. */
function fromHex(value: string): string | undefined {
  if (value.length === 0 || value.length % 2 !== 0) return undefined;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46);
    // The kernel writes capitals; small letters are numbers.
    if (!isHex) return undefined;
  }
  return Buffer.from(value, 'hex').toString('utf8');
}

/** Adds what is told by numbers only: the name of the call, the address of a socket. */
function addNames(recordType: string, pairs: [string, string][]): void {
  const value = (name: string): string => pairs.find(([key]) => key === name)?.[1] ?? '';
  if (recordType === 'SYSCALL' && value('SYSCALL') === '') {
    const name = systemCallName(value('arch'), value('syscall'));
    if (name !== undefined) pairs.push(['SYSCALL', name]);
  }
  if (recordType === 'SOCKADDR') pairs.push(...socketFields(value('saddr')));
}

/** Families of addresses (linux/socket.h). */
const FAMILY = { unix: 1, inet: 2, inet6: 10 } as const;
const MAX_SOCKET_BYTES = 128;

/** The names that ausearch gives to what is in a socket address. */
function socketFields(digits: string): readonly [string, string][] {
  if (fromHex(digits) === undefined || digits.length > 2 * MAX_SOCKET_BYTES) return [];
  const bytes = Buffer.from(digits, 'hex');
  const family = bytes.readUInt16LE(0);
  if (family === FAMILY.unix) {
    // Abstract names begin with a NUL.
    const isAbstract = bytes[2] === 0 && bytes.length > 3;
    const from = isAbstract ? 3 : 2;
    const end = bytes.indexOf(0, from);
    const path = bytes.subarray(from, end < 0 ? undefined : end).toString('utf8');
    return [
      ['saddr_fam', 'local'],
      ['path', `${isAbstract ? '@' : ''}${path}`],
    ];
  }
  if (family === FAMILY.inet && bytes.length >= 8) {
    return address('inet', [...bytes.subarray(4, 8)].join('.'), bytes.readUInt16BE(2));
  }
  if (family === FAMILY.inet6 && bytes.length >= 24) {
    const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(8 + 2 * index).toString(16));
    return address('inet6', compressed(groups.join(':')), bytes.readUInt16BE(2));
  }
  return [];
}

/** As RFC 5952 writes it. */
function compressed(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

function address(family: string, host: string, port: number): readonly [string, string][] {
  return [
    ['saddr_fam', family],
    ['laddr', host],
    ['lport', String(port)],
  ];
}

export function auditEvent({ recordType, timeMs, serial, fields }: AuditRecord): AuditRecordEvent {
  return { type: 'audit-record', timeMs, recordType, serial, fields };
}
