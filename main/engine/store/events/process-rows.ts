import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import { readObject } from '../damaged-rows.ts';
import type { OnDamaged } from './event-codec.ts';
import { areFacts } from './fact-kinds.ts';

/**
 * A process or a text that was written is used again for so many events, then written anew: what no event has any more
 * can be removed by its number alone, without counting who uses it.
 */
export const REUSED_FOR_EVENTS = 100_000;
/**
 * Processes and texts that are known by heart; when there are more, all are forgotten, and written once more: of a
 * process that ended no more is told, and its ancestors are few.
 */
const MAX_KNOWN = 5_000;
/** Of a longer command line it is not kept by heart how its process was told last. */
const MAX_TOLD_CHARACTERS = 2_048;
/** Facts up to this length stand for themselves; of longer ones, which an attacker may make many of, it is the hash. */
const MAX_PLAIN_KEY_CHARACTERS = 320;
/** A longer text comes once, and would only fill memory as a key. */
const MAX_KEY_CHARACTERS = 16_384;

/** Facts of a process that are columns; all others are in `rest`. */
const COLUMNS = new Set(['pid', 'startedMs', 'image', 'commandLine', 'user', 'package', 'unit', 'parent', 'ancestors']);
/** In `rest`: the arguments are the command line, parted at its spaces. */
const PARTED = 1;

interface Row {
  /** The row of the process above it. */
  readonly parent: number | null;
  readonly id: number;
}

/** A process as it was told last. */
interface Told extends Row {
  readonly own: HostProcess;
}

/** Writes processes and texts, each once in a while, and tells their numbers. */
export function processRows(database: Database) {
  const addText = database.prepare('INSERT INTO event_texts (since_event, text) VALUES (?, ?)');
  const addProcess = database.prepare(`
    INSERT INTO event_processes (since_event, parent, pid, started_ms, image, user, package, unit, command, rest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  let texts = new Map<string, number>();
  let processes = new Map<string, number>();
  /** By process: nearly always it is told again as it was told last, and comparing takes a tenth of a hash. */
  let told = new Map<string, Told>();
  /** The same object, as a sensor gives it for many events of one program. */
  let objects = new WeakMap<HostProcess, number>();
  /** The same object above several. */
  let above = new WeakMap<HostProcess, Row>();
  let knownSince = 0;

  const forget = (): void => {
    texts = new Map();
    processes = new Map();
    told = new Map();
    objects = new WeakMap();
    above = new WeakMap();
  };
  const textOf = (text: unknown, event: number): number | null => {
    if (typeof text !== 'string') return null;
    const known = texts.get(text);
    if (known !== undefined) return known;
    const id = Number(addText.run(event, text.toWellFormed()).lastInsertRowid);
    if (text.length <= MAX_KEY_CHARACTERS) texts.set(text, id);
    return id;
  };
  const ancestorOf = (process: HostProcess, parent: number | null, event: number): number => {
    const known = above.get(process);
    if (known !== undefined && known.parent === parent) return known.id;
    const id = one(process, parent, event);
    above.set(process, { parent, id });
    return id;
  };
  const one = (process: HostProcessWithParents, parent: number | null, event: number): number => {
    if (isTooLong(process) || hasOddAncestors(process, parent === null)) return rowOf(process, parent, event);
    const name = `${process.pid} ${process.startedMs}`;
    const last = told.get(name);
    if (last !== undefined && last.parent === parent && isSame<HostProcess>(last.own, process)) return last.id;
    const id = rowOf(process, parent, event);
    // What is kept must not keep all its ancestors.
    const { parent: _parent, ancestors: _ancestors, ...own } = process;
    told.set(name, { own, parent, id });
    return id;
  };
  const rowOf = (process: HostProcessWithParents, parent: number | null, event: number): number => {
    const rest = restOf(process, parent === null);
    const { pid, startedMs, image, commandLine, user, package: from, unit } = process;
    const facts = `${pid} ${startedMs} ${parent} ${image}\0${commandLine}\0${user}\0${from}\0${unit}\0${rest}`;
    const key = facts.length <= MAX_PLAIN_KEY_CHARACTERS ? facts : hash('sha256', facts, 'base64');
    const known = processes.get(key);
    if (known !== undefined) return known;
    const { lastInsertRowid } = addProcess.run(
      event,
      parent,
      numberOf(pid),
      numberOf(startedMs),
      textOf(image, event) ?? textOf('', event),
      textOf(user, event),
      textOf(from, event),
      textOf(unit, event),
      String(commandLine).toWellFormed(),
      rest,
    );
    const id = Number(lastInsertRowid);
    processes.set(key, id);
    return id;
  };

  return {
    /** Of a process with all that is told of its ancestors. @param event the number of the event that tells it */
    idOf(process: HostProcessWithParents, event: number): number {
      if (event - knownSince >= REUSED_FOR_EVENTS || processes.size > MAX_KNOWN || texts.size > MAX_KNOWN) {
        forget();
        knownSince = event;
      }
      const known = objects.get(process);
      if (known !== undefined) return known;
      let parent: number | null = null;
      if (process.parent !== undefined) {
        const { ancestors = [] } = process;
        for (let at = ancestors.length - 1; at >= 0; at--) {
          parent = ancestorOf(ancestors[at] as HostProcess, parent, event);
        }
        parent = ancestorOf(process.parent, parent, event);
      }
      const id = one(process, parent, event);
      objects.set(process, id);
      return id;
    },
    /** What was written did not reach the disk: nothing is known any more. */
    forget,
  };
}

function isTooLong({ commandLine }: HostProcess): boolean {
  return commandLine.length > MAX_TOLD_CHARACTERS;
}

function hasOddAncestors({ ancestors }: HostProcessWithParents, isTop: boolean): boolean {
  return ancestors !== undefined && isOdd(ancestors, isTop);
}

/** No chain: none, or above nobody. */
function isOdd(ancestors: readonly unknown[], isTop: boolean): boolean {
  return isTop || ancestors.length === 0;
}

/** Whether the facts are the same, those of other processes aside. */
function isSame<Facts extends object>(first: Facts, second: Facts): boolean {
  let more = 0;
  // Of all ways to go through an object this is the one that allocates nothing.
  for (const fact in second) {
    const value = second[fact];
    if (value === undefined || fact === 'parent' || fact === 'ancestors') continue;
    if (first[fact] !== value && !isEqual(first[fact], value)) return false;
    more++;
  }
  for (const fact in first) if (first[fact] !== undefined) more--;
  return more === 0;
}

function isEqual(first: unknown, second: unknown): boolean {
  if (Array.isArray(first) && Array.isArray(second)) {
    return first.length === second.length && first.every((value, index) => isEqual(value, second[index]));
  }
  if (typeof first !== 'object' || typeof second !== 'object' || first === null || second === null) {
    return first === second;
  }
  return !Array.isArray(first) && !Array.isArray(second) && isSame(first, second);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Facts without a column, as JSON. */
function restOf(process: HostProcessWithParents, isTop: boolean): string | null {
  const rest: Record<string, unknown> = {};
  let hasRest = false;
  for (const [fact, value] of Object.entries(process)) {
    if (value === undefined || (COLUMNS.has(fact) && !isKept(fact, value, isTop))) continue;
    rest[fact] = fact === 'arguments' && isParted(process) ? PARTED : value;
    hasRest = true;
  }
  return hasRest ? JSON.stringify(rest) : null;
}

/** What the column of a fact does not hold: text that UTF-8 cannot carry, and ancestors that are no chain. */
function isKept(fact: string, value: unknown, isTop: boolean): boolean {
  if (fact === 'ancestors') return isOdd(value as readonly unknown[], isTop);
  return typeof value === 'string' && !value.isWellFormed();
}

function isParted({ arguments: words, commandLine }: HostProcess): boolean {
  if (words === undefined || words.length === 0) return false;
  return commandLine.isWellFormed() && words.join(' ') === commandLine && words.every((word) => !word.includes(' '));
}

export interface ProcessRow {
  readonly id: number;
  readonly parent: number | null;
  readonly pid: number | null;
  readonly startedMs: number | null;
  readonly image: string;
  readonly user: string | null;
  readonly package: string | null;
  readonly unit: string | null;
  readonly command: string;
  readonly rest: string | null;
}

const OF_PROCESS = `
  SELECT p.id, p.parent, p.pid, p.started_ms AS startedMs, p.command, p.rest, image.text AS image, user.text AS user,
    package.text AS package, unit.text AS unit
  FROM event_processes AS p JOIN event_texts AS image ON image.id = p.image
  LEFT JOIN event_texts AS user ON user.id = p.user LEFT JOIN event_texts AS package ON package.id = p.package
  LEFT JOIN event_texts AS unit ON unit.id = p.unit WHERE p.id = ?`;

/** Processes that are kept while many events are read. */
const MAX_READ = 5_000;
/** Longer chains are not written by sensors (MAX_EVENT_LIST and the process itself). */
const MAX_CHAIN = 1_100;

/** Reads processes back, with their ancestors. */
export function processReader(
  database: Database,
  onDamaged: OnDamaged,
): (id: number) => HostProcessWithParents | undefined {
  const find = database.prepare<[number], ProcessRow>(OF_PROCESS);
  let single = new Map<number, { readonly process: HostProcess; readonly parent: number | null }>();
  let whole = new Map<number, HostProcessWithParents>();
  const read = (id: number) => {
    let found = single.get(id);
    if (found === undefined) {
      const row = find.get(id);
      if (row === undefined) return undefined;
      found = { process: processOf(row, onDamaged), parent: row.parent };
      if (single.size >= MAX_READ) single = new Map();
      single.set(id, found);
    }
    return found;
  };
  return (id) => {
    const known = whole.get(id);
    if (known !== undefined) return known;
    const head = read(id);
    if (head === undefined) return undefined;
    const above: HostProcess[] = [];
    for (let next = head.parent; next !== null && above.length < MAX_CHAIN; ) {
      const found = read(next);
      if (found === undefined) break;
      above.push(found.process);
      next = found.parent;
    }
    const [parent, ...ancestors] = above;
    const process: HostProcessWithParents = {
      ...head.process,
      ...(parent === undefined ? {} : { parent }),
      ...(ancestors.length === 0 ? {} : { ancestors }),
    };
    if (whole.size >= MAX_READ) whole = new Map();
    whole.set(id, process);
    return process;
  };
}

function processOf(row: ProcessRow, onDamaged: OnDamaged): HostProcess {
  // Where that is damaged, its columns still say who it was.
  const { arguments: words, ...rest } = row.rest === null ? {} : (readObject(row.rest) ?? DAMAGED);
  const isParted = words === PARTED;
  const isWhole = areFacts(isParted || words === undefined ? rest : { ...rest, arguments: words });
  if (!isWhole) onDamaged({ table: 'event_processes', row: row.id });
  const process: Record<string, unknown> = { image: row.image, commandLine: row.command };
  for (const fact of ['pid', 'startedMs', 'user', 'package', 'unit'] as const) {
    if (row[fact] !== null) process[fact] = row[fact];
  }
  if (isWhole) Object.assign(process, rest);
  if (isWhole && words !== undefined) process.arguments = isParted ? row.command.split(' ') : words;
  return process as unknown as HostProcess;
}

/** Has the shape of no process. */
const DAMAGED: Readonly<Record<string, unknown>> = { pid: null };
