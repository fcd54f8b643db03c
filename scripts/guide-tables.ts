/**
 * The tables of the user guide, made from the tables of the code: what the guide says of a setting, a detector,
 * a feature or a command is what the program does.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { HUNT_OPERATORS, HUNT_TABLES } from '../contract/hunt-tables.ts';
import { createProgram } from '../main/cli/program.ts';
import { BEHAVIOURS } from '../main/engine/behaviours/index.ts';
import { DETECTORS } from '../main/engine/detect/index.ts';
import { FEATURES } from '../main/engine/network/index.ts';
import { knownSettings } from '../main/engine/runtime/config-names.ts';
import type { Setting } from '../main/engine/runtime/settings.ts';
import { CONFIG_SECTIONS } from '../main/engine/services/control/configuration.ts';

export const GUIDE_PATH = join(import.meta.dirname, '../docs/user-guide.md');

/** Tables by the name that their markers carry, in Markdown. */
export const GUIDE_TABLES: Readonly<Record<string, () => string>> = {
  commands: commandTable,
  detectors: detectorTable,
  behaviours: behaviourTable,
  settings: settingTables,
  features: featureTable,
  hunt: huntTables,
};

const OPENING = /<!-- generated: ([a-z-]+) -->\n/;
const CLOSING = '<!-- end of generated -->';

/**
 * Puts the present tables between their markers.
 *
 * @throws Error when a marker has no end, names no table, or a table has no marker
 */
export function withTables(guide: string, tables = GUIDE_TABLES): string {
  const missing = new Set(Object.keys(tables));
  const [before, ...parts] = guide.split(new RegExp(OPENING, 'g'));
  let text = before;
  for (let i = 0; i < parts.length; i += 2) {
    const name = parts[i];
    const table = tables[name];
    if (table === undefined) throw new Error(`the guide asks for the table "${name}", which there is not`);
    const end = parts[i + 1].indexOf(CLOSING);
    if (end < 0) throw new Error(`the table "${name}" of the guide has no end`);
    missing.delete(name);
    text += `<!-- generated: ${name} -->\n\n${table()}\n\n${parts[i + 1].slice(end)}`;
  }
  if (missing.size > 0) throw new Error(`the guide has no place for: ${[...missing].join(', ')}`);
  return text;
}

/** A Markdown table; whatever would end a cell early is escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

const code = (text: string): string => `\`${text}\``;

function featureTable(): string {
  return markdownTable(
    ['Column', 'Unit', 'How it is computed'],
    FEATURES.map(({ name, unit, formula }) => [name, unit, formula]),
  );
}

function huntTables(): string {
  const fields = HUNT_TABLES.map(
    ({ name, doc, fields: rows }) =>
      `#### ${code(name)}\n\n${doc}\n\n${markdownTable(
        ['Field', 'Holds', 'What it is', 'Written as'],
        rows.map((field) => [code(field.name), field.type, field.doc, field.examples.map(code).join(', ')]),
      )}`,
  );
  const operators = markdownTable(
    ['Operator', 'Meaning'],
    HUNT_OPERATORS.map(({ symbol, doc }) => [code(symbol), doc]),
  );
  return [operators, ...fields].join('\n\n');
}

function detectorTable(): string {
  return markdownTable(
    ['Detector', 'Kind of alert', 'What it notices', 'ATT&CK techniques', 'Memory at the most'],
    DETECTORS.map(({ id, kind, summary, techniques, memoryBound }) => [
      code(id),
      code(kind),
      summary,
      techniques.join(', '),
      memoryBound,
    ]),
  );
}

function behaviourTable(): string {
  return markdownTable(
    ['Behaviour', 'Kinds of alerts', 'What it notices', 'ATT&CK techniques', 'Memory at the most'],
    BEHAVIOURS.map(({ id, kinds, summary, techniques, memoryBound }) => [
      code(id),
      kinds.map(code).join(', '),
      summary,
      [...new Set(techniques)].join(', '),
      memoryBound,
    ]),
  );
}

function settingTables(): string {
  const known = [...knownSettings(CONFIG_SECTIONS).values()];
  return CONFIG_SECTIONS.map(({ path }) => {
    const rows = known
      .filter(({ section }) => section === path)
      .map(({ key, environmentName, row }) => [
        `${code(key)}<br>${code(environmentName)}`,
        defaultText(row),
        rangeText(row),
        row.reason,
      ]);
    return `#### ${code(path)}\n\n${markdownTable(['Key and variable', 'Default', 'Possible', 'What it does, and why'], rows)}`;
  }).join('\n\n');
}

function defaultText(row: Setting): string {
  if (row.type === 'list') return row.default.length === 0 ? 'none' : code(row.default.join(', '));
  if (row.type === 'number') return `${row.default}${row.unit === undefined ? '' : ` ${row.unit}`}`;
  return row.default === '' ? 'none' : code(String(row.default));
}

function rangeText(row: Setting): string {
  switch (row.type) {
    case 'number':
      return `${row.min} to ${row.max}${row.integer ? ', whole' : ''}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return row.choices.map(code).join(', ');
    case 'list':
      return row.patternMeaning === undefined ? 'a list' : `a list; each ${row.patternMeaning}`;
    case 'string':
      return row.patternMeaning ?? 'text';
  }
}

function commandTable(): string {
  const program = createProgram(
    '',
    () => {
      throw new Error('the guide runs no command');
    },
    () => {},
  );
  return markdownTable(
    ['Command', 'What it does', 'Options'],
    leavesOf(program).map(([name, command]) => [
      code([name, ...command.registeredArguments.map(argumentText)].join(' ')),
      command.description(),
      command.options.map(({ flags, description }) => `${code(flags)} ${description}`).join('<br>'),
    ]),
  );
}

/** The commands that do something, with their whole names. */
function leavesOf(command: Command, path: readonly string[] = []): [string, Command][] {
  return command.commands.flatMap((child): [string, Command][] => {
    const names = [...path, child.name()];
    const itself: [string, Command][] = [[names.join(' '), child]];
    if (child.commands.length === 0) return itself;
    // "hunt QUERY" does something although there is "hunt saved" below it.
    return [...(child.registeredArguments.length > 0 ? itself : []), ...leavesOf(child, names)];
  });
}

function argumentText(argument: Command['registeredArguments'][number]): string {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`.toUpperCase();
  return argument.required ? text : `[${text}]`;
}
