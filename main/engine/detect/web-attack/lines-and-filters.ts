import type { Sighting } from './sighting.ts';

/** Fields that attackers add to answers. */
const ADDED_FIELDS = ['set-cookie:', 'location:', 'content-type:', 'content-length:', 'http/1.', 'x-xss-protection:'];

/** A value that goes on, behind the end of a line, with a field of HTTP (response splitting). @param text in lower case */
export function findAddedLine(text: string): Sighting | undefined {
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (ADDED_FIELDS.some((field) => text.startsWith(field, at + 1))) {
      return { attack: 'header-injection', certainty: 'sure', aim: 'adds a line to the answer' };
    }
  }
  return undefined;
}

/** A value that ends one condition of a filter (RFC 4515) and begins others: `*)(|(uid=*`. A whole filter is none. */
export function findFilter(text: string): Sighting | undefined {
  if (text[0] === '(') return undefined;
  const isBreakout = text.includes(')(|(') || text.includes(')(&(') || text.includes('*)(');
  return isBreakout && text.includes('=')
    ? { attack: 'ldap-injection', certainty: 'likely', aim: 'ends a condition of a filter and adds others' }
    : undefined;
}
