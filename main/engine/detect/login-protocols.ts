import { SERVICES } from '../../../contract/traffic.ts';
import { mixHash } from '../runtime/address.ts';
import { latin1Text } from '../runtime/latin1.ts';
import { LOGIN_SERVICES, type LoginService } from './login-services.ts';

/** What one message says about a login. */
export const LOGIN_SIGN = {
  none: 0,
  /** The client handed in a password, or an answer to a challenge. */
  attempt: 1,
  /** The server turned a login down. */
  failed: 2,
  /** The server let somebody in. */
  succeeded: 3,
  /** The client handed in a form with a password: the answer says less, a wrong one may come back as a page. */
  form: 4,
} as const;
export type LoginSign = (typeof LOGIN_SIGN)[keyof typeof LOGIN_SIGN];

/** Reads one message, `bytes[start..end)`. Hostile input: looks at MESSAGE_BYTES at most and never throws. */
export type LoginReader = (bytes: Uint8Array, start: number, end: number) => LoginSign;

/** A number that stands for what is handed in; it is compared and never shown or kept. Hostile input, as above. */
export type CredentialReader = (bytes: Uint8Array, start: number, end: number) => number;

/** How logins look on the wire in one service. */
export interface LoginProtocol {
  readonly service: LoginService;
  /** As people call it. */
  readonly name: string;
  /** Reads what the client sends. Without it every answer of the server counts by itself. */
  readonly client?: LoginReader;
  /** Reads what the server answers. */
  readonly server?: LoginReader;
  /** Reads what the server answers to a form. */
  readonly formServer?: LoginReader;
  /** A number for the name and password that a client's message hands in: a program with an old password repeats itself. */
  readonly credential?: CredentialReader;
  /** The same for what is no whole credential: a password whose name was sent before. 0 where there is none. */
  readonly secret?: CredentialReader;
  /** Where encryption is in the way: sessions that look alike count. */
  readonly session?: SessionForm;
  /** A refusal is one even where the capture has nothing that the client sent. */
  readonly answersAlone?: boolean;
}

/** A connection in which a login was tried and nothing more. */
export interface SessionForm {
  /** Fewer bytes from the client were no try: a port check, a banner. */
  readonly leastClientBytes: number;
  /** More bytes from either side were a session that did something. */
  readonly mostBytes: number;
  /** … where the server says more than the client: it paints a login screen. */
  readonly mostServerBytes?: number;
  readonly mostSeconds: number;
  /**
   * Programs log in here all day for others (a webmail server, whatever checks its users against a directory):
   * many alike sessions are a hint, and no more.
   */
  readonly isRoutine?: boolean;
}

/** No login message needs more than the first bytes; HTTP headers are the longest. */
const MESSAGE_BYTES = 2048;

function text(bytes: Uint8Array, start: number, end: number): string {
  return latin1Text(bytes, start, Math.min(end, start + MESSAGE_BYTES));
}

interface TextSigns {
  readonly attempt?: RegExp;
  readonly failed?: RegExp;
  readonly succeeded?: RegExp;
}

/** A reader of lines: the first expression that is found decides. All of them are linear in the message. */
function lines(signs: TextSigns): LoginReader {
  return (bytes, start, end) => {
    const message = text(bytes, start, end);
    if (signs.attempt?.test(message)) return LOGIN_SIGN.attempt;
    if (signs.failed?.test(message)) return LOGIN_SIGN.failed;
    return signs.succeeded?.test(message) ? LOGIN_SIGN.succeeded : LOGIN_SIGN.none;
  };
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** MySQL: 3 bytes length, sequence, then ERR (0xff, error 1045 or 1698 "access denied") or OK (0x00). */
const mysqlServer: LoginReader = (bytes, start, end) => {
  if (end - start < 7) return LOGIN_SIGN.none;
  const kind = bytes[start + 4];
  if (kind === 0xff) {
    const error = bytes[start + 5]! | (bytes[start + 6]! << 8);
    return error === 1045 || error === 1698 ? LOGIN_SIGN.failed : LOGIN_SIGN.none;
  }
  // Sequence 0 is the greeting; the answer to a login has a higher one.
  return kind === 0x00 && bytes[start + 3]! >= 2 ? LOGIN_SIGN.succeeded : LOGIN_SIGN.none;
};

/** PostgreSQL: ErrorResponse with SQLSTATE class 28, or AuthenticationOk. */
const postgresServer: LoginReader = (bytes, start, end) => {
  if (end - start < 9) return LOGIN_SIGN.none;
  if (bytes[start] === 0x45) {
    return /C28(P01|000)\0/.test(text(bytes, start, end)) ? LOGIN_SIGN.failed : LOGIN_SIGN.none;
  }
  const ok = bytes[start] === 0x52 && readUint32(bytes, start + 1) === 8 && readUint32(bytes, start + 5) === 0;
  return ok ? LOGIN_SIGN.succeeded : LOGIN_SIGN.none;
};

/** SQL Server: a TDS table response with the ERROR token for 18456 "login failed", or LOGINACK ([MS-TDS] 2.2.7). */
const mssqlServer: LoginReader = (bytes, start, end) => {
  if (end - start < 16 || bytes[start] !== 0x04) return LOGIN_SIGN.none;
  const last = Math.min(end, start + MESSAGE_BYTES) - 7;
  for (let at = start + 8; at <= last; at++) {
    const error = bytes[at] === 0xaa && bytes[at + 3] === 0x18 && bytes[at + 4] === 0x48;
    if (error && bytes[at + 5] === 0 && bytes[at + 6] === 0) return LOGIN_SIGN.failed;
  }
  return bytes[start + 8] === 0xad ? LOGIN_SIGN.succeeded : LOGIN_SIGN.none;
};

/** LDAP: a bind response ([APPLICATION 1]) with invalidCredentials (49) or success (0), RFC 4511. */
const ldapServer: LoginReader = (bytes, start, end) => {
  const last = Math.min(end, start + 32);
  for (let at = start; at < last; at++) {
    if (bytes[at] !== 0x61) continue;
    // The length in one byte, or, as Active Directory sends it, in several after their number.
    const lengthBytes = bytes[at + 1]! > 0x80 && bytes[at + 1]! <= 0x84 ? bytes[at + 1]! - 0x80 : 0;
    const code = at + 2 + lengthBytes;
    if (code + 2 >= end || bytes[code] !== 0x0a || bytes[code + 1] !== 0x01) continue;
    if (bytes[code + 2] === 49) return LOGIN_SIGN.failed;
    return bytes[code + 2] === 0 ? LOGIN_SIGN.succeeded : LOGIN_SIGN.none;
  }
  return LOGIN_SIGN.none;
};

/** Kerberos errors that turn a login down: KDC_ERR_CLIENT_REVOKED (disabled or locked out), KDC_ERR_PREAUTH_FAILED. */
const KERBEROS_FAILED: ReadonlySet<number> = new Set([18, 24]);

/** Kerberos: KRB-ERROR with one of those, or an AS-REP (RFC 4120). */
const kerberosServer: LoginReader = (bytes, start, end) => {
  // Over TCP four bytes of length come first.
  const body = bytes[start] === 0 ? start + 4 : start;
  if (end - body < 8) return LOGIN_SIGN.none;
  if (bytes[body] === 0x6b) return LOGIN_SIGN.succeeded;
  if (bytes[body] !== 0x7e) return LOGIN_SIGN.none;
  const last = Math.min(end, body + 128) - 4;
  for (let at = body; at < last; at++) {
    // error-code [6] INTEGER
    const code = bytes[at] === 0xa6 && bytes[at + 1] === 0x03 && bytes[at + 2] === 0x02 && bytes[at + 3] === 0x01;
    if (code) return KERBEROS_FAILED.has(bytes[at + 4]!) ? LOGIN_SIGN.failed : LOGIN_SIGN.none;
  }
  return LOGIN_SIGN.none;
};

/** VNC: the client's answer to the challenge has 16 bytes; the server's result is a 32-bit word (RFC 6143, 7.1.3). */
const vncClient: LoginReader = (_bytes, start, end) => (end - start === 16 ? LOGIN_SIGN.attempt : LOGIN_SIGN.none);
const vncServer: LoginReader = (bytes, start, end) => {
  if (end - start < 4) return LOGIN_SIGN.none;
  const result = readUint32(bytes, start);
  if (result === 0) return LOGIN_SIGN.succeeded;
  return result <= 2 ? LOGIN_SIGN.failed : LOGIN_SIGN.none;
};

/** NT status codes that turn a login down ([MS-ERREF] 2.3.1). */
const SMB_FAILED: ReadonlySet<number> = new Set([
  0xc0000064, // no such user
  0xc000006a, // wrong password
  0xc000006d, // logon failure
  0xc000006e, // account restriction
  0xc0000071, // password expired
  0xc0000072, // account disabled
  0xc0000193, // account expired
  0xc0000234, // account locked out
]);

/** SMB 1 and 2: the status of an answer to SESSION_SETUP, behind four bytes of NetBIOS session header. */
const smbServer: LoginReader = (bytes, start, end) => {
  const header = start + 4;
  if (end - header < 16) return LOGIN_SIGN.none;
  const isSmb2 = bytes[header] === 0xfe;
  const isSessionSetup = isSmb2
    ? bytes[header + 12] === 1 && bytes[header + 13] === 0
    : bytes[header] === 0xff && bytes[header + 4] === 0x73;
  if (!isSessionSetup) return LOGIN_SIGN.none;
  const at = header + (isSmb2 ? 8 : 5);
  const status = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  if (SMB_FAILED.has(status)) return LOGIN_SIGN.failed;
  if (status !== 0) return LOGIN_SIGN.none;
  // As a guest or as nobody ([MS-SMB2] 2.2.6): no password was right, and none wrong.
  const flags = header + SMB2_HEADER_BYTES + 2;
  const isNobody = isSmb2 && flags < end && (bytes[flags]! & 3) !== 0;
  return isNobody ? LOGIN_SIGN.none : LOGIN_SIGN.succeeded;
};

const SMB2_HEADER_BYTES = 64;

/** Names of the fields in which forms and programs hand in a name and a password. */
const PASSWORD_FIELD =
  /[?&"\s](?:pass|passwd|password|passwort|pwd|user_pass|log_pass|j_password)"?\s{0,8}[=:]\s{0,8}"?([^&"\s]{0,128})/i;
const NAME_FIELD =
  /[?&"\s](?:user|username|uname|login|log|email|mail|name|user_login|j_username)"?\s{0,8}[=:]\s{0,8}"?([^&"\s]{0,128})/i;
/**
 * Of NTLM (HTTP.sys, Exchange, WinRM) only the third message answers a challenge; its first is turned down as a
 * matter of course. The marks are base64 of "NTLMSSP", zero, 3.
 */
const AUTHORIZATION =
  /\r\n(?:proxy-)?authorization: {0,8}((?:basic|digest) [^\r\n]{0,512}|(?:ntlm|negotiate) TlRMTVNTUAAD[^\r\n]{0,1024})/i;
/** WordPress takes logins by XML-RPC as well. */
const XML_RPC_LOGIN = /wp\.getUsersBlogs[\s\S]{0,512}/;
const REQUEST_LINE = /^[A-Z]{3,8} [^\r\n]* HTTP\/1/;

/** The part of an HTTP message where a form stands: the query of a GET, the body of anything else. */
function formOf(message: string): string {
  if (!REQUEST_LINE.test(message)) return ` ${message}`;
  if (message.startsWith('GET ')) return message.slice(0, message.indexOf('\r\n'));
  const body = message.indexOf('\r\n\r\n');
  return body < 0 ? '' : message.slice(body);
}

/**
 * HTTP: credentials in the header, or a password in a form, a query or JSON. A request without any of them
 * is turned down with 401 first as a matter of course, and says nothing.
 */
const httpClient: LoginReader = (bytes, start, end) => {
  if (!mayBeForm(bytes, start, end)) return LOGIN_SIGN.none;
  const message = text(bytes, start, end);
  if (AUTHORIZATION.test(message)) return LOGIN_SIGN.attempt;
  const isForm = XML_RPC_LOGIN.test(message) || PASSWORD_FIELD.test(formOf(message));
  return isForm ? LOGIN_SIGN.form : LOGIN_SIGN.none;
};

/** A look before the expensive one: uploads and other binary bodies are no forms. */
function mayBeForm(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!;
  const isRequest = first >= 0x41 && first <= 0x5a;
  return isRequest || (first >= 0x20 && first < 0x7f && end - start <= FORM_BYTES);
}

/** A name and a password, and what a page adds to them. */
const FORM_BYTES = 512;

function httpCredential(bytes: Uint8Array, start: number, end: number): number {
  const message = text(bytes, start, end);
  const authorization = AUTHORIZATION.exec(message)?.[1] ?? XML_RPC_LOGIN.exec(message)?.[0];
  if (authorization !== undefined) return hashText(authorization);
  const form = formOf(message);
  return hashText(`${NAME_FIELD.exec(form)?.[1]}\n${PASSWORD_FIELD.exec(form)?.[1]}`);
}

/** Never 0, which stands for none. */
export function hashText(message: string): number {
  let hash = 1;
  for (let at = 0; at < message.length; at++) hash = mixHash(hash, message.charCodeAt(at));
  return hash === 0 ? 1 : hash;
}

/** A reader of the line that holds the secret. */
function secretLine(line: RegExp): CredentialReader {
  return (bytes, start, end) => {
    const found = line.exec(text(bytes, start, end));
    return found === null ? 0 : hashText(found[0]);
  };
}

/** Behind AUTH LOGIN name and password come each as a line of base64 by itself: the last is the password. */
const SMTP_SECRET = /^(AUTH [A-Z0-9-]{1,20} \S{1,512}|[A-Za-z0-9+/]{2,512}={0,2})\r?\n/im;

const httpServer = lines({ failed: /^HTTP\/1\.[01] (401|403|407)\b/, succeeded: /^HTTP\/1\.[01] 2\d\d\b/ });
/** A wrong form often comes back with 200, and a redirect may be either: among many different ones, a failure. */
const httpFormServer = lines({ failed: /^HTTP\/1\.[01] (200|30[1237]|400|401|403|422|429)\b/ });

const ENCRYPTED_LOGIN: SessionForm = { leastClientBytes: 300, mostBytes: 8000, mostSeconds: 60, isRoutine: true };
/** With network level authentication 4 kB at most; without it, the server paints its login screen. */
const REMOTE_DESKTOP_LOGIN: SessionForm = {
  leastClientBytes: 300,
  mostBytes: 8000,
  mostServerBytes: 100_000,
  mostSeconds: 60,
};

/** A login in clear text to which the capture has no answer. */
export const UNHEARD_LOGIN: SessionForm = { leastClientBytes: 1, mostBytes: 8000, mostSeconds: 60 };

/** Rows in the order of LOGIN_SERVICES. */
export const LOGIN_PROTOCOLS: readonly LoginProtocol[] = [
  {
    service: 'ssh',
    name: 'SSH',
    // A client key exchange alone has 500 bytes and more. A login that works goes on: the server proves its
    // keys and opens a channel, over 4,000 bytes with the key exchange of OpenSSH 9 and later.
    session: { leastClientBytes: 500, mostBytes: 5000, mostSeconds: 60 },
  },
  {
    service: 'ftp',
    name: 'FTP',
    client: lines({ attempt: /^PASS /im }),
    server: lines({ failed: /^(430|530)[ -]/m, succeeded: /^230[ -]/m }),
    secret: secretLine(/^PASS .{0,256}/im),
    answersAlone: true,
  },
  {
    service: 'telnet',
    name: 'Telnet',
    server: lines({
      failed:
        /log[io]n (incorrect|invalid|fail)|authentication fail|access denied|(incorrect|bad|wrong|invalid) (login|password|user)/i,
      succeeded: /last login/i,
    }),
    session: { leastClientBytes: 20, mostBytes: 2000, mostSeconds: 60 },
  },
  {
    service: 'smtp',
    name: 'mail (SMTP)',
    server: lines({ failed: /^535[ -]/m, succeeded: /^235[ -]/m }),
    secret: secretLine(SMTP_SECRET),
  },
  {
    service: 'pop3',
    name: 'mail (POP3)',
    client: lines({ attempt: /^(PASS|APOP|AUTH) /im }),
    server: lines({ failed: /^-ERR/m, succeeded: /^\+OK/m }),
    secret: secretLine(/^PASS .{0,256}/im),
    answersAlone: true,
  },
  {
    service: 'imap',
    name: 'mail (IMAP)',
    client: lines({ attempt: /^[^ \r\n]{1,32} (LOGIN|AUTHENTICATE) /im }),
    server: lines({ failed: /^[^ *+\r\n]{1,32} NO[ \r]/im, succeeded: /^[^ *+\r\n]{1,32} OK[ \r]/im }),
    secret: secretLine(/\bLOGIN .{0,256}/i),
    answersAlone: true,
  },
  {
    service: 'http',
    name: 'a website',
    client: httpClient,
    server: httpServer,
    formServer: httpFormServer,
    credential: httpCredential,
  },
  { service: 'rdp', name: 'Remote Desktop', session: REMOTE_DESKTOP_LOGIN },
  { service: 'smb', name: 'file sharing (SMB)', server: smbServer },
  { service: 'vnc', name: 'VNC', client: vncClient, server: vncServer },
  { service: 'mysql', name: 'MySQL', server: mysqlServer },
  { service: 'postgresql', name: 'PostgreSQL', server: postgresServer },
  { service: 'mssql', name: 'SQL Server', server: mssqlServer },
  { service: 'oracle', name: 'Oracle', server: lines({ failed: /ORA-01017/ }) },
  { service: 'mongodb', name: 'MongoDB', server: lines({ failed: /AuthenticationFailed|Authentication failed/ }) },
  {
    service: 'redis',
    name: 'Redis',
    client: lines({ attempt: /^(\*\d+\r\n\$\d+\r\n)?AUTH\b/i }),
    server: lines({ failed: /^-(WRONGPASS|ERR (invalid password|Client sent AUTH|AUTH))/, succeeded: /^\+OK/ }),
    answersAlone: true,
  },
  { service: 'ldap', name: 'the directory (LDAP)', server: ldapServer },
  { service: 'kerberos', name: 'Kerberos', server: kerberosServer },
  { service: 'sip', name: 'telephony (SIP)' },
  { service: 'mqtt', name: 'device messages (MQTT)' },
  { service: 'socks', name: 'a proxy (SOCKS)' },
  { service: 'irc', name: 'chat (IRC)' },
  { service: 'rpc', name: 'Windows services (RPC)' },
  { service: 'rtsp', name: 'video (RTSP)' },
  { service: 'snmp', name: 'device management (SNMP)' },
];

const BY_SERVICE: readonly (LoginProtocol | undefined)[] = LOGIN_SERVICES.map((service) =>
  LOGIN_PROTOCOLS.find((protocol) => protocol.service === service),
);

/** Ports where logins run inside TLS: mail, FTP, directory, remote management. */
const TLS_LOGIN_PORTS: ReadonlyMap<number, LoginProtocol> = new Map(
  (
    [
      [465, 'smtp', 'mail (SMTP over TLS)', ENCRYPTED_LOGIN],
      [636, 'ldap', 'the directory (LDAP over TLS)', ENCRYPTED_LOGIN],
      [990, 'ftp', 'FTP over TLS', ENCRYPTED_LOGIN],
      [992, 'telnet', 'Telnet over TLS', ENCRYPTED_LOGIN],
      [993, 'imap', 'mail (IMAP over TLS)', ENCRYPTED_LOGIN],
      [995, 'pop3', 'mail (POP3 over TLS)', ENCRYPTED_LOGIN],
      [3389, 'rdp', 'Remote Desktop', REMOTE_DESKTOP_LOGIN],
    ] as const
  ).map(([port, service, name, session]) => [port, { service, name, session }]),
);

const TLS = SERVICES.indexOf('tls');

/**
 * The login protocol of a flow by its service and port; undefined when nobody logs in there. Logins to websites
 * over TLS are left out on purpose: many short connections of one size are also how programs use an interface,
 * and nothing but the content tells the two apart.
 */
export function loginProtocolOf(service: number, serverPort: number): LoginProtocol | undefined {
  return service === TLS ? TLS_LOGIN_PORTS.get(serverPort) : BY_SERVICE[service];
}

/** Usual ports (IANA) of the services where people log in. */
const LOGIN_PORTS: ReadonlyMap<number, number> = new Map(
  (
    [
      [21, 'ftp'],
      [22, 'ssh'],
      [23, 'telnet'],
      [25, 'smtp'],
      [80, 'http'],
      [110, 'pop3'],
      [143, 'imap'],
      [389, 'ldap'],
      [445, 'smb'],
      [465, 'tls'],
      [587, 'smtp'],
      [636, 'tls'],
      [990, 'tls'],
      [992, 'tls'],
      [993, 'tls'],
      [995, 'tls'],
      [1433, 'mssql'],
      [1521, 'oracle'],
      [3306, 'mysql'],
      [3389, 'rdp'],
      [5432, 'postgresql'],
      [5900, 'vnc'],
      [6379, 'redis'],
      [27017, 'mongodb'],
    ] as const
  ).map(([port, service]) => [port, SERVICES.indexOf(service)]),
);

/** Index into SERVICES of the login service whose usual port it is, else -1. */
export function loginServiceOfPort(port: number): number {
  return LOGIN_PORTS.get(port) ?? -1;
}
