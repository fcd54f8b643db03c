import { PROTOCOL } from '../../../../contract/traffic.ts';
import { latin1 } from './bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { Teller } from './teller.ts';
import { LineReader } from './text-lines.ts';

/** A facility of 0–23 and a severity of 0–7 (RFC 5424 6.2.1). */
const MAX_PRIORITY = 191;
const MONTHS = new Set('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '));
/** Of a message only its head is read: who sends, and which program. */
const MAX_HEAD_BYTES = 512;
const MAX_MESSAGES = 256;

interface Head {
  readonly hostname: string;
  readonly program: string;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Offset behind "<165>", or −1. */
function afterPriority(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== 0x3c) return -1;
  let value = 0;
  let at = start + 1;
  while (at < start + 4 && isDigit(bytes[at])) value = value * 10 + bytes[at++] - 0x30;
  return at > start + 1 && bytes[at] === 0x3e && value <= MAX_PRIORITY ? at + 1 : -1;
}

/**
 * "<165>1 2003-10-11T22:14:15.003Z host program …" (RFC 5424), or "<34>Oct 11 22:14:15 host program[1]: …" (RFC 3164).
 * Undefined where it is neither.
 */
function headOf(bytes: Uint8Array, start: number): Head | undefined {
  const at = afterPriority(bytes, start);
  if (at < 0) return undefined;
  const words = latin1(bytes, at, at + MAX_HEAD_BYTES).split(' ', 8);
  if (words[0] === '1' && /^\d{4}-\d\d-\d\dT|^-$/.test(words[1] ?? '')) {
    return { hostname: nil(words[2]), program: nil(words[3]) };
  }
  // A day below ten has two spaces before it.
  if (words[1] === '') words.splice(1, 1);
  if (!MONTHS.has(words[0]) || !/^\d{1,2}$/.test(words[1] ?? '')) return undefined;
  const time = /^\d\d:\d\d:\d\d/.test(words[2] ?? '') ? 3 : 2;
  const hasHost = words[time] !== undefined && !words[time].endsWith(':');
  return { hostname: hasHost ? words[time] : '', program: programOf(words[hasHost ? time + 1 : time]) };
}

function nil(word: string | undefined): string {
  return word === undefined || word === '-' ? '' : word;
}

/** "sshd" of "sshd[4711]:". */
function programOf(word: string | undefined): string {
  return /^[\w./-]{1,64}/.exec(word ?? '')?.[0] ?? '';
}

function identify({ transport, initiatorPort, responderPort, initiator, responder }: Opening): Verdict {
  const bytes = initiator.length > 0 ? initiator : responder;
  const start = transport === PROTOCOL.tcp ? afterCount(bytes) : 0;
  if (headOf(bytes, start) !== undefined) return VERDICT.yes;
  // Many devices send what follows neither standard; then the port must say it.
  const isOnPort = PORTS.includes(responderPort) || PORTS.includes(initiatorPort);
  if (isOnPort && transport === PROTOCOL.udp && afterPriority(bytes, 0) > 0) return VERDICT.yes;
  const isShort = transport === PROTOCOL.tcp && bytes.length < 32;
  return isShort && (bytes[0] === 0x3c || isDigit(bytes[0])) ? VERDICT.maybe : VERDICT.no;
}

/** Over TCP a message may have its length before it (RFC 6587 3.4.1). */
function afterCount(bytes: Uint8Array): number {
  let at = 0;
  while (at < 6 && isDigit(bytes[at])) at++;
  return at > 0 && bytes[at] === 0x20 ? at + 1 : 0;
}

const PORTS: readonly number[] = [514, 601, 1514];

class SyslogParser implements Parser {
  readonly #context: ParserContext;
  readonly #teller: Teller;
  readonly #lines = new LineReader(MAX_HEAD_BYTES);
  #messages = 0;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#teller = new Teller(context, 'syslog');
  }

  read(bytes: Uint8Array): number {
    if (this.#context.transport !== PROTOCOL.tcp) {
      this.#message(bytes);
      return bytes.length;
    }
    // Messages with a length before them end with a line feed too as a rule; those that do not are read as one line.
    for (
      let line = this.#lines.take(bytes, 0);
      line !== undefined;
      line = this.#lines.take(bytes, this.#lines.position)
    ) {
      const message = Buffer.from(line, 'latin1');
      this.#message(message.subarray(afterCount(message)));
    }
    return this.#lines.position;
  }

  #message(message: Uint8Array): void {
    const head = headOf(message, 0);
    if (head !== undefined) {
      this.#teller.property('hostname', head.hostname);
      this.#teller.property('program', head.program);
    }
    if (++this.#messages >= MAX_MESSAGES) this.#context.finish();
  }
}

/** Syslog (RFC 5424, 3164) over UDP, and over TCP (RFC 6587). */
export const syslog: ProtocolDefinition = {
  id: 'syslog',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: PORTS,
  identify,
  parser: (context) => new SyslogParser(context),
};
