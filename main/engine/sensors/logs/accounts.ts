/** Messages of su, login and the tools that change accounts (util-linux, shadow). */
import { type MessageRow, messageTable } from './form.ts';
import { account, login, type ProgramReader, type Tell } from './tells.ts';

const becameUser =
  (isSuccess: boolean): Tell =>
  (fields, entry) =>
    login(isSuccess, 'su')(fields, entry);

export const readSu: ProgramReader = messageTable<Tell>([
  { form: 'FAILED SU (to {target}) {user} on {tty}', tells: becameUser(false) },
  { form: '(to {target}) {user} on {tty}', tells: becameUser(true) },
  { form: 'Successful su for {target} by {user}', tells: becameUser(true) },
  { form: 'FAILED su for {target} by {user}', tells: becameUser(false) },
  { form: '+ {tty} {user}:{target}' },
  { form: '- {tty} {user}:{target}' },
  { form: 'pam_authenticate: {reason*}' },
]);

const LOGGED_IN = login(true, 'login');
const REFUSED = login(false, 'login');

export const readLogin: ProgramReader = messageTable<Tell>([
  { form: "FAILED LOGIN ({count}) on '{tty}' from '{address}' FOR '{user...}', {reason*}", tells: REFUSED },
  { form: "FAILED LOGIN ({count}) on '{tty}' FOR '{user...}', {reason*}", tells: REFUSED },
  { form: 'FAILED LOGIN {count} FROM {address} FOR {user...}, {reason*}', tells: REFUSED },
  { form: 'FAILED LOGIN SESSION FROM {address} FOR {user...}, {reason*}', tells: REFUSED },
  { form: 'TOO MANY LOGIN TRIES ({count}) FROM {address} FOR {user...}, {reason*}', tells: REFUSED },
  { form: "TOO MANY LOGIN TRIES ({count}) on '{tty}' FOR '{user...}'", tells: REFUSED },
  { form: 'LOGIN ON {tty} BY {user} FROM {address}', tells: LOGGED_IN },
  { form: 'LOGIN ON {tty} BY {user}', tells: LOGGED_IN },
  {
    form: "ROOT LOGIN  on '{tty}' from '{address}'",
    tells: (fields, entry) => LOGGED_IN({ ...fields, user: 'root' }, entry),
  },
  { form: "ROOT LOGIN  on '{tty}'", tells: (fields, entry) => LOGGED_IN({ ...fields, user: 'root' }, entry) },
  {
    form: 'ROOT LOGIN ON {tty} FROM {address}',
    tells: (fields, entry) => LOGGED_IN({ ...fields, user: 'root' }, entry),
  },
  { form: 'ROOT LOGIN ON {tty}', tells: (fields, entry) => LOGGED_IN({ ...fields, user: 'root' }, entry) },
  { form: 'DIALUP AT {tty} BY {user}' },
]);

const NEW_USER = 'new user: name={name}, UID={id}, GID={gid}, home={home...}, shell={shell}';

const ACCOUNT_ROWS: readonly MessageRow<Tell>[] = [
  { form: `${NEW_USER}, from={from...}`, tells: account('user', 'added') },
  { form: NEW_USER, tells: account('user', 'added') },
  { form: 'new group: name={name}, GID={id}', tells: account('group', 'added') },
  { form: "delete user '{name}'", tells: account('user', 'removed') },
  { form: "removed group '{name}' owned by '{owner...}'", tells: account('group', 'removed') },
  { form: "group '{name}' removed", tells: account('group', 'removed') },
  { form: "add '{member}' to group '{name}'", tells: account('group', 'member-added') },
  { form: "delete '{member}' from group '{name}'", tells: account('group', 'member-removed') },
  { form: 'user {member} added by {by} to group {name}', tells: account('group', 'member-added') },
  { form: 'user {member} removed by {by} from group {name}', tells: account('group', 'member-removed') },
  // The same again for the shadowed copy of the group: a line, and not a second change.
  { form: "add '{member}' to shadow group '{name}'" },
  { form: "delete '{member}' from shadow group '{name}'" },
  { form: "removed shadow group '{name}' owned by '{owner...}'" },
  { form: "group '{name}' removed from {file}" },
  { form: 'group added to {file}: name={name}, GID={id}' },
  { form: 'group added to {file}: name={name}' },
  { form: "change user '{name}' password", tells: account('user', 'password-changed') },
  { form: "lock user '{name}' password", tells: account('user', 'changed') },
  { form: "unlock user '{name}' password", tells: account('user', 'changed') },
  { form: "change user '{name}' shell from '{before...}' to '{shell...}'", tells: account('user', 'changed') },
  { form: "change user '{name}' home from '{before...}' to '{home...}'", tells: account('user', 'changed') },
  { form: "change user '{name}' UID from '{before}' to '{id}'", tells: account('user', 'changed') },
  { form: "change user '{name}' GID from '{before}' to '{gid}'", tells: account('user', 'changed') },
  { form: "change user name '{before}' to '{name}'", tells: account('user', 'changed') },
  { form: "change user '{name}' expiration from '{before...}' to '{after...}'", tells: account('user', 'changed') },
  { form: "changed user '{name}' information", tells: account('user', 'changed') },
  { form: "changed user '{name}' shell to '{shell...}'", tells: account('user', 'changed') },
  { form: 'changed password expiry for {name}', tells: account('user', 'changed') },
  { form: "password for '{name}' changed by '{by}'", tells: account('user', 'password-changed') },
  { form: "failed adding user '{name}', {reason*}" },
];

export const readAccountTool: ProgramReader = messageTable(ACCOUNT_ROWS);
