import type { AlertKind } from '../../../../contract/domain.ts';

export const ATTACK_IDS = [
  'sql-injection',
  'nosql-injection',
  'ldap-injection',
  'header-injection',
  'cross-site-scripting',
  'path-traversal',
  'file-inclusion',
  'server-side-request',
  'external-entity',
  'command-injection',
  'template-injection',
  'code-injection',
  'jndi-lookup',
  'shellshock',
  'deserialisation',
  'web-shell',
  'web-shell-upload',
  'scan',
] as const;
export type AttackId = (typeof ATTACK_IDS)[number];

/** What an owner is told of one way to attack a web application. */
export interface AttackKind {
  readonly name: string;
  /** Alerts of those that run code on the server are exploits. */
  readonly alert: Extract<AlertKind, 'web-attack' | 'exploit'>;
  readonly techniques: readonly string[];
  /** What it is for, behind "it": "makes the database …". */
  readonly does: string;
  /** What it means when the answer shows that it worked. */
  readonly success: string;
}

export const ATTACK_KINDS: Readonly<Record<AttackId, AttackKind>> = {
  'sql-injection': {
    name: 'SQL injection',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'makes the database behind a web page run commands of a stranger',
    success: 'The answer carries an error of the database or what it was asked for: the page hands such input on.',
  },
  'nosql-injection': {
    name: 'NoSQL injection',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'puts operators of a database in the place of values, to get around a login or to read more',
    success: 'The answer carries what it was asked for.',
  },
  'ldap-injection': {
    name: 'LDAP injection',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'changes the question that the page asks a directory, to get around a login or to read more',
    success: 'The answer carries what it was asked for.',
  },
  'header-injection': {
    name: 'header injection',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'adds lines to the server’s answer, which others may then be given',
    success: 'The answer carries the added line.',
  },
  'cross-site-scripting': {
    name: 'cross-site scripting',
    alert: 'web-attack',
    techniques: ['T1189', 'T1190'],
    does: 'plants a script in a web page that runs in the browsers of others',
    success: 'The page sent the script back unchanged: it would run in the browser of whoever opens that link.',
  },
  'path-traversal': {
    name: 'path traversal',
    alert: 'web-attack',
    techniques: ['T1190', 'T1083'],
    does: 'climbs out of the folder of the web site to read other files of the server',
    success: 'The answer carries a file of the system that nobody outside should see.',
  },
  'file-inclusion': {
    name: 'file inclusion',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'makes the page load a file or code of the attacker’s choice',
    success: 'The answer carries a file of the system, or what the included code printed.',
  },
  'server-side-request': {
    name: 'server-side request forgery',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'makes the server fetch an internal address that the attacker cannot reach, such as a cloud’s credentials',
    success: 'The answer carries what the internal address says.',
  },
  'external-entity': {
    name: 'XML external entities',
    alert: 'web-attack',
    techniques: ['T1190'],
    does: 'makes the reader of an XML document load files or addresses of the attacker’s choice',
    success: 'The answer carries a file of the system.',
  },
  'command-injection': {
    name: 'command injection',
    alert: 'exploit',
    techniques: ['T1190', 'T1059'],
    does: 'appends commands of the system to what a web page hands on',
    success: 'The answer carries the output of the command: it ran.',
  },
  'template-injection': {
    name: 'template injection',
    alert: 'exploit',
    techniques: ['T1190'],
    does: 'makes the page’s template engine calculate what the attacker writes, up to running code',
    success: 'The answer carries the result of what was written: it ran.',
  },
  'code-injection': {
    name: 'code injection',
    alert: 'exploit',
    techniques: ['T1190', 'T1059'],
    does: 'sends program code that a weak application runs',
    success: 'The answer carries the output of the code: it ran.',
  },
  'jndi-lookup': {
    name: 'Log4Shell (JNDI lookup)',
    alert: 'exploit',
    techniques: ['T1190', 'T1059'],
    does: 'makes a logging library of Java load code from an address of the attacker',
    success: 'The attacked computer then called that address: the weak library is there.',
  },
  shellshock: {
    name: 'Shellshock',
    alert: 'exploit',
    techniques: ['T1190', 'T1059.004'],
    does: 'makes an old bash run commands that stand in a header',
    success: 'The answer carries the output of the command: it ran.',
  },
  deserialisation: {
    name: 'deserialisation of objects',
    alert: 'exploit',
    techniques: ['T1190'],
    does: 'sends a packed object whose unpacking runs code',
    success: 'The answer carries the output of the code: it ran.',
  },
  'web-shell': {
    name: 'use of a web shell',
    alert: 'exploit',
    techniques: ['T1505.003', 'T1059'],
    does: 'runs commands through a page that was planted on the server',
    success: 'The answer carries the output of the command: somebody controls the server through this page.',
  },
  'web-shell-upload': {
    name: 'upload of a script',
    alert: 'exploit',
    techniques: ['T1505.003', 'T1190'],
    does: 'places a program on the web server that it then runs on request',
    success: 'The server took the file.',
  },
  scan: {
    name: 'search for weak or hidden pages',
    alert: 'web-attack',
    techniques: ['T1595.002', 'T1595.003'],
    does: 'asks for many pages that do not exist, to find those that somebody forgot',
    success: 'Some of them were there.',
  },
};
