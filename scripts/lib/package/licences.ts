/** Whose work a package carries, under which licence, and with which words. Only permissive licences are carried. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By SPDX identifier: they ask for a notice and nothing that a user of the package would have to do. */
const PERMISSIVE: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

export interface Carried {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** The full texts that come with it. */
  readonly texts: readonly string[];
}

/**
 * What is known of one package in node_modules.
 *
 * @param modules the node_modules folder
 * @throws Error for a licence that is not permissive, or when the package says none
 */
export function carried(modules: string, name: string): Carried {
  const folder = join(modules, name);
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { version, license } = manifest as { readonly version: string; readonly license?: string };
  if (license === undefined || !isPermissive(license)) {
    throw new Error(`${name} ${version} is under "${license ?? 'no licence'}", which Holdfast does not ship`);
  }
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)([.-].*)?$/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return { name, version, licence: license, texts };
}

/** Whether an SPDX expression offers permissive terms: all of an AND, one of an OR. Nested expressions are refused. */
export function isPermissive(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(bare)) return false;
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((id) => PERMISSIVE.has(id.trim())));
}

/** Names of packages that a package needs at run time, itself among them, as npm has put them at the top. */
export function withDependencies(modules: string, names: Iterable<string>): readonly string[] {
  const found = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const file = join(modules, name, 'package.json');
    if (found.has(name) || !existsSync(file)) continue;
    found.add(name);
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    waiting.push(...Object.keys((manifest as { readonly dependencies?: object }).dependencies ?? {}));
  }
  return [...found].sort();
}

/** The file of notices: who, under which licence, and each text once. */
export function noticesText(parts: readonly Carried[], nodeLicence: string): string {
  const sorted = [...parts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const users = new Map<string, string[]>();
  for (const { name, texts } of sorted) {
    for (const text of texts) users.set(text, [...(users.get(text) ?? []), name]);
  }
  const width = Math.max(...sorted.map(({ name, version }) => name.length + version.length + 1));
  const rows = sorted.map(({ name, version, licence }) => `  ${`${name} ${version}`.padEnd(width)}  ${licence}`);
  const texts = [...users].map(([text, names]) => `${RULE}\n${names.join(', ')}\n\n${text}\n`);
  return [
    'Holdfast is under the Apache License 2.0. This package also carries the work of others:',
    '',
    ...rows,
    '',
    ...texts,
    `${RULE}\n${nodeLicence.trim()}\n`,
  ].join('\n');
}

const RULE = '-'.repeat(80);
