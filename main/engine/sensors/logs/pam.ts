/**
 * Messages of PAM's modules, which the program that asks writes under its own name:
 * "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root".
 */
import { type MessageReader, type MessageRow, messageTable } from './form.ts';
import { login, logout, type ProgramReader, type Tell } from './tells.ts';
import { fieldsOf } from './types.ts';

/** Programs that say themselves who came in: what PAM says of them would be told twice. */
const SPEAKS_FOR_ITSELF: ReadonlySet<string> = new Set(['sshd', 'sudo', 'sudo-i', 'su', 'su-l', 'login']);
/** Sessions that nobody began: jobs, and the service manager of somebody who is logged in already. */
const NOT_A_LOGIN: ReadonlySet<string> = new Set(['cron', 'crond', 'atd', 'systemd-user', 'runuser', 'runuser-l']);

const FAILURE = 'logname={logname?} uid={uid?} euid={euid?} tty={tty?} ruser={ruser?} rhost={rhost?}';

const failed: Tell = (fields, entry) => {
  const program = fields.service ?? 'pam';
  return SPEAKS_FOR_ITSELF.has(program) || fields.user === undefined ? undefined : login(false, program)(fields, entry);
};
const opened: Tell = (fields, entry) => {
  const program = fields.service ?? 'pam';
  const isTold = SPEAKS_FOR_ITSELF.has(program) || NOT_A_LOGIN.has(program);
  return isTold ? undefined : login(true, program)(fields, entry);
};
const closed: Tell = (fields, entry) => {
  const program = fields.service ?? 'pam';
  return NOT_A_LOGIN.has(program) ? undefined : logout(program)(fields, entry);
};
const passwordChanged: Tell = ({ user = '' }, { timeMs }) => ({
  type: 'account-change',
  timeMs,
  subject: 'user',
  action: 'password-changed',
  name: user,
});

const FAILURES: readonly MessageRow<Tell>[] = [
  { form: `authentication failure; ${FAILURE}  user={user*}`, tells: failed },
  { form: `authentication failure; ${FAILURE} user={user*}`, tells: failed },
  { form: `authentication failure; ${FAILURE}`, tells: failed },
];

/** Behind "PAM ": sshd's own count of what it did not write one by one; they are failures of one connection. */
const COUNTED: readonly MessageRow<Tell>[] = ['failures', 'failure'].flatMap((word) => [
  { form: `PAM {count} more authentication ${word}; ${FAILURE}  user={user*}` },
  { form: `PAM {count} more authentication ${word}; ${FAILURE}` },
]);

const ROWS: readonly MessageRow<Tell>[] = [
  ...FAILURES,
  { form: 'session opened for user {user}(uid={uid}) by {by?}(uid={byUid})', tells: opened },
  { form: 'session opened for user {user} by {by?}(uid={byUid})', tells: opened },
  { form: 'session closed for user {user*}', tells: closed },
  { form: 'check pass; user unknown' },
  { form: 'password changed for {user*}', tells: passwordChanged },
  { form: 'bad username [{user...}]' },
  { form: 'auth could not identify password for [{user...}]' },
  { form: 'conversation failed' },
  { form: 'account {user} has expired (account expired)' },
  { form: 'expired password for user {user} ({reason...})' },
  { form: 'username [{user...}] obtained' },
  { form: 'Consecutive login failures for user {user...} account temporarily locked' },
  { form: 'User {user...} successfully authenticated' },
  { form: 'requirement "{requirement...}" not met by user "{user...}"' },
  { form: 'requirement "{requirement...}" was met by user "{user...}"' },
  { form: "access denied for user `{user...}' from `{origin...}'" },
];

const readMessage = messageTable(ROWS);
const readCounted: MessageReader<Tell> = messageTable(COUNTED);

const PREFIX = 'pam_';
/** "pam_faillock(gdm-password:auth): " is one of the longest. */
const MAX_PREFIX = 128;

/** Reads what a module of PAM wrote under whatever name. */
export const readPam: ProgramReader = (message) => {
  if (message.startsWith('PAM ')) return readCounted(message.trimEnd());
  if (!message.startsWith(PREFIX)) return undefined;
  const open = message.indexOf('(');
  const colon = message.indexOf(':', open);
  const close = message.indexOf('): ', colon);
  if (open < 0 || colon < 0 || close < 0 || close > MAX_PREFIX) return undefined;
  const read = readMessage(message.slice(close + 3).trimEnd());
  if (read === undefined) return undefined;
  const origin: [string, string][] = [
    ['module', message.slice(0, open)],
    ['service', message.slice(open + 1, colon)],
    ['facility', message.slice(colon + 1, close)],
  ];
  return { ...read, fields: fieldsOf([...origin, ...Object.entries(read.fields)]) };
};
