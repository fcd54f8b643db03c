/** Small JSON files of the app: written whole or not at all, and read as if anybody had written them. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** Far above what any of them holds. */
const MAX_BYTES = 64 * 1024;

export interface ReadFile<T> {
  readonly value: T | undefined;
  /** It was there and could not be used; it was kept aside under this name. */
  readonly keptAside: string | undefined;
}

/** What the file holds, in its shape. A broken file is kept aside, so that the next write does not destroy it. */
export function readSettled<S extends z.ZodType>(path: string, schema: S): ReadFile<z.output<S>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { value: undefined, keptAside: undefined };
  }
  const parsed = text.length > MAX_BYTES ? undefined : schema.safeParse(parseJson(text));
  if (parsed?.success) return { value: parsed.data, keptAside: undefined };
  const aside = `${path}.broken`;
  try {
    renameSync(path, aside);
    return { value: undefined, keptAside: aside };
  } catch {
    return { value: undefined, keptAside: undefined };
  }
}

/** @throws an error of the file system */
export function writeSettled(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
