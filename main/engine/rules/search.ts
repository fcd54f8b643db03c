/** The searches of a rule: maps, lists of maps and lists of keywords (Sigma rules specification, "Detection"). */
import type { Placeholders } from './modifiers.ts';
import { quoted, RuleError } from './problem.ts';
import { ALL_TEXT, type Statement } from './types.ts';
import { fieldStatement } from './value-test.ts';
import type { YamlEntry, YamlNode, YamlScalar } from './yaml.ts';

/** All searches of a detection or filter, by name. @throws RuleError */
export function readSearches(
  entries: readonly YamlEntry[],
  placeholders: Placeholders,
): ReadonlyMap<string, Statement> {
  return new Map(entries.map(({ key, value }) => [key, searchOf(value, placeholders)]));
}

function searchOf(node: YamlNode, placeholders: Placeholders): Statement {
  if (node.kind === 'scalar') return keyword([node], node.line, placeholders);
  if (node.kind === 'map') {
    if (node.entries.length === 0) throw new RuleError(node.line, 'A search has no fields.');
    const parts = node.entries.map((entry) => fieldOf(entry, placeholders));
    return parts.length === 1 ? parts[0] : { kind: 'all', of: parts };
  }
  if (node.items.length === 0) throw new RuleError(node.line, 'A search is an empty list.');
  const parts = node.items.map((item) => searchOf(item, placeholders));
  return parts.length === 1 ? parts[0] : { kind: 'any', of: parts };
}

function keyword(values: readonly YamlScalar[], line: number, placeholders: Placeholders): Statement {
  return fieldStatement(ALL_TEXT, values, line, placeholders);
}

function fieldOf({ key, line, value }: YamlEntry, placeholders: Placeholders): Statement {
  if (value.kind === 'map')
    throw new RuleError(line, `${quoted(key)} holds a map; fields hold values or lists of values.`);
  const nodes = value.kind === 'list' ? value.items : [value];
  const scalars = nodes.map((node) => {
    if (node.kind !== 'scalar')
      throw new RuleError(node.line, `The list of ${quoted(key)} holds something that is no value.`);
    return node;
  });
  return fieldStatement(key, scalars, line, placeholders);
}
