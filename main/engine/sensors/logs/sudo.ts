/**
 * sudo's log (sudoers.so, "LOG FORMAT" in sudoers(5)):
 * "alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id".
 */
import { login, type ProgramReader, type Tell } from './tells.ts';
import { fieldsOf } from './types.ts';

/** In the order in which sudo writes them. COMMAND is the last: it may hold anything, " ; USER=" too. */
const NAMES = new Set(['HOST', 'TTY', 'CHROOT', 'PWD', 'USER', 'GROUP', 'TSID', 'ENV', 'COMMAND']);
const SEPARATOR = ' ; ';
/** More parts than sudo has: what comes after is left in the last one. */
const MAX_PARTS = 16;

const asTarget =
  (isSuccess: boolean): Tell =>
  (fields, entry) =>
    login(isSuccess, 'sudo')({ ...fields, target: fields.USER ?? '', tty: fields.TTY ?? '' }, entry);

export const readSudo: ProgramReader = (message) => {
  const start = message.indexOf(' : ');
  if (start < 1) return undefined;
  const user = message.slice(0, start).trim();
  if (user === '' || user.includes(' ')) return undefined;
  const pairs: [string, string][] = [['user', user]];
  let problem: string | undefined;
  let at = start + 3;
  for (let part = 0; part < MAX_PARTS && at <= message.length; part += 1) {
    const equals = message.indexOf('=', at);
    const name = equals < 0 ? '' : message.slice(at, equals);
    const isCommand = name === 'COMMAND' || name === 'ENV' || part === MAX_PARTS - 1;
    const next = message.indexOf(SEPARATOR, at);
    const end = name === 'COMMAND' || next < 0 ? message.length : next;
    if (NAMES.has(name)) pairs.push([name, message.slice(equals + 1, end)]);
    else if (problem === undefined && !isCommand) problem = message.slice(at, end);
    at = end + SEPARATOR.length;
  }
  const isLog = pairs.length > 1;
  if (!isLog) return undefined;
  if (problem !== undefined) pairs.push(['problem', problem]);
  // Listing ("sudo -l") and a file to edit are commands too: "list", "sudoedit /etc/hosts".
  return { fields: fieldsOf(pairs), tells: asTarget(problem === undefined) };
};
