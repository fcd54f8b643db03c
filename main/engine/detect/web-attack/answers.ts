import type { AttackId } from './attack-kinds.ts';

/** What in an answer shows that an attack worked, in lower case. */
interface AnswerMark {
  readonly text: string;
  /** Also has to be there. */
  readonly also?: string;
  readonly means: 'output' | 'file' | 'database' | 'credentials';
  readonly shows: string;
}

const MARKS: readonly AnswerMark[] = [
  { text: 'root:x:0:0:', means: 'file', shows: 'the accounts of the system (/etc/passwd)' },
  { text: 'root:*:0:0:', means: 'file', shows: 'the accounts of the system (/etc/passwd)' },
  { text: 'daemon:x:1:1:', means: 'file', shows: 'the accounts of the system (/etc/passwd)' },
  { text: 'for 16-bit app support', means: 'file', shows: 'a file of Windows (win.ini)' },
  { text: '[boot loader]', means: 'file', shows: 'a file of Windows (boot.ini)' },
  { text: '-----begin rsa private key', means: 'file', shows: 'a private key' },
  { text: '-----begin openssh private key', means: 'file', shows: 'a private key' },
  { text: '-----begin private key', means: 'file', shows: 'a private key' },
  { text: "define('db_password", means: 'file', shows: 'the password of the database' },
  { text: '<web-app', also: '<servlet', means: 'file', shows: 'the inside of a Java application' },
  { text: 'pd9waha', means: 'file', shows: 'the source of a page, encoded' },
  { text: 'volume serial number is', means: 'output', shows: 'a list of files (dir)' },
  { text: 'windows ip configuration', means: 'output', shows: 'the network settings (ipconfig)' },
  { text: 'nt authority\\', means: 'output', shows: 'the account that the server runs as' },
  { text: 'iis apppool\\', means: 'output', shows: 'the account that the server runs as' },
  { text: 'microsoft windows [version', means: 'output', shows: 'the prompt of a shell' },
  { text: 'total ', also: 'drwx', means: 'output', shows: 'a list of files (ls)' },
  { text: 'drwxr-x', means: 'output', shows: 'a list of files (ls)' },
  { text: 'linux ', also: ' gnu/linux', means: 'output', shows: 'the version of the system (uname)' },
  { text: 'ttl=', also: 'bytes from', means: 'output', shows: 'the output of ping' },
  { text: 'accesskeyid', also: 'secretaccesskey', means: 'credentials', shows: 'credentials of the cloud' },
  { text: 'ami-id', also: 'instance-id', means: 'credentials', shows: 'what the cloud says of the server' },
  { text: 'you have an error in your sql syntax', means: 'database', shows: 'an error of MySQL' },
  { text: 'mysql_fetch', also: 'warning', means: 'database', shows: 'an error of MySQL' },
  { text: 'xpath syntax error', means: 'database', shows: 'an error of MySQL' },
  { text: 'unclosed quotation mark after', means: 'database', shows: 'an error of SQL Server' },
  { text: 'microsoft ole db provider', also: 'error', means: 'database', shows: 'an error of SQL Server' },
  { text: 'incorrect syntax near', means: 'database', shows: 'an error of SQL Server' },
  { text: 'sqlstate[', means: 'database', shows: 'an error of the database' },
  { text: 'ora-0', means: 'database', shows: 'an error of Oracle' },
  { text: 'quoted string not properly terminated', means: 'database', shows: 'an error of Oracle' },
  { text: 'pg_query()', means: 'database', shows: 'an error of PostgreSQL' },
  { text: 'unterminated quoted string', means: 'database', shows: 'an error of PostgreSQL' },
  { text: 'syntax error at or near', means: 'database', shows: 'an error of PostgreSQL' },
  { text: 'sqlite3.operationalerror', means: 'database', shows: 'an error of SQLite' },
  { text: 'unrecognized token:', means: 'database', shows: 'an error of SQLite' },
  { text: 'the used select statements have a different number', means: 'database', shows: 'an error of MySQL' },
  { text: 'unknown column', also: 'clause', means: 'database', shows: 'an error of MySQL' },
];

/** What each kind of attack succeeds by. */
const SUCCEEDS_BY: Readonly<Partial<Record<AttackId, readonly AnswerMark['means'][]>>> = {
  'sql-injection': ['database', 'file'],
  'path-traversal': ['file', 'output'],
  'file-inclusion': ['file', 'output'],
  'server-side-request': ['credentials', 'file'],
  'external-entity': ['file', 'credentials'],
  'command-injection': ['output', 'file'],
  'template-injection': ['output', 'file'],
  'code-injection': ['output', 'file'],
  shellshock: ['output', 'file'],
  deserialisation: ['output', 'file'],
  'web-shell': ['output', 'file'],
};

/** What the beginning of an answer shows of an attack's success; undefined where it shows nothing. */
export function successIn(attack: AttackId, body: string): string | undefined {
  const means = SUCCEEDS_BY[attack];
  if (means === undefined || body === '') return undefined;
  const text = body.toLowerCase();
  if (means.includes('output') && hasUserIdentity(text)) return 'the user that the command ran as (id)';
  const mark = MARKS.find(
    (one) =>
      means.includes(one.means) && text.includes(one.text) && (one.also === undefined || text.includes(one.also)),
  );
  return mark?.shows;
}

/** The output of "id": "uid=33(www-data) gid=33(www-data)". */
export function hasUserIdentity(text: string): boolean {
  let at = text.indexOf('uid=');
  for (let count = 0; at >= 0 && count < 8; count++) {
    let next = at + 4;
    while (text.charCodeAt(next) >= 0x30 && text.charCodeAt(next) <= 0x39) next++;
    if (next > at + 4 && text[next] === '(' && text.indexOf('gid=', next) > 0) return true;
    at = text.indexOf('uid=', at + 4);
  }
  return false;
}
