/** Where rules in YARA are. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReadFiles, readTrustedFiles } from '../runtime/rule-files.ts';

/** The rules that come with Holdfast. */
export const OWN_YARA_RULES: string = fileURLToPath(new URL('../../../assets/rules/yara/', import.meta.url));

/** Below the data directory: rules that were taken in. */
export function importedYaraRules(dataDirectory: string): string {
  return join(dataDirectory, 'yara');
}

const RULE_FILE = /\.yara?$/i;
/** Collections in one file have some megabytes. */
const MAX_FILE_BYTES = 16 * 2 ** 20;

/** All rule files at and below the paths: see readTrustedFiles. */
export function readYaraFiles(paths: readonly string[], userId: number): ReadFiles {
  return readTrustedFiles(paths, { name: RULE_FILE, maxBytes: MAX_FILE_BYTES, userId });
}
