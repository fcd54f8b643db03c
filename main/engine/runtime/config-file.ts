import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import type { LineCounter, Node, Pair } from 'yaml';
import { codeOf, messageOf } from './failure.ts';

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something in a file that cannot stay so. */
export interface FileProblem extends Partial<Place> {
  readonly message: string;
  readonly hint: string;
  readonly level: 'error' | 'warning';
}

/** A value at the end of a path of keys. */
export interface FileValue extends Place {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Where the key stands; `line` and `column` are those of the value. */
  readonly keyPlace: Place;
}

export interface FileContent {
  readonly values: readonly FileValue[];
  readonly problems: readonly FileProblem[];
}

export interface FileText {
  /** Undefined when the file is not there, or may not be used. */
  readonly text?: string;
  readonly missing?: boolean;
  readonly problems: readonly FileProblem[];
}

/** A full example is about 20 kB; ten times that is a mistake or an attack. */
export const MAX_CONFIG_BYTES = 256 * 1024;
/** Sections nest three deep at most. */
const MAX_DEPTH = 16;
/** More problems than anybody would read. */
const MAX_PROBLEMS = 50;

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;

/**
 * Reads a configuration file without trusting who put it there: only regular files (a named pipe would hang
 * the engine), of bounded size, and never one that everybody can write. Root also refuses a file that
 * another group can write; a file of another owner it refuses where it found the file by itself, and only
 * warns where a person named it, since that person decided to trust it.
 *
 * @param named whether a person named the file, rather than it being the usual place
 * @param isOurs whether only Holdfast writes it: nobody's but this user's and root's is believed
 */
export function readConfigFile(path: string, named: boolean, userId: number, isOurs = false): FileText {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a named pipe for reading would otherwise wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (!named && (codeOf(error) === 'ENOENT' || isOutOfSight(path))) {
      return { missing: true, problems: [] };
    }
    return refuse(...(OPEN_REASONS[codeOf(error)] ?? [`cannot be opened: ${String(error)}`, 'Check the path.']));
  }
  try {
    const entry = fstatSync(descriptor);
    if (!entry.isFile()) {
      return refuse('is not a regular file', 'Name a YAML file.');
    }
    if ((entry.mode & WRITABLE_BY_ALL) !== 0) {
      return refuse('can be written by everybody, so anybody could switch the protection off', `chmod o-w ${path}`);
    }
    if (userId === 0 && entry.gid !== 0 && (entry.mode & WRITABLE_BY_GROUP) !== 0) {
      return refuse(`can be written by group ${entry.gid}`, `chmod g-w ${path}`);
    }
    if (isOurs && entry.uid !== userId && entry.uid !== 0) {
      return refuse(`belongs to user ${entry.uid}, who is not the user that runs Holdfast`, `chown ${userId} ${path}`);
    }
    const problems: FileProblem[] = [];
    if (userId === 0 && entry.uid !== 0) {
      const message = `belongs to user ${entry.uid}, who can change what the engine does as root`;
      const hint = `chown root ${path}`;
      if (!named) {
        return refuse(message, hint);
      }
      problems.push({ message, hint, level: 'warning' });
    }
    if (entry.size > MAX_CONFIG_BYTES) {
      return refuse(`has ${entry.size} bytes; at most ${MAX_CONFIG_BYTES} are read`, 'Name a configuration file.');
    }
    return { text: readBounded(descriptor), problems };
  } catch (error) {
    return refuse(`cannot be read: ${String(error)}`, 'Check the file system.');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether this user may not even look into the file's folder, so that the place cannot be one of theirs: HOME is
 * still root's after setpriv or su --preserve-environment.
 */
function isOutOfSight(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === 'EACCES';
  }
}

const OPEN_REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['does not exist', 'Check the path, or write one with "holdfast config example".'],
  EACCES: ['may not be read by this user', 'Run as its owner, or make it readable.'],
  EISDIR: ['is a directory', 'Name a YAML file.'],
  ENXIO: ['is not a regular file', 'Name a YAML file.'],
};

function refuse(message: string, hint: string): FileText {
  return { problems: [{ message, hint, level: 'error' }] };
}

function readBounded(descriptor: number): string {
  const buffer = Buffer.alloc(MAX_CONFIG_BYTES);
  let length = 0;
  for (let count = -1; count !== 0 && length < buffer.length; length += count) {
    count = readSync(descriptor, buffer, length, buffer.length - length, null);
  }
  return buffer.toString('utf8', 0, length);
}

/** Whether a YAML text says nothing: only comments, document marks and blank lines. */
function isBlank(text: string): boolean {
  // Not one expression for the whole line: `\s*…\s*` takes quadratic time on a long line of spaces.
  return text.split('\n').every((line) => /^(#.*|---)?$/.test(line.trim()));
}

/**
 * Reads YAML 1.2 into its values, each with its place. Never throws. Anchors, aliases and tags are
 * refused: a configuration has no need of them, and they are how a small file becomes a huge one.
 */
export async function parseConfigText(text: string): Promise<FileContent> {
  // Importing the parser costs more than everything else that a quick command does.
  if (isBlank(text)) {
    return { values: [], problems: [] };
  }
  const yaml = await import('yaml');
  const lineCounter = new yaml.LineCounter();
  const values: FileValue[] = [];
  const problems: FileProblem[] = [];
  try {
    const document = yaml.parseDocument(text, {
      lineCounter,
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      stringKeys: true,
      prettyErrors: false,
      // 'silent' would also keep quiet about a second document, whose keys would then be lost.
      logLevel: 'error',
    });
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      const place = placeAt(lineCounter, pos[0]);
      // One mistake often breaks what follows on its line; the first message is the one that helps.
      if (problems.at(-1)?.line !== place.line) {
        problems.push({ ...place, message: tidy(message), hint: YAML_HINT, level: 'error' });
      }
    }
    if (problems.length === 0) {
      walk({ yaml, lineCounter, values, problems }, document.contents, []);
    }
  } catch (error) {
    // The parser is recursive; thousands of open brackets exhaust the stack.
    problems.push({ line: 1, column: 1, message: tidy(messageOf(error)), hint: YAML_HINT, level: 'error' });
  }
  return { values, problems: problems.slice(0, MAX_PROBLEMS) };
}

const YAML_HINT =
  'Indent with spaces, write "key: value", each key once; "holdfast config example" prints a valid file.';

interface Walk {
  readonly yaml: typeof import('yaml');
  readonly lineCounter: LineCounter;
  readonly values: FileValue[];
  readonly problems: FileProblem[];
}

function walk(context: Walk, node: Node | null, path: readonly string[]): void {
  const { yaml, values } = context;
  if (yaml.isMap(node) && path.length < MAX_DEPTH && node.anchor === undefined && node.tag === undefined) {
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = String(yaml.isScalar(pair.key) ? pair.key.value : pair.key);
      const keyPath = [...path, key];
      if (yaml.isMap(pair.value)) {
        walk(context, pair.value, keyPath);
        continue;
      }
      const keyPlace = placeOf(context, pair.key);
      const value = plain(context, pair.value);
      if (value !== undefined) {
        const place = pair.value?.range ? placeOf(context, pair.value) : keyPlace;
        values.push({ path: keyPath, value, ...place, keyPlace });
      }
    }
  } else if (node !== null) {
    complain(context, node, path.length === 0 ? 'the file must be sections with keys' : 'sections nest too deeply');
  }
}

/** The value of a scalar or of a flat list; undefined, with a problem noted, for anything else. */
function plain(context: Walk, node: Node | null): unknown {
  const { yaml } = context;
  if (node === null) {
    return null;
  }
  if (yaml.isAlias(node) || ('anchor' in node && node.anchor !== undefined)) {
    complain(context, node, 'anchors and aliases are not allowed');
    return undefined;
  }
  if (node.tag !== undefined) {
    complain(context, node, `tags such as ${node.tag} are not allowed`);
    return undefined;
  }
  if (yaml.isScalar(node)) {
    return node.value;
  }
  if (yaml.isSeq(node)) {
    const items = (node.items as (Node | null)[]).map((item) => (yaml.isScalar(item) ? plain(context, item) : item));
    const odd = items.findIndex((item) => typeof item === 'object');
    if (odd === -1) {
      return items.includes(undefined) ? undefined : items;
    }
    complain(context, (node.items[odd] as Node | null) ?? node, 'a list holds plain values only');
  }
  return undefined;
}

function complain(context: Walk, node: Node, message: string): void {
  context.problems.push({ ...placeOf(context, node), message, hint: YAML_HINT, level: 'error' });
}

function placeOf(context: Walk, node: Node): Place {
  return placeAt(context.lineCounter, node.range?.[0] ?? 0);
}

function placeAt(lineCounter: LineCounter, offset: number): Place {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** The parser's messages begin with a capital and may go over several lines. */
function tidy(message: string): string {
  if (/call stack|resource exhaustion/i.test(message)) {
    return 'is nested too deeply';
  }
  const first = message.split('\n')[0];
  return first.charAt(0).toLowerCase() + first.slice(1);
}
