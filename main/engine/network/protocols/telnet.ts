import { PROTOCOL } from '../../../../contract/traffic.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';

/** Commands of RFC 854. */
const IAC = 0xff;
const SB = 0xfa;
const SE = 0xf0;
const WILL = 0xfb;
const DONT = 0xfe;
/** Highest option that is registered and used in openings (IANA: 49), and EXOPL. */
const MAX_OPTION = 49;

/** Telnet (RFC 854): logins as far as the words around them tell. */
export const telnet: ProtocolDefinition = {
  id: 'telnet',
  transports: [PROTOCOL.tcp],
  ports: [23, 2323],
  isEndless: true,
  identify,
  parser: (context) => new TelnetParser(context),
};

function identify({ initiator, responder }: Opening): Verdict {
  const verdicts = [initiator, responder].filter((bytes) => bytes.length > 0).map(negotiationVerdict);
  if (verdicts.includes(VERDICT.yes)) return VERDICT.yes;
  return verdicts.includes(VERDICT.no) ? VERDICT.no : VERDICT.maybe;
}

/** IAC, then WILL, WON'T, DO or DON'T, then an option; or the beginning of a sub-negotiation. */
function negotiationVerdict(bytes: Uint8Array): Verdict {
  if (bytes[0] !== IAC || (bytes.length > 1 && (bytes[1] < SB || bytes[1] > DONT))) return VERDICT.no;
  if (bytes.length < 3) return VERDICT.maybe;
  return bytes[2] <= MAX_OPTION ? VERDICT.yes : VERDICT.no;
}

/** So much of the line that the server is on is looked at. */
const MAX_PROMPT_TEXT = 160;
/** Longest name that is kept. */
const MAX_TYPED_TEXT = 128;
const USER_PROMPTS = ['login:', 'username:', 'user name:', 'user:', 'login name:', 'account:'];
const PASSWORD_PROMPTS = ['password:', 'passwd:', 'passcode:', 'pass:', 'passwort:'];
const REFUSALS = ['incorrect', 'failed', 'failure', 'invalid', 'denied', 'bad password', 'wrong', 'not authorized'];
/** What stands at the end of a shell's or device's prompt. */
const SHELL_ENDS = ['$', '#', '>', '%'];
const WELCOMES = ['last login', 'welcome', 'logged in', 'busybox', 'microsoft windows'];
/** After so much text behind a login that says neither yes nor no, nothing is claimed. */
const MAX_UNDECIDED_BYTES = 4_096;

type Phase = 'none' | 'user' | 'password' | 'outcome';

/** Takes commands and options out of one side. */
class TextReader {
  #state: 'text' | 'iac' | 'option' | 'sub' | 'sub-iac' = 'text';

  /** The text of a byte, or -1 for what is none. */
  take(byte: number): number {
    switch (this.#state) {
      case 'text':
        if (byte !== IAC) return byte;
        this.#state = 'iac';
        return -1;
      case 'iac':
        if (byte === IAC) {
          this.#state = 'text';
          return byte;
        }
        this.#state = byte === SB ? 'sub' : byte >= WILL && byte <= DONT ? 'option' : 'text';
        return -1;
      case 'option':
        this.#state = 'text';
        return -1;
      case 'sub':
        if (byte === IAC) this.#state = 'sub-iac';
        return -1;
      default:
        this.#state = byte === SE ? 'text' : 'sub';
        return -1;
    }
  }
}

class TelnetParser implements Parser {
  readonly #logins: Teller;
  readonly #properties: Teller;
  readonly #client = new TextReader();
  readonly #server = new TextReader();
  #phase: Phase = 'none';
  /** The line that the server is on, in lower case. */
  #line = '';
  /** What is typed on the line at hand; a password is only counted. */
  #typed = '';
  #user = '';
  #hasPassword = false;
  #isBannerTold = false;
  #undecided = 0;

  constructor(context: ParserContext) {
    this.#logins = new Teller(sided(context, true), 'telnet');
    this.#properties = new Teller(sided(context, false), 'telnet');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    for (let i = 0; i < bytes.length; i++) {
      if (fromInitiator) {
        const code = this.#client.take(bytes[i]);
        if (code >= 0) this.#type(code);
      } else {
        const code = this.#server.take(bytes[i]);
        if (code >= 0) this.#print(code);
      }
    }
    return bytes.length;
  }

  gap(): void {
    this.#line = '';
  }

  end(): void {
    if (this.#phase === 'outcome') this.#login('attempt');
  }

  #print(code: number): void {
    if (code === 0x0d || code === 0) return;
    if (code === 0x0a) {
      this.#lineEnd();
      return;
    }
    if (this.#line.length >= MAX_PROMPT_TEXT) this.#line = this.#line.slice(MAX_PROMPT_TEXT / 2);
    this.#line += String.fromCharCode(code >= 0x41 && code <= 0x5a ? code | 0x20 : code);
    if (this.#phase === 'outcome') this.#undecided++;
    // Prompts have no line end: they are looked for behind the signs that they end in.
    if (code === 0x3a || code === 0x20 || SHELL_ENDS.includes(String.fromCharCode(code))) this.#prompt();
  }

  #prompt(): void {
    const line = this.#line.trim();
    if (PASSWORD_PROMPTS.some((prompt) => line.endsWith(prompt))) {
      // Asked again for it: the last one was turned down. Behind the user's name it is the next question.
      if (this.#phase === 'outcome' && this.#hasPassword) this.#login('failure');
      this.#phase = 'password';
      this.#typed = '';
    } else if (USER_PROMPTS.some((prompt) => line.endsWith(prompt)) && !line.startsWith('last login')) {
      if (this.#phase === 'outcome') this.#login('failure');
      this.#phase = 'user';
      this.#typed = '';
    } else if (this.#phase === 'outcome') {
      if (SHELL_ENDS.some((end) => line.endsWith(end)) && line.length > 0) this.#login('success');
    }
  }

  #lineEnd(): void {
    const line = this.#line.trim();
    this.#line = '';
    if (!this.#isBannerTold && line !== '' && this.#phase === 'none') {
      this.#isBannerTold = true;
      this.#properties.property('banner', line);
    }
    if (this.#phase !== 'outcome') return;
    if (REFUSALS.some((word) => line.includes(word))) this.#login('failure');
    else if (WELCOMES.some((word) => line.includes(word))) this.#login('success');
    else if (this.#undecided > MAX_UNDECIDED_BYTES) this.#login('attempt');
  }

  #type(code: number): void {
    if (this.#phase !== 'user' && this.#phase !== 'password') return;
    if (code === 0x0d || code === 0x0a) {
      this.#typedLine();
    } else if (code === 0x08 || code === 0x7f) {
      this.#typed = this.#typed.slice(0, -1);
    } else if (code >= 0x20 && this.#typed.length < MAX_TYPED_TEXT) {
      this.#typed += this.#phase === 'user' ? String.fromCharCode(code) : '*';
    }
  }

  #typedLine(): void {
    if (this.#phase === 'user') {
      if (this.#typed === '') return;
      this.#user = this.#typed;
      this.#hasPassword = false;
    } else {
      this.#hasPassword = true;
    }
    this.#typed = '';
    this.#undecided = 0;
    // Without a question for a password the next thing that is said decides.
    this.#phase = 'outcome';
  }

  #login(outcome: 'success' | 'failure' | 'attempt'): void {
    this.#phase = 'none';
    if (this.#user === '' && !this.#hasPassword) return;
    this.#logins.login({ user: this.#user, outcome, method: this.#hasPassword ? 'password' : '', isCleartext: true });
    if (outcome !== 'failure') this.#user = '';
  }
}
