import { PROTOCOL } from '../../../../contract/traffic.ts';
import { fromBase64 } from './base64-text.ts';
import { latin1, NO_BYTES, u16At } from './bytes.ts';
import { redactedUri } from './http/index.ts';
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
import { firstLine, splitWord } from './text-lines.ts';
import { bodyBytes, digestParameter, type TextMessage, textMessage } from './text-message.ts';

/** RTSP (RFC 2326, 7826): what is played from cameras and media servers, by whom. */
export const rtsp: ProtocolDefinition = {
  id: 'rtsp',
  transports: [PROTOCOL.tcp],
  ports: [554, 8554, 7070],
  isEndless: true,
  identify,
  parser: (context) => new RtspParser(context),
};

const VERSIONS = ['RTSP/1.0', 'RTSP/2.0'];
/** A frame of media between the messages (RFC 2326 10.12): dollar, channel, length. */
const DOLLAR = 0x24;
const FRAME_HEAD_BYTES = 4;
const MAX_WAITING_REQUESTS = 64;

function identify({ initiator, responder }: Opening): Verdict {
  const verdicts = [initiator, responder].filter((bytes) => bytes.length > 0).map(verdictOf);
  if (verdicts.includes(VERDICT.yes)) return VERDICT.yes;
  return verdicts.includes(VERDICT.no) ? VERDICT.no : VERDICT.maybe;
}

function verdictOf(bytes: Uint8Array): Verdict {
  const line = firstLine(bytes, 2_048);
  if (line !== undefined) return isStartLine(line) ? VERDICT.yes : VERDICT.no;
  return bytes.length < 2_048 && bytes[0] >= 0x41 && bytes[0] <= 0x5a ? VERDICT.maybe : VERDICT.no;
}

function isStartLine(line: string): boolean {
  return VERSIONS.some((version) => line.startsWith(`${version} `) || line.endsWith(` ${version}`));
}

interface Request {
  readonly method: string;
  readonly uri: string;
  readonly login: { readonly user: string; readonly method: 'basic' | 'digest' } | undefined;
}

class RtspParser implements Parser {
  readonly #context: ParserContext;
  readonly #client: Teller;
  readonly #server: Teller;
  /** By their numbers (CSeq). */
  readonly #waiting = new Map<string, Request>();
  #knownUser: string | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#client = new Teller(sided(context, true), 'rtsp');
    this.#server = new Teller(sided(context, false), 'rtsp');
  }

  read(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (bytes[at] === DOLLAR) {
        if (bytes.length - at < FRAME_HEAD_BYTES) break;
        at += FRAME_HEAD_BYTES + u16At(bytes, at + 2);
        continue;
      }
      const message = textMessage(bytes, at);
      if (message === undefined) break;
      if (!isStartLine(message.start)) {
        this.#context.tell({ type: 'broken', protocol: 'rtsp', reason: 'bad-start-line' });
        this.#context.finish();
        return bytes.length;
      }
      this.#message(message);
      at = message.headEnd + bodyBytes(message);
    }
    return at;
  }

  end(): void {
    for (const { method, uri } of this.#waiting.values()) this.#client.command(method, uri);
    this.#waiting.clear();
  }

  #message({ start, fields }: TextMessage): void {
    const number = fields.get('cseq') ?? '';
    if (VERSIONS.some((version) => start.startsWith(version))) {
      this.#server.property('server', fields.get('server') ?? '');
      this.#answered(number, Number.parseInt(splitWord(start)[1], 10) || -1);
      return;
    }
    const [method, rest] = splitWord(start);
    const uri = redactedUri(splitWord(rest)[0]);
    this.#client.property('user-agent', fields.get('user-agent') ?? '');
    if (this.#waiting.size >= MAX_WAITING_REQUESTS) this.end();
    this.#waiting.set(number, { method, uri, login: loginOf(fields.get('authorization') ?? '') });
  }

  #answered(number: string, status: number): void {
    const request = this.#waiting.get(number);
    if (request === undefined) return;
    this.#waiting.delete(number);
    this.#client.command(request.method, request.uri, status);
    const { login } = request;
    if (login === undefined) return;
    const outcome = status === 401 || status === 403 ? 'failure' : status < 300 ? 'success' : 'attempt';
    // One login makes many requests.
    if (outcome === 'success' && this.#knownUser === login.user) return;
    if (outcome === 'success') this.#knownUser = login.user;
    this.#client.login({ ...login, outcome, isCleartext: login.method === 'basic' });
  }
}

function loginOf(value: string): Request['login'] {
  const [scheme, rest] = splitWord(value);
  switch (scheme.toLowerCase()) {
    case 'basic':
      return { user: latin1(fromBase64(rest) ?? NO_BYTES).split(':', 1)[0], method: 'basic' };
    case 'digest':
      return { user: digestParameter(rest, 'username'), method: 'digest' };
    default:
      return undefined;
  }
}
