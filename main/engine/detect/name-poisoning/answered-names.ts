import type { DnsFact } from '../../../../contract/facts.ts';

/** Protocols in which neighbours are asked for names (RFC 4795, RFC 1002, RFC 6762). */
export const NAME_PROTOCOLS: ReadonlySet<string> = new Set(['llmnr', 'netbios-ns', 'mdns']);

/** "FILES<20>": the text and what it is a name of. */
const NETBIOS_SUFFIX = /<([0-9a-f]{2})>$/;
/** Names of computers and of their file service; the others are those of groups and domains (RFC 1001, section 14.1). */
const HOST_SUFFIXES: ReadonlySet<string> = new Set(['00', '20']);
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['A', 'AAAA', 'NB']);
const QUERY = 0;
/** More records of one answer tell no more. */
const MAX_RECORDS = 8;

/** "files" for "FILES<20>", "files.local" and "FILES"; empty for what is no name of a computer. */
export function plainName(name: string): string {
  const suffix = NETBIOS_SUFFIX.exec(name);
  if (suffix !== null && !HOST_SUFFIXES.has(suffix[1]!)) return '';
  const bare = (suffix === null ? name : name.slice(0, suffix.index)).trim().toLowerCase();
  const text = bare.endsWith('.') ? bare.slice(0, -1) : bare;
  if (text.startsWith('_') || text.includes('._') || text.endsWith('.arpa') || text === '*') return '';
  return text.endsWith('.local') ? text.slice(0, -'.local'.length) : text;
}

/** The name that a question asks an address for; empty where it asks for something else. */
export function askedName(fact: DnsFact): string {
  const question = fact.questions[0];
  if (fact.isResponse || fact.opcode !== QUERY || question === undefined) return '';
  return ADDRESS_TYPES.has(question.type) || question.type === 'ANY' ? plainName(question.name) : '';
}

/** Names with the addresses that an answer gives them. */
export function answeredNames(fact: DnsFact): { readonly name: string; readonly address: string }[] {
  if (!fact.isResponse || fact.opcode !== QUERY || fact.responseCode !== 'NOERROR') return [];
  const found: { name: string; address: string }[] = [];
  for (const { name, type, data } of fact.answers.slice(0, MAX_RECORDS)) {
    const plain = ADDRESS_TYPES.has(type) ? plainName(name) : '';
    // Several addresses (NetBIOS) are those of one host with several cards.
    if (plain !== '') found.push({ name: plain, address: data.split(' ')[0] ?? '' });
  }
  return found;
}

/** Names that no computer has: programs look for a proxy or a router by them. */
const TRAP_NAMES: ReadonlySet<string> = new Set(['wpad', 'isatap', 'proxysrv']);

export function isTrapName(name: string): boolean {
  const dot = name.indexOf('.');
  return TRAP_NAMES.has(dot < 0 ? name : name.slice(0, dot));
}

/** NetBIOS names have 15 characters; a name is compared by its first label. */
const NETBIOS_CHARACTERS = 15;

/** Whether a server that calls itself `told` may be the one that was asked for by `asked`. */
export function isSameComputer(asked: string, told: string): boolean {
  return firstLabel(asked) === firstLabel(told);
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.');
  return (dot < 0 ? name : name.slice(0, dot)).toLowerCase().slice(0, NETBIOS_CHARACTERS);
}
