/**
 * Takes out of texts what looks like a password: command lines, log lines and addresses hold many. What is taken is
 * the value; that there was one stays to be seen. Only forms that name themselves are known ("--password x", "token=x",
 * "https://user:x@host"): a secret that stands alone looks like any other word.
 */

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';
/** Longest text that is looked through; of a longer one nothing is shown behind it. The kernel's bound of an argument. */
const MAX_TEXT = 131_072;
/** Deeper than any answer. */
const MAX_DEPTH = 32;

/** Words that name a secret, in names of options, variables, fields and headers. */
const NAMES =
  'pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|auth(?:orization)?|credentials?|cookie';
/** Without one of these there is nothing to look for: nearly all texts. */
const HINT = /pass|pwd|secret|token|key|auth|cred|cookie|bearer|mysql|mariadb|:\/\/|(?:^|\s)-(?:u|-user)\b/i;

interface Form {
  readonly pattern: RegExp;
  readonly shown: string;
}

/** A quoted value to its end, or a word. */
const VALUE = `(?:"[^"]*"?|'[^']*'?|[^\\s"'&;,]+)`;

/** Each begins at a fixed word and has one part of open length, at its end: none goes back over a text. */
const FORMS: readonly Form[] = [
  // "Authorization: Bearer x", before the form that would take "Bearer" for the secret.
  { pattern: /\b(bearer|basic|digest)\s{1,4}[\w+/=.~-]{4,}/gi, shown: `$1 ${REDACTED}` },
  // "scheme://user:x@host"
  { pattern: /(:\/\/[^\s:/@]{0,128}):[^\s/@]{1,512}@/g, shown: `$1:${REDACTED}@` },
  // "PGPASSWORD=x", "--token=x", "password: x", "api_key":"x"
  {
    pattern: new RegExp(
      `((?:${NAMES})["']?\\s{0,2}[=:]\\s{0,2})(?!\\/\\/)(?!(?:bearer|basic|digest)\\s)${VALUE}`,
      'gi',
    ),
    shown: `$1${REDACTED}`,
  },
  // "--password x"
  {
    pattern: new RegExp(`((?:^|\\s)--?(?:[a-z0-9]{1,24}-){0,3}(?:${NAMES})\\s{1,4})(?!-)${VALUE}`, 'gi'),
    shown: `$1${REDACTED}`,
  },
  // "curl -u user:x", "wget --user user:x"
  { pattern: /((?:^|\s)(?:-u|--user)[\s=]{1,4}["']?[^\s:"']{1,128}):[^\s"']+/g, shown: `$1:${REDACTED}` },
  // "sshpass -px", "mysql … -px" with the value at the option, as these programs want it
  {
    pattern: /(\b(?:sshpass|mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,200}?\s-p\s?)(?!assword)[^\s-][^\s]*/g,
    shown: `$1${REDACTED}`,
  },
];

/** An option whose value is the next argument. */
const OPTION = new RegExp(`^--?(?:[a-z0-9]{1,24}-){0,3}(?:${NAMES})$`, 'i');

/** The text without what looks like secrets. */
export function redactedText(text: string): string {
  if (!HINT.test(text)) return text;
  let redacted = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  for (const { pattern, shown } of FORMS) redacted = redacted.replace(pattern, shown);
  return redacted;
}

/** An answer of the interface with all its texts redacted; the same object where there was nothing to redact. */
export function redacted<T>(answer: T): T {
  return redactedValue(answer, 0) as T;
}

function redactedValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return redactedList(value, depth);
  let copy: Record<string, unknown> | undefined;
  for (const [name, held] of Object.entries(value)) {
    const other = redactedValue(held, depth + 1);
    if (other === held) continue;
    copy ??= { ...value };
    copy[name] = other;
  }
  return copy ?? value;
}

function redactedList(list: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, held] of list.entries()) {
    const before = list[index - 1];
    const isValue = typeof held === 'string' && typeof before === 'string' && OPTION.test(before);
    const other = isValue ? REDACTED : redactedValue(held, depth + 1);
    if (other === held) continue;
    copy ??= [...list];
    copy[index] = other;
  }
  return copy ?? list;
}
