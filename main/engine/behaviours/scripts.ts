/** What a shell or interpreter was given to run. */
import type { HostProcess } from '../../../contract/events.ts';

/** With these a shell or interpreter says something about itself, and reads nothing. */
const SAYS_ONLY = new Set(['--version', '-V', '-version', '--help', '-h']);

/** No file and no command is named, so that the input is the script. */
export function readsScriptFromPipe({ commandLine, arguments: words, standardStreams }: HostProcess): boolean {
  const input = standardStreams?.input;
  if (input !== undefined && input !== 'pipe') return false;
  const given = (words ?? commandLine.slice(0, 8_192).split(' ')).slice(1);
  if (given.some((word) => SAYS_ONLY.has(word))) return false;
  const isOption = (word: string) => word.startsWith('-') && word !== '-c' && word !== '-e' && word !== '-m';
  const first = given.find((word) => !isOption(word) || word === '-s' || word === '-');
  return first === undefined || first === '-s' || first === '-' || first === '';
}

/** Path of the script that it was given; undefined for commands on the line, and where the folder is not known. */
export function scriptOf({ arguments: words, commandLine, currentDirectory }: HostProcess): string | undefined {
  const given = words ?? commandLine.slice(0, 8_192).split(' ', 8);
  const script = given.slice(1).find((word) => !word.startsWith('-'));
  if (script === undefined || script === '' || given.includes('-c')) return undefined;
  if (script.startsWith('/')) return script;
  const name = script.startsWith('./') ? script.slice(2) : script;
  return currentDirectory === undefined ? undefined : `${currentDirectory === '/' ? '' : currentDirectory}/${name}`;
}
