import { commandSign, isLoginPrompt, MAX_LINE, outputSign, promptSign } from './shell-words.ts';

/** Lines that are quoted in a finding. */
const QUOTED = 5;
/** So many signs by name are told apart; a shell makes a dozen. */
const MAX_SIGNS = 48;
const ESCAPE = 0x1b;
const BELL = 0x07;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Where in an escape sequence of a terminal (ECMA-48) the reader is. */
const ESCAPING = { none: 0, started: 1, control: 2, text: 3 } as const;

/** One end of a conversation as lines of text: what in it speaks for a shell, and what for somebody who types. */
export class Talker {
  /** Points for a shell that runs here. */
  shellPoints = 0;
  /** Points for commands that are typed here. */
  typedPoints = 0;
  /** Different commands. */
  commands = 0;
  /** Commands in all. */
  typed = 0;
  /** Times at which commands were followed by something from the other end. */
  answered = 0;
  hasLoginPrompt = false;
  #quotedCommands: string[] | undefined;
  #quotedSigns: string[] | undefined;
  /** Made when there is one. */
  #signs: Set<string> | undefined;
  #line = '';
  #last = '';
  #escaping: number = ESCAPING.none;
  #isWaiting = false;
  #bytes = 0;
  #oddBytes = 0;

  get bytesRead(): number {
    return this.#bytes;
  }

  /** The share of bytes that are no text: a shell that is read as text has next to none. */
  get oddShare(): number {
    return this.#bytes === 0 ? 0 : this.#oddBytes / this.#bytes;
  }

  get quotedCommands(): readonly string[] {
    return this.#quotedCommands ?? [];
  }

  get quotedSigns(): readonly string[] {
    return this.#quotedSigns ?? [];
  }

  /** Takes what this end sent. @param other the other end, whose lines this one may only repeat (echo) */
  take(bytes: Uint8Array, start: number, end: number, other: Talker): void {
    this.#bytes += end - start;
    if (other.#isWaiting) other.answered++;
    other.#isWaiting = false;
    for (let at = start; at < end; at++) {
      const code = bytes[at];
      if (this.#escaping !== ESCAPING.none) this.#escape(code);
      else if (code === ESCAPE) this.#escaping = ESCAPING.started;
      else if (code === LINE_FEED || code === CARRIAGE_RETURN) this.#endLine(other);
      else {
        if (code < 0x20 ? code !== 0x09 : code === 0x7f) this.#oddBytes++;
        else if (code >= 0x80) this.#oddBytes += 0.5;
        if (this.#line.length < MAX_LINE) this.#line += String.fromCharCode(code);
      }
    }
    this.#readUnfinished();
  }

  /** Looks at the line that is not ended: a prompt, or a question for a name. */
  #readUnfinished(): void {
    const line = this.#line;
    if (line === '' || line.length >= MAX_LINE) return;
    const last = line[line.length - 1];
    if (last !== ' ' && last !== '>' && last !== '$' && last !== '#' && last !== '%' && last !== ':') return;
    if (isLoginPrompt(line)) this.hasLoginPrompt = true;
    const sign = promptSign(line);
    if (sign !== undefined) this.#addShell(sign.name, sign.points, line);
  }

  #endLine(other: Talker): void {
    const line = this.#line;
    if (line === '') return;
    this.#line = '';
    this.#last = line;
    const output = outputSign(line);
    if (output !== undefined) this.#addShell(output.name, output.points, line);
    // A terminal repeats what was typed, behind its prompt or alone.
    const isEcho = other.#last !== '' && line.trim().endsWith(other.#last.trim());
    if (output !== undefined || isEcho) return;
    const command = commandSign(line);
    if (command === undefined) return;
    this.typed++;
    this.#isWaiting = true;
    this.#quotedCommands ??= [];
    if (this.#quotedCommands.length < QUOTED) this.#quotedCommands.push(line.trim());
    if (!this.#isNew(`> ${command.name}`)) return;
    this.commands++;
    this.typedPoints += command.points;
  }

  #addShell(name: string, points: number, line: string): void {
    if (!this.#isNew(name)) return;
    this.shellPoints += points;
    this.#quotedSigns ??= [];
    if (this.#quotedSigns.length < QUOTED) this.#quotedSigns.push(`${name}: ${line.trim()}`);
  }

  #isNew(sign: string): boolean {
    this.#signs ??= new Set();
    if (this.#signs.size >= MAX_SIGNS || this.#signs.has(sign)) return false;
    this.#signs.add(sign);
    return true;
  }

  #escape(code: number): void {
    if (this.#escaping === ESCAPING.started) {
      this.#escaping = code === 0x5b ? ESCAPING.control : code === 0x5d ? ESCAPING.text : ESCAPING.none;
    } else if (this.#escaping === ESCAPING.control) {
      if (code >= 0x40 && code <= 0x7e) this.#escaping = ESCAPING.none;
    } else if (code === BELL || code === LINE_FEED) this.#escaping = ESCAPING.none;
    else if (code === ESCAPE) this.#escaping = ESCAPING.started;
  }
}
