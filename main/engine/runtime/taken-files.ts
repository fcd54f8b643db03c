/** Text files that people give to Holdfast, kept in a folder of its own below the data directory. */
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, FailureError } from './failure.ts';
import { ensureOwnDirectory } from './paths.ts';

/** What is kept there. */
export interface TakenFiles {
  readonly directory: string;
  /** Endings that mean something, the usual one first: ".yml". */
  readonly endings: readonly string[];
  readonly most: number;
}

const PRIVATE_FILE = 0o600;
const MAX_NAME = 100;
const NAME = /^[A-Za-z0-9][\w.-]*$/;

/** Names of the files, sorted. None where there is no folder. @throws FailureError `folder-not-readable` */
export function listTakenFiles({ directory, endings, most }: TakenFiles): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    const message = `${directory} cannot be read (${codeOf(error)}).`;
    throw new FailureError({ code: 'folder-not-readable', message, hint: 'Check its permissions.' }, error);
  }
  return names
    .filter((name) => isName(name, endings))
    .sort()
    .slice(0, most);
}

/**
 * Puts a file there whole, in the place of one of its name.
 *
 * @throws FailureError `bad-name`, `too-many-files`, `not-written`
 */
export function writeTakenFile(files: TakenFiles, name: string, text: string): void {
  const { directory, most } = files;
  assertTakenName(name, files);
  ensureOwnDirectory(directory);
  const there = listTakenFiles(files);
  if (!there.includes(name) && there.length >= most) {
    const hint = 'Remove one, or join several into one file.';
    throw new FailureError({ code: 'too-many-files', message: `There are ${most} files already.`, hint });
  }
  const temporary = join(directory, `.${name}.new`);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { flag: 'wx', mode: PRIVATE_FILE });
    renameSync(temporary, join(directory, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    const message = `The file could not be written: ${codeOf(error)}.`;
    throw new FailureError({ code: 'not-written', message, hint: 'See whether the disk has room.' }, error);
  }
}

/** @throws FailureError `no-such-file`, `bad-name` */
export function removeTakenFile(files: TakenFiles, name: string): void {
  assertTakenName(name, files);
  if (!listTakenFiles(files).includes(name)) {
    throw new FailureError({
      code: 'no-such-file',
      message: `No file ${name} was taken in.`,
      hint: 'Look at the list.',
    });
  }
  rmSync(join(files.directory, name), { force: true });
}

function isName(name: string, endings: readonly string[]): boolean {
  return name.length <= MAX_NAME && NAME.test(name) && endings.some((ending) => name.toLowerCase().endsWith(ending));
}

/** @throws FailureError `bad-name` */
export function assertTakenName(name: string, { endings }: Pick<TakenFiles, 'endings'>): void {
  if (isName(name, endings)) return;
  const hint = `Letters, digits, dots, dashes; ${endings.join(' or ')} at its end.`;
  throw new FailureError({ code: 'bad-name', message: 'A file cannot have this name.', hint });
}
