/**
 * Events as files hold them, for trying rules out: this project's own events, flat records by the field names of
 * rules, and Windows events as common exporters write them; as a JSON array, one document, or one on each line.
 */
import { HOST_EVENT_TYPES, type HostEvent } from '../../../contract/events.ts';
import { textsOfValue, type ViewKind, viewKind } from './event-view.ts';
import type { RuleHit, SigmaRuleSet } from './rule-set.ts';
import type { FieldValue } from './types.ts';

/** An event that has fields by the names of rules, and says itself of which log source it is. */
export interface FlatEvent {
  readonly timeMs: number;
  readonly fields: ReadonlyMap<string, FieldValue>;
}

export type FileEvent =
  | { readonly kind: 'host'; readonly event: HostEvent }
  | { readonly kind: 'flat'; readonly event: FlatEvent; readonly view: ViewKind<FlatEvent> };

export interface EventFile {
  readonly events: readonly FileEvent[];
  /** Lines or elements that are no events, as "line 7" or "event 7". */
  readonly unreadable: readonly string[];
}

/** Deepest lists and wrappers of events. */
const MAX_DEPTH = 4;
/** Deepest maps inside of an event, whose names are joined with dots. */
const MAX_FIELD_DEPTH = 6;
const MAX_FIELDS = 2_000;

/** Reads events. Never throws; what is none is named. */
export function readEvents(text: string): EventFile {
  const events: FileEvent[] = [];
  const unreadable: string[] = [];
  const take = (value: unknown, place: string, depth: number): void => {
    if (Array.isArray(value) && depth < MAX_DEPTH) {
      value.forEach((each, index) => {
        take(each, place === '' ? `event ${index + 1}` : place, depth + 1);
      });
    } else if (isRecord(value)) {
      if (Array.isArray(value.events) && depth < MAX_DEPTH) take(value.events, place, depth + 1);
      else events.push(eventOf(value));
    } else unreadable.push(place);
  };
  const whole = parse(text);
  if (whole !== undefined) {
    take(whole, '', 0);
    return { events, unreadable };
  }
  for (const { document, line } of documentsOf(text)) {
    const value = parse(document);
    if (value === undefined) unreadable.push(`line ${line}`);
    else take(value, `line ${line}`, 0);
  }
  return { events, unreadable };
}

/** JSON documents that stand one behind the other, on a line each or on several; with the line where each begins. */
function* documentsOf(text: string): Generator<{ readonly document: string; readonly line: number }> {
  let start = 0;
  let startLine = 1;
  let line = 1;
  let depth = 0;
  let isInText = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? '\n';
    if (isInText) {
      if (character === '\\') at++;
      else if (character === '"' || character === '\n') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (character !== '\n') continue;
    line++;
    if (depth > 0 && at < text.length) continue;
    const document = text.slice(start, at);
    if (document.trim() !== '') yield { document, line: startLine };
    start = at + 1;
    startLine = line;
    depth = 0;
  }
}

/** Every rule that matches an event of a file. */
export function matchFileEvent(rules: SigmaRuleSet, event: FileEvent): readonly RuleHit[] {
  return event.kind === 'host'
    ? rules.match(event.event)
    : rules.matchView(event.view, event.event, event.event.timeMs);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told by the caller, which knows the place.
    return undefined;
  }
}

type JsonRecord = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function eventOf(record: JsonRecord): FileEvent {
  const { type, timeMs } = record;
  if (typeof timeMs === 'number' && Number.isFinite(timeMs) && isHostEvent(record, type)) {
    return { kind: 'host', event: record as unknown as HostEvent };
  }
  const fields = new Map<string, FieldValue>();
  const windows = isRecord(record.Event) ? record.Event : record;
  const { System: system, EventData: data, UserData: user } = windows;
  if (isRecord(system)) {
    flatten(system, '', fields, 0);
    if (isRecord(data)) flatten(data, '', fields, 0);
    // What the writer of the event chose to nest has one map around it.
    if (isRecord(user)) for (const part of Object.values(user)) if (isRecord(part)) flatten(part, '', fields, 0);
  } else flatten(record, '', fields, 0);
  return { kind: 'flat', event: { timeMs: timeOf(fields), fields }, view: viewOf(fields) };
}

/** What the field map reads of an event without asking whether it is there. */
const REQUIRED: Readonly<Record<string, (record: JsonRecord) => boolean>> = {
  'process-start': hasProcess,
  'process-exit': hasProcess,
  'process-credentials': (record) => hasProcess(record) && isRecord(record.before) && isRecord(record.after),
  'process-access': (record) => hasProcess(record) && isRecord(record.target),
  'process-signal': (record) => hasProcess(record) && isRecord(record.target),
  'audit-record': ({ fields }) => isRecord(fields),
  'log-line': ({ service, message }) => typeof service === 'string' && typeof message === 'string',
  'service-change': ({ unit }) => typeof unit === 'string',
};

function hasProcess({ process }: JsonRecord): boolean {
  return isRecord(process) && typeof process.commandLine === 'string';
}

/** Lists and maps that the field map goes through. */
function isShaped({ process, environment }: JsonRecord): boolean {
  if (environment !== undefined && !isRecord(environment)) return false;
  if (process === undefined) return true;
  if (!isRecord(process)) return false;
  const { arguments: texts = [], ancestors = [] } = process;
  return Array.isArray(texts) && Array.isArray(ancestors) && ancestors.every(isRecord);
}

function isHostEvent(record: JsonRecord, type: unknown): boolean {
  const known = HOST_EVENT_TYPES.find((each) => each === type);
  if (known === undefined || !isShaped(record)) return false;
  return Object.hasOwn(REQUIRED, known) ? REQUIRED[known](record) : true;
}

/**
 * Names of rules have no spaces, and join an element with its attributes by "_" (Sigma rules specification, "Field
 * Usage"); maps inside of others are joined with dots.
 */
function flatten(record: JsonRecord, before: string, fields: Map<string, FieldValue>, depth: number): void {
  for (const [key, value] of Object.entries(record)) {
    if (fields.size >= MAX_FIELDS) return;
    const name = key.replaceAll(' ', '');
    const full = before === '' ? name : `${before}.${name}`;
    if (isRecord(value)) {
      const attributes = value['#attributes'];
      if (isRecord(attributes)) {
        for (const [attribute, text] of Object.entries(attributes))
          fields.set(`${full}_${attribute}`, fieldValue(text));
        if (value['#text'] !== undefined) fields.set(full, fieldValue(value['#text']));
      } else if (depth < MAX_FIELD_DEPTH) flatten(value, full, fields, depth + 1);
    } else fields.set(full, fieldValue(value));
  }
}

function fieldValue(value: unknown): FieldValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((each) => (typeof each === 'string' || typeof each === 'number' ? each : JSON.stringify(each)));
}

const TIME_FIELDS = ['timeMs', 'ts', '@timestamp', 'TimeCreated_SystemTime', 'UtcTime', 'timestamp', 'time'];
/** Numbers below this are seconds. */
const LEAST_MILLISECONDS = 1e11;

function timeOf(fields: ReadonlyMap<string, FieldValue>): number {
  for (const name of TIME_FIELDS) {
    const value = fields.get(name);
    if (typeof value === 'number') return value < LEAST_MILLISECONDS ? value * 1_000 : value;
    const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(parsed)) return parsed;
  }
  return 0;
}

const CATEGORY_FIELDS = ['logsource.category', 'category', 'event'];
const SERVICE_FIELDS = ['logsource.service', 'service'];
const PRODUCT_FIELDS = ['logsource.product', 'product'];

/** Log sources of Sysmon's events by their number (Sigma taxonomy appendix). */
const SYSMON_CATEGORIES: Readonly<Record<number, readonly string[]>> = {
  1: ['process_creation'],
  2: ['file_change'],
  3: ['network_connection'],
  4: ['sysmon_status'],
  5: ['process_termination'],
  6: ['driver_load'],
  7: ['image_load'],
  8: ['create_remote_thread'],
  9: ['raw_access_thread'],
  10: ['process_access'],
  11: ['file_event'],
  12: ['registry_event', 'registry_add', 'registry_delete'],
  13: ['registry_event', 'registry_set'],
  14: ['registry_event', 'registry_rename'],
  15: ['create_stream_hash'],
  16: ['sysmon_status'],
  17: ['pipe_created'],
  18: ['pipe_created'],
  19: ['wmi_event'],
  20: ['wmi_event'],
  21: ['wmi_event'],
  22: ['dns_query'],
  23: ['file_delete'],
  24: ['clipboard_capture'],
  25: ['process_tampering'],
  26: ['file_delete_detected'],
  27: ['file_block_executable'],
  28: ['file_block_shredding'],
  29: ['file_executable_detected'],
  255: ['sysmon_error'],
};

/** Channels whose service is not the word behind "Microsoft-Windows-". */
const SERVICES_OF_CHANNELS: Readonly<Record<string, readonly string[]>> = {
  'microsoft-windows-windows defender/operational': ['windefend'],
  'microsoft-windows-wmi-activity/operational': ['wmi'],
  'microsoft-windows-windows firewall with advanced security/firewall': ['firewall-as'],
  'microsoft-windows-powershell/operational': ['powershell'],
  'windows powershell': ['powershell-classic'],
  'microsoft-windows-codeintegrity/operational': ['codeintegrity-operational'],
  'microsoft-windows-bits-client/operational': ['bits-client'],
  'microsoft-windows-dns-client/operational': ['dns-client'],
};

/** Views by log source, so that rules are compiled once for each; no file names more than these. */
const VIEWS = new Map<string, ViewKind<FlatEvent>>();
const MAX_VIEWS = 64;

function viewOf(fields: ReadonlyMap<string, FieldValue>): ViewKind<FlatEvent> {
  const source = sourceOf(fields);
  const key = JSON.stringify(source);
  let view = VIEWS.get(key);
  if (view === undefined) {
    if (VIEWS.size >= MAX_VIEWS) VIEWS.clear();
    view = viewKind<FlatEvent>({
      ...source,
      fields: {},
      otherField: (event, name) => event.fields.get(name),
      texts: (event) => [...event.fields.values()].flatMap(textsOfValue),
    });
    VIEWS.set(key, view);
  }
  return view;
}

interface NamedSource {
  readonly products: readonly string[];
  readonly categories: readonly string[];
  readonly services: readonly string[];
  readonly isLog: boolean;
  readonly isAny?: boolean;
}

function sourceOf(fields: ReadonlyMap<string, FieldValue>): NamedSource {
  const channel = fields.get('Channel');
  if (typeof channel === 'string') return windowsSource(channel.toLowerCase(), Number(fields.get('EventID')));
  const named = (names: readonly string[]): readonly string[] =>
    names.map((name) => fields.get(name)).flatMap((value) => (typeof value === 'string' ? [value.toLowerCase()] : []));
  const [products, categories, services] = [PRODUCT_FIELDS, CATEGORY_FIELDS, SERVICE_FIELDS].map(named);
  const isAny = products.length + categories.length + services.length === 0;
  const isLog = categories.length === 0;
  return { products: products.length > 0 ? products : ['linux'], categories, services, isLog, isAny };
}

function windowsSource(channel: string, eventId: number): NamedSource {
  const isSysmon = channel === 'microsoft-windows-sysmon/operational';
  const word = channel.replace(/^microsoft-windows-/, '').replace(/\/.*$/, '');
  const services = Object.hasOwn(SERVICES_OF_CHANNELS, channel) ? SERVICES_OF_CHANNELS[channel] : [word];
  const categories = isSysmon ? (SYSMON_CATEGORIES[eventId] ?? []) : [];
  return { products: ['windows'], categories, services, isLog: true };
}
