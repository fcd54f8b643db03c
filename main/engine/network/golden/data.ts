/** Where the captures with known contents lie, for the tests that compare flows with independent tools. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const DATA = process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data');
/** Folders with captures, those that are there. */
export const FOLDERS = ['attacks', 'benign', 'dpi'].filter((folder) => existsSync(join(DATA, folder)));
const CAPTURE_NAME = /\.(pcap|pcapng|cap)(\.gz|\.zst)?$/;

/** All captures, as paths relative to DATA, in order. */
export function captures(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(DATA, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
    .filter((name) => CAPTURE_NAME.test(name))
    .sort();
}

/** Why a comparison cannot run, for the name of the test; empty where it can. */
export function reasonToSkip(needed: string, programs: readonly string[] = []): string {
  if (!existsSync(join(DATA, needed))) return ` (skipped: no test data at ${join(DATA, needed)})`;
  const missing = programs.find((program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error !== undefined);
  return missing === undefined ? '' : ` (skipped: ${missing} is not installed)`;
}
