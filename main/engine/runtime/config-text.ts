import { type Config, environmentNameOf, originText, type Section, type SettingValue } from './config.ts';
import { wantedBy } from './config-values.ts';
import type { Setting } from './settings.ts';

/** One effective value, as `config show --json` prints it. */
export interface ShownSetting {
  readonly path: string;
  readonly value: SettingValue;
  readonly unit?: string;
  readonly origin: string;
}

/** Every effective value with who set it, in the order of the tables. */
export function shownSettings(config: Config): readonly ShownSetting[] {
  return config.sections.flatMap(({ path: section, table }) =>
    Object.entries(table).map(([key, row]) => {
      const path = `${section}.${key}`;
      const unit = row.type === 'number' && row.unit !== undefined ? { unit: row.unit } : {};
      return { path, value: config.value(path), ...unit, origin: config.origin(path) };
    }),
  );
}

/** A setting with all that a settings page tells about it. */
export interface DescribedSetting extends ShownSetting {
  readonly type: Setting['type'];
  readonly default: SettingValue;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly isInteger?: boolean;
  readonly choices?: readonly string[];
  /** What it takes, in words. */
  readonly wanted: string;
  readonly reason: string;
  /** What sets it above the layer `app`, in words; empty where it can be changed. */
  readonly lockedBy: string;
  readonly environmentName: string;
}

export interface DescribedSection {
  readonly path: string;
  readonly title: string;
  readonly settings: readonly DescribedSetting[];
}

/** Every section with its settings, in the order of the tables. */
export function describeSettings(config: Config): readonly DescribedSection[] {
  const shown = new Map(shownSettings(config).map((setting) => [setting.path, setting]));
  return config.sections.map(({ path: section, title, table }) => ({
    path: section,
    title: title ?? titleOf(section),
    settings: Object.entries(table).map(([key, row]) => {
      const path = `${section}.${key}`;
      const lock = config.lockOf(path);
      return {
        ...(shown.get(path) as ShownSetting),
        type: row.type,
        default: row.default,
        ...limitsOf(row),
        wanted: wantedBy(row),
        reason: row.reason,
        lockedBy: lock === undefined ? '' : originText(lock),
        environmentName: environmentNameOf(path),
      };
    }),
  }));
}

function limitsOf(row: Setting): Pick<DescribedSetting, 'minimum' | 'maximum' | 'isInteger' | 'choices'> {
  if (row.type === 'number') return { minimum: row.min, maximum: row.max, isInteger: row.integer ?? false };
  return row.type === 'choice' ? { choices: row.choices } : {};
}

/** "detect.dhcp-exhaustion": "Dhcp exhaustion". */
function titleOf(section: string): string {
  const words = section.slice(section.lastIndexOf('.') + 1).replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `config show` for people: one line a setting, "path = value unit  (origin)". */
export function configShow(config: Config): string {
  const rows = shownSettings(config);
  const left = rows.map((row) => `${row.path} = ${yamlValue(row.value)}${row.unit ? ` ${row.unit}` : ''}`);
  // A long list must not push the origins of all others out of sight.
  const width = Math.min(MAX_LEFT_WIDTH, Math.max(0, ...left.map((text) => text.length)));
  return rows.map((row, index) => `${left[index].padEnd(width)}  (${row.origin})\n`).join('');
}

const MAX_LEFT_WIDTH = 72;
/** Comments are folded so that the file reads well in an 80-column terminal with some indentation. */
const COMMENT_WIDTH = 96;

/**
 * A complete configuration file: every setting with its default, commented out, what it takes and why it
 * is as it is. As it stands it changes nothing.
 */
export function configExample(sections: readonly Section[]): string {
  const lines = [
    '# Holdfast configuration. Everything here is the default; take away the # before a key to change it.',
    '# Later layers win: profile, changes made in Holdfast, this file, HOLDFAST_* variables, command-line flags.',
  ];
  let open: readonly string[] = [];
  // Sections that share a parent must stand together, or the parent would be a duplicate key.
  for (const { path, table } of [...sections].sort((a, b) => comparePaths(a.path, b.path))) {
    const parts = path.split('.');
    const shared = parts.findIndex((part, depth) => part !== open[depth]);
    const from = shared === -1 ? parts.length : shared;
    lines.push('');
    for (const [offset, part] of parts.slice(from).entries()) {
      lines.push(`${indent(from + offset)}${part}:`);
    }
    open = parts;
    const margin = indent(parts.length);
    for (const [key, row] of Object.entries(table)) {
      lines.push(...fold(row.reason, COMMENT_WIDTH).map((text) => `${margin}# ${text}`));
      lines.push(`${margin}# (${wantedBy(row)}; ${environmentNameOf(`${path}.${key}`)})`);
      lines.push(`${margin}#${key}: ${yamlValue(row.default)}`, '');
    }
    if (lines.at(-1) === '') {
      lines.pop();
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The same file with the defaults in force: what must load to exactly the defaults. */
export function configDefaults(sections: readonly Section[]): string {
  return configExample(sections).replaceAll(/^( +)#([A-Za-z0-9]+: )/gm, '$1$2');
}

function comparePaths(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  const depth = left.findIndex((part, index) => part !== right[index]);
  if (depth === -1) {
    return left.length - right.length;
  }
  return right[depth] === undefined ? 1 : left[depth] < right[depth] ? -1 : 1;
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

/** JSON scalars and flow lists are YAML 1.2. */
function yamlValue(value: SettingValue): string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9-]*$/.test(value) && !RESERVED.has(value.toLowerCase())
    ? value
    : JSON.stringify(value);
}

const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off']);

function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
