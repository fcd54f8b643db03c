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
  /** Files, where it is left out. */
  readonly words?: TakenFileWords;
}

/** What such a file is for people, and the codes of its failures. */
export interface TakenFileWords {
  readonly one: string;
  readonly many: string;
  /** Where people see which there are. */
  readonly listHint: string;
  readonly codes: Readonly<Record<'badName' | 'tooMany' | 'none' | 'notWritten' | 'notReadable', string>>;
}

const FILES: TakenFileWords = {
  one: 'file',
  many: 'files',
  listHint: 'Look at the list.',
  codes: {
    badName: 'bad-name',
    tooMany: 'too-many-files',
    none: 'no-such-file',
    notWritten: 'not-written',
    notReadable: 'folder-not-readable',
  },
};

const PRIVATE_FILE = 0o600;
/** Characters before the ending. */
const MAX_STEM = 100;
const NAME = /^[A-Za-z0-9][\w.-]*$/;

/** Names of the files, sorted. None where there is no folder. @throws FailureError `notReadable` */
export function listTakenFiles({ directory, endings, most, words = FILES }: TakenFiles): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    const message = `${directory} cannot be read (${codeOf(error)}).`;
    throw new FailureError({ code: words.codes.notReadable, message, hint: 'Check its permissions.' }, error);
  }
  return names
    .filter((name) => isName(name, endings))
    .sort()
    .slice(0, most);
}

/**
 * Puts a file there whole, in the place of one of its name.
 *
 * @throws FailureError `badName`, `tooMany`, `notWritten`, and those of `listTakenFiles`
 */
export function writeTakenFile(files: TakenFiles, name: string, text: string): void {
  const { directory, most, words = FILES } = files;
  assertTakenName(name, files);
  ensureOwnDirectory(directory);
  const there = listTakenFiles(files);
  if (!there.includes(name) && there.length >= most) {
    const hint = 'Remove one, or join several into one file.';
    throw new FailureError({ code: words.codes.tooMany, message: `There are ${most} ${words.many} already.`, hint });
  }
  const temporary = join(directory, `.${name}.new`);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { flag: 'wx', mode: PRIVATE_FILE });
    renameSync(temporary, join(directory, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    const message = `The ${words.one} could not be written: ${codeOf(error)}.`;
    throw new FailureError({ code: words.codes.notWritten, message, hint: 'See whether the disk has room.' }, error);
  }
}

/** @throws FailureError `none`, `badName`, and those of `listTakenFiles` */
export function removeTakenFile(files: TakenFiles, name: string): void {
  assertTakenName(name, files);
  if (!listTakenFiles(files).includes(name)) {
    const { codes, one, listHint } = files.words ?? FILES;
    throw new FailureError({ code: codes.none, message: `No ${one} ${name} was taken in.`, hint: listHint });
  }
  rmSync(join(files.directory, name), { force: true });
}

/** @throws FailureError `badName` */
export function assertTakenName(name: string, { endings, words = FILES }: Pick<TakenFiles, 'endings' | 'words'>): void {
  if (isName(name, endings)) return;
  const hint = `Letters, digits, dots, dashes; ${orOf(endings)} at its end.`;
  throw new FailureError({ code: words.codes.badName, message: `A ${words.one} cannot have this name.`, hint });
}

function isName(name: string, endings: readonly string[]): boolean {
  const ending = endings.find((each) => name.toLowerCase().endsWith(each));
  return ending !== undefined && name.length - ending.length <= MAX_STEM && NAME.test(name);
}

/** ".txt, .csv or .json" */
function orOf(endings: readonly string[]): string {
  return endings.length < 2 ? endings.join('') : `${endings.slice(0, -1).join(', ')} or ${endings[endings.length - 1]}`;
}
