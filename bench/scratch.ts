/** Folders for one run each, removed afterwards, also when Ctrl-C ends everything. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const present = new Set<string>();

export function makeScratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  if (present.size === 0) process.once('exit', removeAll);
  present.add(path);
  return path;
}

export function removeScratch(path: string): void {
  // A program that was ended may still be writing its last file.
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  present.delete(path);
  if (present.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const path of [...present]) removeScratch(path);
}
