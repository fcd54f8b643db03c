/** The file of the configuration's layer `app`: written by Holdfast, read like every other file, trusted no more. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MAX_CONFIG_BYTES } from './config-file.ts';
import type { SettingValue } from './config-values.ts';
import { codeOf, FailureError, messageOf } from './failure.ts';

const PRIVATE_FILE = 0o600;
/** Files with mistakes that are kept for whoever looks into it; older ones are removed. */
const KEPT_BROKEN = 3;
const HEAD =
  '# Written by Holdfast: settings that were changed in it. Its configuration file, environment and flags win.\n';

type Tree = Map<string, Tree | SettingValue>;

/** The file's text: sections nest, values are JSON, which YAML 1.2 contains. */
export function appFileText(values: ReadonlyMap<string, SettingValue>): string {
  const root: Tree = new Map();
  for (const [path, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parts = path.split('.');
    const key = parts.pop() ?? '';
    let place = root;
    for (const part of parts) {
      const found = place.get(part);
      const next: Tree = found instanceof Map ? found : new Map();
      place.set(part, next);
      place = next;
    }
    place.set(key, value);
  }
  return HEAD + lines(root, '').join('');
}

function lines(tree: Tree, margin: string): string[] {
  return [...tree].flatMap(([key, node]) =>
    node instanceof Map
      ? [`${margin}${key}:\n`, ...lines(node, `${margin}  `)]
      : [`${margin}${key}: ${yamlText(node)}\n`],
  );
}

/** Everything beyond ASCII as an escape: no line separator or direction mark is left for a parser to interpret. */
function yamlText(value: SettingValue): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether the file can be read again with these values in it. */
export function fitsAppFile(values: ReadonlyMap<string, SettingValue>): boolean {
  return Buffer.byteLength(appFileText(values)) <= MAX_CONFIG_BYTES;
}

/**
 * Replaces the file in one step: whoever reads it, and whatever fails on the way, finds the old one or the new one.
 * Its folder must be the engine's own (see ensureOwnDirectory).
 *
 * @param beforeReplacing called when the new one is on the disk; what it throws leaves the old one where it is
 * @throws FailureError `settings-not-stored`
 */
export function writeAppFile(
  path: string,
  values: ReadonlyMap<string, SettingValue>,
  beforeReplacing: () => void = () => {},
): void {
  const fresh = join(dirname(path), `.settings.${randomBytes(6).toString('hex')}`);
  try {
    const descriptor = openSync(fresh, 'wx', PRIVATE_FILE);
    try {
      const bytes = Buffer.from(appFileText(values));
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    beforeReplacing();
    renameSync(fresh, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(fresh, { force: true });
    if (error instanceof FailureError) throw error;
    const why = codeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
    const message = `The settings could not be stored, so nothing was changed: ${why}.`;
    const hint = 'Make the data directory writable, with room on its disk, and try again.';
    throw new FailureError({ code: 'settings-not-stored', message, hint }, error);
  }
}

/** Without it a power cut may bring the old name back, although the new file is on the disk (rename(2), fsync(2)). */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Moves a file with mistakes aside before it is replaced; gives its new name, or undefined when there is none. */
export function putAppFileAside(path: string, nowMs: number): string | undefined {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = `${path}.broken-${stamp}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const hint = 'Make the data directory writable, and try again.';
    const message = `The settings could not be stored, so nothing was changed: ${messageOf(error)}.`;
    throw new FailureError({ code: 'settings-not-stored', message, hint }, error);
  }
  const prefix = `${basename(path)}.broken-`;
  const broken = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of broken.sort().slice(0, -KEPT_BROKEN)) rmSync(join(dirname(path), name), { force: true });
  return aside;
}
