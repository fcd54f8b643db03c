/** What texts and bodies look like, whatever they say. Texts are Latin-1 where they stand for bytes. */

/** Fewer tell nothing. */
const LEAST_BYTES = 48;
const MOST_BYTES = 512;
/** Control characters are a tenth of random bytes, and next to nothing of text in any encoding but UTF-16. */
const OPAQUE_SHARE = 0.05;
const UTF16_SHARE = 0.2;

/** Bytes that are no text in any encoding: encrypted or packed. */
export function isOpaque(text: string): boolean {
  const length = Math.min(text.length, MOST_BYTES);
  if (length < LEAST_BYTES) return false;
  let controls = 0;
  let zeros = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0) zeros++;
    else if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d) controls++;
  }
  return controls / length >= OPAQUE_SHARE && zeros / length < UTF16_SHARE;
}

const HEXADECIMAL = /^(?:[0-9a-f]+|[0-9A-F]+)$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** One long value in hexadecimal or base64, and no word of a language. */
export function isEncoded(text: string): boolean {
  const value = text.trim();
  if (value.length < LEAST_BYTES) return false;
  if (HEXADECIMAL.test(value)) return !/^(\d)\1+$/.test(value);
  return BASE64.test(value) && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value);
}

/** The share of a form that its longest value must make up. */
const FORM_SHARE = 0.6;
const MOST_FIELDS = 16;

/** A form (`a=b&c=d`) that is nothing but one long encoded value. */
export function isEncodedForm(body: string): boolean {
  const fields = body.split('&', MOST_FIELDS);
  return fields.some((field) => {
    if (field.length < body.length * FORM_SHARE) return false;
    const value = field.slice(field.indexOf('=') + 1);
    // What is cut off may end within an escape.
    return isEncoded(value.replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '=').replaceAll('+', 'a'));
  });
}

/** A query with one long encoded value in it. */
export function hasEncodedQuery(uri: string): boolean {
  const question = uri.indexOf('?');
  if (question < 0) return false;
  return uri
    .slice(question + 1)
    .split('&', MOST_FIELDS)
    .some((field) => isEncoded(field.slice(field.indexOf('=') + 1)));
}

/** Nothing but hexadecimal digits in capitals. */
export function isCapitalHexadecimal(text: string): boolean {
  return /^[0-9A-F]{12,}$/.test(text.trim()) && /[A-F]/.test(text);
}

type Class = 'lower' | 'upper' | 'digit' | 'other';

function classOf(code: number): Class {
  if (code >= 0x61 && code <= 0x7a) return 'lower';
  if (code >= 0x41 && code <= 0x5a) return 'upper';
  return code >= 0x30 && code <= 0x39 ? 'digit' : 'other';
}

/** How often letters and digits take turns in a random word, by its length. */
const RANDOM_SHARE = 0.3;
const RANDOM_TURNS = 3;
const MOST_WORD = 256;
const LONG_WORD = 20;

/** Letters, capitals and digits in no order that a person would choose; "getUserInfo2" is in order. */
export function isRandomWord(text: string): boolean {
  // Base64 for addresses has dashes and underscores; in names they stand between words.
  const word = text.length >= LONG_WORD ? text.replaceAll(/[-_]/g, '') : text;
  if (word.length < 6 || word.length > MOST_WORD) return false;
  let turns = 0;
  let hasDigit = false;
  for (let i = 0; i < word.length; i++) {
    const now = classOf(word.charCodeAt(i));
    if (now === 'other') return false;
    hasDigit ||= now === 'digit';
    if (i === 0) continue;
    const before = classOf(word.charCodeAt(i - 1));
    // A capital begins a word.
    if (now !== before && !(before === 'upper' && now === 'lower')) turns++;
  }
  return hasDigit && turns >= RANDOM_TURNS && turns >= word.length * RANDOM_SHARE;
}

/** The last part of a path, without what follows a dot or a question mark. */
export function lastName(uri: string): string {
  const whole = pathOf(uri);
  const path = whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

export function pathOf(uri: string): string {
  const end = uri.search(/[?#]/);
  const path = end < 0 ? uri : uri.slice(0, end);
  if (!path.startsWith('http')) return path;
  const slash = path.indexOf('/', path.indexOf('://') + 3);
  return slash < 0 ? '/' : path.slice(slash);
}

/** Sums modulo 256 by which Metasploit and Cobalt Strike tell which payload a stager wants (their documentation). */
const STAGER_SUMS: ReadonlySet<number> = new Set([80, 88, 90, 92, 93, 95, 98]);

/** A path of one word whose letters add up to one of the stagers' sums. */
export function hasStagerSum(uri: string): boolean {
  const path = pathOf(uri);
  if (!/^\/[\w-]{4,255}\/?$/.test(path)) return false;
  let sum = 0;
  for (let i = 0; i < path.length; i++) if (path[i] !== '/') sum += path.charCodeAt(i);
  return STAGER_SUMS.has(sum % 256);
}

/** The text of base64, or the text as it is; Latin-1. */
export function decoded(text: string): string {
  const value = text.trim();
  return BASE64.test(value) && value.length >= LEAST_BYTES ? Buffer.from(value, 'base64').toString('latin1') : text;
}

const WHO = /["'&?;|]?(user_?name|user|account|loggedon)["']?\s*[:=]/i;
const WHERE = /["'&?;|]?(host_?name|host|computer_?name|machine|ips?)["']?\s*[:=]/i;
const WHAT =
  /["'&?;|]?(pid|ppid|process(_?name)?|exe_?name|integrity(_level)?|privilege|high_integrity|arch(itecture)?)["']?\s*[:=]/i;

/** Names account, computer and process: how an implant introduces itself. */
export function isHostReport(text: string): boolean {
  return WHO.test(text) && WHERE.test(text) && WHAT.test(text);
}

const TASK = /["'](instructions?|tasks?|tasking|commands?|jobs?|cmd)["']\s*:/i;
const SLEEP = /["'](sleep|jitter|interval|delay|callback_interval|checkin)["']\s*:/i;

/** Tells what to do and how long to sleep. */
export function isTasking(text: string): boolean {
  return TASK.test(text) && SLEEP.test(text);
}

/** What a computer says of itself: one point for each kind. */
const SELF_DESCRIPTIONS: readonly RegExp[] = [
  /\bWin(dows)?[ _-]?(XP|Vista|7|8|10|11|NT|Server|20\d\d)\b/i,
  /\b(Service Pack|Build \d{4,5}|SP[1-3])\b/,
  /\b(Intel\(R\)|AMD (Ryzen|Athlon|EPYC|Opteron)|Pentium|Xeon|GenuineIntel|Core\(TM\))/,
  /\b(amd64|x86_64|i[36]86|x64|x86|arm64|aarch64)\b/,
  /\b(Ubuntu|Debian|CentOS|Red Hat|Kali|Linux) ?\d/,
  /\b(Administrator|NT AUTHORITY|root|SYSTEM)\b/,
  /\b(RAM|MHz|GHz|\d{3,6} ?MB)\b/,
  /\b(10|192\.168|172\.\d\d)\.\d{1,3}\.\d{1,3}(\.\d{1,3})?\b/,
  /"?(architecture|platform|hostname|username|exe_name)"?\s*[:=]/i,
];
const LEAST_DESCRIPTIONS = 3;

/** A caller that introduces itself in a protocol of its own: system, processor, account. */
export function isSelfDescription(text: string): boolean {
  return SELF_DESCRIPTIONS.filter((pattern) => pattern.test(text)).length >= LEAST_DESCRIPTIONS;
}
