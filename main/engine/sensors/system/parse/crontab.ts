/** crontab(5): what runs, and as whom. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, statements, words } from './lines.ts';

/** "SHELL=/bin/sh" sets something and runs nothing; what it sets can matter as much. */
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]{0,63}\s{0,8}=/;
const TIME_FIELDS = 5;

/** Tables of the system name a user before the command. */
export function parseSystemCrontab(text: string): readonly StartItem[] {
  return parse(text, true, undefined);
}

/** The table of one user. */
export function parseUserCrontab(text: string, user: string | undefined): readonly StartItem[] {
  return parse(text, false, user);
}

function parse(text: string, hasUser: boolean, owner: string | undefined): readonly StartItem[] {
  const items: StartItem[] = [];
  for (const line of statements(text)) {
    if (ASSIGNMENT.test(line)) {
      items.push({ content: cutLine(line), user: owner });
      continue;
    }
    const timeFields = line.startsWith('@') ? 1 : TIME_FIELDS;
    const parts = words(line, timeFields + (hasUser ? 1 : 0));
    const user = hasUser ? parts[timeFields] : owner;
    items.push({ content: cutLine(line), user });
  }
  return items;
}

/** anacrontab(5): period, delay, name, command; all as root. */
export function parseAnacrontab(text: string): readonly StartItem[] {
  return [...statements(text)].map((line) => ({ content: cutLine(line), user: 'root' }));
}
