/** What happened on the host in one plain line, for the command line and the app. Pure; safe to look at. */
import type { Credentials, HostEvent, HostEventOf, HostEventType, HostProcess } from './events.ts';
import { formatBytes } from './format.ts';
import { plainText } from './text.ts';

/** What kind of thing happened, in a word or two. */
export const EVENT_TITLES: Readonly<Record<HostEventType, string>> = {
  'process-start': 'started',
  'process-exit': 'ended',
  'process-credentials': 'became',
  'process-access': 'reached into',
  'process-signal': 'signal',
  'file-created': 'file made',
  'file-written': 'file written',
  'file-renamed': 'file renamed',
  'file-deleted': 'file deleted',
  'file-attributes': 'file changed',
  'file-executed': 'file executed',
  'file-opened': 'file opened',
  'network-connection': 'connection',
  'dns-query': 'name asked',
  'listener-opened': 'listening',
  'listener-closed': 'not listening',
  login: 'login',
  logout: 'logout',
  'log-line': 'log',
  'audit-record': 'audit',
  'module-load': 'module loaded',
  'module-unload': 'module removed',
  'account-change': 'account',
  'service-change': 'service',
  'autostart-change': 'autostart',
  'mount-change': 'mount',
  'device-change': 'device',
  'firewall-change': 'firewall',
};

/** Longest line: two lines of a wide window. */
const MAX_WORDS = 300;
/** Longest name of a program. */
const MAX_PROGRAM = 60;
const SET_UID = 0o4000;
const SET_GID = 0o2000;

/** Who did it: the name of the program and its process id; empty where nobody knows. */
export function eventProgram(event: HostEvent): string {
  const process = 'process' in event ? event.process : undefined;
  if (process !== undefined) return programWords(process);
  if (event.type === 'log-line') return plainText(event.identifier ?? event.service, MAX_PROGRAM);
  return event.type === 'login' || event.type === 'logout' ? plainText(event.service, MAX_PROGRAM) : '';
}

export function programWords({ image, name, pid }: Pick<HostProcess, 'image' | 'name' | 'pid'>): string {
  const file = image.slice(image.lastIndexOf('/') + 1);
  return `${plainText(file || name || '?', MAX_PROGRAM)} ${pid}`;
}

/** What happened, without who did it and when. */
export function eventWords(event: HostEvent): string {
  return plainText(WORDS[event.type](event as never), MAX_WORDS);
}

type Words = { readonly [T in HostEventType]: (event: HostEventOf<T>) => string };

const at = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
const file = ({ path, file: facts }: HostEventOf<'file-written'>): string =>
  facts?.sizeBytes === undefined ? path : `${path} (${formatBytes(facts.sizeBytes)})`;
const userOf = (before: Credentials, after: Credentials): string =>
  before.euid === after.euid ? `user ${after.uid}, effective ${after.euid}` : `user ${before.euid} → ${after.euid}`;
const fieldsOf = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
const optional = (before: string, text: string | undefined): string =>
  text === undefined || text === '' ? '' : `${before}${text}`;

const WORDS: Words = {
  'process-start': ({ process }) => process.commandLine || process.image,
  'process-exit': ({ process, exitCode, signal }) =>
    `${process.commandLine || process.image}${signal === undefined ? optional(' with status ', exitCode?.toString()) : ` by signal ${signal}`}`,
  'process-credentials': ({ before, after }) => {
    const gained = (after.capabilities ?? []).filter((name) => !(before.capabilities ?? []).includes(name));
    return userOf(before, after) + optional(', gained ', gained.join(' '));
  },
  'process-access': ({ access, target }) => `${ACCESS_WORDS[access]} ${programWords(target)}`,
  'process-signal': ({ signal, target }) => `signal ${signal} to ${programWords(target)}`,
  'file-created': (event) => event.path + optional(' → ', event.linkTarget),
  'file-written': file,
  'file-renamed': ({ previousPath, path }) => `${previousPath} → ${path}`,
  'file-deleted': ({ path }) => path,
  'file-attributes': ({ path, changed, file: facts }) => {
    const bits = facts?.mode ?? 0;
    const special = [(bits & SET_UID) > 0 ? 'set-uid' : '', (bits & SET_GID) > 0 ? 'set-gid' : ''].filter(Boolean);
    return `${path}: ${changed.join(', ')}${optional(', now ', special.join(' and '))}`;
  },
  'file-executed': ({ path }) => path,
  'file-opened': ({ path }) => path,
  'network-connection': ({ direction, protocol, remoteAddress, remotePort, localPort, remoteName }) =>
    `${protocol} ${direction === 'outbound' ? 'to' : `to port ${localPort} from`} ${at(remoteAddress, remotePort)}${optional(' ', remoteName && `(${remoteName})`)}`,
  'dns-query': ({ name, recordType, responseCode, answers }) =>
    `${recordType} of ${name}${optional(': ', answers === undefined || answers.length === 0 ? responseCode : answers.join(', '))}`,
  'listener-opened': ({ protocol, address, port }) => `${protocol} on ${at(address, port)}`,
  'listener-closed': ({ protocol, address, port }) => `${protocol} on ${at(address, port)}`,
  login: ({ user, isSuccess, service, method, targetUser, remoteAddress }) =>
    `${isSuccess ? '' : 'failed: '}${user}${optional(' as ', targetUser)} by ${service}${optional(', ', method)}${optional(' from ', remoteAddress)}`,
  logout: ({ user, service }) => `${user} from ${service}`,
  'log-line': ({ message }) => message,
  'audit-record': ({ recordType, fields }) => `${recordType} ${fieldsOf(fields)}`,
  'module-load': ({ name, path, isTainting }) =>
    `${name}${optional(' from ', path)}${isTainting ? ', not of the kernel' : ''}`,
  'module-unload': ({ name }) => name,
  'account-change': ({ subject, action, name, member }) => `${subject} ${name} ${action}${optional(': ', member)}`,
  'service-change': ({ unit, action }) => `${unit} ${action}`,
  'autostart-change': ({ place, action, path, content }) => `${place} ${action}: ${path}${optional(': ', content)}`,
  'mount-change': ({ action, source, path, fileSystem }) =>
    `${source} ${action} at ${path}${optional(' as ', fileSystem)}`,
  'firewall-change': ({ action, table, chain, rulesBefore, rulesAfter }) =>
    `table ${table} ${action}${optional(' in ', chain)}: ${rulesBefore} rules before, ${rulesAfter} now`,
  'device-change': ({ action, subsystem, path, name, vendorId, productId }) =>
    `${subsystem} ${action}: ${name || path}${optional(' ', vendorId && productId && `(${vendorId}:${productId})`)}`,
};

const ACCESS_WORDS: Readonly<Record<HostEventOf<'process-access'>['access'], string>> = {
  trace: 'traces',
  'read-memory': 'reads the memory of',
  'write-memory': 'writes into the memory of',
};
