/** Users and groups of this computer. */
import type { AccountChangeEvent } from '../../../../../contract/events.ts';
import type { Change, ChangeContext, Collector } from '../collector.ts';
import { parseGroups, parseShadow, parseUsers } from '../parse/accounts.ts';
import { MAX_ACCOUNT_BYTES, type Surroundings } from '../surroundings.ts';

export type UserFact = {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** ShadowEntry.password; empty where it may not be read. */
  readonly password: string;
};

/** Looking costs three short files. */
const INTERVAL_MS = 5_000;
const SEEN_INTERVAL_MS = 15_000;
const USER_FILES: ReadonlySet<string> = new Set(['/etc/passwd', '/etc/shadow']);
const GROUP_FILE = '/etc/group';

export const userCollector: Collector<UserFact> = {
  name: 'users',
  title: 'users',
  keeping: 'always',
  intervalMs: INTERVAL_MS,
  seenIntervalMs: SEEN_INTERVAL_MS,
  shape: { uid: 'number', gid: 'number', home: 'string', shell: 'string', password: 'string' },
  concerns: (path) => USER_FILES.has(path),
  collect: (around) => ({ facts: readUsers(around), left: 0 }),
  tell: tellUser,
};

function readUsers({ files }: Surroundings): ReadonlyMap<string, UserFact> {
  const users = parseUsers(files.read('/etc/passwd', { maxBytes: MAX_ACCOUNT_BYTES })?.text ?? '');
  const shadow = parseShadow(files.read('/etc/shadow', { maxBytes: MAX_ACCOUNT_BYTES })?.text ?? '');
  const passwords = new Map(shadow.map(({ name, password }) => [name, password]));
  return new Map(
    users.map(({ name, uid, gid, home, shell }) => [
      name,
      { uid, gid, home, shell, password: passwords.get(name) ?? '' },
    ]),
  );
}

function tellUser({ key, before, after }: Change<UserFact>, { timeMs }: ChangeContext): readonly AccountChangeEvent[] {
  const fact = after ?? before;
  if (fact === undefined) return [];
  const event = (action: AccountChangeEvent['action']): AccountChangeEvent => ({
    type: 'account-change',
    timeMs,
    subject: 'user',
    action,
    name: key,
    id: fact.uid,
    home: fact.home,
    shell: fact.shell,
  });
  if (before === undefined) return [event('added')];
  if (after === undefined) return [event('removed')];
  const isOther =
    before.uid !== after.uid || before.gid !== after.gid || before.home !== after.home || before.shell !== after.shell;
  // Without the right to read shadow there is nothing to compare.
  const isOtherPassword = before.password !== '' && after.password !== '' && before.password !== after.password;
  return [...(isOther ? [event('changed')] : []), ...(isOtherPassword ? [event('password-changed')] : [])];
}

export type GroupFact = { readonly gid: number; readonly members: readonly string[] };

export const groupCollector: Collector<GroupFact> = {
  name: 'groups',
  title: 'groups',
  keeping: 'always',
  intervalMs: INTERVAL_MS,
  seenIntervalMs: SEEN_INTERVAL_MS,
  shape: { gid: 'number', members: 'list' },
  concerns: (path) => path === GROUP_FILE,
  collect({ files }) {
    const groups = parseGroups(files.read(GROUP_FILE, { maxBytes: MAX_ACCOUNT_BYTES })?.text ?? '');
    return { facts: new Map(groups.map(({ name, gid, members }) => [name, { gid, members }])), left: 0 };
  },
  tell: tellGroup,
};

function tellGroup(
  { key, before, after }: Change<GroupFact>,
  { timeMs }: ChangeContext,
): readonly AccountChangeEvent[] {
  const gid = (after ?? before)?.gid;
  const event = (action: AccountChangeEvent['action'], member?: string): AccountChangeEvent => ({
    type: 'account-change',
    timeMs,
    subject: 'group',
    action,
    name: key,
    ...(gid !== undefined && { id: gid }),
    ...(member !== undefined && { member }),
  });
  const had = new Set(before?.members);
  const has = new Set(after?.members);
  return [
    ...(before === undefined ? [event('added')] : []),
    ...(before !== undefined && after !== undefined && before.gid !== after.gid ? [event('changed')] : []),
    ...[...has].filter((member) => !had.has(member)).map((member) => event('member-added', member)),
    ...(after === undefined
      ? [event('removed')]
      : [...had].filter((member) => !has.has(member)).map((member) => event('member-removed', member))),
  ];
}
