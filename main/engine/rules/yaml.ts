/** YAML as plain nodes that know their line. Bounded in size, depth and the work that anchors can cause. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { RuleError } from './problem.ts';

export type ScalarValue = string | number | boolean | null;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
  /** As it is written in the file: a number keeps its zeros. */
  readonly text: string;
  readonly line: number;
}

export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly line: number;
}

export interface YamlEntry {
  readonly key: string;
  readonly line: number;
  readonly value: YamlNode;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
  readonly line: number;
}

export type YamlNode = YamlScalar | YamlList | YamlMap;

/** Longest file that is read: ten times the largest rule that was seen. */
export const MAX_RULE_FILE_BYTES = 512 * 1024;
/** Rules nest six levels deep. */
const MAX_DEPTH = 32;
/** Nodes of all documents of a file, those behind anchors counted each time. */
const MAX_NODES = 100_000;

/** A document, or what is wrong with it. */
export type YamlDocument = { readonly root: YamlNode } | { readonly problem: RuleError };

/** All documents of a file, in order; empty ones are left out. Never throws. */
export function readYaml(text: string): readonly YamlDocument[] {
  if (text.length > MAX_RULE_FILE_BYTES) {
    return [{ problem: new RuleError(1, `The file is larger than ${MAX_RULE_FILE_BYTES / 1024} KiB.`) }];
  }
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RuleError) return [{ problem: error }];
    // The parser recurses: what nests too deep ends its stack.
    const reason = error instanceof RangeError ? 'It nests too deep.' : `It cannot be read as YAML: ${String(error)}.`;
    return [{ problem: new RuleError(1, reason) }];
  }
}

function parse(text: string): readonly YamlDocument[] {
  const lines = new LineCounter();
  const lineOf = (node: { readonly range?: readonly number[] | null } | null): number =>
    lines.linePos(node?.range?.[0] ?? 0).line;
  // Its own check of unique keys compares each with each.
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const read: YamlDocument[] = [];
  const budget = { nodes: MAX_NODES };
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      const reason = error.message.split('\n', 1)[0].replace(/\.?$/, '.');
      read.push({ problem: new RuleError(lines.linePos(error.pos[0]).line, `It is no YAML: ${reason}`) });
      continue;
    }
    if (document.contents === null) continue;
    const resolve = (node: Node): Node | undefined => (isAlias(node) ? node.resolve(document) : node);
    try {
      read.push({ root: convert(document.contents as Node, resolve, lineOf, budget, 0) });
    } catch (thrown) {
      if (!(thrown instanceof RuleError)) throw thrown;
      read.push({ problem: thrown });
    }
  }
  return read;
}

function convert(
  given: Node,
  resolve: (node: Node) => Node | undefined,
  lineOf: (node: Node) => number,
  budget: { nodes: number },
  depth: number,
): YamlNode {
  const line = lineOf(given);
  if (depth > MAX_DEPTH) throw new RuleError(line, `It nests deeper than ${MAX_DEPTH} levels.`);
  if (budget.nodes-- <= 0) throw new RuleError(line, `It has more than ${MAX_NODES} values.`);
  const node = resolve(given);
  const next = (child: Node): YamlNode => convert(child, resolve, lineOf, budget, depth + 1);
  if (node === undefined) throw new RuleError(line, 'An alias names no anchor.');
  if (isScalar(node)) {
    const { value, source } = node;
    const text = source ?? String(value);
    return { kind: 'scalar', value: isPlain(value) ? value : text, text, line };
  }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => next(item as Node)), line };
  if (!isMap(node)) throw new RuleError(line, 'It holds something that is neither text, list nor map.');
  const entries: YamlEntry[] = [];
  const keys = new Set<string>();
  for (const pair of node.items) {
    const keyNode = pair.key as Node | null;
    const key = keyNode === null ? undefined : resolve(keyNode);
    if (!isScalar(key)) throw new RuleError(line, 'A key is not a text.');
    const name = key.source ?? String(key.value);
    const keyLine = lineOf(keyNode as Node);
    if (keys.has(name)) throw new RuleError(keyLine, `The key "${name.slice(0, 80)}" stands twice in one map.`);
    keys.add(name);
    const value = pair.value as Node | null;
    entries.push({
      key: name,
      line: keyLine,
      value: value === null ? { kind: 'scalar', value: null, text: '', line: keyLine } : next(value),
    });
  }
  return { kind: 'map', entries, line };
}

function isPlain(value: unknown): value is ScalarValue {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The value of a key of a map. */
export function entryOf(map: YamlMap, key: string): YamlEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

/** The text of a key that may be left out; numbers and dates count as they are written. */
export function textOf(map: YamlMap, key: string): string {
  const entry = entryOf(map, key);
  if (entry === undefined) return '';
  const { value } = entry;
  if (value.kind !== 'scalar') throw new RuleError(entry.line, `"${key}" must be a text.`);
  return value.value === null ? '' : typeof value.value === 'string' ? value.value : value.text;
}

/** The texts of a key that may be one text, a list of them, or left out. */
export function textsOf(map: YamlMap, key: string): readonly string[] {
  const entry = entryOf(map, key);
  if (entry === undefined) return [];
  const { value } = entry;
  const nodes = value.kind === 'list' ? value.items : [value];
  return nodes.flatMap((node) => {
    if (node.kind !== 'scalar') throw new RuleError(node.line, `"${key}" must be a list of texts.`);
    return node.value === null ? [] : [typeof node.value === 'string' ? node.value : node.text];
  });
}
