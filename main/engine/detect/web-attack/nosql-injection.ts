import type { Sighting } from './sighting.ts';

/** Operators of MongoDB that compare with anything: in the place of a password they let everybody in. */
const COMPARING = ['$ne', '$gt', '$gte', '$regex', '$exists', '$nin', '$lt', '$not'];
const SECRET_NAMES = ['pass', 'pwd', 'user', 'login', 'email', 'token', 'secret', 'pin'];
/** Code of the database in a value. */
const CODE_MARKS = ['this.', 'return ', 'return(', 'sleep(', 'function('];

/** @param name of the parameter, in lower case: "password[$ne]" */
export function findNosqlInName(name: string): Sighting | undefined {
  const dollar = name.indexOf('[$');
  if (dollar < 0) return undefined;
  const operator = name.slice(dollar + 1, -1);
  if (operator === '$where') return sighting('sure');
  const field = name.slice(0, dollar);
  return COMPARING.includes(operator) && SECRET_NAMES.some((word) => field.includes(word))
    ? sighting('sure')
    : undefined;
}

/** @param text of JSON, in lower case: `{"password":{"$ne":null}}` */
export function findNosqlInJson(text: string): Sighting | undefined {
  let at = text.indexOf('"$');
  for (let count = 0; at >= 0 && count < 16; count++) {
    const end = text.indexOf('"', at + 1);
    if (end < 0) return undefined;
    const operator = text.slice(at + 1, end);
    const field = fieldBefore(text, at);
    if (COMPARING.includes(operator) && SECRET_NAMES.some((word) => field.includes(word))) return sighting('sure');
    if (operator === '$where') {
      const value = text.slice(end, end + 256);
      if (CODE_MARKS.some((mark) => value.includes(mark))) return sighting('sure');
    }
    at = text.indexOf('"$', end);
  }
  return undefined;
}

/** The name of the member whose object opens before an offset; empty where there is none. */
function fieldBefore(text: string, at: number): string {
  let i = at - 1;
  while (i >= 0 && ' \t\r\n'.includes(text[i]!)) i--;
  if (text[i] !== '{') return '';
  i--;
  while (i >= 0 && ' \t\r\n:'.includes(text[i]!)) i--;
  if (text[i] !== '"') return '';
  const start = text.lastIndexOf('"', i - 1);
  return start < 0 || i - start > 64 ? '' : text.slice(start + 1, i);
}

function sighting(certainty: Sighting['certainty']): Sighting {
  return { attack: 'nosql-injection', certainty, aim: 'puts an operator of the database in the place of a value' };
}
