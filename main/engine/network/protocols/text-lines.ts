import { latin1, lineEnd, nextLine } from './bytes.ts';

/** Longer lines are cut: no command of the protocols of lines is as long (RFC 5321 has 512, RFC 9051 8,192). */
export const MAX_LINE_BYTES = 8_192;

/**
 * Takes whole lines out of one side of a stream, whatever pieces it comes in. A line that is too long is given as far
 * as it may be, and its rest is dropped, so that nobody can make us hold more than that.
 */
export class LineReader {
  readonly #maxBytes: number;
  /** The rest of a line that was too long, or whose beginning is missing, is being dropped. */
  #isDropping = false;
  /** Bytes of the line at hand that are known to hold no line feed. */
  #searched = 0;
  /** Offset behind what was taken last. */
  position = 0;

  constructor(maxBytes = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The line at `from` without its end, as Latin-1; undefined while it is not whole. Either way `position` then says
   * up to where the bytes are taken. Between two calls that give undefined the same untaken bytes come again.
   */
  take(bytes: Uint8Array, from: number): string | undefined {
    let at = from;
    if (this.#isDropping) {
      const feed = bytes.indexOf(0x0a, at);
      this.position = feed < 0 ? bytes.length : feed + 1;
      if (feed < 0) return undefined;
      this.#isDropping = false;
      at = feed + 1;
    }
    const feed = bytes.indexOf(0x0a, at + this.#searched);
    const isWhole = feed >= 0 && feed - at < this.#maxBytes;
    if (!isWhole && bytes.length - at < this.#maxBytes) {
      this.#searched = bytes.length - at;
      this.position = at;
      return undefined;
    }
    this.#searched = 0;
    if (!isWhole) {
      this.#isDropping = feed < 0;
      this.position = feed < 0 ? bytes.length : feed + 1;
      return latin1(bytes, at, at + this.#maxBytes, this.#maxBytes);
    }
    this.position = feed + 1;
    const end = feed > at && bytes[feed - 1] === 0x0d ? feed - 1 : feed;
    return latin1(bytes, at, end, this.#maxBytes);
  }

  /** Bytes are missing: what comes next is the middle of a line. */
  gap(): void {
    this.#isDropping = true;
    this.#searched = 0;
  }

  /** The bytes from here on are others than those that were searched, as after a block of data. */
  restart(): void {
    this.#isDropping = false;
    this.#searched = 0;
  }
}

/** The first line of what a side has said, without its end: undefined while it is not whole within `maxBytes`. */
export function firstLine(bytes: Uint8Array, maxBytes = 512): string | undefined {
  const end = lineEnd(bytes, 0, maxBytes);
  return end < 0 ? undefined : latin1(bytes, 0, end, maxBytes);
}

/** The lines of a whole message, at most `maxLines`, each without its end. */
export function linesOf(bytes: Uint8Array, maxLines: number): string[] {
  const lines: string[] = [];
  let at = 0;
  while (at < bytes.length && lines.length < maxLines) {
    const end = lineEnd(bytes, at, MAX_LINE_BYTES);
    if (end < 0) {
      lines.push(latin1(bytes, at, bytes.length, MAX_LINE_BYTES));
      break;
    }
    lines.push(latin1(bytes, at, end, MAX_LINE_BYTES));
    at = nextLine(bytes, end);
  }
  return lines;
}

/** The word before the first space, and what follows the spaces behind it. */
export function splitWord(line: string): readonly [word: string, rest: string] {
  const space = line.indexOf(' ');
  if (space < 0) return [line, ''];
  return [line.slice(0, space), line.slice(space + 1).trim()];
}

/** Text of a fact must not keep a whole message alive, nor be longer than it may be. */
export function bounded(text: string, maxText: number): string {
  return text.length <= maxText ? text : text.slice(0, maxText);
}

/** The three digits that begin a reply (RFC 959 4.2, RFC 5321 4.2); -1 where there are none. */
export function replyStatus(line: string): number {
  if (line.length < 3 || (line.length > 3 && line[3] !== ' ' && line[3] !== '-')) return -1;
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = line.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status >= 100 && status < 600 ? status : -1;
}

/** Whether the reply goes on in further lines. */
export function isReplyContinued(line: string): boolean {
  return line[3] === '-';
}
