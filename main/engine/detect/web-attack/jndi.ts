/**
 * Lookups of Log4j (logging.apache.org/log4j/2.x/manual/lookups.html) resolved as the library does, so that those
 * hidden in one another are found (CVE-2021-44228 and those after it): `${${lower:j}ndi:${::-l}dap://…}`.
 */

/** Depth of lookups in one another that is followed; the library stops at a few as well. */
const MAX_DEPTH = 16;
const MAX_RESULT = 1_024;
/** Ways to look something up over the network that JNDI knows. */
const SCHEMES = new Set([
  'ldap',
  'ldaps',
  'rmi',
  'dns',
  'iiop',
  'corba',
  'nis',
  'nds',
  'http',
  'https',
  'iiopname',
  'corbaname',
]);

export interface JndiLookup {
  /** "ldap". */
  readonly scheme: string;
  /** Name or address that is called, in lower case; empty where it cannot be read. */
  readonly host: string;
  /** 0 where none is said. */
  readonly port: number;
  /** The lookup was hidden in others: only attackers do that. */
  readonly isHidden: boolean;
}

/** The first lookup over the network in a text; undefined without one. Linear in the text's length. */
export function findJndi(text: string): JndiLookup | undefined {
  const first = text.indexOf('${');
  if (first < 0) return undefined;
  const stack: string[] = [''];
  let isHidden = false;
  for (let at = first; at < text.length; at++) {
    const top = stack.length - 1;
    if (text[at] === '$' && text[at + 1] === '{' && stack.length <= MAX_DEPTH) {
      stack.push('');
      at++;
    } else if (text[at] === '}' && top > 0) {
      const content = stack.pop()!;
      const found = lookupIn(content, isHidden);
      if (found !== undefined) return found;
      isHidden ||= top > 1;
      const value = stack[top - 1]! + resolved(content);
      stack[top - 1] = value.length > MAX_RESULT ? value.slice(0, MAX_RESULT) : value;
    } else if (top > 0 && stack[top]!.length < MAX_RESULT) {
      stack[top] += text[at]!;
    }
  }
  // The end may have been cut off on its way here.
  for (let i = stack.length - 1; i > 0; i--) {
    const found = lookupIn(stack.slice(i).join(''), isHidden);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a lookup stands for: its default, the text of those that change case, or the plain content. */
function resolved(content: string): string {
  const fallback = content.indexOf(':-');
  if (fallback >= 0) return content.slice(fallback + 2);
  const colon = content.indexOf(':');
  if (colon < 0) return '';
  const kind = content.slice(0, colon).trim().toLowerCase();
  const value = content.slice(colon + 1);
  switch (kind) {
    case 'lower':
      return value.toLowerCase();
    case 'upper':
      // A dotless i in upper case is an ordinary I: a trick to write names without it.
      return value.toUpperCase();
    case 'date':
      return value.replaceAll("'", '');
    default:
      return '';
  }
}

function lookupIn(content: string, isHidden: boolean): JndiLookup | undefined {
  const text = content.trimStart().toLowerCase();
  if (!text.startsWith('jndi:')) return undefined;
  const rest = text.slice(5);
  const colon = rest.indexOf(':');
  const scheme = colon < 0 ? '' : rest.slice(0, colon);
  if (!SCHEMES.has(scheme)) return undefined;
  let from = colon + 1;
  while (rest[from] === '/') from++;
  let end = from;
  const isBracketed = rest[from] === '[';
  while (end < rest.length && !'/?} '.includes(rest[end]!)) end++;
  const authority = rest.slice(from, end);
  const portAt = isBracketed ? authority.indexOf(']:') + 1 : authority.lastIndexOf(':');
  const hasPort = portAt > 0;
  const host = hasPort ? authority.slice(0, portAt) : authority;
  const port = hasPort ? Number.parseInt(authority.slice(portAt + 1), 10) : 0;
  return {
    scheme,
    host: hostName(host),
    port: port > 0 && port < 65_536 ? port : 0,
    isHidden,
  };
}

/** Behind a sign that cheats filters, "127.0.0.1#evil.example", stands the host that is called. */
function hostName(host: string): string {
  const sign = Math.max(host.lastIndexOf('#'), host.lastIndexOf('@'));
  const name = sign < 0 ? host : host.slice(sign + 1);
  return name.startsWith('[') ? name.slice(1, name.endsWith(']') ? -1 : undefined) : name;
}
