/** passwd(5), group(5), shadow(5): read as they stand, without asking name services. Pure. */
import { createHash } from 'node:crypto';
import { MAX_LINE, numberOf } from './lines.ts';

export interface PasswdUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** A computer with more users gets them from a directory service. */
export const MAX_ACCOUNTS = 10_000;
const MAX_MEMBERS = 1_000;

/** Lines that are no users are left out; the first line of a name counts, as in getpwnam(3). */
export function parseUsers(text: string): readonly PasswdUser[] {
  const users = new Map<string, PasswdUser>();
  for (const fields of records(text)) {
    const [name = '', , uidText, gidText, , home = '', shell = ''] = fields;
    const [uid, gid] = [numberOf(uidText), numberOf(gidText)];
    if (!isName(name) || uid === undefined || gid === undefined || users.has(name)) continue;
    users.set(name, { name, uid, gid, home, shell });
    if (users.size >= MAX_ACCOUNTS) break;
  }
  return [...users.values()];
}

export function parseGroups(text: string): readonly GroupEntry[] {
  const groups = new Map<string, GroupEntry>();
  for (const fields of records(text)) {
    const [name = '', , gidText, list = ''] = fields;
    const gid = numberOf(gidText);
    if (!isName(name) || gid === undefined || groups.has(name)) continue;
    const members = [...new Set(list.split(',', MAX_MEMBERS).map((each) => each.trim()))].filter(isName).sort();
    groups.set(name, { name, gid, members });
    if (groups.size >= MAX_ACCOUNTS) break;
  }
  return [...groups.values()];
}

/** How somebody can log in by password, as far as comparing needs to know. */
export interface ShadowEntry {
  readonly name: string;
  /** "none" (empty: anybody), "locked", or a digest of the stored hash, which says only whether it is another one. */
  readonly password: string;
}

const DIGEST_DIGITS = 32;

export function parseShadow(text: string): readonly ShadowEntry[] {
  const entries = new Map<string, ShadowEntry>();
  for (const [name = '', hash = ''] of records(text)) {
    if (!isName(name) || entries.has(name)) continue;
    entries.set(name, { name, password: passwordState(hash) });
    if (entries.size >= MAX_ACCOUNTS) break;
  }
  return [...entries.values()];
}

function passwordState(hash: string): string {
  if (hash === '') return 'none';
  if (/^[!*x]/.test(hash)) return 'locked';
  return createHash('sha256').update(hash).digest('hex').slice(0, DIGEST_DIGITS);
}

function* records(text: string): Generator<readonly string[]> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    // Lines of groups with a thousand members are long; lines of NIS ("+::::") name nobody.
    if (line !== '' && line[0] !== '#' && line[0] !== '+' && line[0] !== '-') yield line.split(':', MAX_FIELDS);
  }
}

const MAX_FIELDS = 10;

function isName(name: string): boolean {
  return name !== '' && name.length <= MAX_LINE;
}
