import type { Certainty, Sighting } from './sighting.ts';

/**
 * Scripts in a value that a page may print (cross-site scripting): tags are read as a browser reads them, so that
 * only what would run counts, and not every sign of HTML.
 */

/** Calls and objects that attacks prove themselves with, or steal with. */
const TELLING_CODE = [
  ...['alert(', 'prompt(', 'confirm(', 'console.log(', 'eval(', 'atob(', 'alert`', 'prompt`', 'confirm`', 'import('],
  ...[
    'document.cookie',
    'document.domain',
    'fromcharcode',
    'localstorage',
    '.constructor(',
    '[].filter',
    'top[',
    'self[',
  ],
];

/** Attributes whose value is opened as an address. */
const ADDRESS_ATTRIBUTES = new Set([
  'href',
  'src',
  'action',
  'formaction',
  'data',
  'xlink:href',
  'background',
  'poster',
]);
const SCRIPT_SCHEMES = ['javascript:', 'vbscript:', 'data:text/html', 'livescript:'];
/** Events of elements (HTML 8.1.8.2) all begin so; the shortest is "oncut". */
const EVENT_PREFIX = 'on';
const MIN_EVENT_NAME = 5;
const MAX_NAME = 24;
const MAX_TAGS = 24;
const MAX_ATTRIBUTES = 16;
/** Elements that carry foreign content by themselves. */
const FOREIGN = new Set(['iframe', 'object', 'embed', 'base', 'applet', 'frame']);

export interface MarkupOptions {
  /** In the body of a request editors send whole pages: there only code that proves or steals counts. */
  readonly isBody: boolean;
}

/** @param text in lower case, decoded */
export function findScript(text: string, { isBody }: MarkupOptions): Sighting | undefined {
  const found = scriptInTags(text) ?? scriptInAttribute(text) ?? scriptInScript(text) ?? scriptAddress(text);
  if (found === undefined) return undefined;
  const isTelling = TELLING_CODE.some((code) => text.includes(code));
  if (isBody && !isTelling) return undefined;
  return { attack: 'cross-site-scripting', certainty: certaintyOf(found, isTelling, isBody), aim: AIMS[found] };
}

/** Advertisements put tags of scripts into queries too, which write to the page and load more. */
function certaintyOf(found: Found, isTelling: boolean, isBody: boolean): Certainty {
  if (isTelling && found !== 'foreign') return isBody ? 'likely' : 'sure';
  return !isBody && (found === 'event' || found === 'script') ? 'likely' : 'weak';
}

type Found = 'script' | 'event' | 'address' | 'foreign' | 'breakout';

const AIMS: Readonly<Record<Found, string>> = {
  script: 'puts a script of its own into the page',
  event: 'puts code into an event of an element',
  address: 'puts code into a link',
  foreign: 'puts foreign content into the page',
  breakout: 'breaks out of a text of the page’s own script',
};

function scriptInTags(text: string): Found | undefined {
  let at = text.indexOf('<');
  let weak: Found | undefined;
  for (let count = 0; at >= 0 && count < MAX_TAGS; count++) {
    const nameEnd = endOfName(text, at + 1);
    const name = text.slice(at + 1, nameEnd);
    if (name === 'script' || name.endsWith(':script')) return 'script';
    if (name !== '') {
      const found = scriptInAttributes(text, nameEnd, name);
      if (found === 'event' || found === 'address') return found;
      if (FOREIGN.has(name)) weak ??= 'foreign';
    }
    at = text.indexOf('<', at + 1);
  }
  return weak;
}

/** The attributes of one tag, as far as it goes. */
function scriptInAttributes(text: string, from: number, tag: string): Found | undefined {
  let at = from;
  for (let count = 0; count < MAX_ATTRIBUTES && at < text.length; count++) {
    while (at < text.length && isSeparator(text.charCodeAt(at))) at++;
    if (at >= text.length || text[at] === '>') return undefined;
    const nameEnd = endOfName(text, at);
    const name = text.slice(at, nameEnd);
    at = Math.max(nameEnd, at + 1);
    let next = at;
    while (isSpace(text.charCodeAt(next))) next++;
    if (text[next] !== '=') continue;
    const value = attributeValue(text, next + 1);
    at = value.end;
    if (isEvent(name) && value.text.trim() !== '') return 'event';
    if (ADDRESS_ATTRIBUTES.has(name) && isScriptAddress(value.text)) return 'address';
    if (name === 'srcdoc' || (tag === 'meta' && value.text.includes('javascript:'))) return 'address';
  }
  return undefined;
}

function attributeValue(text: string, from: number): { readonly text: string; readonly end: number } {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  const quote = text[at];
  if (quote === '"' || quote === "'" || quote === '`') {
    const end = text.indexOf(quote, at + 1);
    return end < 0 ? { text: text.slice(at + 1), end: text.length } : { text: text.slice(at + 1, end), end: end + 1 };
  }
  let end = at;
  while (end < text.length && !isSpace(text.charCodeAt(end)) && text[end] !== '>') end++;
  return { text: text.slice(at, end), end };
}

/** `" onmouseover=…`, `' autofocus onfocus=…`: the value of an attribute ends, and another begins. */
function scriptInAttribute(text: string): Found | undefined {
  for (const quote of ['"', "'"]) {
    const at = text.indexOf(quote);
    if (at < 0) continue;
    const next = text.charCodeAt(at + 1);
    if (!isSeparator(next)) continue;
    if (scriptInAttributes(text, at + 1, '') === 'event') return 'event';
  }
  return undefined;
}

/** `';alert(1)//`, `"-alert(1)-"`: a text of a script ends, and code follows. */
function scriptInScript(text: string): Found | undefined {
  for (const quote of ["'", '"', '`']) {
    const at = text.indexOf(quote);
    if (at < 0 || at > 64) continue;
    let next = at + 1;
    while (');}] +-*,|&^'.includes(text[next] ?? '!')) next++;
    if (next === at + 1) continue;
    if (['alert', 'prompt', 'confirm', 'eval', 'document.cookie'].some((code) => text.startsWith(code, next)))
      return 'breakout';
  }
  return undefined;
}

/** A value that is an address of code by itself. */
function scriptAddress(text: string): Found | undefined {
  return isScriptAddress(text) && !text.includes('void(0)') && text.includes('(') ? 'address' : undefined;
}

/** Browsers overlook spaces and line ends within the scheme. */
function isScriptAddress(value: string): boolean {
  const start = value.length > 64 ? value.slice(0, 64) : value;
  let plain = '';
  for (const character of start) if (character > ' ') plain += character;
  return SCRIPT_SCHEMES.some((scheme) => plain.startsWith(scheme));
}

function isEvent(name: string): boolean {
  if (name.length < MIN_EVENT_NAME || !name.startsWith(EVENT_PREFIX)) return false;
  for (let i = 2; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x61 || code > 0x7a) return false;
  }
  return true;
}

function endOfName(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < MAX_NAME && isNameCharacter(text.charCodeAt(end))) end++;
  return end;
}

function isNameCharacter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x3a) || code === 0x2d || code === 0x5f;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Between attributes a slash, and after a value also nothing, is enough. */
function isSeparator(code: number): boolean {
  return isSpace(code) || code === 0x2f || code === 0x22 || code === 0x27;
}
