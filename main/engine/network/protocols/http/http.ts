import type { ProtocolId } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { mayStartWith } from '../bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { sided } from '../sided.ts';
import { Exchange, type ExchangeConnection } from './exchange.ts';
import { requestFraming, responseFraming } from './framing.ts';
import { MessageReader } from './message-reader.ts';
import {
  looseRequestLine,
  type RequestLine,
  requestVerdict,
  type StatusLine,
  statusLine,
  statusVerdict,
} from './start-line.ts';

/** Requests that wait for their responses: clients that pipeline send a few dozen at the most. */
const MAX_WAITING_EXCHANGES = 256;
/** Users whose success is remembered for a connection. */
const MAX_KNOWN_LOGINS = 32;
/** What a connection is upgraded to, by the name in the response; what has another name is told by its bytes. */
const UPGRADES: ReadonlyMap<string, ProtocolId> = new Map([
  ['websocket', 'websocket'],
  ['h2c', 'http2'],
]);

/** Remote management of Windows (MS-WSMV 2.1): its own ports, and those that it had before version 2.0. */
const WINRM_PORTS = [5985, 47_001, 80];

/** HTTP/1.0 and 1.1 (RFC 9110, RFC 9112); where WinRM uses it, that is told too. */
export const http: ProtocolDefinition = {
  id: 'http',
  transports: [PROTOCOL.tcp],
  // The web, proxies, printing, WinRM.
  ports: [80, 8080, 8000, 8081, 8888, 3128, 591, 631, 5985, 47_001, 1080],
  isEndless: true,
  identify,
  parser: (context) => new HttpParser(context),
};

/** Either side may be the one that asks: of a conversation that was met in the middle, it is not known who began. */
function identify({ initiator, responder }: Opening): Verdict {
  const verdicts = [initiator, responder].filter((bytes) => bytes.length > 0).map(verdictOf);
  if (verdicts[0] === VERDICT.no && startsAsText(initiator)) {
    // A server of HTTP also answers to what is no request, as one who tries its mistakes sends.
    return responder.length === 0 ? VERDICT.maybe : statusVerdict(responder);
  }
  if (verdicts.includes(VERDICT.no)) return VERDICT.no;
  return verdicts.includes(VERDICT.yes) ? VERDICT.yes : VERDICT.maybe;
}

function verdictOf(bytes: Uint8Array): Verdict {
  const request = requestVerdict(bytes);
  return request === VERDICT.yes ? request : (Math.max(request, statusVerdict(bytes)) as Verdict);
}

/** Whether a request is one of WS-Management, as WinRM and PowerShell remoting send: to this path, or one below. */
function isWsman(method: string, uri: string): boolean {
  return method === 'POST' && /^\/wsman(?:[/?-]|$)/i.test(uri);
}

/** Whether the first characters can be seen. */
function startsAsText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, 16);
  for (let i = 0; i < end; i++) {
    const isSpace = bytes[i] === 0x0d || bytes[i] === 0x0a || bytes[i] === 0x09;
    if (!isSpace && (bytes[i] < 0x20 || bytes[i] > 0x7e)) return false;
  }
  return end > 0;
}

const STATUS_MARK = 'HTTP/1.';

/** How many line ends the bytes begin with. */
function blankBytes(bytes: Uint8Array): number {
  let count = 0;
  while (bytes[count] === 0x0d || bytes[count] === 0x0a) count++;
  return count;
}

/** A connection: requests and responses, paired in their order. */
class HttpParser implements Parser {
  readonly #context: ParserContext;
  #connection: Connection | undefined;
  #requestsFromInitiator = true;

  constructor(context: ParserContext) {
    this.#context = context;
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    if (this.#connection === undefined) {
      // Some end a message with a line too many: it says nothing about who asks.
      const blank = blankBytes(bytes);
      if (blank > 0) return blank === bytes.length ? blank : blank + this.read(bytes.subarray(blank), fromInitiator);
      const isStatus = mayStartWith(bytes, STATUS_MARK);
      if (isStatus && bytes.length < STATUS_MARK.length) return 0;
      this.#requestsFromInitiator = fromInitiator !== isStatus;
      this.#connection = new Connection(this.#context, this.#requestsFromInitiator);
    }
    return this.#readerOf(this.#connection, fromInitiator).read(bytes);
  }

  gap(missingBytes: number, fromInitiator: boolean): void {
    if (this.#connection === undefined) return;
    if (fromInitiator === this.#requestsFromInitiator) this.#connection.requests.gap(missingBytes);
    else this.#connection.responseGap(missingBytes);
  }

  end(): void {
    this.#connection?.end();
  }

  #readerOf(connection: Connection, fromInitiator: boolean): MessageReader {
    return fromInitiator === this.#requestsFromInitiator ? connection.requests : connection.responses;
  }
}

class Connection implements ExchangeConnection {
  readonly protocol = 'http';
  readonly request: ParserContext;
  readonly response: ParserContext;
  readonly requests: MessageReader;
  readonly responses: MessageReader;
  readonly #context: ParserContext;
  /** In the order of the requests; the first is the one that is being answered. */
  readonly #waiting: Exchange[] = [];
  /** Whose request is being read. */
  #asking: Exchange | undefined;
  #answering: Exchange | undefined;
  #next = 0;
  #hasLostResponses = false;
  readonly #knownLogins = new Set<string>();

  constructor(context: ParserContext, requestsFromInitiator: boolean) {
    this.#context = context;
    this.request = sided(context, requestsFromInitiator);
    this.response = sided(context, !requestsFromInitiator);
    this.requests = this.#requestReader();
    this.responses = this.#responseReader();
  }

  isKnownLogin(key: string): boolean {
    if (this.#knownLogins.has(key)) return true;
    if (this.#knownLogins.size < MAX_KNOWN_LOGINS) this.#knownLogins.add(key);
    return false;
  }

  responseGap(missingBytes: number): void {
    this.responses.gap(missingBytes);
    if (this.responses.isLost) this.#hasLostResponses = true;
  }

  end(): void {
    this.requests.end();
    this.responses.end();
    for (const exchange of this.#waiting) exchange.abandon();
    this.#waiting.length = 0;
  }

  #requestReader(): MessageReader {
    let line: RequestLine | undefined;
    return new MessageReader(true, {
      start: (text) => {
        line = looseRequestLine(text);
        this.#asking = this.#newExchange();
      },
      head: (headers) => {
        const { method, uri, version } = line as RequestLine;
        if (this.#next === 1 && isWsman(method, uri)) this.#tellWinrm();
        this.#asking?.requestHead({ method, uri, version, headers });
        return requestFraming(method, headers);
      },
      body: (bytes, start, end) => this.#asking?.takeRequestBody(bytes, start, end),
      wantsBody: () => this.#asking?.wantsRequestBody ?? false,
      bodyGap: () => this.#asking?.requestGap(),
      end: (isWhole) => {
        this.#asking?.requestEnd(isWhole);
        this.#asking = undefined;
      },
      broken: (reason) => this.#break(reason),
    });
  }

  #responseReader(): MessageReader {
    let line: StatusLine | undefined;
    return new MessageReader(false, {
      start: (text) => {
        line = statusLine(text);
        this.#answering = this.#nextToAnswer();
      },
      head: (headers) => {
        const { status, reason } = line as StatusLine;
        this.#answering?.responseHead(status, reason, headers);
        return responseFraming(this.#answering?.method ?? '', status, headers);
      },
      body: (bytes, start, end) => this.#answering?.takeResponseBody(bytes, start, end),
      wantsBody: () => this.#answering?.wantsResponseBody ?? false,
      bodyGap: () => this.#answering?.responseGap(),
      end: (isWhole) => this.#responseEnd(isWhole),
      broken: (reason) => this.#break(reason),
    });
  }

  /** Whose response begins. Behind missing responses it is that to the latest request: few clients pipeline. */
  #nextToAnswer(): Exchange {
    if (this.#hasLostResponses) for (const lost of this.#waiting.splice(0, this.#waiting.length - 1)) lost.abandon();
    this.#hasLostResponses = false;
    return this.#waiting[0] ?? this.#newExchange();
  }

  #newExchange(): Exchange {
    const exchange = new Exchange(this, this.#next++);
    this.#waiting.push(exchange);
    if (this.#waiting.length > MAX_WAITING_EXCHANGES) this.#waiting.shift()?.abandon();
    return exchange;
  }

  #responseEnd(isWhole: boolean): void {
    const exchange = this.#answering;
    this.#answering = undefined;
    if (exchange === undefined) return;
    exchange.responseEnd(isWhole);
    // A head that was cut off is no answer; nor is one below 200.
    if (!exchange.isOver && isWhole) return;
    if (this.#waiting[0] === exchange) this.#waiting.shift();
    // The connection carries something else from here on (RFC 9110 7.8, 9.3.6).
    if (this.responses.isHeld) this.#context.become(UPGRADES.get(exchange.upgrade));
    // What was asked for is not given: HTTP goes on.
    else if (this.#waiting.length === 0) this.requests.release();
  }

  #tellWinrm(): void {
    const isUsualPort = WINRM_PORTS.includes(this.#context.responderPort);
    this.request.tell({ type: 'protocol', protocol: 'winrm', isUsualPort });
  }

  #break(reason: string): void {
    this.#context.tell({ type: 'broken', protocol: 'http', reason });
    this.#context.finish();
  }
}
