import { bounded } from '../text-lines.ts';

/** Longest name of a file (NAME_MAX). */
const MAX_NAME_TEXT = 255;
/** Parameters of one header that are looked at. */
const MAX_PARAMETERS = 16;

/**
 * A parameter of a header such as Content-Disposition or Content-Type (RFC 2045 5.1, RFC 6266), also in the form
 * `name*=utf-8''text` (RFC 8187). Empty where there is none.
 */
export function headerParameter(value: string, name: string): string {
  let found = '';
  let at = value.indexOf(';');
  for (let count = 0; at >= 0 && count < MAX_PARAMETERS; count++) {
    const equals = value.indexOf('=', at + 1);
    if (equals < 0) break;
    const key = value
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    const [text, next] = parameterValue(value, equals + 1);
    if (key === `${name}*`) return extendedText(text);
    if (key === name) found = text;
    at = next;
  }
  return found;
}

/** The text from `start` on, quoted or not, and the offset of the semicolon behind it, or -1. */
function parameterValue(value: string, start: number): readonly [text: string, next: number] {
  let at = start;
  while (value[at] === ' ' || value[at] === '\t') at++;
  if (value[at] !== '"') {
    const end = value.indexOf(';', at);
    return [value.slice(at, end < 0 ? value.length : end).trim(), end];
  }
  let text = '';
  for (at++; at < value.length && value[at] !== '"'; at++) {
    // A backslash quotes what follows; servers also send paths of Windows, which need theirs.
    if (value[at] === '\\' && (value[at + 1] === '"' || value[at + 1] === '\\')) at++;
    text += value[at];
  }
  return [text, value.indexOf(';', at)];
}

function extendedText(text: string): string {
  const quote = text.indexOf("'", text.indexOf("'") + 1);
  return quote < 0 ? text : percentDecoded(text.slice(quote + 1));
}

/** Percent-encoding undone (RFC 3986 2.1); text that is not well formed is given back as it is. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The last part of a URI's path: what a browser would call the file. Empty where the path ends in a slash. */
export function nameOfUri(uri: string): string {
  let end = uri.length;
  for (const mark of ['?', '#']) {
    const at = uri.indexOf(mark);
    if (at >= 0 && at < end) end = at;
  }
  const path = uri.slice(0, end);
  const scheme = path.indexOf('://');
  const slash = path.lastIndexOf('/');
  if (scheme >= 0 && slash < scheme + 3) return '';
  return bounded(percentDecoded(path.slice(slash + 1)), MAX_NAME_TEXT);
}

/** The name without the folders before it, of either kind. */
export function baseName(path: string): string {
  const slash = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return bounded(path.slice(slash + 1), MAX_NAME_TEXT);
}
