/**
 * Joins the records of one audit event by their serial number and tells what they mean together: a program that was
 * executed, a login, an account, a service, a module. Records of several events come interleaved (out of order by a
 * little); the kernel ends an event with EOE, which auditd does not write, or with PROCTITLE, which it does.
 */
import {
  type AccountChangeEvent,
  type HostEvent,
  type HostProcess,
  MAX_EVENT_LIST,
  type ProcessStartEvent,
} from '../../../../contract/events.ts';
import { type AuditRecord, auditEvent, readAuditLine } from './audit-record.ts';
import { bounded, type Fields, known, type LogParser, wholeNumber } from './types.ts';

/** How long a record may come after the first of its event: auditd's own tools wait for two seconds. */
const WAIT_MS = 2_000;
/** Events that wait at the same time. The oldest is told as it is when there are more. */
const MAX_WAITING = 512;
/** Records of one event: PATH for each file of a system call, EXECVE for each 7 kB of arguments. */
const MAX_RECORDS = 256;

/** `auid` and `ses` of a process that nobody logged in for. */
const UNSET = 4_294_967_295;

const LAST_RECORDS: ReadonlySet<string> = new Set(['PROCTITLE', 'EOE']);
/** Records that belong to a system call; all others are events of their own. */
const JOINED: ReadonlySet<string> = new Set([
  'SYSCALL',
  'EXECVE',
  'CWD',
  'PATH',
  'SOCKADDR',
  'KERN_MODULE',
  ...LAST_RECORDS,
]);

interface Waiting {
  readonly records: AuditRecord[];
  readonly sinceMs: number;
}

/** Audit records as events, and the events that they make together. */
export class AuditJoiner {
  readonly #waiting = new Map<string, Waiting>();

  /** The record itself, then whatever is complete with it. `nowMs` is when it was read. */
  add(record: AuditRecord, nowMs: number): readonly HostEvent[] {
    const events: HostEvent[] = [auditEvent(record)];
    if (JOINED.has(record.recordType)) events.push(...this.#join(record, nowMs));
    else events.push(...single(record));
    events.push(...this.flush(nowMs));
    return events;
  }

  /** What has waited long enough. */
  flush(nowMs: number): readonly HostEvent[] {
    const events: HostEvent[] = [];
    for (const [id, waiting] of this.#waiting) {
      const isFull = this.#waiting.size > MAX_WAITING;
      // Oldest first: the rest is younger.
      if (!isFull && nowMs - waiting.sinceMs < WAIT_MS) break;
      this.#waiting.delete(id);
      events.push(...joined(waiting.records));
    }
    return events;
  }

  #join(record: AuditRecord, nowMs: number): readonly HostEvent[] {
    const id = `${record.timeMs}:${record.serial}`;
    const waiting = this.#waiting.get(id);
    if (LAST_RECORDS.has(record.recordType)) {
      this.#waiting.delete(id);
      return waiting === undefined ? [] : joined(waiting.records);
    }
    if (waiting === undefined) this.#waiting.set(id, { records: [record], sinceMs: nowMs });
    else if (waiting.records.length < MAX_RECORDS) waiting.records.push(record);
    return [];
  }
}

/** Reads auditd's log. A line of another form is kept as a line. */
export function auditParser(): LogParser {
  const joiner = new AuditJoiner();
  return {
    parse(line, { nowMs, file }) {
      const record = readAuditLine(line);
      if (record !== undefined) return joiner.add(record, nowMs);
      return [{ type: 'log-line', timeMs: nowMs, service: 'auditd', message: bounded(line), ...known({ file }) }];
    },
    flush: (nowMs) => joiner.flush(nowMs),
  };
}

/** Calls that execute a program. */
const EXECUTES: ReadonlySet<string> = new Set(['execve', 'execveat']);
const LOADS: ReadonlySet<string> = new Set(['init_module', 'finit_module']);

function joined(records: readonly AuditRecord[]): readonly HostEvent[] {
  const of = (type: string): AuditRecord | undefined => records.find(({ recordType }) => recordType === type);
  const call = of('SYSCALL');
  if (call?.fields.success !== 'yes') return [];
  const name = call.fields.SYSCALL ?? '';
  if (EXECUTES.has(name)) {
    const start = processStart(call, records);
    return start === undefined ? [] : [start];
  }
  const module = of('KERN_MODULE')?.fields.name;
  if (module === undefined) return [];
  const process = processOf(call.fields, '', undefined);
  const facts = { timeMs: call.timeMs, name: module, ...known({ process }) };
  if (LOADS.has(name)) return [{ type: 'module-load', ...facts }];
  return name === 'delete_module' ? [{ type: 'module-unload', ...facts }] : [];
}

/** Complete only with the arguments: a name alone would be told as a program without any. */
function processStart(call: AuditRecord, records: readonly AuditRecord[]): ProcessStartEvent | undefined {
  const parts = records.filter(({ recordType }) => recordType === 'EXECVE');
  const list = argumentsOf(parts.map(({ fields }) => fields));
  if (list === undefined) return undefined;
  const directory = records.find(({ recordType }) => recordType === 'CWD')?.fields.cwd;
  const process = processOf(call.fields, bounded(list.join(' ')), directory);
  if (process === undefined) return undefined;
  const parentPid = wholeNumber(call.fields.ppid);
  return {
    type: 'process-start',
    timeMs: call.timeMs,
    process: {
      ...process,
      arguments: list,
      ...(parentPid === undefined ? {} : { parent: { pid: parentPid, image: '', commandLine: '' } }),
    },
  };
}

/** Arguments of all EXECVE records of one event; undefined where one is missing. */
function argumentsOf(records: readonly Fields[]): readonly string[] | undefined {
  const count = wholeNumber(records[0]?.argc);
  if (count === undefined) return undefined;
  const pieces = new Map<string, string>();
  for (const fields of records) for (const [name, value] of Object.entries(fields)) pieces.set(name, value);
  const list: string[] = [];
  for (let index = 0; index < Math.min(count, MAX_EVENT_LIST); index += 1) {
    const value = pieces.get(`a${index}`) ?? longArgument(pieces, index);
    if (value === undefined) return undefined;
    list.push(value);
  }
  return list;
}

/** An argument that is too long for one record comes as a1[0], a1[1], … */
function longArgument(pieces: ReadonlyMap<string, string>, index: number): string | undefined {
  let text: string | undefined;
  for (let part = 0; part < MAX_EVENT_LIST; part += 1) {
    const piece = pieces.get(`a${index}[${part}]`);
    if (piece === undefined) break;
    text = bounded((text ?? '') + piece);
  }
  return text;
}

function setNumber(text: string | undefined): number | undefined {
  const value = wholeNumber(text);
  return value === UNSET ? undefined : value;
}

/** Who made the call; undefined without a process id. */
function processOf(fields: Fields, commandLine: string, directory: string | undefined): HostProcess | undefined {
  const pid = wholeNumber(fields.pid);
  if (pid === undefined) return undefined;
  return {
    pid,
    image: said(fields.exe) ?? '',
    commandLine,
    ...known({
      name: said(fields.comm),
      currentDirectory: said(directory),
      uid: setNumber(fields.uid),
      gid: setNumber(fields.gid),
      euid: setNumber(fields.euid),
      egid: setNumber(fields.egid),
      loginUid: setNumber(fields.auid),
      sessionId: setNumber(fields.ses),
      terminal: terminalOf(fields.tty ?? fields.terminal),
      // Named by auditd's "ENRICHED" format only.
      user: said(fields.EUID),
    }),
  };
}

const NOTHING: ReadonlySet<string> = new Set(['', '?', '(null)', '(none)', '(unknown)', 'unset']);

function said(text: string | undefined): string | undefined {
  return text === undefined || NOTHING.has(text) ? undefined : text;
}

/** "pts0" of the kernel is "pts/0" of everybody else. */
function terminalOf(text: string | undefined): string | undefined {
  const name = said(text)?.replace(/^\/dev\//, '');
  return name !== undefined && wholeNumber(name.slice(3)) !== undefined && name.startsWith('pts')
    ? `pts/${name.slice(3)}`
    : name;
}

type Action = AccountChangeEvent['action'];
const ACCOUNT_TYPES: ReadonlyMap<string, readonly [AccountChangeEvent['subject'], Action]> = new Map([
  ['ADD_USER', ['user', 'added']],
  ['DEL_USER', ['user', 'removed']],
  ['USER_MGMT', ['user', 'changed']],
  ['USER_CHAUTHTOK', ['user', 'password-changed']],
  ['ADD_GROUP', ['group', 'added']],
  ['DEL_GROUP', ['group', 'removed']],
  ['GRP_MGMT', ['group', 'changed']],
]);
const SERVICE_TYPES = new Map([
  ['SERVICE_START', 'started'],
  ['SERVICE_STOP', 'stopped'],
] as const);

/** What a record tells by itself. */
function single({ recordType, timeMs, fields }: AuditRecord): readonly HostEvent[] {
  const isSuccess = fields.res === 'success' || fields.res === '1';
  const process = processOf(fields, '', undefined);
  const service = programName(fields.exe);
  // Programs that know only the number write it as id.
  const user = said(fields.acct) ?? said(fields.ID) ?? said(fields.id);
  if (recordType === 'USER_LOGIN' && user !== undefined) {
    const facts = {
      remoteAddress: said(fields.addr),
      terminal: terminalOf(fields.terminal),
      sessionId: setNumber(fields.ses),
      process,
    };
    return [{ type: 'login', timeMs, user, isSuccess, service, ...known(facts) }];
  }
  if (recordType === 'USER_LOGOUT' && user !== undefined) {
    return [{ type: 'logout', timeMs, user, service, ...known({ sessionId: setNumber(fields.ses) }) }];
  }
  const account = ACCOUNT_TYPES.get(recordType);
  if (account !== undefined && isSuccess) {
    const [subject, action] = account;
    const name = said(subject === 'group' ? (fields.grp ?? fields.acct) : fields.acct) ?? said(fields.ID);
    if (name === undefined) return [];
    return [
      { type: 'account-change', timeMs, subject, action, name, ...known({ id: wholeNumber(fields.id), process }) },
    ];
  }
  const change = SERVICE_TYPES.get(recordType as 'SERVICE_START');
  if (change !== undefined && isSuccess && said(fields.unit) !== undefined) {
    // The record leaves the ending of services out, and of no other unit it tells.
    return [{ type: 'service-change', timeMs, unit: `${fields.unit}.service`, action: change }];
  }
  return [];
}

function programName(path: string | undefined): string {
  const program = said(path) ?? 'unknown';
  return program.slice(program.lastIndexOf('/') + 1);
}
