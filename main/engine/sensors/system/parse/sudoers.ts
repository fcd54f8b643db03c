/** sudoers(5): who may do what. Only as much of the grammar as tells the rules apart from what surrounds them. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, joinedLines } from './lines.ts';

const SETTING = /^(?:Defaults|User_Alias|Runas_Alias|Host_Alias|Cmnd_Alias|Cmd_Alias)\b/;
const INCLUDE = /^[#@]include(?:dir)?\s/;

/** Rules, settings, aliases and includes; `user` is whom a rule gives rights. */
export function parseSudoers(text: string): readonly StartItem[] {
  const items: StartItem[] = [];
  for (const line of joinedLines(text)) {
    // "#1000 ALL=…" names a user by number; every other line with a # at its start is a comment.
    const isComment = line.startsWith('#') && !INCLUDE.test(line) && !/^#\d{1,10}\s/.test(line);
    if (isComment) continue;
    const isRule = !SETTING.test(line) && !INCLUDE.test(line);
    items.push({ content: cutLine(line), user: isRule ? firstWord(line) : undefined });
  }
  return items;
}

function firstWord(line: string): string {
  const end = line.search(/[\s=]/);
  return cutLine(end === -1 ? line : line.slice(0, end));
}
