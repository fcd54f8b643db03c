/** What the parsers of this folder have in common. Pure; the text is anybody's. */

/** Lines of one file that are looked at; what matters of longer files is known by their digest. */
export const MAX_LINES = 2_000;
/** Longest line that is kept. */
export const MAX_LINE = 1_024;

/** Lines without their ends and outer spaces; bounded. */
export function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let count = 0; count < MAX_LINES && start < text.length; count++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(start, end).trim();
    start = end + 1;
  }
}

/** Lines that say something: neither empty nor a comment. */
export function* statements(text: string, comments = '#'): Generator<string> {
  for (const line of linesOf(text)) if (line !== '' && !comments.includes(line[0]!)) yield line;
}

/** Lines of which each may go on in the next after a backslash at its end. */
export function* joinedLines(text: string): Generator<string> {
  let whole = '';
  for (const line of linesOf(text)) {
    const goesOn = line.endsWith('\\');
    const part = goesOn ? line.slice(0, -1) : line;
    // A line is cut before a thousand backslashes make one of all the file.
    if (whole.length < MAX_LINE) whole += whole === '' ? part : ` ${part.trim()}`;
    if (goesOn) continue;
    if (whole !== '') yield whole;
    whole = '';
  }
  if (whole !== '') yield whole;
}

/** Words between spaces and tabs: the first `count` alone and the rest of the line as it is. */
export function words(line: string, count: number): readonly string[] {
  const found: string[] = [];
  let at = 0;
  while (found.length < count) {
    while (at < line.length && isSpace(line, at)) at++;
    if (at >= line.length) return found;
    const start = at;
    while (at < line.length && !isSpace(line, at)) at++;
    found.push(line.slice(start, at));
  }
  const rest = line.slice(at).trim();
  return rest === '' ? found : [...found, rest];
}

function isSpace(line: string, at: number): boolean {
  const unit = line.charCodeAt(at);
  return unit === 0x20 || unit === 0x09;
}

export function cutLine(line: string): string {
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE - 1)}…`;
}

/** A whole number as files write it; undefined for everything else. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
