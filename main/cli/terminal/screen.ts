import type { Output } from './output.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const ERASE_REST_OF_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';
/** The terminal shows a frame at once instead of piece by piece (synchronized output), where it knows how. */
const BEGIN_FRAME = '\x1b[?2026h';
const END_FRAME = '\x1b[?2026l';

/**
 * The terminal's second screen, so that the first one, with what was on it, comes back. It does come back
 * whatever happens: on `close`, when the process exits, and when it dies of an error.
 */
export class Screen {
  readonly #output: Output;
  readonly #restore = (): void => this.close();
  #isOpen = true;

  constructor(output: Output) {
    this.#output = output;
    process.on('exit', this.#restore);
    output.write(ENTER);
  }

  /** Draws over what is there; lines must fit. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const body = lines.map((line) => line + ERASE_REST_OF_LINE).join('\r\n');
    this.#output.write(`${BEGIN_FRAME}${HOME}${body}${ERASE_BELOW}${END_FRAME}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#restore);
    try {
      this.#output.write(LEAVE);
    } catch {
      // The terminal has gone, and its second screen with it.
    }
  }
}
